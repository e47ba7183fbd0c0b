"""Dates of birth: a date counts only when the message says that it is one."""

import re
from collections.abc import Iterable

from bot.privacy.spans import PiiType, Span

_MONTH = (
    r"(?:janv(?:ier|\.)?|f[ée]v(?:rier|r?\.)?|mars|avr(?:il|\.)?|mai|juin|juil(?:let|l?\.)?|ao[uû]t|sept(?:embre|\.)?|"
    r"oct(?:obre|\.)?|nov(?:embre|\.)?|d[ée]c(?:embre|\.)?)"
)
_DAY, _MON = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:(?:18|19|20)\d\d|\d\d)"
_DATE = re.compile(
    rf"(?<![\w/*-])(?:(?:{_DAY}|1er)\s?(?:er\s)?{_MONTH}(?![^\W\d_])(?:\s?,?\s?{_YEAR}(?!\d))?"
    rf"|{_DAY}\s?[/.\-]\s?{_MON}\s?[/.\-]\s?{_YEAR}(?!\d)"
    rf"|(?:18|19|20)\d\d-\d\d-\d\d(?!\d)"
    rf"|(?:0[1-9]|[12]\d|3[01])\s(?:0[1-9]|1[0-2])\s{_YEAR}(?![\d]|\s\d)"
    rf"|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d\d(?!\d)"
    rf"|{_DAY}/{_MON}(?![\d/]))",
    re.IGNORECASE,
)
_CUE = re.compile(
    r"(?<!')\bn[ée]e?s?(?=\s+(?:le|en|à|a|les|au|aux|vers)\b)|(?<!\w)née?s?\b|\bn[ée]{1,2}s?\s*:|(?<![^\W])nee\b|\bnaquit\b|"
    r"\bdate\s+(?:de\s+)?n(?:ai|é|e)ss?\w*|\bna(?:iss|is)\w{0,6}\b|\bddn\b|\bd\.d\.n\b|\banniversaires?\b",
    re.IGNORECASE,
)
# « ne le » is a negation unless a date follows at once (« il ne le 12 » is not French).
_UNACCENTED = re.compile(r"\bnes?(?=\s+(?:les?|en|[àa]\b))", re.IGNORECASE)
_ACT = re.compile(
    r"(?:acte|extrait|d[ée]claration|certificat|cong[ée]s?|prime|copie|nombre|lieu|allocation|pays|ville)\w*\s+"
    r"(?:(?:int[ée]grale|d['’]actes?|de|[àa]|la|pour)\s+)*$",
    re.IGNORECASE,
)
_OTHER_EVENT = re.compile(
    r"d[ée]livr|valable|valid|expir|p[ée]rim|depuis|\bmari|d[ée]c[ée]d|\bmort|arriv|\bentr[ée]|\brdv|rendez|pr[ée]vu|perdu|fait|"
    r"demand|d[ée]pos|jusqu|avant|renouvel|obten|sign[ée]|s[ée]par|divorc|embauch|pacs|command|recu|reçu|envoy|travaill|terme",
    re.IGNORECASE,
)
_CHAIN = re.compile(r"\s*(?:,|et|/|&|puis|ainsi que)\s*(?:n[ée]e?s?\s+)?(?:(?:le|du)\s+)?", re.IGNORECASE)
_AFTER = re.compile(
    r"[\s,(=:]*(?:c['’]?\s?est\s+|est\s+)?(?:(?:sa|la|leur|ma|votre|de)\s+)*(?:(?:date\s+)?(?:de\s+)?naissance|ddn)\b",
    re.IGNORECASE,
)
_GAP_WORDS = 9


def birth_dates(text: str, *, names: Iterable[Span] = ()) -> list[Span]:
    """Dates that follow or precede a word of birth, or that stand right after a name.

    Args:
        text: the message.
        names: the names already found: « Traoré Moussa, 02/03/1961 » states an identity.
    """
    name_ends = [span.end for span in names]
    found: list[Span] = []
    previous: re.Match[str] | None = None
    previous_is_birth = False
    for m in _DATE.finditer(text):
        begin = previous.end() if previous else 0
        between = text[max(begin, m.start() - 80) : m.start()]
        birth = (
            _announced(between, m.group())
            or (previous_is_birth and previous is not None and _CHAIN.fullmatch(between) is not None)
            or _AFTER.match(text, m.end()) is not None
            or any(_stands_after_name(text[end : m.start()], m.group()) for end in name_ends if end <= m.start())
        )
        if birth:
            found.append(Span(m.start(), m.end(), PiiType.DATE_NAISSANCE))
        previous, previous_is_birth = m, birth
    return found


def _announced(before: str, date: str) -> bool:
    cues = [m for m in _CUE.finditer(before) if not _is_other_naissance(before, m)]
    if not cues:
        tight = re.search(r"\bnes?\s+(?:le|les|en)\s+$", before, re.IGNORECASE)
        full = re.search(r"\d{2,4}$", date) is not None
        far = _UNACCENTED.search(before) if full and re.search(r"\ble\s+$", before) else None
        return tight is not None or (far is not None and re.match(r"\S+\s+[àa]\s", before[far.start() :]) is not None)
    gap = before[cues[-1].end() :]
    return len(gap.split()) <= _GAP_WORDS and not re.search(r"[.;?!\n]\s", gap) and not _OTHER_EVENT.search(gap)


def _is_other_naissance(before: str, cue: re.Match[str]) -> bool:
    return cue.group().lower().startswith("nais") and _ACT.search(before[: cue.start()]) is not None


def _stands_after_name(between: str, date: str) -> bool:
    year = re.search(r"(\d{2,4})$", date)
    # From 2012 on, a date beside a name is as likely an appointment or a deadline.
    plausible = year is not None and (len(year[1]) == 2 or "1900" <= year[1] < "2012") and len(date) >= 8
    return plausible and re.fullmatch(r"\s*[,(:]?\s*(?:du\s)?", between) is not None
