/** Dates and times as French people write them. */

const TIME = new Intl.DateTimeFormat("fr-FR", { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("fr-FR", { day: "numeric", month: "long", year: "numeric" });
const WEEKDAY = new Intl.DateTimeFormat("fr-FR", { weekday: "long", day: "numeric", month: "long", year: "numeric" });

/** « 14:32 ». */
export function time(at: string): string {
  return TIME.format(new Date(at));
}

/** « 1er mars 2026 », of a date or an instant. */
export function day(at: string): string {
  return first(DAY.format(dated(at)));
}

/** « Aujourd'hui », « Hier », « lundi 2 mars 2026 ». */
export function separator(at: string, now: Date): string {
  const then = new Date(at);
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  if (then.toDateString() === now.toDateString()) return "Aujourd'hui";
  if (then.toDateString() === yesterday.toDateString()) return "Hier";
  return first(WEEKDAY.format(then));
}

/** Whether both instants are of one day, where the person is. */
export function sameDay(one: string, other: string): boolean {
  return new Date(one).toDateString() === new Date(other).toDateString();
}

/** « 1:07 », of a number of seconds. */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

// A date without a time is of no time zone: read as UTC it would be the day before in some of our territories.
function dated(at: string): Date {
  return new Date(/^\d{4}-\d{2}-\d{2}$/.test(at) ? `${at}T12:00:00` : at);
}

function first(text: string): string {
  return text.replace(/(^| )1 /, "$11er ");
}
