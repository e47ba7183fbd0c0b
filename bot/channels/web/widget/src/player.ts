/**
 * Plays answers, one after the other.
 *
 * Sound goes through Web Audio rather than an audio element: a page with a strict policy allows no « blob: » there.
 */
export class Player {
  /** The answer being fetched or heard; null in silence. */
  current: number | null = null;
  private context: AudioContext | null = null;
  private source: AudioBufferSourceNode | null = null;
  private waiting: number[] = [];

  constructor(
    private readonly fetch: (id: number, format: string) => Promise<ArrayBuffer>,
    private readonly changed: () => void,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Plays *ids*, instead of what is being heard. */
  play(ids: number[]): void {
    this.stop();
    this.waiting = [...ids];
    // Within the gesture of the person: later the browser would refuse.
    this.context ??= new AudioContext();
    void this.context.resume();
    // Without it iPhones say nothing when their ringer is off.
    const session = (navigator as { audioSession?: { type: string } }).audioSession;
    if (session) session.type = "playback";
    void this.next();
  }

  /** Plays *ids* after what is being heard. */
  follow(ids: number[]): void {
    if (this.current === null) this.play(ids);
    else this.waiting.push(...ids);
  }

  stop(): void {
    this.waiting = [];
    this.current = null;
    this.source?.stop();
    this.source = null;
    this.changed();
  }

  private async next(): Promise<void> {
    const id = this.waiting.shift() ?? null;
    this.current = id;
    this.changed();
    if (id === null || !this.context) return;
    try {
      const sound = await this.context.decodeAudioData(await this.fetch(id, format()));
      if (this.current !== id) return;
      const source = new AudioBufferSourceNode(this.context, { buffer: sound });
      this.source = source;
      source.onended = () => this.source === source && void this.next();
      source.connect(this.context.destination);
      source.start();
    } catch (error) {
      if (this.current === id) this.stop();
      this.failed(error);
    }
  }
}

function format(): string {
  return document.createElement("audio").canPlayType('audio/ogg; codecs="opus"') ? "ogg" : "mp3";
}
