"""Real voices: the word error rate on recordings of the Debian package ``asterisk-core-sounds-fr-wav``.

Their words come with ``asterisk-core-sounds-fr``, spelt as there, slips included: neither package is part of ours.
"""

import gzip
import re
from dataclasses import dataclass
from pathlib import Path

from bot.errors import EquipierError
from bot.voice.audio import decode
from bot.voice.evaluation.ears import Ears
from bot.voice.evaluation.wording import Errors, errors

SOUNDS = Path("/usr/share/asterisk/sounds/fr_CA_f_June")
TRANSCRIPTS = Path("/usr/share/doc/asterisk-core-sounds-fr/core-sounds-fr.txt.gz")
_FEWEST_WORDS = 4
_LINE = re.compile(r"(?P<name>[\w/-]+): (?P<said>[^\[(].*)")  # [between brackets] is a noise, (so) too


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording and its words."""

    name: str
    said: str
    path: Path


@dataclass(frozen=True, slots=True)
class Transcribed:
    """What was heard in one recording."""

    recording: Recording
    heard: str
    errors: Errors


def recordings(folder: Path = SOUNDS, transcripts: Path = TRANSCRIPTS, *, limit: int | None = None) -> list[Recording]:
    """The recordings of four words or more that are in *folder*; *limit* of them at most, spread over the list.

    Raises:
        EquipierError: one of the packages is not installed.
    """
    listed = _lines(transcripts) if transcripts.is_file() else []
    found = [
        Recording(match["name"], match["said"].strip(), path)
        for match in filter(None, map(_LINE.fullmatch, listed))
        if len(match["said"].split()) >= _FEWEST_WORDS and (path := folder / f"{match['name']}.wav").is_file()
    ]
    if not found:
        raise EquipierError(
            f"aucun enregistrement dans {folder}",
            hint="Installez-les : apt install asterisk-core-sounds-fr asterisk-core-sounds-fr-wav",
        )
    if limit is None or limit >= len(found):
        return found
    return [found[place * len(found) // limit] for place in range(limit)]


def _lines(transcripts: Path) -> list[str]:
    content = transcripts.read_bytes()
    return (gzip.decompress(content) if transcripts.suffix == ".gz" else content).decode("utf-8").splitlines()


def transcribed(several: list[Recording], ears: Ears) -> list[Transcribed]:
    """Listens to each recording."""
    heard = [(one, ears.hears(decode(one.path.read_bytes()))) for one in several]
    return [Transcribed(one, text, errors(one.said, text)) for one, text in heard]
