import type { EquipierChat } from "./chat";
import { clock } from "./dates";
import { canRecord, Recorder, refusal } from "./recorder";

/** A voice message being recorded, or the leave to make one. */
export class Dictation {
  /** Seconds since it began. */
  seconds = 0;
  private recorder: Recorder | null = null;

  constructor(private readonly chat: EquipierChat) {}

  get on(): boolean {
    return this.recorder !== null;
  }

  /** Whether the server hears, and this browser can record. */
  get possible(): boolean {
    return Boolean(this.chat.conversation?.session?.voice.listen) && canRecord();
  }

  async start(): Promise<void> {
    this.chat.player.stop();
    try {
      this.recorder = await Recorder.start({
        tick: (seconds, level) => {
          this.seconds = seconds;
          this.chat.style.setProperty("--level", String(level));
          this.chat.requestUpdate();
        },
        nearlyOver: () => this.chat.notify("Plus que 10 secondes."),
        done: (audio, seconds) => this.done(audio, seconds),
      });
      this.seconds = 0;
      this.chat.focusOn("#stop");
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      this.chat.notify(refusal(error));
    }
  }

  /** Ends it, and sends it. */
  stop(): void {
    this.recorder?.stop();
  }

  /** Ends it, and forgets it. */
  cancel(): void {
    this.recorder?.cancel();
  }

  private done(audio: Blob | null, seconds: number): void {
    this.recorder = null;
    if (audio && this.chat.conversation) {
      this.chat.conversation.speak(audio, `Message vocal, ${clock(seconds)}`);
      this.chat.reader.follow();
    }
    this.chat.focusOn(".mic");
  }
}
