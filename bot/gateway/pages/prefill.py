"""What the conversation said of the usager, put in the fields of the form; the aidant corrects it."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from bot.gateway.pages.fields import date_of
from bot.privacy import spans
from bot.privacy.envelope import normalised
from bot.privacy.spans import PiiType

_LISTS = Path(spans.__file__).parent
# Here every word belongs to a name: a first name that is also a common word is a first name.
_FIRST_NAMES = (_LISTS / "prenoms.txt", _LISTS / "words" / "prenoms_ambigus.txt")
_CIVILITIES = frozenset({"m", "mr", "mme", "mlle", "monsieur", "madame", "mademoiselle"})


def prefilled(originals: Mapping[PiiType, Sequence[str]]) -> dict[str, str]:
    """The values of the fields, by name; only those that were said."""
    fields: dict[str, str] = {}
    if names := originals.get(PiiType.NOM):
        # The last full name: what is said later is often more complete, or a correction.
        full = [name for name in names if len(_words(name)) > 1]
        family, given = split_name((full or list(names))[-1])
        fields |= {"family_name": family, "given_names": given}
    for written in reversed(originals.get(PiiType.DATE_NAISSANCE, ())):
        if born := date_of(written):
            fields["birth_date"] = f"{born:%d/%m/%Y}"
            break
    return fields


def split_name(name: str) -> tuple[str, str]:
    """Family name and given names, of « Yolande Kervella », « KERVELLA Yolande » or « Kervella Yolande ».

    What is in capitals among other words is the family name; else the known first names are the given names; else the
    first word is. A word alone is a family name.
    """
    words = _words(name)
    if len(words) < 2:
        return " ".join(words), ""
    capitals = [word for word in words if len(word) > 1 and word.isupper()]
    if capitals and len(capitals) < len(words):
        return " ".join(capitals), " ".join(word for word in words if word not in capitals)
    if not _is_first_name(words[0]) and _is_first_name(words[-1]):
        count = next(i for i, word in enumerate(words) if _is_first_name(word))
        return " ".join(words[:count]), " ".join(words[count:])
    count = 1
    while count < len(words) - 1 and _is_first_name(words[count]):
        count += 1
    return " ".join(words[count:]), " ".join(words[:count])


def _words(name: str) -> list[str]:
    return [word for word in name.split() if normalised(word) not in _CIVILITIES]


def _is_first_name(word: str) -> bool:
    return all(part in _first_names() for part in normalised(word).split())


@lru_cache(maxsize=1)
def _first_names() -> frozenset[str]:
    lines = [line for path in _FIRST_NAMES for line in path.read_text(encoding="utf-8").splitlines()]
    return frozenset(normalised(word) for line in lines if not line.startswith("#") for word in line.split())
