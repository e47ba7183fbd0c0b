"""Evaluation sets: JSON Lines, one item a line (formats in ``tests/eval/README.md``)."""

import json
from pathlib import Path
from typing import TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.errors import EquipierError

_Item = TypeVar("_Item", bound=BaseModel)


class GuidanceItem(BaseModel):
    """A question and the fiches that answer it: ``best`` directly, ``ok`` acceptably."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    text: str
    best: tuple[str, ...]
    ok: tuple[str, ...] = ()
    style: str = ""
    theme: str = ""


class IntentItem(BaseModel):
    """A message and its intent."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    text: str
    intent: str


class TopicItem(BaseModel):
    """A question about mandates and its topic."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    text: str
    topic: str


def read_items(path: Path, kind: type[_Item]) -> list[_Item]:
    """Reads a whole set.

    Raises:
        EquipierError: the file is missing, empty, or a line has another format; the message names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise EquipierError(f"jeu d'évaluation illisible : {path}") from error
    items: list[_Item] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            items.append(kind.model_validate(json.loads(line)))
        except (json.JSONDecodeError, ValidationError) as error:
            raise EquipierError(f"{path.name}, ligne {number} : format inattendu") from error
    if not items:
        raise EquipierError(f"jeu d'évaluation vide : {path}")
    return items


def p95(milliseconds: list[float]) -> float:
    """The 95th percentile, in milliseconds, to one decimal."""
    return round(float(np.percentile(milliseconds, 95)), 1)
