import type { Line } from "./protocol";

/** A message of this tab that the server has not shown back yet. */
export interface Pending {
  messageId: string;
  /** What the person sees: for a button, its title. */
  text: string;
  /** What is sent; null for a recording. */
  message: string | null;
  audio: Blob | null;
  /** ISO instant. */
  at: string;
  /** The last line known when it was written. */
  after: number;
  /** waiting: to be sent; accepted: the server has it, its line is on the way; failed: it was refused. */
  state: "waiting" | "accepted" | "failed";
  error: string;
}

/** The messages of the conversation, each once, in order; and those that are still to be sent. Pure. */
export class Timeline {
  lines: Line[] = [];
  pending: Pending[] = [];
  /** Whether the server has older ones. */
  more = false;

  get firstId(): number {
    return this.lines[0]?.id ?? 0;
  }

  get lastId(): number {
    return this.lines.at(-1)?.id ?? 0;
  }

  /** Takes in *lines*, whatever their order; returns those that were not known. */
  merge(lines: readonly Line[]): Line[] {
    const known = new Map(this.lines.map((line) => [line.id, line]));
    const fresh = lines.filter((line) => !known.has(line.id));
    for (const line of lines) known.set(line.id, { ...known.get(line.id), ...line });
    this.lines = [...known.values()].sort((one, other) => one.id - other.id);
    for (const line of fresh) if (line.direction === "in") this.settle(line);
    return fresh;
  }

  add(pending: Pending): void {
    this.pending = [...this.pending, pending];
  }

  change(messageId: string, change: Partial<Pending>): void {
    this.pending = this.pending.map((one) => (one.messageId === messageId ? { ...one, ...change } : one));
  }

  remove(messageId: string): void {
    this.pending = this.pending.filter((one) => one.messageId !== messageId);
  }

  /** The server has *messageId*; its line may have come before this word of it. */
  accept(messageId: string): void {
    this.change(messageId, { state: "accepted", error: "" });
    const one = this.pending.find((pending) => pending.messageId === messageId);
    const line = one && this.lines.find((line) => line.id > one.after && isOf(line, one));
    if (line) this.remove(messageId);
  }

  rate(id: number, rating: number | null): void {
    this.lines = this.lines.map((line) => (line.id === id ? { ...line, rating } : line));
  }

  clear(): void {
    this.lines = [];
    this.pending = [];
    this.more = false;
  }

  /** Ids of the answers whose buttons still stand: those that nothing was said after. */
  get open(): Set<number> {
    const open = new Set<number>();
    if (this.pending.some((one) => one.state !== "failed")) return open;
    for (const line of [...this.lines].reverse()) {
      if (line.direction === "in") break;
      open.add(line.id);
    }
    return open;
  }

  private settle(line: Line): void {
    const mine = this.pending.find((one) => one.messageId === line.message_id);
    // A server that does not know whose message a line is says so: then it is that of the oldest that it has.
    const guess = this.pending.find((one) => one.state === "accepted" && line.id > one.after && isOf(line, one));
    const settled = mine ?? (line.message_id ? undefined : guess);
    if (settled) this.remove(settled.messageId);
  }
}

/** Whether *line* may be *one* as the server shows it back. */
function isOf(line: Line, one: Pending): boolean {
  const mine = !line.message_id || line.message_id === one.messageId;
  return mine && line.direction === "in" && line.channel !== "telegram";
}
