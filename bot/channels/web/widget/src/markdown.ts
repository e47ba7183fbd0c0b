/**
 * The light Markdown of answers, read into plain data: **bold**, [label](url), « • » bullets, line breaks. Pure.
 *
 * Nothing else is markup: a tag or an entity is text. A link that is neither http nor https is its label.
 */

export type Inline = { kind: "text" | "bold"; text: string } | { kind: "link"; text: string; url: string };

export type Block = { kind: "paragraph"; lines: Inline[][] } | { kind: "list"; items: Inline[][] };

const MARKUP = /\*\*([^*\s](?:[^\n]*?[^*\s])?)\*\*|\[([^[\]\n]+)\]\(([^()\s]+(?:\([^()\s]*\)[^()\s]*)*)\)/g;
const BULLET = /^\s*[•\-*]\s+/;

/** The blocks of *text*, in order. */
export function parse(text: string): Block[] {
  const blocks: Block[] = [];
  for (const paragraph of text.replace(/\r\n?/g, "\n").split(/\n[ \t]*\n+/)) {
    let last: Block | undefined;
    for (const line of paragraph.split("\n")) {
      if (!line.trim()) continue;
      const bullet = BULLET.exec(line);
      if (bullet) {
        if (last?.kind !== "list") blocks.push((last = { kind: "list", items: [] }));
        last.items.push(inline(line.slice(bullet[0].length)));
      } else {
        if (last?.kind !== "paragraph") blocks.push((last = { kind: "paragraph", lines: [] }));
        last.lines.push(inline(line.trim()));
      }
    }
  }
  return blocks;
}

/** The parts of one line. */
export function inline(line: string): Inline[] {
  const parts: Inline[] = [];
  let from = 0;
  for (const match of line.matchAll(MARKUP)) {
    if (match.index > from) parts.push({ kind: "text", text: line.slice(from, match.index) });
    from = match.index + match[0].length;
    const [, bold, label, url] = match;
    const address = url === undefined ? null : safeUrl(url);
    if (bold !== undefined) parts.push({ kind: "bold", text: bold });
    else if (label !== undefined && address) parts.push({ kind: "link", text: label, url: address });
    else parts.push({ kind: "text", text: label ?? match[0] });
  }
  if (from < line.length) parts.push({ kind: "text", text: line.slice(from) });
  return parts;
}

/** *url* when a browser may follow it; null for any scheme but http and https, and for what is no address. */
export function safeUrl(url: string): string | null {
  if (!/^https?:\/\//i.test(url)) return null;
  try {
    return new URL(url).href;
  } catch {
    return null;
  }
}

/** *text* as read aloud or announced: no markup, no address. */
export function plain(text: string): string {
  return written(text, (part) => part.text);
}

/** *text* to be pasted elsewhere: links keep their address. */
export function pasted(text: string): string {
  return written(text, (part) => (part.kind === "link" ? `${part.text} (${part.url})` : part.text));
}

function written(text: string, write: (part: Inline) => string): string {
  const join = (line: Inline[]) => line.map(write).join("");
  return parse(text)
    .map((block) =>
      block.kind === "list" ? block.items.map((item) => `• ${join(item)}`).join("\n") : block.lines.map(join).join("\n"),
    )
    .join("\n\n");
}
