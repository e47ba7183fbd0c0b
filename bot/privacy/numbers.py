"""Numbers that carry their own proof (shape, key) or that the words around them name: NIR, bank, tax."""

import re

from bot.privacy.spans import PiiType, Span

_S = r"[\s.\-/_]{0,2}"

# Structure of the NIR: sex, year, month (20–42 and 50–99 when the act is incomplete), department, commune, order, key.
_NIR = re.compile(
    rf"(?<![\w])[1-478]{_S}\d\d{_S}(?:0[1-9]|1[0-2]|[23]\d|4[0-2]|[5-9]\d){_S}(?:2{_S}[ab]|\d\d){_S}\d{{3}}{_S}\d{{3}}"
    rf"(?:\s?[/,-]?\s?(?:cl[ée]f?\s*:?\s*)?\d\d)?(?!\d)",
    re.IGNORECASE,
)
# What follows « sécu » and has the right length is taken even when mistyped: better hidden than exact.
_NIR_LENGTH = re.compile(rf"(?<![\w])[1-478](?:{_S}\d){{5}}{_S}[\dab](?:{_S}\d){{6}}(?:{_S}\d\d)?(?!\d)", re.IGNORECASE)
_THIRTEEN = re.compile(r"(?<![\w])(?!0033)[0-3](?:[\s.\-]?\d){12}(?!\d)")
_SECU = re.compile(
    r"s[ée]cu\w*|\bn\.?i\.?r\b|\bvitale?\b|\bassur[ée]e?s?\b|\bimmatricul\w+|\bss\b|\bameli\b|\bcpam\b|\binsee\b",
    re.IGNORECASE,
)
_FISCAL = re.compile(
    r"fisca\w*|\bimp[oô]ts?\b|\bimposition\b|\bspi\b|\binpots?\b|\btr[ée]sor\b|\btaxe\b", re.IGNORECASE
)
_PARCEL = re.compile(
    r"\b(?:suivi|colis|recommand\w*|facture|commande|dossier|siret|contrat|r[ée]f\w*)\b", re.IGNORECASE
)

# Lengths of the IBAN registry (SWIFT), for the countries whose accounts aidants meet.
_IBAN_LENGTHS = {
    **dict.fromkeys(("AT", "EE", "LT", "LU", "BA", "XK"), 20),
    **dict.fromkeys(("BG", "DE", "GB", "GE", "IE", "ME", "RS", "BH"), 22),
    **dict.fromkeys(("CZ", "ES", "MD", "RO", "SE", "SK", "TN", "DZ", "PK", "SA"), 24),
    **dict.fromkeys(("FR", "IT", "GR", "MC", "MR", "SM"), 27),
    **dict.fromkeys(("CY", "HU", "PL", "AL", "LB"), 28),
    **dict.fromkeys(("CI", "SN", "ML", "BF", "BJ", "MA", "CM", "TG", "NE"), 28),
    **dict.fromkeys(("DK", "FI", "NL"), 18),
    **dict.fromkeys(("CH", "HR", "LV"), 21),
    **dict.fromkeys(("SI", "MK"), 19),
    **dict.fromkeys(("TR", "IS"), 26),
    "BE": 16,
    "PT": 25,
    "MT": 31,
}
_IBAN_START = re.compile(r"(?<![^\W_])[A-Z]{2}\s?\d\d(?=[\s.\-]?[A-Z0-9])", re.IGNORECASE)
_IBAN_CUE = re.compile(r"\b(?:r\.?i\.?b|iban|compte|relev[ée])\b[^.;!?\d]{0,40}$", re.IGNORECASE)
_RIB = re.compile(r"(?<![\w])\d{5}[\s.\-]?\d{5}[\s.\-]?[0-9A-Z](?:[\s.\-]?[0-9A-Z]){10}[\s.\-]?\d\d(?!\w)")
_PARTIAL_IBAN = re.compile(r"(?:[\s.\-]?\d){8,25}(?!\d)")

_CARD = re.compile(r"(?<![\w])[2-6]\d{3}(?:[\s.\-]?\d{4}){3}(?!\d)|(?<![\w])3[47]\d\d[\s.\-]?\d{6}[\s.\-]?\d{5}(?!\d)")
_CARD_CUE = re.compile(
    r"\b(?:cartes?\s+(?:bancaires?|bleues?|visa|mastercard|de\s+cr[ée]dit|de\s+paiement)|cb|visa|mastercard)\b",
    re.IGNORECASE,
)


def ibans(text: str) -> list[Span]:
    """IBANs of the right length for their country whose key holds, and whatever is announced as « rib » or « iban »."""
    found = []
    for m in _IBAN_START.finditer(text):
        country = m.group()[:2].upper()
        announced = _IBAN_CUE.search(text, max(0, m.start() - 60), m.start()) is not None
        end = _take(text, m.start(), _IBAN_LENGTHS.get(country, 0))
        if end is not None and (announced or country == "FR" or _mod97(text[m.start() : end])):
            found.append(Span(m.start(), end, PiiType.IBAN))
        elif (announced or country == "FR") and (partial := _PARTIAL_IBAN.match(text, m.end())):
            found.append(Span(m.start(), partial.end(), PiiType.IBAN))
    found += [
        Span(m.start(), m.end(), PiiType.IBAN)
        for m in _RIB.finditer(text)
        if _IBAN_CUE.search(text, max(0, m.start() - 60), m.start())
    ]
    return found


def _take(text: str, start: int, length: int) -> int | None:
    """Where *length* letters and digits, at most one separator between two, end; ``None`` when the word goes on."""
    if not length:
        return None
    taken, position = 0, start
    while position < len(text) and taken < length:
        if text[position].isascii() and text[position].isalnum():
            taken += 1
        elif not (text[position] in " .-\u00a0\u202f" and text[position - 1].isalnum()):
            return None
        position += 1
    if taken < length or (position < len(text) and text[position].isalnum()):
        return None
    digits = sum(c.isdigit() for c in text[start:position])
    # French accounts are nearly all digits: without this « FR12 rue des … » would count as one.
    return position if digits >= length // 2 else None


def _mod97(iban: str) -> bool:
    compact = "".join(c for c in iban.upper() if c.isalnum())
    return int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1


def bank_cards(text: str) -> list[Span]:
    """Card numbers whose Luhn key holds, or sixteen digits that the message calls a card."""
    found = []
    for m in _CARD.finditer(text):
        digits = [int(c) for c in m.group() if c.isdecimal()]
        if _luhn(digits) or _CARD_CUE.search(text, max(0, m.start() - 50), m.start()):
            found.append(Span(m.start(), m.end(), PiiType.CARTE_BANCAIRE))
    return found


def _luhn(digits: list[int]) -> bool:
    doubled = [d if i % 2 == 0 else (2 * d - 9 if d > 4 else 2 * d) for i, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def nirs_and_fiscal(text: str) -> list[Span]:
    """Numbers of social security and of the tax office: both may have 13 digits, the words around decide."""
    found = []
    for m in _NIR.finditer(text):
        digits = sum(c.isalnum() for c in m.group())
        fiscal = digits == 13 and _nearest(text, m.start(), m.end()) is PiiType.NUM_FISCAL
        found.append(Span(m.start(), m.end(), PiiType.NUM_FISCAL if fiscal else PiiType.NIR))
    found += [
        Span(m.start(), m.end(), PiiType.NIR)
        for m in _NIR_LENGTH.finditer(text)
        if _nearest(text, m.start(), m.end()) is PiiType.NIR
    ]
    for m in _THIRTEEN.finditer(text):
        if any(span.start < m.end() and m.start() < span.end for span in found):
            continue
        near = _nearest(text, m.start(), m.end())
        # Thirteen digits without a word around are hidden too, unless they dial abroad.
        alone = near is None and not m.group().startswith("00")
        if near is PiiType.NUM_FISCAL or (alone and not _PARCEL.search(text, max(0, m.start() - 40), m.start())):
            found.append(Span(m.start(), m.end(), PiiType.NUM_FISCAL))
    return found


def _nearest(text: str, start: int, end: int) -> PiiType | None:
    """Which of the two offices is named nearest: before the number first, else shortly after it."""
    before, after = text[max(0, start - 70) : start], text[end : end + 40]
    for stretch, last in ((before, True), (after, False)):
        seen = [(m.start(), PiiType.NIR) for m in _SECU.finditer(stretch)]
        seen += [(m.start(), PiiType.NUM_FISCAL) for m in _FISCAL.finditer(stretch)]
        if seen:
            return (max if last else min)(seen)[1]
    return None
