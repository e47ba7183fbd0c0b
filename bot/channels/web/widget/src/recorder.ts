const LIMIT = 120; // seconds
const WARNING = 110; // seconds
const TICK = 100; // ms
// The first one that the browser can make; Safari only knows the last.
const TYPES = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"];

/** What a recording tells while it lasts. */
export interface Hearing {
  /** Some ten times a second; *level* goes from 0 to 1. */
  tick(seconds: number, level: number): void;
  /** Ten seconds are left. */
  nearlyOver(): void;
  /** The recording is over; null when it was given up. */
  done(audio: Blob | null, seconds: number): void;
}

/** Whether this page may ask for the microphone at all. */
export function canRecord(): boolean {
  return typeof MediaRecorder === "function" && Boolean(navigator.mediaDevices?.getUserMedia);
}

/** Why the microphone cannot be used, as told to the person. */
export function refusal(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") {
    return "Le micro n'est pas autorisé. Autorisez-le pour ce site dans votre navigateur, ou écrivez votre question.";
  }
  if (name === "NotFoundError") return "Aucun micro n'a été trouvé. Branchez-en un, ou écrivez votre question.";
  return "Le micro ne répond pas\u202f: un autre logiciel l'utilise peut-être. Vous pouvez écrire votre question.";
}

/** One voice message, two minutes at most. */
export class Recorder {
  private readonly recorder: MediaRecorder;
  private readonly context = new AudioContext();
  private readonly meter: AnalyserNode;
  private readonly chunks: Blob[] = [];
  private readonly started = performance.now();
  private readonly timer: ReturnType<typeof setInterval>;
  private kept = true;
  private warned = false;

  /** Asks for the microphone; throws the DOMException of the browser when it is refused. */
  static async start(hearing: Hearing): Promise<Recorder> {
    return new Recorder(await navigator.mediaDevices.getUserMedia({ audio: true }), hearing);
  }

  private constructor(
    private readonly stream: MediaStream,
    private readonly hearing: Hearing,
  ) {
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    this.recorder = new MediaRecorder(stream, { ...(mimeType && { mimeType }), audioBitsPerSecond: 32_000 });
    this.recorder.ondataavailable = ({ data }) => this.chunks.push(data);
    this.recorder.onstop = () => this.close();
    this.meter = new AnalyserNode(this.context, { fftSize: 512 });
    new MediaStreamAudioSourceNode(this.context, { mediaStream: stream }).connect(this.meter);
    this.recorder.start();
    this.timer = setInterval(() => this.beat(), TICK);
  }

  stop(): void {
    if (this.recorder.state !== "inactive") this.recorder.stop();
  }

  cancel(): void {
    this.kept = false;
    this.stop();
  }

  private get seconds(): number {
    return (performance.now() - this.started) / 1000;
  }

  private beat(): void {
    const seconds = this.seconds;
    this.hearing.tick(seconds, this.level());
    if (seconds >= WARNING && !this.warned) {
      this.warned = true;
      this.hearing.nearlyOver();
    }
    if (seconds >= LIMIT) this.stop();
  }

  private level(): number {
    const samples = new Float32Array(this.meter.fftSize);
    this.meter.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    return Math.min(1, Math.sqrt(power) * 5);
  }

  private close(): void {
    clearInterval(this.timer);
    for (const track of this.stream.getTracks()) track.stop();
    void this.context.close();
    const audio = new Blob(this.chunks, { type: this.recorder.mimeType });
    this.hearing.done(this.kept && audio.size ? audio : null, this.seconds);
  }
}
