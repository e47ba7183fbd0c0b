"""A conversation judged by a supervisor becomes an item of an evaluation set."""

import fcntl
import json
import os
import re
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import yaml

from bot.errors import EquipierError
from bot.evaluation.files import Item, read_items
from bot.fiches.analysis import fold
from bot.fiches.importers.guides import read_guides
from bot.privacy.spans import Span
from bot.settings import ROOT

_Judged = TypeVar("_Judged", bound=Item)
_PREFIX = "juge-"


def append_judged(path: Path, item: _Judged, *, find_personal_data: Callable[[str], Sequence[Span]]) -> _Judged:
    """Adds *item* at the end of a set, made if need be, under the next free ``juge-…`` id, whatever its own.

    The set is replaced as a whole: another reader sees it before or after, and two writers follow one another.

    Args:
        find_personal_data: the spans of personal data of a text; placeholders (``[NOM]``) are none.

    Returns:
        The item as it was added: its id, and its text on one line.

    Raises:
        EquipierError: the text is empty, is already in the set (case, accents and punctuation apart) or still holds
            personal data; or the set cannot be read or written.
    """
    item = item.model_copy(update={"text": " ".join(item.text.split())})
    if not _key(item.text):
        raise EquipierError("le texte à ajouter est vide")
    if types := sorted({span.type.value for span in find_personal_data(item.text)}):
        raise EquipierError(
            f"le texte contient encore des données personnelles ({', '.join(types)})",
            hint="Remplacez-les par des repères (« [NOM] »), puis recommencez.",
        )
    try:
        with _alone(path.parent):
            present = read_items(path, type(item)) if path.exists() and path.stat().st_size else []
            if twin := next((one for one in present if _key(one.text) == _key(item.text)), None):
                raise EquipierError(f"ce texte est déjà dans {path.name} ({twin.id})")
            item = item.model_copy(update={"id": _next_id(one.id for one in present)})
            _append_line(path, json.dumps(item.model_dump(mode="json", exclude_defaults=True), ensure_ascii=False))
    except OSError as error:
        raise EquipierError(f"jeu d'évaluation impossible à compléter : {path} ({error.strerror})") from error
    return item


def require_known(what: str, given: Collection[str], known: Collection[str]) -> None:
    """Refuses a label that a slip of the keyboard made: it would be an error for ever.

    Raises:
        EquipierError: one of *given* is not in *known*; the message names it, after *what* it is.
    """
    if unknown := sorted(set(given) - set(known)):
        raise EquipierError(f"{what} : nom inconnu, {', '.join(f'« {name} »' for name in unknown)}")


def known_intents(folder: Path = ROOT / "nlu" / "domain") -> set[str]:
    """The intents of the dialogue."""
    documents = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in folder.glob("*.yml"))
    return {intent for document in documents for intent in document.get("intents", ())}


def known_topics() -> set[str]:
    """The topics of questions about mandates: those that our guides answer."""
    guides, _ = read_guides()
    return {topic for guide in guides for topic in guide.fiche.topics}


def _key(text: str) -> str:
    return " ".join(re.findall(r"\w+", fold(text)))


def _next_id(ids: Iterable[str]) -> str:
    taken = [int(number) for name in ids if (number := name.removeprefix(_PREFIX)) != name and number.isdecimal()]
    return f"{_PREFIX}{max(taken, default=0) + 1:04}"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Holds the lock of *folder*, so that no lock file is left among the sets."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _append_line(path: Path, line: str) -> None:
    """Writes the old content and *line* into a file beside, which then takes the place of *path*."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    if before and not before.endswith("\n"):
        before += "\n"
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}-", delete=False
    ) as new:
        try:
            new.write(f"{before}{line}\n")
            new.flush()
            os.fsync(new.fileno())
            os.fchmod(new.fileno(), path.stat().st_mode & 0o777 if path.exists() else 0o644)
            os.replace(new.name, path)
        except BaseException:
            os.unlink(new.name)
            raise
