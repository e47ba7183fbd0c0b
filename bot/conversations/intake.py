"""What a raw message becomes before anyone reads it, and why it may be refused. Pure.

Nothing is ever cut in silence: a message is taken whole, or refused with a reason.
"""

import html
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why a message is not taken to the dialogue."""

    EMPTY = "empty"
    TOO_SHORT = "too_short"
    EMOJI_ONLY = "emoji_only"
    TOO_LONG = "too_long"
    BINARY = "binary"
    NO_LETTERS = "no_letters"

    @property
    def final(self) -> bool:
        """Whether the message cannot even be the number or the title of a button."""
        return self in {Reason.EMPTY, Reason.TOO_LONG, Reason.BINARY}


@dataclass(frozen=True, slots=True)
class Taken:
    """A cleaned message; ``reason`` is ``None`` when it can go to the dialogue."""

    text: str
    reason: Reason | None


# Only real HTML elements are taken for tags: « <jean@exemple.fr> » or « < 3 ans » is what the person means to say.
_ELEMENTS = (
    "a abbr article aside audio b base blockquote body br button canvas center code col dd details div dl dt em embed "
    "fieldset font footer form frame h1 h2 h3 h4 h5 h6 head header hr html i iframe img input label legend li link "
    "main meta nav noscript object ol option p pre s script section select small source span strike strong style sub "
    "sup svg table tbody td template textarea tfoot th thead title tr u ul video"
).split()
_TAG = re.compile(
    rf"<!--.*?-->|<!doctype[^<>]*>|</?(?:{'|'.join(_ELEMENTS)})(?:[\s/][^<>]*)?>", re.IGNORECASE | re.DOTALL
)
_SLASHES = frozenset("/\u2044\u2215\u29f8\u2571\u3033\u0337\u0338")  # NFKC brings the fullwidth form back to « / »
_BLOB = re.compile(r"(?:data:[\w/+.-]*;base64,)?[A-Za-z0-9+/_-]{160,}={0,2}")
_UNREADABLE_SHARE = 0.1
_EMOJI_CATEGORIES = frozenset({"So", "Sk", "Mn", "Me"})  # pictures, skin tones, variation selectors, keycaps
_KEYCAPS = dict.fromkeys(map(ord, "\ufe0f\u20e3"))


def take_in(raw: str, *, max_chars: int) -> Taken:
    """Cleans *raw* and judges it.

    The text keeps every word: NFC, HTML tags reduced to their text, controls and invisible characters (zero width,
    direction marks) removed, spaces collapsed, and no slash in front (see :func:`without_command`).
    """
    text = clean(raw)
    return Taken(text, _reason(raw, text, max_chars))


def clean(raw: str) -> str:
    """The text of *raw*, on one line, fit for the dialogue."""
    text = _visible(unicodedata.normalize("NFC", raw))
    bare = _TAG.sub(" ", text)
    if bare != text:  # pasted from a page: its entities are part of the paste
        text = _visible(html.unescape(bare))
    return without_command(unicodedata.normalize("NFC", " ".join(text.split())))


def without_command(text: str) -> str:
    """*text* without what stands before its first real character: slashes, their look-alikes, spaces, marks.

    Rasa takes a text that starts with « / » for an intent, after its own trimming: only a button may say that.
    """
    for position, char in enumerate(text):
        if not _may_hide_a_command(char):
            return text[position:]
    return ""


def folded(text: str) -> str:
    """*text* for comparison: no case, no accents, plain apostrophes and spaces, no final punctuation."""
    decomposed = unicodedata.normalize("NFKD", text.replace("’", "'")).casefold()
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(bare.split()).strip(' .!?;:«»"')


def number_of(text: str) -> int | None:
    """The number that *text* consists of (« 2 », « 2. », « n° 2 », « 2️⃣ »); ``None`` when it says anything else."""
    plain = unicodedata.normalize("NFKC", text.translate(_KEYCAPS)).strip()
    match = re.fullmatch(r"(?:n[o°]\s*)?([0-9]{1,2})\s*[.)]?", plain, re.IGNORECASE)
    return int(match[1]) if match else None


def _visible(text: str) -> str:
    """Line breaks and tabs become spaces; other controls, format marks, surrogates and unassigned ones go."""
    kept = []
    for char in text:
        category = unicodedata.category(char)
        if char in "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85" or category in {"Zl", "Zp", "Zs"}:
            kept.append(" ")
        elif category[0] != "C":
            kept.append(char)
    return "".join(kept)


def _may_hide_a_command(char: str) -> bool:
    expanded = unicodedata.normalize("NFKC", char)
    return expanded[:1] in _SLASHES or all(_is_slash_or_blank(c) for c in expanded)


def _is_slash_or_blank(char: str) -> bool:
    return char in _SLASHES or unicodedata.category(char)[0] in "ZCM" or char.isspace()


def _reason(raw: str, text: str, max_chars: int) -> Reason | None:
    if _unreadable(raw) or _is_blob(text):
        return Reason.BINARY
    if len(text) > max_chars:
        return Reason.TOO_LONG
    if not text:
        return Reason.EMPTY
    if not any(char.isalpha() for char in text):
        return Reason.EMOJI_ONLY if _is_emoji(text) else Reason.NO_LETTERS
    # One ideogram is a word; one letter of an alphabet is a slip of the finger.
    return Reason.TOO_SHORT if len(text) == 1 and unicodedata.category(text) != "Lo" else None


def _unreadable(raw: str) -> bool:
    """Whether *raw* is a file rather than a text: what cannot be printed makes up a tenth of it."""
    bad = sum(
        char == "\ufffd" or (unicodedata.category(char) in {"Cc", "Cs", "Cn", "Co"} and not char.isspace())
        for char in raw
    )
    return bad > 2 and bad > _UNREADABLE_SHARE * len(raw)


def _is_blob(text: str) -> bool:
    """Whether *text* is, but for a few words, a stretch of base 64."""
    blobs = sum(len(match[0]) for match in _BLOB.finditer(text))
    return blobs > 0.8 * max(1, len(text))


def _is_emoji(text: str) -> bool:
    categories = [unicodedata.category(char) for char in text if char != " "]
    return "So" in categories and set(categories) <= _EMOJI_CATEGORIES
