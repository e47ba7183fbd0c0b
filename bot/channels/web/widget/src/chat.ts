import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { palette } from "./colour";
import { composer } from "./composer";
import { Refused } from "./connection";
import { Conversation } from "./conversation";
import { day, time } from "./dates";
import { Dictation } from "./dictation";
import { banner, bar, menu, opener, SIZES } from "./frame";
import { plain } from "./markdown";
import { Memory } from "./memory";
import { messages } from "./messages";
import { Opinions } from "./opinions";
import * as paper from "./paper";
import { Player } from "./player";
import { authorOf, type Line, type Preferences } from "./protocol";
import { Reader } from "./reader";
import { sheet } from "./styles";

const HERE = import.meta.url;
const DRAFT = "draft";
const OPENED = "opened";
const SIZE = "size";
const NOTICE_FOR = 6_000; // ms
const LONGEST = 2_000; // characters, until the server tells its own limit
const GREETING = "Bonjour\u202f! Posez votre question comme vous la diriez à un collègue.";
const SUGGESTIONS = [
  "Quels papiers pour renouveler une carte d'identité ?",
  "Comment demander une aide au logement ?",
  "Combien coûte un permis de conduire perdu ?",
  "Combien de temps dure un mandat ?",
];

/**
 * The help desk as an element, in two modes: `panel`, a button in a corner that opens a window, and `page`, which fills
 * its container. Attributes: server, title, accent (#rrggbb), position (left or right), mode, open, jwt (a token, or the
 * name of a global function that promises one), greeting, suggestions (a JSON list of questions).
 */
export class EquipierChat extends LitElement {
  static override styles = sheet;
  static override properties = {
    mode: { reflect: true },
    position: { reflect: true },
    accent: {},
    greeting: {},
    open: { type: Boolean, reflect: true },
  };

  declare mode: "panel" | "page";
  declare position: "left" | "right";
  declare accent: string;
  declare greeting: string;
  declare open: boolean;

  heading = "Équipier";
  suggestions = SUGGESTIONS;
  conversation: Conversation | null = null;
  draft = "";
  menu = false;
  size = "1";
  readonly player = new Player(
    (id, format) => this.conversation!.audio(id, format),
    () => this.requestUpdate(),
    (error) => this.notify(error instanceof Refused ? error.message : "Cette réponse ne peut pas être lue ici."),
  );
  readonly reader = new Reader(this);
  readonly opinions = new Opinions(this);
  readonly dictation = new Dictation(this);
  private tab = new Memory("sessionStorage", "equipier:");
  private kept = new Memory("localStorage", "equipier:");
  /** Whether the panel was opened by the person, and not by the page. */
  private asked = false;
  private notice = "";
  private noticeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.mode = "panel";
    this.position = "right";
    this.accent = "";
    this.greeting = GREETING;
    this.open = false;
  }

  get server(): URL {
    // The bundle is at static/widget/<version>/ of its server.
    const given = this.getAttribute("server");
    const url = given ? new URL(given, location.href) : new URL("../../../", HERE);
    if (!url.pathname.endsWith("/")) url.pathname += "/";
    return url;
  }

  get limit(): number {
    return this.conversation?.session?.max_chars ?? LONGEST;
  }

  get unread(): number {
    return this.reader.unread;
  }

  get signInUrl(): string | null {
    const { status, session } = this.conversation ?? {};
    // Once the session is over nobody tells it; on another site, signing in here would change nothing there.
    const url = session?.sign_in_url ?? (status === "over" && this.mode === "page" ? "connexion?suite=/assistant" : null);
    return url ? new URL(url, this.server).href : null;
  }

  /** Whether the person can see the conversation. */
  get seen(): boolean {
    return (this.mode === "page" || this.open) && !document.hidden;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const { server } = this;
    this.tab = new Memory("sessionStorage", `equipier:${server.href}:`);
    this.kept = new Memory("localStorage", `equipier:${server.href}:`);
    this.takeAttributes();
    this.draft = this.tab.get(DRAFT) ?? "";
    this.resize(this.kept.get(SIZE) ?? "1");
    this.conversation = new Conversation(server, () => this.identity(), this.kept, this.tab, this.reader);
    this.reader.connected();
    // A page whose visitor has never opened the panel asks nothing of the server.
    if (this.mode === "page" || this.open || this.conversation.known || this.tab.get(OPENED)) this.conversation.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.reader.disconnected();
    this.conversation?.stop();
    this.conversation = null;
    this.player.stop();
    this.dictation.cancel();
  }

  override willUpdate(changed: PropertyValues): void {
    if (!changed.has("accent")) return;
    for (const [name, value] of Object.entries(palette(this.accent) ?? {})) this.style.setProperty(name, value);
  }

  override render(): TemplateResult {
    if (!this.conversation) return html``;
    if (this.mode === "page") return html`<div class="page">${this.body()}</div>`;
    return html`${opener(this)}
      <dialog class="panel" aria-labelledby="title" @cancel=${this.cancelled}>${this.body()}</dialog>`;
  }

  override updated(): void {
    const dialog = this.renderRoot.querySelector("dialog");
    if (dialog && this.open !== dialog.open) this.open ? this.unfold(dialog) : dialog.close();
    const draft = this.renderRoot.querySelector<HTMLTextAreaElement>("#draft");
    if (draft) {
      draft.style.height = "auto";
      draft.style.height = `${draft.scrollHeight + 2}px`;
    }
    this.reader.updated();
  }

  /** Opens the panel, and brings the focus in. */
  show(): void {
    this.asked = true;
    this.open = true;
  }

  /** Closes the panel, and gives the focus back. */
  hide(): void {
    this.open = false;
    this.menu = false;
    this.dictation.cancel();
    void this.updateComplete.then(() => this.focusOn(".opener"));
  }

  say(message: string, shown = message): void {
    this.player.stop();
    this.conversation?.say(message, shown);
    this.reader.follow();
    this.focusOn("#draft");
  }

  submit(): void {
    const text = this.draft.trim();
    if (text && text.length <= this.limit && this.conversation?.status !== "over") {
      this.write("");
      this.say(text);
    } else if (text.length > this.limit) {
      this.notify("Ce message est trop long\u202f: raccourcissez-le, ou envoyez-le en deux fois.");
    }
    this.focusOn("#draft");
  }

  write(text: string): void {
    this.draft = text;
    this.tab.set(DRAFT, text);
    this.requestUpdate();
  }

  readonly typed = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.submit();
  };

  giveUp(messageId: string): void {
    this.conversation?.giveUp(messageId);
    this.focusOn("#draft");
  }

  async older(): Promise<void> {
    const count = await this.reader.keepingPlace(() => this.conversation!.older());
    this.notify(count === 1 ? "1 message plus ancien affiché." : `${count} messages plus anciens affichés.`);
    if (!this.conversation?.timeline.more) this.focusOn(".log");
  }

  restart(): void {
    this.conversation?.restart();
    this.write("");
    this.focusOn("#draft");
  }

  toggleMenu(): void {
    this.menu = !this.menu;
    this.requestUpdate();
  }

  resize(size: string): void {
    this.size = SIZES.some(([known]) => known === size) ? size : "1";
    this.kept.set(SIZE, this.size === "1" ? null : this.size);
    this.style.setProperty("--scale", this.size);
    this.requestUpdate();
  }

  async prefer(name: keyof Preferences, box: HTMLInputElement): Promise<void> {
    const done = await this.conversation!.prefer({ [name]: box.checked });
    if (!done) {
      box.checked = !box.checked;
      this.notify("Votre choix n'a pas pu être enregistré\u202f: la connexion est perdue.");
    }
  }

  listen(line: Line): void {
    if (this.player.current === line.id) this.player.stop();
    else this.player.play([line.id]);
  }

  async copy(line: Line): Promise<void> {
    this.notify((await paper.copy(line.text)) ? "Réponse copiée." : "Votre navigateur n'a pas permis la copie.");
  }

  print(line: Line): void {
    const content = this.renderRoot.querySelector(`#line-${line.id} .content`);
    if (content) paper.print(content, `${this.heading}, réponse du ${day(line.at)} à ${time(line.at)}`);
  }

  /** Says *text* to screen readers, and to everybody for a few seconds unless it can be read elsewhere. */
  notify(text: string, { shown } = { shown: true }): void {
    this.reader.status = text;
    this.notice = shown ? text : "";
    clearTimeout(this.noticeTimer);
    this.noticeTimer = setTimeout(() => {
      this.notice = this.reader.status = "";
      this.requestUpdate();
    }, NOTICE_FOR);
    this.requestUpdate();
  }

  /** Moves the focus to *selector* once it is there. */
  focusOn(selector: string): void {
    this.requestUpdate();
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(selector)?.focus());
  }

  private body(): TemplateResult {
    return html`<div class="chat" @keydown=${this.escaped}>
      ${bar(this)}${menu(this)}${banner(this)}
      <div class="log" tabindex="0" role="region" aria-label="Conversation" @scroll=${this.reader.scrolled}>
        ${messages(this)}
        ${this.conversation?.typing
          ? html`<p class="typing"><span></span><span></span><span></span> Équipier prépare sa réponse…</p>`
          : nothing}
      </div>
      ${this.reader.below
        ? html`<button class="button small newest" type="button" @click=${() => this.reader.follow()}>
            Nouvelle réponse ↓
          </button>`
        : nothing}
      ${this.notice ? html`<p class="notice" aria-hidden="true">${this.notice}</p>` : nothing} ${composer(this)}
      ${this.reader.announcements()}
    </div>`;
  }

  private takeAttributes(): void {
    // Left in place, a title would show as a tip over the whole element.
    const title = this.getAttribute("title");
    if (title) this.heading = title;
    this.removeAttribute("title");
    const suggestions = this.getAttribute("suggestions");
    if (suggestions === null) return;
    try {
      const questions: unknown = JSON.parse(suggestions);
      if (Array.isArray(questions)) this.suggestions = questions.filter((one) => typeof one === "string").slice(0, 4);
    } catch {
      console.warn("equipier-chat: « suggestions » is not a JSON list of questions");
    }
  }

  private async identity(): Promise<string | null> {
    const jwt = this.getAttribute("jwt");
    if (!jwt || jwt.includes(".")) return jwt;
    const give = (window as unknown as Record<string, unknown>)[jwt];
    return typeof give === "function" ? ((await give()) as string) : null;
  }

  private unfold(dialog: HTMLDialogElement): void {
    this.tab.set(OPENED, "1");
    this.conversation?.start();
    this.reader.read();
    this.reader.follow();
    // A page that opens the panel by itself leaves the focus where it is.
    if (!this.asked) {
      dialog.open = true;
      return;
    }
    this.asked = false;
    // On a phone the panel covers the page: nothing behind it may take the focus.
    if (matchMedia("(max-width: 40rem), (max-height: 32rem)").matches) dialog.showModal();
    else dialog.show();
    this.focusOn("#draft");
  }

  private readonly escaped = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    if (this.dictation.on) this.dictation.cancel();
    else if (this.menu) {
      this.toggleMenu();
      this.focusOn("#menu-button");
    } else if (this.mode === "panel") this.hide();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  // The gesture « back » of a phone closes a modal window by itself.
  private readonly cancelled = (event: Event): void => {
    event.preventDefault();
    this.hide();
  };

  /** For the reader: what to do once new answers are here. */
  arrived(answers: Line[]): void {
    const session = this.conversation?.session;
    if (session?.preferences.voice && session.voice.speak && this.conversation?.askedHere && this.seen) {
      this.player.follow(answers.map((line) => line.id));
    }
  }

  /** What screen readers hear of *line*. */
  spoken(line: Line): string {
    const choices = line.buttons.map((button) => button.title).join(", ");
    return `${authorOf(line)}\u202f: ${plain(line.text)}${choices ? ` Réponses proposées\u202f: ${choices}.` : ""}`;
  }
}
