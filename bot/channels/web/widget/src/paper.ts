import { pasted } from "./markdown";

/** Puts *text* in the clipboard; returns whether the browser agreed. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(pasted(text));
    return true;
  } catch {
    return false;
  }
}

const STYLE = `
  body { font: 12pt/1.5 Marianne, system-ui, Arial, sans-serif; color: #000; margin: 1cm; }
  h1 { font-size: 14pt; } h3 { font-size: 13pt; margin: 0 0 6pt; }
  blockquote { margin: 6pt 0; padding-left: 10pt; border-left: 2pt solid #666; }
  figure { margin: 0; } figcaption { font-weight: bold; } dt { font-weight: bold; } dd { margin: 0 0 6pt; }
  a::after { content: " (" attr(href) ")"; font-size: 9pt; overflow-wrap: anywhere; }
  svg, .sr, summary { display: none; }
`;

/** Prints *content*, and nothing else of the page. */
export function print(content: Element, heading: string): void {
  const frame = document.createElement("iframe");
  // Not « hidden »: some browsers print nothing of what is not laid out.
  Object.assign(frame.style, { position: "fixed", width: "0", height: "0", border: "0" });
  frame.ariaHidden = "true";
  frame.tabIndex = -1;
  frame.title = "Impression";
  document.body.append(frame);
  const inner = frame.contentWindow as (Window & typeof globalThis) | null;
  if (!inner) return frame.remove();
  const sheet = new inner.CSSStyleSheet();
  sheet.replaceSync(STYLE);
  inner.document.adoptedStyleSheets = [sheet];
  inner.document.title = heading;
  const title = inner.document.createElement("h1");
  title.textContent = heading;
  inner.document.body.append(title, inner.document.importNode(content, true));
  inner.addEventListener("afterprint", () => frame.remove());
  inner.print();
}
