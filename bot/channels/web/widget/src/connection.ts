import { io, type Socket } from "socket.io-client";
import type { Memory } from "./memory";
import type { Line, Opinion, Page, Preferences, Sent, Session } from "./protocol";

const ANSWER_WITHIN = 20_000; // ms
// The server says that it has a message once it has answered it.
const ANSWERED_WITHIN = 60_000; // ms
const AGAIN_AFTER = 2_000; // ms
const TOKEN = "token";
// Why the server may refuse a connection that it will accept later.
const PASSING = new Set(["too_many", "failed"]);

/** What a connection tells of itself. */
export interface Listener {
  /** The server knows who we are: at first, and again after each interruption. */
  opened(session: Session): void;
  /** Something of the session changed, on an open line. */
  renewed(session: Session): void;
  lost(): void;
  /** The server will not have us, or no longer: trying again by ourselves would change nothing. */
  over(sentence: string): void;
  line(line: Line): void;
  thinking(on: boolean): void;
}

/** A failure that the person is told of, with the sentence to say. */
export class Refused extends Error {}

/** The server did not answer: the same may be asked again. */
export class Unheard extends Error {}

/** The socket and the HTTP endpoints of one server. */
export class Connection {
  private socket: Socket | null = null;
  private token = "";
  private greeted = false;

  constructor(
    private readonly server: URL,
    private readonly jwt: () => Promise<string | null>,
    private readonly memory: Memory,
    private readonly listener: Listener,
  ) {}

  /** Whether this browser has already spoken with the server, without an account. */
  get known(): boolean {
    return this.memory.get(TOKEN) !== null;
  }

  start(): void {
    if (this.socket) return;
    const socket = io(this.server.origin, {
      path: `${this.server.pathname}socket.io/`,
      auth: (give) => void this.identity().then(give, () => this.refuse("Votre identité n'a pas pu être vérifiée.")),
      // Networks that let no WebSocket through get the slower way.
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      reconnectionDelay: 500,
      reconnectionDelayMax: 5_000,
      forceNew: true,
    });
    this.socket = socket;
    socket.on("equipier_session", (session: Session) => {
      this.token = session.token;
      // That of an account is never written down: it would outlive the session.
      if (session.kind === "anonymous") this.memory.set(TOKEN, session.token);
      if (this.greeted) this.listener.renewed(session);
      else this.listener.opened(session);
      this.greeted = true;
    });
    socket.on("line", (line: Line) => this.listener.line(line));
    socket.on("typing", ({ on }: { on: boolean }) => this.listener.thinking(on));
    socket.on("ended", ({ sentence }: { sentence: string }) => this.refuse(sentence));
    const again = (after: number) => setTimeout(() => this.socket === socket && socket.connect(), after);
    socket.on("connect_error", (error: Error & { data?: { reason?: string; retry_after?: number } }) => {
      const { reason = "", retry_after = AGAIN_AFTER / 1000 } = error.data ?? {};
      if (!socket.active && !PASSING.has(reason)) return this.refuse(error.message);
      this.listener.lost();
      if (!socket.active) again(retry_after * 1000);
    });
    socket.on("disconnect", (reason) => {
      if (this.socket !== socket) return;
      this.greeted = false;
      this.listener.lost();
      if (reason === "io server disconnect") again(AGAIN_AFTER);
    });
    window.addEventListener("offline", this.wentOffline);
    window.addEventListener("online", this.cameBack);
  }

  stop(): void {
    const socket = this.socket;
    this.socket = null;
    this.greeted = false;
    socket?.disconnect();
    window.removeEventListener("offline", this.wentOffline);
    window.removeEventListener("online", this.cameBack);
  }

  /** Begins anew, as somebody who never came: the visit of before is left. */
  restart(): void {
    this.stop();
    this.memory.set(TOKEN, null);
    this.start();
  }

  history(before: number | null): Promise<Page> {
    return this.get("history", before ? { before } : {});
  }

  resume(after: number): Promise<Page> {
    return this.get("resume", { after });
  }

  send(message: string, messageId: string): Promise<Sent> {
    return this.ask("user_uttered", { message, message_id: messageId }, ANSWERED_WITHIN);
  }

  rate(opinion: Opinion): Promise<Sent> {
    return this.ask("feedback", opinion);
  }

  prefer(change: Partial<Preferences>): Promise<Preferences> {
    return this.get("preferences", change);
  }

  /** Sends a recording; what was heard comes as a line. */
  async speak(audio: Blob, messageId: string): Promise<void> {
    await this.fetch("assistant/voix", {
      method: "POST",
      body: audio,
      headers: { "X-Message-Id": messageId, "Content-Type": audio.type || "application/octet-stream" },
    });
  }

  /** The sound of an answer. */
  async audio(id: number, format: string): Promise<ArrayBuffer> {
    return (await this.fetch(`assistant/audio/${id}?format=${format}`, {})).arrayBuffer();
  }

  private async identity(): Promise<Record<string, string>> {
    const jwt = await this.jwt();
    // An account's own token outlives the cookie of its page, which nothing renews while one only talks.
    const token = this.token || this.memory.get(TOKEN);
    return { client: "equipier", ...(jwt ? { jwt } : token ? { token } : {}) };
  }

  private refuse(sentence: string): void {
    this.stop();
    this.token = "";
    this.listener.over(sentence);
  }

  /** The same for what is refused for a passing reason only: too many at once. */
  private async get<Answer extends object>(event: string, data: object): Promise<Answer> {
    const answer = await this.ask<Answer | Sent>(event, data);
    if ("ok" in answer) throw new Unheard();
    return answer;
  }

  private async ask<Answer>(event: string, data: object, within = ANSWER_WITHIN): Promise<Answer> {
    const socket = this.socket;
    if (!socket?.connected) throw new Unheard();
    const answer = await (socket.timeout(within).emitWithAck(event, data) as Promise<Answer | null>).catch(() => null);
    if (answer) return answer;
    // A server that says nothing on an open line has lost us: what waits is sent again on a new one.
    setTimeout(() => this.socket === socket && socket.connected && socket.disconnect().connect(), AGAIN_AFTER);
    throw new Unheard();
  }

  private async fetch(path: string, request: RequestInit & { headers?: Record<string, string> }): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(new URL(path, this.server), {
        ...request,
        headers: { ...request.headers, Authorization: `Bearer ${this.token}` },
      });
    } catch {
      throw new Unheard();
    }
    if (response.ok) return response;
    const said: unknown = await response.json().catch(() => null);
    const detail = said && typeof said === "object" && "detail" in said ? said.detail : null;
    throw new Refused(typeof detail === "string" ? detail : "Le service ne répond pas correctement. Réessayez.");
  }

  // The browser knows at once; without it the socket would only notice after a missed beat.
  private readonly wentOffline = (): void => {
    this.socket?.io.engine?.close();
    this.listener.lost();
  };

  private readonly cameBack = (): void => {
    if (this.socket && !this.socket.connected) this.socket.disconnect().connect();
  };
}
