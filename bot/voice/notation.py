"""A transcript as people of the trade type it: « 8 mois » as « huit mois », « 1250€ » as « 1 250 euros ».

Measured on the bank of questions: before these nouns a small number is in letters nine times out of ten, and ages of
more than twelve are in digits.
"""

import re

_LETTERS = (
    "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze", "treize", "quatorze",
    "quinze", "seize",
)  # fmt: skip
_OLDEST_IN_LETTERS = 12
_COUNTED = re.compile(r"(?<![\w,.])(?P<number>\d{1,2}) (?P<noun>mois|ans|jours|semaines|enfants)\b")
_AMOUNT = re.compile(r"(?<![\w,.])(?P<whole>\d{1,3}(?:[ .]\d{3})+|\d+)(?P<cents>,\d\d)? ?(?:€|euros?\b)", re.IGNORECASE)
_ASKING = re.compile(
    r"(?P<question>(?:(?:^|(?<=[.!?] ))"
    r"(?:comment|combien|où|pourquoi|quel(?:le)?s?|qui|est-ce|à qui|\w+-(?:t-)?(?:on|il|elle))"
    r"|, (?:comment|combien|est-ce|qu'est-ce|que faire|par où|par quoi|quel(?:le)?s?))\b[^.!?]*)\.(?= |$)",
    re.IGNORECASE,
)


def as_typed(transcript: str) -> str:
    """*transcript* with small counts in letters, amounts by thousands with « euros », and the question marks missed."""
    return _ASKING.sub(r"\g<question> ?", _AMOUNT.sub(_amount, _COUNTED.sub(_count, transcript)))


def _count(match: re.Match[str]) -> str:
    number = int(match["number"])
    most = _OLDEST_IN_LETTERS if match["noun"] == "ans" else len(_LETTERS) + 1
    if not 1 < number <= most or match["number"].startswith("0"):
        return match.group()
    return f"{_LETTERS[number - 2]} {match['noun']}"


def _amount(match: re.Match[str]) -> str:
    whole = int(re.sub(r"\D", "", match["whole"]))
    noun = "euros" if whole > 1 else "euro"
    return f"{whole:,}".replace(",", " ") + f"{match['cents'] or ''} {noun}"
