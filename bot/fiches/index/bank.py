"""The question bank: realistic messages of aidants, each tied to the fiche that answers it.

Versioned text files, ``bot/fiches/bank/<démarche>.jsonl``, one object a line: ``fiche`` (id), ``text``, ``style``
(see ``Style``). They train the search; they are never shown to anyone.

``frequentes.txt`` beside them lists the fiches that aidants meet most, one id a line: they have the most questions.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.errors import CorpusError
from bot.fiches.model import GUIDE_PREFIX
from bot.settings import ROOT

BANK_DIR = Path(__file__).resolve().parent.parent / "bank"


STRANGERS_PATH = ROOT / "nlu" / "training" / "hors_sujet.yml"
FREQUENT = "frequentes.txt"
Style = Literal["contexte", "oral", "sms", "fautes", "formel", "detaille"]
"""How the message is written.

``contexte``: a situation that never names the procedure; ``oral``: as it is said; ``sms``: short, abbreviated;
``fautes``: misspelt; ``formel``: a proper sentence; ``detaille``: long and factual, several facets at once.
"""


class BankQuestion(BaseModel):
    """One message and the fiche that answers it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fiche: str
    text: str
    style: Style


def read_bank(folder: Path = BANK_DIR) -> tuple[BankQuestion, ...]:
    """Every question of the bank, file by file in alphabetical order.

    Raises:
        CorpusError: a line is not a question; the message names the file and the line.
    """
    questions: list[BankQuestion] = []
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                questions.append(BankQuestion.model_validate_json(line))
            except ValidationError as error:
                raise CorpusError(
                    f"banque de questions : {path.name}, ligne {number} illisible ({error.error_count()} erreurs)",
                    hint="Corrigez ou retirez cette ligne.",
                ) from error
    return tuple(questions)


def questions_by_fiche(questions: tuple[BankQuestion, ...]) -> dict[str, tuple[str, ...]]:
    """The texts of the bank under the id of their fiche."""
    grouped: dict[str, list[str]] = {}
    for question in questions:
        grouped.setdefault(question.fiche, []).append(question.text)
    return {fiche: tuple(texts) for fiche, texts in grouped.items()}


def uncovered(fiche_ids: Iterable[str], questions: Iterable[BankQuestion]) -> tuple[str, ...]:
    """The official fiches among *fiche_ids* that no question of the bank is for; our guides bring their own."""
    covered = {question.fiche for question in questions}
    return tuple(sorted(fiche for fiche in fiche_ids if fiche not in covered and not fiche.startswith(GUIDE_PREFIX)))


def often_met(folder: Path = BANK_DIR) -> frozenset[str]:
    """The ids of the fiches that aidants meet most.

    Raises:
        CorpusError: the list is missing.
    """
    try:
        lines = (folder / FREQUENT).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CorpusError(f"banque de questions : {FREQUENT} introuvable") from error
    return frozenset(line.strip() for line in lines if line.strip())


def read_strangers(path: Path = STRANGERS_PATH) -> tuple[str, ...]:
    """Messages that no fiche answers: the examples of intent ``hors_sujet``.

    Raises:
        CorpusError: the file is missing or has no example.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        examples = next(block["examples"] for block in document["nlu"] if block.get("intent") == "hors_sujet")
    except (OSError, yaml.YAMLError, KeyError, TypeError, StopIteration) as error:
        raise CorpusError(f"exemples hors sujet illisibles : {path.name}") from error
    return tuple(line.removeprefix("- ").strip() for line in examples.splitlines() if line.startswith("- "))


def digest_of(grouped: dict[str, tuple[str, ...]]) -> str:
    """Changes whenever a question changes."""
    content = json.dumps(grouped, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()
