"""The text of the mandate: dated versions, kept for ever, each with the SHA-256 that the fingerprint covers.

A version is a file of ``bot/mandats/wordings`` called by its date. Paragraphs are separated by an empty line; words in
braces are replaced; after « ## argent » stand the warnings that belong to that démarche. A file that was used in a
mandate is never changed: another version is added.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from bot.calendar import french_day, french_moment
from bot.demarches import Demarche
from bot.errors import EquipierError
from bot.mandats.identity import Identity
from bot.mandats.notices import scopes

_FOLDER = Path(__file__).parent / "wordings"
# Stands for the usager in a text that is read before the identity was typed.
UNNAMED = "La personne dont l'identité est donnée à l'étape 1"


class UnknownWording(EquipierError):
    """A mandate names a version that is not among the files."""


@dataclass(frozen=True, slots=True)
class Text:
    """One version of the text.

    Attributes:
        version: its date.
        digest: SHA-256 of its file, in hexadecimal.
    """

    version: str
    digest: str
    _body: tuple[str, ...]
    _warnings: dict[Demarche, tuple[str, ...]]

    def warnings(self, demarches: Sequence[Demarche]) -> tuple[str, ...]:
        """What must be said of these *demarches*, and of no other."""
        return tuple(text for demarche in demarches for text in self._warnings.get(demarche, ()))

    def paragraphs(  # noqa: PLR0917  in the order of the text, as everyone calls it
        self,
        organisation: str,
        aidant: str,
        identity: Identity | None,
        demarches: Sequence[Demarche],
        duration_label: str,
        start: datetime,
        end: datetime,
        warnings: Sequence[str] = (),
    ) -> list[str]:
        """The text, ready to be read and signed.

        Args:
            organisation: its name; *aidant*: who acts for it, likewise.
            identity: ``None`` while it is not known: the text then says :data:`UNNAMED`.
            start: when it is signed; *end*: when it stops. The text gives their days, in Paris.
            warnings: put last.
        """
        words = {
            "usager": _described(identity) if identity else UNNAMED,
            "organisation": organisation,
            "aidant": aidant,
            "demarches": scopes(demarches),
            "duree": duration_label,
            "debut": _day(start),
            "fin": _day(end),
        }
        return [paragraph.format_map(words) for paragraph in self._body] + list(warnings)


def current() -> Text:
    """The version that is signed now: the latest."""
    return named(max(path.stem for path in _FOLDER.glob("*.md")))


@lru_cache(maxsize=8)
def named(version: str) -> Text:
    """The version that a mandate was signed with.

    Raises:
        UnknownWording: there is none with that name.
    """
    path = _FOLDER / f"{version}.md"
    if path not in _FOLDER.glob("*.md"):
        raise UnknownWording(version)
    content = path.read_bytes()
    body, *sections = content.decode().split("\n## ")
    warnings = {}
    for section in sections:
        name, _, text = section.partition("\n")
        warnings[Demarche(name.strip())] = _paragraphs(text)
    return Text(version, hashlib.sha256(content).hexdigest(), _paragraphs(body), warnings)


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(" ".join(part.split("\n")) for part in text.strip().split("\n\n"))


def _described(identity: Identity) -> str:
    place = f" à {identity.birth_place}" if identity.birth_place else ""
    return f"{identity.full_name}, né(e) le {french_day(identity.birth_date)}{place}"


def _day(instant: datetime) -> str:
    return french_moment(instant).partition(" à ")[0]
