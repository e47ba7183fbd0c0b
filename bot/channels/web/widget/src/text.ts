import { html, nothing, type TemplateResult } from "lit";
import { icon } from "./icons";
import { type Inline, parse } from "./markdown";

/** Light Markdown as elements: no part of it is ever read as HTML. */
export function markdown(text: string): TemplateResult[] {
  return parse(text).map((block) =>
    block.kind === "list"
      ? html`<ul>
          ${block.items.map((item) => html`<li>${parts(item)}</li>`)}
        </ul>`
      : html`<p>${block.lines.map((line, index) => html`${index ? html`<br />` : nothing}${parts(line)}`)}</p>`,
  );
}

/** A link to another site, or to another page of ours, that leaves the conversation where it is. */
export function outside(url: string, label: string, style = "link"): TemplateResult {
  return html`<a class=${style} href=${url} target="_blank" rel="noopener noreferrer"
    >${typeset(label)}<span class="sr"> (nouvelle fenêtre)</span>${icon("external")}</a
  >`;
}

/** *text* with the thin spaces of French, so that no line begins with « : » or « ? ». */
export function typeset(text: string): string {
  return text.replace(/[ \u00a0]([:;!?»])/g, "\u202f$1").replace(/«[ \u00a0]/g, "«\u202f");
}

function parts(line: Inline[]): unknown[] {
  return line.map((part) => {
    if (part.kind === "bold") return html`<strong>${typeset(part.text)}</strong>`;
    return part.kind === "link" ? outside(part.url, part.text) : typeset(part.text);
  });
}
