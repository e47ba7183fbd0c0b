import { html, nothing, type TemplateResult } from "lit";
import { day } from "./dates";
import { read } from "./guidance";
import { icon } from "./icons";
import { safeUrl } from "./markdown";
import type { Fiche, GuidanceData, MandatData } from "./protocol";
import { markdown, outside, typeset } from "./text";

/** The ten scopes of a mandate (bot/demarches.py). */
const DEMARCHES: Record<string, string> = {
  papiers: "Papiers - Citoyenneté - Élections",
  famille: "Famille - Scolarité",
  social: "Social - Santé",
  travail: "Travail - Formation",
  logement: "Logement",
  transports: "Transports - Mobilité",
  argent: "Argent - Impôts - Consommation",
  justice: "Justice",
  etranger: "Étranger - Europe",
  loisirs: "Loisirs - Sport - Culture",
};

const STATUSES: Record<string, string> = {
  active: "en cours",
  expired: "expiré",
  revoked: "révoqué",
  draft: "à compléter",
};

/** The durations of a mandate, and its states (bot/mandats/rules.py). */
const DURATIONS: Record<string, string> = {
  SHORT: "un jour",
  MONTH: "un mois (31 jours)",
  SEMESTER: "six mois (182 jours)",
  LONG: "un an (365 jours)",
};

/** A guidance answer: the fiche in a card, or the fiches to choose from under the text. */
export function guidance(text: string, data: GuidanceData): TemplateResult {
  const reading = read(text, data);
  const first = data.fiches[0];
  if (!reading || !first) {
    return html`<div class="bubble">${markdown(text)}</div>
      ${data.fiches.length ? html`<div class="card">${others("Fiches proposées", data.fiches)}</div>` : nothing}`;
  }
  return html`${reading.intro ? html`<div class="bubble">${markdown(reading.intro)}</div>` : nothing}
    <section class="card fiche" aria-label=${`Fiche\u202f: ${first.title}`}>
      <p class="eyebrow">${icon("page")} Fiche pratique</p>
      <h3>${typeset(first.title)}</h3>
      ${reading.warning
        ? html`<p class="alert">${icon("warning")}<span>${typeset(reading.warning.replace(/^⚠\s*/, ""))}</span></p>`
        : nothing}
      ${reading.parts.map((part) =>
        part.kind === "text"
          ? markdown(part.text)
          : html`<figure>
              ${part.title ? html`<figcaption>${typeset(part.title)}</figcaption>` : nothing}
              <blockquote cite=${safeUrl(first.url) ?? nothing}>${markdown(part.text)}</blockquote>
              ${part.more ? html`<p class="hint">La suite est dans la fiche.</p>` : nothing}
            </figure>`,
      )}
      <p class="actions">
        ${reading.official ? outside(reading.official.url, reading.official.label, "link strong") : nothing}
        ${reading.services.map((link) => outside(link.url, link.label))}
      </p>
      <p class="hint">${typeset(reading.source || dated(first))}</p>
      ${data.fiches.length > 1
        ? html`<details>
            <summary>Autres fiches proches (${data.fiches.length - 1})</summary>
            ${others("", data.fiches.slice(1))}
          </details>`
        : nothing}
    </section>`;
}

/** What is known of a mandate, or of its draft, under the text. */
export function mandat(data: MandatData): TemplateResult {
  const url = data.secure_url ? safeUrl(data.secure_url) : null;
  const draft = data.status === "draft";
  const title = data.reference ? `Mandat ${data.reference}` : "Mandat à préparer";
  return html`<section class="card" aria-label=${title}>
    <p class="eyebrow">${icon("lock")} Mandat Aidants Connect</p>
    <h3 class="row">
      <span>${title}</span>
      <span class="badge ${data.status}">${STATUSES[data.status] ?? data.status}</span>
    </h3>
    <dl>
      <dt>Démarches</dt>
      <dd>
        <ul>
          ${data.demarches.map((code) => html`<li>${DEMARCHES[code] ?? code}</li>`)}
        </ul>
      </dd>
      ${draft
        ? data.duration && html`<dt>Durée</dt><dd>${DURATIONS[data.duration] ?? data.duration}</dd>`
        : data.expires_at && html`<dt>${ENDS[data.status] ?? "Fin prévue"}</dt><dd>${day(data.expires_at)}</dd>`}
    </dl>
    ${url
      ? html`<p class="actions">
          ${outside(url, draft ? "Continuer sur la page sécurisée" : "Ouvrir le mandat", "button")}
        </p>`
      : nothing}
  </section>`;
}

const ENDS: Record<string, string> = { active: "Valable jusqu'au", expired: "Expiré le" };

function others(heading: string, fiches: Fiche[]): TemplateResult {
  return html`${heading ? html`<p class="eyebrow">${icon("page")} ${heading}</p>` : nothing}
    <ul class="fiches">
      ${fiches.map((fiche) => {
        const url = safeUrl(fiche.url);
        return html`<li>
          ${url ? outside(url, fiche.title) : typeset(fiche.title)}<span class="hint"> ${dated(fiche)}</span>
        </li>`;
      })}
    </ul>`;
}

function dated(fiche: Fiche): string {
  return fiche.updated ? `Mis à jour le ${day(fiche.updated)}` : "Date de mise à jour inconnue";
}
