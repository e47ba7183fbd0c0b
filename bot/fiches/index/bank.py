"""The question bank: realistic messages of aidants, each tied to the fiche that answers it.

Versioned text files, ``bot/fiches/bank/<démarche>.jsonl``, one object a line: ``fiche`` (id), ``text``, ``style``
(``contexte``, ``oral``, ``sms``, ``fautes``, ``formel``). They train the search; they are never shown to anyone.
"""

import hashlib
import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.errors import CorpusError

BANK_DIR = Path(__file__).resolve().parent.parent / "bank"


class BankQuestion(BaseModel):
    """One message and the fiche that answers it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fiche: str
    text: str
    style: str


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


def digest_of(grouped: dict[str, tuple[str, ...]]) -> str:
    """Changes whenever a question changes."""
    content = json.dumps(grouped, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()
