import { html, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { EquipierChat } from "./chat";
import type { Screen } from "./conversation";
import type { Line } from "./protocol";

const NEAR = 80; // px from the bottom
const HEARD_AFTER = 20_000; // ms
const COUNTED = /^\(\d+\) /;

/** What the person has read, sees, and hears: scrolling, the count of new messages, what screen readers are told. */
export class Reader implements Screen {
  unread = 0;
  /** What the live region for small news holds. */
  status = "";
  /** Whether a new answer is below what is seen. */
  below = false;
  private heard: { id: number; text: string }[] = [];
  private atBottom = true;
  private target: number | "end" | null = "end";
  private height = 0;
  private keeping = false;
  private wasTyping = false;
  private wasOver = false;

  constructor(private readonly chat: EquipierChat) {}

  connected(): void {
    document.addEventListener("visibilitychange", this.looked);
  }

  disconnected(): void {
    document.removeEventListener("visibilitychange", this.looked);
    this.unread = 0;
    this.count();
  }

  changed(): void {
    const typing = this.chat.conversation?.typing ?? false;
    if (typing && !this.wasTyping) this.status = "Équipier prépare sa réponse.";
    else if (!typing && this.wasTyping) this.status = "";
    if (typing && this.atBottom) this.target ??= "end";
    this.wasTyping = typing;
    const over = this.chat.conversation?.status === "over";
    // What had the focus is about to go.
    if (over && !this.wasOver && this.chat.shadowRoot?.activeElement) this.chat.focusOn(".banner button");
    this.wasOver = over;
    this.chat.requestUpdate();
  }

  answered(answers: Line[]): void {
    for (const line of answers) this.heard.push({ id: line.id, text: this.chat.spoken(line) });
    // Said once, it is only in the way of whoever explores the page.
    setTimeout(() => {
      this.heard = this.heard.filter(({ id }) => !answers.some((line) => line.id === id));
      this.chat.requestUpdate();
    }, HEARD_AFTER);
    if (!this.chat.seen) {
      this.unread += answers.length;
      this.count();
    }
    if (this.atBottom || this.chat.conversation?.askedHere) this.target ??= answers[0]?.id ?? null;
    else this.below = true;
    this.chat.arrived(answers);
    this.chat.requestUpdate();
  }

  begunAgain(): void {
    this.chat.notify("Votre dernière conversation a expiré\u202f: en voici une nouvelle.");
  }

  /** All is read. */
  read(): void {
    this.unread = 0;
    this.count();
    this.chat.requestUpdate();
  }

  /** Goes to the last message, and stays there. */
  follow(): void {
    this.target = "end";
    this.below = false;
    this.chat.requestUpdate();
  }

  /** Does *work*, which adds messages on top, with what is seen staying where it is. */
  async keepingPlace<Result>(work: () => Promise<Result>): Promise<Result> {
    const log = this.log;
    const fromEnd = log ? log.scrollHeight - log.scrollTop : 0;
    this.keeping = true;
    const result = await work();
    await this.chat.updateComplete;
    this.keeping = false;
    if (log) log.scrollTop = log.scrollHeight - fromEnd;
    return result;
  }

  /** Once what changed is on the screen. */
  updated(): void {
    const log = this.log;
    if (!log?.clientHeight) return;
    const grown = log.scrollHeight > this.height;
    this.height = log.scrollHeight;
    if (this.target === null && grown && this.atBottom && !this.keeping) log.scrollTop = log.scrollHeight;
    if (this.target === null) return;
    const { lines, pending } = this.chat.conversation!.timeline;
    // What welcomes is read from its beginning too.
    if (!lines.length && !pending.length) return;
    const answer = this.target === "end" ? null : log.querySelector<HTMLElement>(`#line-${this.target}`);
    // A long answer is read from its beginning.
    const top = answer ? answer.offsetTop - 8 : Infinity;
    log.scrollTop = Math.min(top, log.scrollHeight - log.clientHeight);
    this.atBottom = isAtBottom(log);
    // History comes in after the first drawing.
    if (this.chat.conversation?.loaded) this.target = null;
  }

  readonly scrolled = (): void => {
    const log = this.log;
    if (!log) return;
    this.atBottom = isAtBottom(log);
    if (this.atBottom && this.below) {
      this.below = false;
      this.chat.requestUpdate();
    }
  };

  /** The regions that screen readers listen to, seen by nobody. */
  announcements(): TemplateResult {
    return html`<div class="sr" role="log" aria-live="polite" aria-relevant="additions" aria-label="Nouvelles réponses">
        ${repeat(
          this.heard,
          ({ id }) => id,
          ({ text }) => html`<p>${text}</p>`,
        )}
      </div>
      <div class="sr" role="status">${this.status}</div>
      <div class="sr" role="alert">${this.chat.conversation?.trouble}</div>`;
  }

  private get log(): HTMLElement | null {
    return this.chat.renderRoot?.querySelector<HTMLElement>(".log") ?? null;
  }

  private readonly looked = (): void => {
    if (this.chat.seen) this.read();
  };

  private count(): void {
    const title = document.title.replace(COUNTED, "");
    document.title = this.unread ? `(${this.unread}) ${title}` : title;
  }
}

function isAtBottom(log: HTMLElement): boolean {
  return log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
}
