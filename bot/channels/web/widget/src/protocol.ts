/** What the widget and the server say to each other (DESIGN section 5, events of our own widget). */

export interface Button {
  title: string;
  payload: string;
}

export interface Fiche {
  id: string;
  title: string;
  url: string;
  /** ISO date; null when the source does not tell. */
  updated: string | null;
}

export interface GuidanceData {
  type: "guidance";
  fiches: Fiche[];
  /** The extract quoted in the text; null when none was. */
  passage: { fiche: string; section: string; text: string } | null;
  stale: boolean;
}

export interface MandatData {
  type: "mandat";
  /** Null for a draft. */
  reference: string | null;
  status: string;
  demarches: string[];
  /** ISO instant; null for a draft. */
  expires_at: string | null;
  /** SHORT, MONTH, SEMESTER or LONG: drafts only. */
  duration?: string;
  /** The page where the rest is done, for whoever is signed in. */
  secure_url?: string;
}

export type Custom = GuidanceData | MandatData | { type?: string; name?: string };

/** Who says an answer: the assistant, or someone of the help desk. */
export function authorOf(line: Line): string {
  const said = line.custom as { type?: string; name?: string } | null;
  return said?.type === "human" ? (said.name ?? "Assistance") : "Équipier";
}

/** One message of the conversation, as the server keeps it. */
export interface Line {
  id: number;
  direction: "in" | "out";
  /** Light Markdown. */
  text: string;
  buttons: Button[];
  custom: Custom | null;
  /** ISO instant. */
  at: string;
  channel: string | null;
  rating: number | null;
  /** The id that the sender gave to it, when it is known. */
  message_id?: string | null;
}

export interface Page {
  lines: Line[];
  more: boolean;
}

export interface Preferences {
  voice: boolean;
  brief: boolean;
}

export interface Session {
  kind: "anonymous" | "aidant";
  name: string | null;
  organisation: string | null;
  /** Bearer token of the HTTP endpoints; an anonymous one also resumes the visit. */
  token: string;
  last_id: number;
  preferences: Preferences;
  voice: { listen: boolean; speak: boolean };
  max_chars: number;
  sign_in_url: string | null;
  /** Codes and labels of what may be wrong with an answer. */
  reasons: [string, string][];
  /** Whether the visit that this browser knew was too old to be resumed. */
  renewed?: boolean;
}

export type Sent = { ok: true } | { ok: false; error: string; retry_after?: number };

export interface Opinion {
  id: number;
  rating: 1 | -1;
  reasons: string[];
  comment: string;
}

export function isGuidance(custom: Custom | null): custom is GuidanceData {
  return custom?.type === "guidance" && Array.isArray((custom as GuidanceData).fiches);
}

export function isMandat(custom: Custom | null): custom is MandatData {
  return custom?.type === "mandat" && Array.isArray((custom as MandatData).demarches);
}
