"""Evaluation sets: JSON Lines, one item a line (formats in ``tests/eval/README.md``)."""

import json
from pathlib import Path
from typing import TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.errors import EquipierError


class Item(BaseModel):
    """A message, and how it is written and about what; both may be unknown (empty)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    text: str
    style: str = ""
    theme: str = ""


class GuidanceItem(Item):
    """A question and the fiches that answer it: ``best`` directly, ``ok`` acceptably.

    Without any ``best``, the message is out of scope: nothing should be answered.
    """

    best: tuple[str, ...]
    ok: tuple[str, ...] = ()

    @property
    def accepted(self) -> frozenset[str]:
        return frozenset((*self.best, *self.ok))


class IntentItem(Item):
    """A message and its intent."""

    intent: str


class TopicItem(Item):
    """A question about mandates and its topic."""

    topic: str


_Item = TypeVar("_Item", bound=BaseModel)


def read_items(path: Path, kind: type[_Item]) -> list[_Item]:
    """Reads a whole set.

    Raises:
        EquipierError: the file is missing, empty, or a line has another format; the message names the line.
    """
    items: list[_Item] = []
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        try:
            items.append(kind.model_validate(json.loads(line)))
        except (json.JSONDecodeError, ValidationError) as error:
            raise EquipierError(f"{path.name}, ligne {number} : format inattendu") from error
    if not items:
        raise EquipierError(f"jeu d'évaluation vide : {path}")
    return items


def read_out_of_scope(path: Path) -> list[GuidanceItem]:
    """Messages that nothing should answer, one a line of plain text; ``hs-0012`` is that of line 12.

    Raises:
        EquipierError: the file is missing or empty.
    """
    items = [
        GuidanceItem(id=f"hs-{number:04}", text=line.strip(), best=())
        for number, line in enumerate(_lines(path), start=1)
        if line.strip()
    ]
    if not items:
        raise EquipierError(f"jeu d'évaluation vide : {path}")
    return items


def p95(milliseconds: list[float]) -> float:
    """The 95th percentile, in milliseconds, to one decimal; 0 of nothing."""
    return round(float(np.percentile(milliseconds, 95)), 1) if milliseconds else 0.0


def _lines(path: Path) -> list[str]:
    # Not splitlines(): JSON leaves U+2028 and the like as they are inside a text.
    try:
        return path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise EquipierError(f"jeu d'évaluation illisible : {path}") from error
