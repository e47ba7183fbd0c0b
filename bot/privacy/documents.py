"""Numbers that only their context names: allocataire, identity document; and the look-alikes that are nobody's."""

import re

from bot.privacy.spans import PLACEHOLDER, PiiType, Span

_HARMLESS = (
    PLACEHOLDER,
    re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE),
    re.compile(r"\bcerfa\W{0,3}(?:n\W{0,3}|num[ée]ro\s*)?\d{5}(?:\s?\*\s?\d\d)?|\b\d{5}\s?\*\s?\d\d\b", re.IGNORECASE),
    re.compile(r"\bsire[nt]\b[^\d\n]{0,20}\d(?:[\s.\-]?\d){8}(?:(?:[\s.\-]?\d){5})?(?!\d)", re.IGNORECASE),
    re.compile(r"\b(?:[FNR]\d{3,6}|G-[a-z0-9-]+)\b"),
    re.compile(r"\b[A-Z]{2,4}-(?:19|20)\d\d-\d{1,6}\b", re.IGNORECASE),
    re.compile(r"\bmandats?\s+(?:n\W{0,3}|num[ée]ro\s+)?#?\d{1,6}\b", re.IGNORECASE),
    re.compile(r"(?<!\d)(?<!\d[\s.])(?:\d{1,3}(?:[\s.]\d{3})*|\d+)(?:,\d\d?)?\s?(?:€|euros?\b|eur\b)", re.IGNORECASE),
)

_ALLOC_CUE = re.compile(r"(?:\balloc\w*|\bcaf\b|\bmatricule\b)", re.IGNORECASE)
_ALLOC = re.compile(r"(?<![\w.,/+])\d(?:[\s.]?\d){5,7}(?:\s?[A-Z]|[a-z])?(?![\w/]|[.,]\d)")
# « caf 75, n° … »: the number of a department may stand between.
_ALLOC_GAP = re.compile(r"[^.!?;\d]{0,40}(?:(?<!\d)(?:\d{2,3}|2[ab])(?!\d)[^.!?;\d]{1,30})?", re.IGNORECASE)
_ALLOC_AFTER = re.compile(r"[^.!?;\d]{0,25}\balloc\w*|\s?(?:à|a|de)\s(?:la\s)?caf\b", re.IGNORECASE)

_PIECE_CUE = re.compile(
    r"\b(?:pass?eports?|passports?|pasports?|permis|c\.?n\.?i\.?e?|neph|visa|agdref|r[ée]c[ée]piss[ée]|(?:ancien|nouveau)\s+titre|"
    r"(?:cartes?\s+(?:nationale\s+)?d['’ ]?\s?|pi[èe]ces?\s+d['’ ]?\s?)?identit[ée]s?|"
    r"(?:titre|carte|permi[st]?)\s+de\s+s[ée]jour|carte\s+de\s+r[ée]sident\w*|(?:num[ée]ro|n[°o])\s*(?:d['’])?[ée]tranger)\b",
    re.IGNORECASE,
)
_PIECE_GAP = re.compile(r"[^.!?;\d]{0,45}(?:n\s?[°º]\s?)?[^.!?;\d]{0,10}")
_PIECE = re.compile(r"(?<![\w@/.,+])[A-Z0-9](?:[\s.\-]?[A-Z0-9]){7,13}(?![\w@/])")
_PIECE_LOWER = re.compile(r"(?<![\w@/.,+])(?=[a-z]*\d)[a-z0-9]{8,14}(?![\w@/])")
# French passports and licences since 2013: two digits, two letters, five digits; nothing else looks so.
_PASSPORT = re.compile(r"(?<![\w-])\d\d\s?[A-Z]{2}\s?\d{5}(?![\w-])", re.IGNORECASE)
_DATE_LIKE = re.compile(r"(?:0?[1-9]|[12]\d|3[01])[\s./-](?:0?[1-9]|1[0-2])[\s./-](?:19|20)\d\d")


def harmless(text: str) -> list[tuple[int, int]]:
    """Stretches in which nothing is personal: placeholders, web addresses, cerfa and fiche numbers, SIRET, references
    of mandats, amounts."""
    return [m.span() for pattern in _HARMLESS for m in pattern.finditer(text)]


def allocataires(text: str) -> list[Span]:
    """Six to eight digits, and often a letter, announced by the CAF or the word « allocataire »."""
    found = []
    for m in _ALLOC.finditer(text):
        cues = list(_ALLOC_CUE.finditer(text, max(0, m.start() - 60), m.start()))
        announced = bool(cues) and _ALLOC_GAP.fullmatch(text, cues[-1].end(), m.start()) is not None
        if (announced or _ALLOC_AFTER.match(text, m.end())) and not _DATE_LIKE.match(m.group()):
            found.append(Span(m.start(), _without_lone_letter(text, m), PiiType.NUM_ALLOCATAIRE))
    return found


def _without_lone_letter(text: str, m: re.Match[str]) -> int:
    """In capitals « 1234567 A PERDU » ends with a verb, not with the letter of the number."""
    glued = m.group()[-2:-1] != " "
    return (
        m.end()
        if glued or not m.group()[-1].isalpha() or not re.match(r"\s+[A-Z]{2}", text[m.end() :])
        else m.end() - 2
    )


def pieces(text: str) -> list[Span]:
    """Numbers of identity cards, passports, driving licences and residence permits."""
    found = [Span(m.start(), m.end(), PiiType.NUM_PIECE) for m in _PASSPORT.finditer(text)]
    for cue in _PIECE_CUE.finditer(text):
        gap = _PIECE_GAP.match(text, cue.end())
        limit = min(len(text), (gap.end() if gap else cue.end()) + 1)
        for pattern in (_PIECE, _PIECE_LOWER):
            m = _first_number(pattern, text, cue.end(), limit)
            if m:
                found.append(Span(m[0], m[1], PiiType.NUM_PIECE))
                break
    return found


def _first_number(pattern: re.Pattern[str], text: str, start: int, limit: int) -> tuple[int, int] | None:
    """The first match that begins before *limit* and holds at least five digits (no date, no word in capitals)."""
    for m in pattern.finditer(text, start):
        if m.start() > limit:
            return None
        begin, end = _trim_words(m.group(), m.start())
        digits = sum(c.isdigit() for c in text[begin:end])
        compact = sum(c.isalnum() for c in text[begin:end])
        # Identity cards since 2021 have nine characters, of which as few as one digit.
        if digits >= 2 and compact == end - begin == 9 and digits < compact:
            return begin, end
        if digits >= 5 and 8 <= compact <= 14 and not _DATE_LIKE.match(text[begin:end]):
            return begin, end
    return None


def _trim_words(number: str, offset: int) -> tuple[int, int]:
    """Cuts the words in capitals that stand before or after the digits (« NUMERO 12AB34567 A REFAIRE »)."""
    begin, end = 0, len(number)
    while (m := re.match(r"[A-Z]+[\s.\-]", number[begin:end])) is not None:
        begin += m.end()
    while (m := re.search(r"[\s.\-][A-Z]+$", number[begin:end])) is not None:
        end = begin + m.start()
    return offset + begin, offset + end
