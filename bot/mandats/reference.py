"""References of mandates, made to be read aloud: « M-2026-0042-K7 ».

The last two characters check the rest: a wrong digit, a swapped pair or a misheard letter gives another check.
Letters that are taken for a digit or for another (I, O, Q, U…) are left out.
"""

import re

_LETTERS = "ABCDEFGHJKLMNPRSTVWXYZ"
_SHAPE = re.compile(r"^M?\s*[-–—/. ]?\s*(\d{4})\s*[-–—/. ]?\s*(\d{4,7})\s*[-–—/. ]?\s*([A-Z])\s*([0-9])$")
_MODULUS = len(_LETTERS) * 10 - 1  # 219 = 3 × 73; weights below keep clear of both


def reference(year: int, number: int) -> str:
    """The reference of mandate *number* of *year*."""
    return f"M-{year:04}-{number:04}-{_check(year, number)}"


def parse(text: str) -> str | None:
    """The reference written in *text* in its usual form, whatever its case and separators; ``None`` if it is none.

    A wrong check gives ``None`` too.
    """
    match = _SHAPE.match(text.strip().upper())
    if match is None:
        return None
    year, number, check = int(match[1]), int(match[2]), match[3] + match[4]
    return reference(year, number) if check == _check(year, number) else None


def find(text: str) -> str | None:
    """What looks like a reference inside *text*, checked or not, as it was written; ``None`` when nothing does."""
    match = re.search(
        r"\bM\s?[-–—/.]?\s?\d{4}\s?[-–—/. ]\s?\d{1,7}(?:\s?[-–—/. ]\s?[A-Z0-9]{1,3})?\b", text, re.IGNORECASE
    )
    return match.group() if match else None


def _check(year: int, number: int) -> str:
    total = 0
    for place, digit in enumerate(f"{year:04}{number:07}"):
        total = (total + pow(10, place + 1, _MODULUS) * (int(digit) + 1)) % _MODULUS
    return f"{_LETTERS[total // 10]}{total % 10}"
