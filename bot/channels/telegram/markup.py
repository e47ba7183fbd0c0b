"""Light Markdown as Telegram's HTML, cut where Telegram's limits ask for it. Pure.

Limits and tags: Bot API, « sendMessage » (1 to 4,096 characters after entities parsing, in UTF-16 code units) and
« Formatting options » (at most 100 entities in a message; the others are dropped in silence).
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

MAX_UNITS = 4096
MAX_ENTITIES = 100
_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
# One level of brackets inside an address, as encyclopaedias write them.
_LINK = re.compile(r"\[([^\[\]\n]+)\]\(([^\s()]*(?:\([^\s()]*\)[^\s()]*)*)\)")
# Where a text may be cut, best first. A cut leaves at least a quarter of a message behind it, or looks for less good.
_BORDERS = (re.compile(r"\n\s*\n"), re.compile(r"\n"), re.compile(r"(?<=[.!?…»])\s+"), re.compile(r"\s+"))
_LEAST = 4


@dataclass(frozen=True, slots=True)
class Entity:
    """A stretch of the text, from *start* to *end* (characters): bold, or a link when it has an address."""

    start: int
    end: int
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """One message's worth of text.

    Attributes:
        html: for ``parse_mode=HTML``.
        plain: the same to read without markup, addresses written out; never over the limit either.
    """

    html: str
    plain: str


def pieces(text: str) -> tuple[Piece, ...]:
    """*text* (light Markdown) as messages; none when there is nothing to read."""
    shown, entities = parsed(text)
    return tuple(
        Piece(_as_html(shown, start, end, entities), _as_plain(shown, start, end, entities))
        for start, end in _cuts(shown, entities)
    )


def parsed(text: str) -> tuple[str, tuple[Entity, ...]]:
    """What is read of *text*, and its entities in order; a link that Telegram would refuse is written out.

    Only http and https lead somewhere: of any other link the label alone remains.
    """
    return _parse(text.strip(), 0)


def units(text: str) -> int:
    """The length of *text* as Telegram counts it (UTF-16 code units)."""
    return len(text) + sum(ord(char) > 0xFFFF for char in text)


def is_web(url: str) -> bool:
    """Whether *url* is a whole http or https address."""
    try:
        parts = urlsplit(url)
    except ValueError:  # « http://[ »
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def is_loopback(url: str) -> bool:
    """Whether *url* leads to the machine that opens it: Telegram makes neither a link nor a button of it."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _parse(text: str, offset: int) -> tuple[str, tuple[Entity, ...]]:
    shown: list[str] = []
    entities: list[Entity] = []
    at = offset
    for kind, inner, url in _tokens(text):
        content, inside = _parse(inner, at) if kind == "bold" else (inner, ())
        if kind == "link" and is_web(url) and is_loopback(url):
            content = f"{inner}\u202f: {url}"
        end = at + len(content)
        if kind == "bold" or (kind == "link" and is_web(url) and not is_loopback(url)):
            entities.append(Entity(at, end, url or None))
        entities += inside
        shown.append(content)
        at = end
    return "".join(shown), tuple(entities)


def _tokens(text: str) -> Iterator[tuple[str, str, str]]:
    """(kind, content, address) of the stretches of *text*; kinds are ``text``, ``bold`` and ``link``."""
    at = 0
    while at < len(text):
        found = [match for match in (_BOLD.search(text, at), _LINK.search(text, at)) if match]
        match = min(found, key=lambda match: match.start(), default=None)
        if match is None:
            yield "text", text[at:], ""
            return
        if match.start() > at:
            yield "text", text[at : match.start()], ""
        yield ("link", match[1], match[2]) if match.re is _LINK else ("bold", match[1], "")
        at = match.end()


def _cuts(text: str, entities: tuple[Entity, ...]) -> Iterator[tuple[int, int]]:
    """Stretches of *text* that fit in one message each, without the spaces at their ends."""
    start = 0
    while (start := _skip_blanks(text, start)) < len(text):
        end = _furthest(text, start, entities)
        if end < len(text):
            end = _border(text, start, end, entities)
        yield start, start + len(text[start:end].rstrip())
        start = end


def _skip_blanks(text: str, start: int) -> int:
    return start + len(text[start:]) - len(text[start:].lstrip())


def _furthest(text: str, start: int, entities: tuple[Entity, ...]) -> int:
    """The end of what Telegram would take at most, from *start*."""
    left, end = MAX_UNITS, start
    while end < len(text) and (left := left - units(text[end])) >= 0:
        end += 1
    inside = [entity.start for entity in entities if entity.end > start and entity.start < end]
    return end if len(inside) <= MAX_ENTITIES else min(end, max(inside[MAX_ENTITIES], start + 1))


def _border(text: str, start: int, end: int, entities: tuple[Entity, ...]) -> int:
    """Where to cut at or before *end*: between paragraphs, else lines, sentences, words; never inside a link."""
    least = start + (end - start) // _LEAST
    for border in _BORDERS:
        # The character after may be the blank at which it is cut, hence one more.
        places = [match.start() for match in border.finditer(text, least, min(end + 1, len(text)))]
        for place in reversed(places):
            if start < place <= end and not _link_over(place, entities):
                return place
    link = _link_over(end, entities)
    return link.start if link and link.start > start else end


def _link_over(place: int, entities: tuple[Entity, ...]) -> Entity | None:
    return next((entity for entity in entities if entity.url and entity.start < place < entity.end), None)


def _as_html(text: str, start: int, end: int, entities: tuple[Entity, ...]) -> str:
    # Place, closing before opening, inner closes before outer (which comes first among the entities), tag.
    marks: list[tuple[int, int, int, int, str]] = []
    for number, entity in enumerate(entities):
        first, last = max(entity.start, start), min(entity.end, end)
        if first >= last:
            continue
        opening, closing = ("<b>", "</b>") if entity.url is None else (f'<a href="{html.escape(entity.url)}">', "</a>")
        marks.append((first, 1, -last, number, opening))
        marks.append((last, 0, -first, -number, closing))
    out, at = [], start
    for place, *_, tag in sorted(marks):
        out += [html.escape(text[at:place], quote=False), tag]
        at = place
    return "".join([*out, html.escape(text[at:end], quote=False)])


def _as_plain(text: str, start: int, end: int, entities: tuple[Entity, ...]) -> str:
    out, at = [], start
    for entity in entities:
        if entity.url and start < entity.end <= end and not text[entity.start : entity.end].startswith("http"):
            out += [text[at : entity.end], f" ({entity.url})"]
            at = entity.end
    written_out = "".join([*out, text[at:end]])
    return written_out if units(written_out) <= MAX_UNITS else text[start:end]
