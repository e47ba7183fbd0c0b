import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { guidance, mandat } from "./cards";
import type { EquipierChat } from "./chat";
import { day, sameDay, separator, time } from "./dates";
import { icon } from "./icons";
import { reasons, thumbs } from "./opinions";
import { authorOf, isGuidance, isMandat, type Line } from "./protocol";
import { markdown, typeset } from "./text";
import type { Pending } from "./timeline";

/** All that was said, and what waits to be. */
export function messages(chat: EquipierChat): TemplateResult {
  const { timeline, loaded, loadingOlder } = chat.conversation!;
  const { lines, pending, open } = timeline;
  if (!lines.length && !pending.length) return loaded ? welcome(chat) : html``;
  return html`${timeline.more
      ? html`<button
          class="button small plain older"
          type="button"
          aria-disabled=${loadingOlder}
          @click=${() => void chat.older()}
        >
          ${loadingOlder ? "Chargement…" : "Messages plus anciens"}
        </button>`
      : nothing}
    ${repeat(
      lines,
      (line) => line.id,
      (line, index) => {
        const before = lines[index - 1];
        return html`${before && sameDay(before.at, line.at) ? nothing : dateOf(line.at)}
        ${line.direction === "in" ? asked(line) : answered(chat, line, open.has(line.id))}`;
      },
    )}
    ${repeat(
      pending,
      (one) => one.messageId,
      (one) => waiting(chat, one),
    )}`;
}

function welcome(chat: EquipierChat): TemplateResult {
  return html`<div class="welcome">
    ${icon("chat")}
    <p class="hello">${typeset(chat.greeting)}</p>
    <p>
      Je cite les fiches officielles de service-public.gouv.fr, sans rien inventer. Vérifiez toujours la fiche avant d'agir.
    </p>
    <div role="group" aria-labelledby="examples">
      <p class="eyebrow" id="examples">Par exemple</p>
      ${chat.suggestions.map(
        (text) =>
          html`<button class="example" type="button" @click=${() => chat.say(text)}>${typeset(text)}</button>`,
      )}
    </div>
  </div>`;
}

function dateOf(at: string): TemplateResult {
  return html`<p class="date"><span>${separator(at, new Date())}</span></p>`;
}

function header(id: string, author: string, at: string, channel: string | null = null): TemplateResult {
  return html`<header id=${id}>
    <strong>${author}</strong>${channel === "telegram" ? html` <span>depuis Telegram</span>` : nothing}
    <time datetime=${at} title=${`${day(at)} à ${time(at)}`}>${time(at)}</time>
  </header>`;
}

function asked(line: Line): TemplateResult {
  const id = `said-${line.id}`;
  return html`<article class="me" aria-labelledby=${id}>
    ${header(id, "Vous", line.at, line.channel)}
    <div class="bubble">${markdown(line.text)}</div>
  </article>`;
}

function waiting(chat: EquipierChat, one: Pending): TemplateResult {
  const id = `said-${one.messageId}`;
  const online = chat.conversation!.status === "online";
  return html`<article class="me ${one.state}" aria-labelledby=${id}>
    ${header(id, "Vous", one.at)}
    <div class="bubble">${one.audio ? html`<p>${icon("mic")} ${one.text}</p>` : markdown(one.text)}</div>
    ${one.state === "waiting" && !online ? html`<p class="hint">En attente d'envoi</p>` : nothing}
    ${one.state === "failed"
      ? html`<p class="alert error">${icon("warning")}<span>${typeset(one.error)}</span></p>
          <p class="actions">
            <button class="button small" type="button" @click=${() => chat.conversation!.retry(one.messageId)}>
              Renvoyer
            </button>
            <button class="button small plain" type="button" @click=${() => chat.giveUp(one.messageId)}>Supprimer</button>
          </p>`
      : nothing}
  </article>`;
}

function answered(chat: EquipierChat, line: Line, open: boolean): TemplateResult {
  const id = `said-${line.id}`;
  return html`<article class="them" aria-labelledby=${id} id=${`line-${line.id}`}>
    ${header(id, authorOf(line), line.at)}
    <div class="content">${content(line)}</div>
    ${open && line.buttons.length
      ? html`<div class="replies" role="group" aria-label="Réponses proposées">
          ${line.buttons.map(
            (button) =>
              html`<button class="reply" type="button" @click=${() => chat.say(button.payload, button.title)}>
                ${typeset(button.title)}
              </button>`,
          )}
        </div>`
      : nothing}
    ${tools(chat, line)} ${reasons(chat, line)}
  </article>`;
}

function content(line: Line): TemplateResult {
  if (isGuidance(line.custom)) return guidance(line.text, line.custom);
  const text = line.text ? html`<div class="bubble">${markdown(line.text)}</div>` : nothing;
  return isMandat(line.custom) ? html`${text}${mandat(line.custom)}` : html`${text}`;
}

function tools(chat: EquipierChat, line: Line): TemplateResult {
  const heard = chat.player.current === line.id;
  return html`<div class="tools" role="group" aria-label=${`Réponse de ${time(line.at)}`}>
    ${thumbs(chat, line)}
    ${line.rating === -1 && !chat.opinions.of(line.id).open
      ? html`<button class="tool text" type="button" @click=${() => chat.opinions.ask(line)}>Modifier mon avis</button>`
      : nothing}
    <span class="gap"></span>
    ${chat.conversation?.session?.voice.speak
      ? html`<button class="tool text" type="button" @click=${() => chat.listen(line)}>
          ${icon(heard ? "stop" : "listen")}<span>${heard ? "Arrêter" : "Écouter"}</span>
        </button>`
      : nothing}
    <button class="tool" type="button" title="Copier la réponse" @click=${() => void chat.copy(line)}>
      ${icon("copy")}<span class="sr">Copier la réponse</span>
    </button>
    <button class="tool" type="button" title="Imprimer la réponse" @click=${() => chat.print(line)}>
      ${icon("print")}<span class="sr">Imprimer la réponse</span>
    </button>
  </div>`;
}
