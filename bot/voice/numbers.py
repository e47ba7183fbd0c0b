"""Numbers in a French text, said in words: amounts, dates, hours, phone numbers, ordinals, units.

Spelling follows num2words (« quatre-vingt-un », « deux cents »). What is not recognised stays as it was.
"""

import re
from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Literal

from bot.calendar import short_day

# A separator of thousands is a space or a point followed by exactly three digits; no number of thousands starts by 0.
_WHOLE = r"(?:[1-9]\d{0,2}(?:[ .]\d{3})+(?!\d)|\d+)"
_NUMBER = rf"(?<![\w,.*]){_WHOLE}(?:,\d+)?"
_FRACTIONS = {"2": "demi", "3": "tiers", "4": "quart"}
# Masculine is the rule before a noun that is not recognised as feminine.
_FEMININE = re.compile(
    r"(?:heure|année|semaine|journée|minute|seconde|fois|personne|copie|photo|pièce|demande|part|page|carte|lettre|"
    r"facture|nuit|\w+(?:tion|sion|ité|ette|ure|ance|ence|rie))s?\b"
)
_UNITS = {
    "km/h": "kilomètre heure",
    "g/km": "gramme par kilomètre",
    "m²": "mètre carré",
    "m2": "mètre carré",
    "m³": "mètre cube",
    "m3": "mètre cube",
    "cm³": "centimètre cube",
    "cm3": "centimètre cube",
    "km": "kilomètre",
    "cm": "centimètre",
    "mm": "millimètre",
    "m": "mètre",
    "ha": "hectare",
    "kg": "kilo",
    "mg": "milligramme",
    "g": "gramme",
    "kWh": "kilowattheure",
    "kW": "kilowatt",
    "cl": "centilitre",
    "l": "litre",
    "°C": "degré",
    "Mo": "mégaoctet",
    "Go": "gigaoctet",
    "min": "minute",
}
_INVARIABLE = {"CV": "CV"}


def in_words(number: int) -> str:
    """*number* in words, masculine."""
    return _in_words(number)


@cache
def _in_words(number: int, to: Literal["cardinal", "ordinal"] = "cardinal") -> str:
    from num2words import num2words  # noqa: PLC0415  an optional extra

    return str(num2words(number, lang="fr", to=to))


def spoken_numbers(text: str) -> str:
    """*text* with every number in words; units and symbols that come with a number are said too."""
    text = re.sub(r"[\u00a0\u202f\u2009]", " ", text)
    for pattern, said in _RULES:
        text = pattern.sub(said, text)
    return text


def _digits(text: str) -> str:
    """« 07 » → « zéro sept »: leading zeros are heard, as in a phone number."""
    zeros = len(text) - len(text.lstrip("0"))
    rest = text[zeros:]
    return " ".join(["zéro"] * zeros + ([_in_words(int(rest))] if rest else []))


def _value(text: str) -> str:
    """A number as written, whole or decimal."""
    whole, _, decimals = text.partition(",")
    whole = re.sub(r"[ .]", "", whole)
    said = _digits(whole) if len(whole) > 1 and whole.startswith("0") else _in_words(int(whole))
    return f"{said} virgule {_digits(decimals)}" if decimals else said


def _is_one(text: str) -> bool:
    """Whether a noun stays singular after it: below 2, in French."""
    return int(re.sub(r"[ .]", "", text.partition(",")[0])) < 2


def _phone(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match.group())
    return ", ".join(_digits(digits[start : start + 2]) for start in range(0, len(digits), 2))


def _service_number(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match.group())
    return "zéro " + ", ".join(_digits(digits[start : start + 3]) for start in (1, 4, 7))


def _short_number(match: re.Match[str]) -> str:
    digits = match["digits"]
    return f"{match['cue']}{_digits(digits[:2])} {_digits(digits[2:])}"


def _cerfa(match: re.Match[str]) -> str:
    version = f", version {_in_words(int(match['version']))}" if match["version"] else ""
    return f"{match['word']} numéro {_in_words(int(match['number']))}{version}"


def _date(match: re.Match[str]) -> str:
    try:
        day = date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        return match.group()
    return f"{short_day(day)} {day.year}"


def _money(match: re.Match[str]) -> str:
    whole, _, cents = match["number"].partition(",")
    value = int(re.sub(r"[ .]", "", whole))
    cents = cents.ljust(2, "0") if len(cents) == 1 else cents
    small = int(cents) if len(cents) == 2 else 0
    per = f" par {match['per']}" if match["per"] else ""
    if small and not value:
        return f"{_in_words(small)} centime{'s' if small > 1 else ''}{per}"
    of = "d'" if value and value % 1_000_000 == 0 else ""
    said = f"{_in_words(value)} {of}euro{'s' if value > 1 else ''}"
    tail = " " if match.string[match.end() : match.end() + 1].isalpha() else ""
    return f"{said} {_in_words(small)}{per}{tail}" if small else f"{said}{per}{tail}"


def _hour(match: re.Match[str]) -> str:
    hour = int(match["hour"])
    said = f"{_feminine(_in_words(hour))} heure{'s' if hour > 1 else ''}"
    minute = int(match["minute"] or 0)
    return f"{said} {_in_words(minute)}" if minute else said


def _around(match: re.Match[str]) -> str:
    number = match["number"]
    noun = {"h": "heures", "j": "jours"}.get(match["noun"][0].lower(), match["noun"])
    return f"{_in_words(int(number))} {noun} sur {_in_words(int(match['of']))}"


def _feminine(said: str) -> str:
    return f"{said}e" if said == "un" or said.endswith(" un") else said


def _ordinal(match: re.Match[str]) -> str:
    number, ending = int(match["number"]), match["ending"]
    if number == 1:
        return "première" if ending.startswith(("re", "ère", "ere")) else "premier"
    if ending.startswith("n"):
        return "seconde" if ending.startswith("nde") else "second"
    plural = "s" if ending.endswith("s") else ""
    return _in_words(number, "ordinal") + plural


def _fraction(match: re.Match[str]) -> str:
    top, bottom = int(match["top"]), match["bottom"]
    if not 0 < top < int(bottom):
        return match.group()
    name = _FRACTIONS.get(bottom) or _in_words(int(bottom), "ordinal")
    plural = "s" if top > 1 and not name.endswith("s") else ""
    return f"{_in_words(top)} {name}{plural}"


def _range(match: re.Match[str]) -> str:
    first, second = match["first"], match["second"]
    return f"{first} à {second}" if int(second) > int(first) else f"{first}, {second}"


def _unit(match: re.Match[str]) -> str:
    number, unit = match["number"], match["unit"]
    if unit in _INVARIABLE:
        return f"{_value(number)} {_INVARIABLE[unit]}"
    first, *others = _UNITS[unit].split(" ")
    if not _is_one(number):
        first += "s"
        others = [f"{word}s" if word in {"carré", "cube"} else word for word in others]
    return " ".join([_value(number), first, *others])


def _plain(match: re.Match[str]) -> str:
    said = _value(match["number"])
    return _feminine(said) if _FEMININE.match(match.string, match.end() + 1) else said


_Said = Callable[[re.Match[str]], str] | str


def _rules(*rules: tuple[str, _Said]) -> tuple[tuple[re.Pattern[str], _Said], ...]:
    return tuple((re.compile(pattern), said) for pattern, said in rules)


_UNIT_NAMES = "|".join(re.escape(unit) for unit in (*_UNITS, *_INVARIABLE))
_RULES = _rules(
    (r"(?<![\w*])\+33 ?(?:\(0\) ?)?(?=[1-9])", "0"),
    (r"(?<![\w,.])0[1-9](?:[ .-]?\d\d){4}(?!\d)", _phone),
    (r"(?<![\w,.])0 ?8\d\d(?: ?\d{3}){2}(?!\d)", _service_number),
    (r"(?<![\w,.])116 ?(?P<rest>\d{3})(?![\d €])", lambda match: f"cent seize, {_digits(match['rest'])}"),
    (r"(?P<cue>(?i:\b(?:au|le|numéro|n°|appelez|appeler|téléphone|tél\.?) ?:? ?))(?P<digits>3\d ?\d\d)(?![\d ]*[\d€%])"
     r"(?! ?(?:euros?|ans?|jours?|mois|€|%))", _short_number),
    (r"(?P<word>(?i:cerfa)) ?(?:n°|numéro)? ?(?P<number>\d{5})(?:[*#](?P<version>\d\d))?", _cerfa),
    (r"(?<![\w/])(?P<day>[0-3]?\d)/(?P<month>[01]?\d)/(?P<year>\d{4})(?![\w/])", _date),
    (r"(?<![\w/])1er(?= )", "premier"),
    (rf"(?P<number>{_NUMBER}) ?€(?: ?/ ?(?P<per>an|mois|jour|heure|personne|enfant|semaine)\b)?(?![a-zà-ÿ])", _money),
    (r"(?<![\w,])(?P<number>\d+) ?(?P<noun>h(?:eures)?|j(?:ours)?) ?/ ?(?P<of>\d+)(?: ?[hj](?!\w))?", _around),
    (r"(?<![\w,])(?P<hour>[0-2]?\d) ?[hH](?: ?(?P<minute>[0-5]\d))?(?!\w)", _hour),
    (rf"(?P<number>{_NUMBER}) ?%", lambda match: f"{_value(match['number'])} pour cent"),
    (r"(?<![\w,/])(?P<top>\d{1,2})/(?P<bottom>\d{1,3})(?:e|è|ème)?(?![\w/])", _fraction),
    (r"(?<![\w,])(?P<number>\d+) ?(?P<ending>ères?|eres?|res?|ers?|èmes?|emes?|nde?s?|es?)(?!\w)", _ordinal),
    (rf"(?P<number>{_NUMBER}) ?(?P<unit>{_UNIT_NAMES})(?!\w)", _unit),
    (r"(?<![\w,.-])(?P<first>\d+) ?[-–] ?(?P<second>\d+)(?![\w,.-])", _range),
    (rf"(?P<number>{_NUMBER})(?!\w)", _plain),
    (r"(?<![\w])(?P<number>\d+)", lambda match: _digits(match["number"])),
    (r"\d+", lambda match: f" {_digits(match.group())} "),
)  # fmt: skip
