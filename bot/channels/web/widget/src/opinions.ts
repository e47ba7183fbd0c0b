import { html, nothing, type TemplateResult } from "lit";
import type { EquipierChat } from "./chat";
import { icon } from "./icons";
import type { Line } from "./protocol";

const THANKS = "Merci pour votre avis.";

/** What a person is writing of one answer. */
interface Opinion {
  open: boolean;
  reasons: Set<string>;
  comment: string;
  /** « Merci… », or why it could not be sent. */
  said: string;
  failed: boolean;
}

const NONE: Readonly<Opinion> = { open: false, reasons: new Set(), comment: "", said: "", failed: false };

/** What a person thinks of each answer, and why. */
export class Opinions {
  private readonly all = new Map<number, Opinion>();

  constructor(private readonly chat: EquipierChat) {}

  of(id: number): Readonly<Opinion> {
    return this.all.get(id) ?? NONE;
  }

  note(id: number, change: Partial<Opinion>): void {
    this.all.set(id, { ...this.of(id), ...change });
    this.chat.requestUpdate();
  }

  noteReason(id: number, code: string, chosen: boolean): void {
    const reasons = new Set(this.of(id).reasons);
    if (chosen) reasons.add(code);
    else reasons.delete(code);
    this.note(id, { reasons });
  }

  /** Sends a thumb at once: who says no more has still said that. */
  async rate(line: Line, rating: 1 | -1): Promise<void> {
    if (rating === -1) this.ask(line);
    else this.note(line.id, { open: false, said: "" });
    if (rating === -1 && line.rating === -1) return;
    const failure = await this.chat.conversation!.rate({ id: line.id, rating, reasons: [], comment: "" });
    if (failure) this.note(line.id, { open: false });
    if (failure || rating === 1) this.tell(line, failure);
  }

  /** Shows the reasons of an answer that is not useful. */
  ask(line: Line): void {
    this.note(line.id, { open: true, said: "" });
    this.chat.focusOn(`#why-${line.id} legend`);
    const form = () => this.chat.renderRoot.querySelector(`#why-${line.id}`);
    void this.chat.updateComplete.then(() => form()?.scrollIntoView({ block: "nearest" }));
  }

  close(line: Line): void {
    this.note(line.id, { open: false, said: "" });
    this.chat.focusOn(`#line-${line.id} .tool[aria-pressed=true]`);
  }

  /** Sends the reasons. */
  async explain(line: Line): Promise<void> {
    const { reasons, comment } = this.of(line.id);
    const opinion = { id: line.id, rating: -1 as const, reasons: [...reasons], comment: comment.trim() };
    const failure = await this.chat.conversation!.rate(opinion);
    if (!failure) this.close(line);
    this.tell(line, failure);
  }

  private tell(line: Line, failure: string): void {
    const said = failure || THANKS;
    this.note(line.id, { said, failed: failure !== "" });
    this.chat.notify(said, { shown: false });
  }
}

/** The two thumbs of an answer. */
export function thumbs(chat: EquipierChat, line: Line): TemplateResult {
  const thumb = (rating: 1 | -1, label: string) => {
    const pressed = line.rating === rating;
    const name = rating === 1 ? "thumbUp" : "thumbDown";
    return html`<button
      class="tool"
      type="button"
      aria-pressed=${pressed}
      title=${label}
      @click=${() => void chat.opinions.rate(line, rating)}
    >
      ${icon(pressed ? `${name}Full` : name)}<span class="sr">${label}</span>
    </button>`;
  };
  return html`${thumb(1, "Réponse utile")}${thumb(-1, "Réponse pas utile")}`;
}

/** Why an answer is not useful, under it. */
export function reasons(chat: EquipierChat, line: Line): TemplateResult | typeof nothing {
  const opinion = chat.opinions.of(line.id);
  const said = opinion.failed
    ? html`<p class="alert error">${icon("warning")}<span>${opinion.said}</span></p>`
    : html`<p class="hint said">${icon("check")} ${opinion.said}</p>`;
  if (!opinion.open) return opinion.said ? said : nothing;
  const id = `why-${line.id}`;
  return html`<form
    class="why"
    id=${id}
    @submit=${(event: Event) => {
      event.preventDefault();
      void chat.opinions.explain(line);
    }}
  >
    <fieldset>
      <legend tabindex="-1">Qu'est-ce qui ne va pas${"\u202f"}? <span class="hint">(facultatif)</span></legend>
      ${(chat.conversation?.session?.reasons ?? []).map(
        ([code, label]) =>
          html`<label class="choice"
            ><input
              type="checkbox"
              .checked=${opinion.reasons.has(code)}
              @change=${({ target }: Event) =>
                chat.opinions.noteReason(line.id, code, (target as HTMLInputElement).checked)}
            /><span>${label}</span></label
          >`,
      )}
    </fieldset>
    <label class="field"
      >Précisez si vous le souhaitez
      <span class="hint">N'écrivez aucune donnée personnelle d'un usager.</span>
      <textarea
        rows="2"
        maxlength="1000"
        .value=${opinion.comment}
        @input=${(event: Event) => chat.opinions.note(line.id, { comment: (event.target as HTMLTextAreaElement).value })}
      ></textarea>
    </label>
    ${opinion.said ? said : nothing}
    <p class="actions">
      <button class="button small" type="submit">Envoyer</button>
      <button class="button small plain" type="button" @click=${() => chat.opinions.close(line)}>Fermer</button>
    </p>
  </form>`;
}
