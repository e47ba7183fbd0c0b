import { html, nothing, type TemplateResult } from "lit";
import type { EquipierChat } from "./chat";
import { icon } from "./icons";
import { typeset } from "./text";

export const SIZES: [string, string][] = [
  ["1", "Normale"],
  ["1.25", "Grande"],
  ["1.5", "Très grande"],
];

/** The button that opens the panel, in a corner of the host's page. */
export function opener(chat: EquipierChat): TemplateResult {
  const unread = chat.unread;
  return html`<button class="opener" type="button" aria-haspopup="dialog" ?hidden=${chat.open} @click=${() => chat.show()}>
    ${icon("chat")}<span>${typeset(chat.heading)}</span>
    ${unread
      ? html`<span class="unread"><span aria-hidden="true">${unread > 99 ? "99+" : unread}</span
          ><span class="sr">${unread === 1 ? "1 nouveau message" : `${unread} nouveaux messages`}</span></span>`
      : nothing}
  </button>`;
}

/** The bar on top: what this is, and its two buttons. */
export function bar(chat: EquipierChat): TemplateResult {
  const session = chat.conversation?.session;
  const page = chat.mode === "page";
  const who = session?.kind === "aidant" ? [session.name, session.organisation].filter(Boolean).join(" · ") : "";
  return html`<div class="bar">
    <div class="brand">
      <h2 id="title" class=${page ? "sr" : ""}>${typeset(chat.heading)}</h2>
      <p>${who || (page ? "Conversation sans compte" : "L'assistant des aidants numériques")}</p>
    </div>
    <button
      class="tool big"
      id="menu-button"
      type="button"
      title="Préférences"
      aria-expanded=${chat.menu}
      aria-controls="menu"
      @click=${() => chat.toggleMenu()}
    >
      ${icon("settings")}<span class="sr">Préférences</span>
    </button>
    ${page
      ? nothing
      : html`<button class="tool big" type="button" title="Fermer" @click=${() => chat.hide()}>
          ${icon("close")}<span class="sr">Fermer la fenêtre d'aide</span>
        </button>`}
  </div>`;
}

/** Preferences, and who we are. */
export function menu(chat: EquipierChat): TemplateResult {
  const session = chat.conversation?.session;
  const box = (label: string, hint: string, name: "voice" | "brief") =>
    html`<label class="choice"
      ><input
        type="checkbox"
        .checked=${session?.preferences[name] ?? false}
        ?disabled=${chat.conversation?.status !== "online"}
        @change=${(event: Event) => void chat.prefer(name, event.target as HTMLInputElement)}
      /><span>${label}<span class="hint">${hint}</span></span></label
    >`;
  return html`<section class="menu" id="menu" aria-label="Préférences" ?hidden=${!chat.menu}>
    ${identity(chat)}
    <fieldset>
      <legend>Réponses</legend>
      ${session?.voice.speak ? box("Lues à voix haute", "Dès qu'elles arrivent.", "voice") : nothing}
      ${box("Courtes", "L'essentiel, puis la fiche.", "brief")}
    </fieldset>
    <fieldset>
      <legend>Taille du texte</legend>
      <div class="sizes">
        ${SIZES.map(
          ([size, label]) =>
            html`<label class="choice"
              ><input type="radio" name="size" .checked=${chat.size === size} @change=${() => chat.resize(size)} /><span
                >${label}</span
              ></label
            >`,
        )}
      </div>
    </fieldset>
  </section>`;
}

function identity(chat: EquipierChat): TemplateResult {
  const session = chat.conversation?.session;
  if (session?.kind === "aidant") {
    const organisation = session.organisation ? html`, <span>${session.organisation}</span>` : nothing;
    return html`<p class="who">Vous êtes connecté(e)${"\u202f"}: <strong>${session.name}</strong>${organisation}</p>`;
  }
  const url = chat.signInUrl;
  return html`<p class="who">
    Vous n'êtes pas connecté(e)${"\u202f"}: l'assistant répond à vos questions, sans accès aux mandats.
    ${url
      ? html`<a class="link" href=${url} target=${chat.mode === "page" ? "_self" : "_blank"} rel="noopener"
          >Se connecter${chat.mode === "page"
            ? nothing
            : html`<span class="sr"> (nouvelle fenêtre)</span>${icon("external")}`}</a
        >`
      : nothing}
  </p>`;
}

/** What stops the conversation, or slows it down, on top of it. */
export function banner(chat: EquipierChat): TemplateResult | typeof nothing {
  const conversation = chat.conversation;
  if (conversation?.status === "over") {
    const url = chat.signInUrl;
    return html`<div class="banner error">
      ${icon("warning")}
      <p>
        ${typeset(conversation.sentence)}
        <button class="button small" type="button" @click=${() => chat.restart()}>Recommencer</button>
        ${url ? html`<a class="link" href=${url}>Se connecter</a>` : nothing}
      </p>
    </div>`;
  }
  if (conversation?.status !== "lost") return nothing;
  return html`<div class="banner">
    ${icon("offline")}
    <p>${conversation.trouble}</p>
  </div>`;
}
