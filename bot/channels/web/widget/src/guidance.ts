import { safeUrl } from "./markdown";
import type { GuidanceData } from "./protocol";

export interface Link {
  label: string;
  url: string;
}

export type Part = { kind: "text"; text: string } | { kind: "quote"; title: string; text: string; more: boolean };

/** A guidance answer, sorted for a card. */
export interface Reading {
  /** What is said before the fiche: a greeting, or nothing. */
  intro: string;
  parts: Part[];
  official: Link | null;
  services: Link[];
  /** « Source : service-public.gouv.fr, fiche F1. Mis à jour le 2 mars 2026. » */
  source: string;
  warning: string;
}

const OFFICIAL = /^\[(?:Fiche|Page) officielle\]\(/;
const SOURCE = /^(?:Source\s*:|Guide d'Équipier)/;
const LINK = /\[([^\]\n]+)\]\((\S+?)\)(?= · |$)/g;
const MORE = "(Suite dans la fiche.)";
const STALE = "⚠ Cette version a plus de 12 mois\u202f: vérifiez la fiche en ligne avant d'agir.";

/**
 * Sorts the *text* of an answer whose first fiche is sure; null when it presents several to choose from, or none.
 *
 * What is not recognised stays in the parts, in its place: nothing that was said is lost.
 */
export function read(text: string, data: GuidanceData): Reading | null {
  const first = data.fiches[0];
  const blocks = text.split(/\n{2,}/);
  const title = first && `**${first.title}**`;
  if (!first || !title || !blocks[0]?.includes(title)) return null;
  const reading: Reading = {
    intro: "",
    parts: [],
    official: link("Fiche officielle", first.url),
    services: [],
    source: "",
    warning: data.stale ? STALE : "",
  };
  const [head = "", ...below] = (blocks.shift() ?? "").split("\n");
  reading.intro = head.replace(title, "").trim();
  for (const block of below.length ? [below.join("\n"), ...blocks] : blocks) {
    if (OFFICIAL.test(block)) takeLinks(reading, block);
    else if (SOURCE.test(block)) takeSource(reading, block);
    else reading.parts.push(quote(block, data) ?? { kind: "text", text: block });
  }
  return reading;
}

function takeLinks(reading: Reading, block: string): void {
  const found = [...block.matchAll(LINK)].map(([, label = "", url = ""]) => link(label, url));
  const links = found.filter((one) => one !== null);
  reading.official = links[0] ?? reading.official;
  reading.services = links.slice(1);
}

function takeSource(reading: Reading, block: string): void {
  const [source = "", ...rest] = block.split("\n");
  reading.source = source;
  const warning = rest.find((line) => line.startsWith("⚠"));
  if (warning) reading.warning = warning;
  const left = rest.filter((line) => line !== warning).join("\n");
  if (left) reading.parts.push({ kind: "text", text: left });
}

function quote(block: string, { passage }: GuidanceData): Part | null {
  const start = passage?.text.trim().split("\n")[0]?.slice(0, 40);
  if (!start || !squeezed(block).includes(squeezed(start))) return null;
  const lines = block.split("\n");
  const heading = /^\*\*(.+)\*\*$/.exec(lines[0] ?? "");
  if (heading) lines.shift();
  const more = lines.at(-1) === MORE;
  return { kind: "quote", title: heading?.[1] ?? "", text: (more ? lines.slice(0, -1) : lines).join("\n"), more };
}

// Marks that would read as markup are spaced out in the text, not in the extract.
function squeezed(text: string): string {
  return text.replace(/[\s*]/g, "");
}

function link(label: string, url: string): Link | null {
  const safe = safeUrl(url);
  return safe ? { label, url: safe } : null;
}
