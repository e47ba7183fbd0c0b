import { html, nothing, type TemplateResult } from "lit";
import type { EquipierChat } from "./chat";
import { clock } from "./dates";
import { icon } from "./icons";

const NEAR = 0.8; // from which share of the longest message its length is shown
const COUNT = new Intl.NumberFormat("fr-FR");

/** Where one writes, or speaks. */
export function composer(chat: EquipierChat): TemplateResult | typeof nothing {
  if (chat.conversation?.status === "over") return nothing;
  if (chat.dictation.on) return recording(chat);
  const limit = chat.limit;
  const length = chat.draft.length;
  const over = length > limit;
  return html`<form
    class="composer"
    @submit=${(event: Event) => {
      event.preventDefault();
      chat.submit();
    }}
  >
    <div class="row">
      <label class="sr" for="draft">Votre message</label>
      <textarea
        id="draft"
        rows="1"
        placeholder="Écrivez votre question…"
        autocomplete="off"
        enterkeyhint="send"
        aria-describedby="count privacy"
        aria-invalid=${over}
        .value=${chat.draft}
        @input=${(event: Event) => chat.write((event.target as HTMLTextAreaElement).value)}
        @keydown=${chat.typed}
      ></textarea>
      ${chat.dictation.possible
        ? html`<button class="tool big mic" type="button" title="Dicter un message" @click=${() => void chat.dictation.start()}>
            ${icon("mic")}<span class="sr">Dicter un message</span>
          </button>`
        : nothing}
      <button class="button send" type="submit" title="Envoyer">${icon("send")}<span class="sr">Envoyer</span></button>
    </div>
    <p class="hint foot">
      <span id="privacy">N'écrivez que les données personnelles indispensables.</span>
      <span id="count" class=${over ? "over" : ""}
        >${length >= limit * NEAR
          ? html`<span aria-hidden="true">${COUNT.format(length)}${"\u202f"}/${"\u202f"}${COUNT.format(limit)}</span
              ><span class="sr"
                >${over
                  ? `Message trop long de ${COUNT.format(length - limit)} caractères.`
                  : `Encore ${COUNT.format(limit - length)} caractères.`}</span
              >`
          : nothing}</span
      >
    </p>
  </form>`;
}

function recording(chat: EquipierChat): TemplateResult {
  const { seconds } = chat.dictation;
  return html`<div class="composer recording" role="group" aria-label="Enregistrement d'un message vocal">
    <div class="row">
      <span class="dot" aria-hidden="true"></span>
      <span class="timer">
        <span class="sr">Durée${"\u202f"}:</span> ${clock(seconds)}<span class="hint"> / 2:00</span>
      </span>
      <span class="meter" aria-hidden="true"><span></span></span>
      <span class="ends">
        <button class="button plain" type="button" @click=${() => chat.dictation.cancel()}>Annuler</button>
        <button class="button" id="stop" type="button" @click=${() => chat.dictation.stop()}>
          ${icon("stop")} Arrêter et envoyer
        </button>
      </span>
    </div>
    <p class="hint foot">
      ${seconds >= 110 ? "L'enregistrement s'arrête à 2 minutes." : "Parlez, puis envoyez. 2 minutes au plus."}
    </p>
  </div>`;
}
