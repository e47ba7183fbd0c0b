/** What a tab or a browser keeps; a browser that refuses is a browser that forgets. */
export class Memory {
  private readonly own = new Map<string, string>();

  constructor(
    private readonly kind: "localStorage" | "sessionStorage",
    private readonly prefix: string,
  ) {}

  get(name: string): string | null {
    try {
      return window[this.kind].getItem(this.prefix + name);
    } catch {
      return this.own.get(name) ?? null;
    }
  }

  /** Keeps *value*; null or an empty one is forgotten. */
  set(name: string, value: string | null): void {
    try {
      if (value) window[this.kind].setItem(this.prefix + name, value);
      else window[this.kind].removeItem(this.prefix + name);
    } catch {
      if (value) this.own.set(name, value);
      else this.own.delete(name);
    }
  }
}
