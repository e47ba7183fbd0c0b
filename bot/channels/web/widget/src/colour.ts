const WHITE = [255, 255, 255];
const ENOUGH = 4.5; // WCAG 2.2, 1.4.3

/** The colours that follow from the *accent* of the host, all readable; null when it is not written « #rrggbb ». */
export function palette(accent: string): Record<string, string> | null {
  const short = /^#([\da-f])([\da-f])([\da-f])$/i.exec(accent);
  const digits = short ? `#${short.slice(1).map((digit) => digit + digit).join("")}` : accent;
  const long = /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(digits);
  if (!long) return null;
  const colour = long.slice(1).map((pair) => parseInt(pair, 16));
  const readable = contrast(colour, WHITE) >= ENOUGH;
  return {
    "--accent": digits,
    "--on-accent": readable ? "#fff" : "#161616",
    "--accent-text": readable ? digits : "#161616",
    "--accent-hover": css(mixed(colour, readable ? WHITE : [0, 0, 0], readable ? 0.15 : 0.1)),
    "--accent-tint": css(mixed(colour, WHITE, 0.9)),
  };
}

function css(colour: number[]): string {
  return `rgb(${colour.join(" ")})`;
}

function mixed(one: number[], other: number[], share: number): number[] {
  return one.map((value, index) => Math.round(value * (1 - share) + (other[index] ?? 0) * share));
}

function contrast(one: number[], other: number[]): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: number[]): number {
  const [red = 0, green = 0, blue = 0] = colour
    .map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
