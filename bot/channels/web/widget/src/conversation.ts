import { Connection, type Listener, Refused, Unheard } from "./connection";
import type { Memory } from "./memory";
import type { Line, Opinion, Preferences, Session } from "./protocol";
import { type Pending, Timeline } from "./timeline";

const QUEUE = "queue";

export type Status = "asleep" | "connecting" | "online" | "lost" | "over";

/** What the screen wants to know of a conversation. */
export interface Screen {
  changed(): void;
  /** Answers that were not known, and are not old ones. */
  answered(lines: Line[]): void;
  /** What this browser knew was too old: this is another conversation. */
  begunAgain(): void;
}

/** One conversation with the server: who we are, what was said, what waits to be sent. */
export class Conversation implements Listener {
  status: Status = "asleep";
  session: Session | null = null;
  /** Whether the server is preparing an answer. */
  typing = false;
  /** Whether what was said before is here. */
  loaded = false;
  loadingOlder = false;
  /** Why the conversation is over. */
  sentence = "";
  readonly timeline = new Timeline();
  private readonly connection: Connection;
  private readonly sentHere = new Set<string>();
  private sending = false;

  constructor(
    server: URL,
    jwt: () => Promise<string | null>,
    kept: Memory,
    private readonly tab: Memory,
    private readonly screen: Screen,
  ) {
    this.connection = new Connection(server, jwt, kept, this);
    this.timeline.pending = this.queued();
  }

  /** What to say while there is no connection, or none any more; empty when there is one. */
  get trouble(): string {
    if (this.status === "over") return this.sentence;
    if (this.status !== "lost") return "";
    return this.session
      ? "Connexion perdue. Vos messages partiront dès qu'elle revient."
      : "Le service ne répond pas pour le moment. Nouvel essai dans quelques secondes.";
  }

  /** Whether this browser already has a conversation with the server. */
  get known(): boolean {
    return this.connection.known;
  }

  start(): void {
    if (this.status !== "asleep") return;
    this.status = "connecting";
    this.connection.start();
    this.screen.changed();
  }

  stop(): void {
    this.connection.stop();
    this.status = "asleep";
  }

  restart(): void {
    this.forget();
    this.status = "connecting";
    this.connection.restart();
    this.screen.changed();
  }

  /**
   * Sends *message* now, or as soon as there is a connection.
   *
   * @param shown what the person sees of it: for a button, its title.
   */
  say(message: string, shown: string = message): void {
    this.queue({ text: shown, message, audio: null });
  }

  /** The same for a recording. */
  speak(audio: Blob, shown: string): void {
    this.queue({ text: shown, message: null, audio });
  }

  retry(messageId: string): void {
    this.timeline.change(messageId, { state: "waiting", error: "" });
    this.told();
    void this.flush();
  }

  giveUp(messageId: string): void {
    this.timeline.remove(messageId);
    this.told();
  }

  /** Whether the last message heard by the server was sent from this very tab. */
  get askedHere(): boolean {
    const last = this.timeline.lines.findLast((line) => line.direction === "in");
    return Boolean(last?.message_id && this.sentHere.has(last.message_id));
  }

  /** Loads what was said before; returns how many messages came. */
  async older(): Promise<number> {
    if (this.loadingOlder) return 0;
    this.loadingOlder = true;
    this.screen.changed();
    try {
      const page = await this.connection.history(this.timeline.firstId);
      this.timeline.more = page.more;
      return this.timeline.merge(page.lines).length;
    } catch (error) {
      if (error instanceof Unheard) return 0;
      throw error;
    } finally {
      this.loadingOlder = false;
      this.screen.changed();
    }
  }

  /** Tells what an answer is worth; returns the sentence of a failure, or nothing. */
  async rate(opinion: Opinion): Promise<string> {
    const before = this.timeline.lines.find((line) => line.id === opinion.id)?.rating ?? null;
    this.timeline.rate(opinion.id, opinion.rating);
    this.screen.changed();
    try {
      const sent = await this.connection.rate(opinion);
      if (sent.ok) return "";
      this.timeline.rate(opinion.id, before);
      return sent.error;
    } catch (error) {
      if (!(error instanceof Unheard)) throw error;
      this.timeline.rate(opinion.id, before);
      return "Votre avis n'est pas parti\u202f: la connexion est perdue.";
    } finally {
      this.screen.changed();
    }
  }

  /** Changes preferences; returns whether it could be done. */
  async prefer(change: Partial<Preferences>): Promise<boolean> {
    try {
      const preferences = await this.connection.prefer(change);
      if (this.session) this.session = { ...this.session, preferences };
      return true;
    } catch (error) {
      if (error instanceof Unheard) return false;
      throw error;
    } finally {
      this.screen.changed();
    }
  }

  audio(id: number, format: string): Promise<ArrayBuffer> {
    return this.connection.audio(id, format);
  }

  opened(session: Session): void {
    if (this.session && !isSame(this.session, session)) this.forget();
    // A conversation loses no message: this is another one, of the same person.
    else if (session.renewed || session.last_id < this.timeline.lastId) this.forget({ queue: false });
    this.session = session;
    this.status = "online";
    if (session.renewed) this.screen.begunAgain();
    void this.catchUp().then(() => this.flush());
    this.screen.changed();
  }

  renewed(session: Session): void {
    this.session = session;
    this.screen.changed();
  }

  lost(): void {
    if (this.status === "over") return;
    this.status = "lost";
    this.typing = false;
    this.screen.changed();
  }

  over(sentence: string): void {
    this.forget();
    this.status = "over";
    this.sentence = sentence;
    this.screen.changed();
  }

  line(line: Line): void {
    this.take([line]);
  }

  thinking(on: boolean): void {
    this.typing = on;
    this.screen.changed();
  }

  private async catchUp(): Promise<void> {
    try {
      if (!this.loaded) {
        const page = await this.connection.history(null);
        this.timeline.merge(page.lines);
        this.timeline.more = page.more;
        this.loaded = true;
        this.told();
        return;
      }
      for (let more = true; more; ) {
        const page = await this.connection.resume(this.timeline.lastId);
        this.take(page.lines);
        more = page.more && page.lines.length > 0;
      }
    } catch (error) {
      if (!(error instanceof Unheard)) throw error;
    }
  }

  private take(lines: Line[]): void {
    // After an interruption the server gives more than what is missing, to be sure.
    const from = this.timeline.firstId;
    const answers = this.timeline.merge(lines).filter((line) => line.direction === "out" && line.id > from);
    if (answers.length) this.typing = false;
    this.told();
    if (answers.length) this.screen.answered(answers);
  }

  private queue(what: Pick<Pending, "text" | "message" | "audio">): void {
    const messageId = newId();
    this.sentHere.add(messageId);
    this.timeline.add({
      ...what,
      messageId,
      at: new Date().toISOString(),
      after: this.timeline.lastId,
      state: "waiting",
      error: "",
    });
    this.told();
    void this.flush();
  }

  private async flush(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    try {
      // One at a time: they must arrive in the order in which they were written.
      for (let next = this.next(); next; next = this.next()) await this.deliver(next);
    } catch (error) {
      if (!(error instanceof Unheard)) throw error;
    } finally {
      this.sending = false;
    }
  }

  private next(): Pending | undefined {
    return this.status === "online" ? this.timeline.pending.find((one) => one.state === "waiting") : undefined;
  }

  private async deliver(one: Pending): Promise<void> {
    try {
      if (one.audio) await this.connection.speak(one.audio, one.messageId);
      else {
        const sent = await this.connection.send(one.message ?? "", one.messageId);
        if (!sent.ok) throw new Refused(sent.error);
      }
      this.timeline.accept(one.messageId);
    } catch (error) {
      const blocked = error instanceof Unheard && one.audio && this.status === "online";
      if (!blocked && !(error instanceof Refused)) throw error;
      const why = blocked ? "L'enregistrement n'est pas parti. Réessayez." : error.message;
      this.timeline.change(one.messageId, { state: "failed", error: why });
    }
    this.told();
  }

  private forget({ queue } = { queue: true }): void {
    const pending = queue ? [] : this.timeline.pending;
    this.timeline.clear();
    this.timeline.pending = pending.map((one) => ({ ...one, after: 0 }));
    this.session = null;
    this.loaded = false;
    this.typing = false;
    this.told();
  }

  private told(): void {
    // What the server has taken is in its keeping; a recording cannot be kept here.
    const waiting = this.timeline.pending.filter((one) => one.message !== null && one.state !== "accepted");
    this.tab.set(QUEUE, waiting.length ? JSON.stringify(waiting) : null);
    this.screen.changed();
  }

  private queued(): Pending[] {
    try {
      const kept = JSON.parse(this.tab.get(QUEUE) ?? "[]") as Pending[];
      for (const one of kept) this.sentHere.add(one.messageId);
      return kept;
    } catch {
      return [];
    }
  }
}

function isSame(one: Session, other: Session): boolean {
  return one.kind === other.kind && one.name === other.name && one.organisation === other.organisation;
}

// « randomUUID » is refused to pages that are not served over TLS.
function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
