"""What a form sent, as texts."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date

from starlette.requests import Request

Sent = Mapping[str, str]

_DIGITS = re.compile(r"^(\d{2})(\d{2})(\d{4})$")
_NUMBERS = re.compile(r"^(\d{1,2})\s*[/.\s-]\s*(\d{1,2})\s*[/.\s-]\s*(\d{4})$")
_WORDS = re.compile(r"^(\d{1,2})(?:er)?\s+([a-z]+)\s+(\d{4})$")
_MONTHS = "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre".split()


async def sent(request: Request) -> Sent:
    """The fields of the form in the body; files are left out, and of a repeated field the last one is kept."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


def date_of(text: str) -> date | None:
    """The date written « 05/02/1950 », « 5-2-1950 », « 05021950 » or « 5 février 1950 »; ``None`` when it is none."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text.strip().lower()) if not unicodedata.combining(c))
    match = _DIGITS.match(plain) or _NUMBERS.match(plain) or _WORDS.match(plain)
    if match is None:
        return None
    day, month, year = match.groups()
    if not month.isdigit():
        if month not in _MONTHS:
            return None
        month = str(_MONTHS.index(month) + 1)
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
