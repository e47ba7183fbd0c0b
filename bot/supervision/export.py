"""Validated corrections as files: training examples, bank questions, evaluation items, test stories."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select, update

from bot.clock import Clock
from bot.journal.actions import Action
from bot.journal.service import Journal
from bot.settings import ROOT
from bot.storage.engine import Database
from bot.storage.sql import changed
from bot.supervision.documents import (
    Example,
    bank_line,
    nlu_document,
    numbered,
    story_document,
    write_lines,
    write_yaml,
)
from bot.supervision.events import same_words
from bot.supervision.held_out import HeldOut
from bot.supervision.models import Correction
from bot.supervision.scope import reach_of
from bot.supervision.views import Progress, Use

_QUESTION = "question_demarche"


@dataclass(frozen=True, slots=True)
class Collected:
    """What can be exported, and why the rest cannot.

    Attributes:
        left_out: each message that was left out, with the reason, in French.
    """

    examples: tuple[Example, ...]
    left_out: tuple[tuple[str, str], ...]
    ids: tuple[int, ...]

    def serving(self, use: Use) -> tuple[Example, ...]:
        return tuple(example for example in self.examples if example.use is use)


@dataclass(frozen=True, slots=True)
class Exported:
    """The files written, with how many items each has."""

    files: Mapping[Path, int] = field(default_factory=dict)


class Exports:
    """Reads the validated corrections and writes them.

    Args:
        find_personal_data: the spans of personal data of a text; placeholders (``[NOM]``) are none.
    """

    def __init__(
        self,
        database: Database,
        journal: Journal,
        clock: Clock,
        *,
        find_personal_data: Callable[[str], Sequence[object]],
        held_out: Callable[[], HeldOut] = HeldOut.of_project,
        root: Path = ROOT,
    ) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._find_personal_data = find_personal_data
        self._held_out = held_out
        self._root = root

    def collect(self, by: str | None = None) -> Collected:
        """The validated corrections within the reach of *by*, ready to serve.

        Left out: what teaches and is in an evaluation set; what measures and is in the training data or the bank; what
        the training data has under another intent; what still holds personal data.

        Raises:
            AccessRefused: *by* reviews nothing.
            EquipierError: the evaluation sets or the training data cannot be read.
        """
        held_out, learnt, actions = self._held_out(), learnt_intents(self._root), rule_actions(self._root)
        query = select(Correction).where(Correction.progress == Progress.VALIDATED.value).order_by(Correction.id)
        with self._database.unit_of_work() as session:
            rows = session.scalars(query.where(reach_of(session, by).within(Correction.organisation_id))).all()
        found: dict[str, Example] = {}
        left_out: dict[str, str] = {}
        for row in rows:
            intent, use, text = row.intent or row.understood, Use(row.use), " ".join(row.text.split())
            if not row.same:
                reason: str | None = "ce n'est pas une phrase"
            elif self._find_personal_data(text):
                reason = "il reste des données personnelles"
            else:
                reason = _already(text, intent, use, held_out, learnt.get(row.same))
            if reason is not None:
                left_out[text] = reason
                continue
            base = intent.partition("/")[0]
            kept = row.actions[0] if row.actions and intent == row.understood else None
            # The last word of the reviewers on the same words is the one that counts.
            found[row.same] = Example(text, intent, row.fiche, use, actions.get(base, kept))
        return Collected(tuple(found.values()), tuple(left_out.items()), tuple(row.id for row in rows))

    def write(self, folder: Path, collected: Collected, by: str | None = None) -> Exported:
        """Writes *collected* into *folder*, instead of an earlier export there. Journalled.

        Raises:
            OSError: the folder cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        teach, measure = collected.serving(Use.TRAINING), collected.serving(Use.EVALUATION)
        bank = [bank_line(one) for one in teach if one.fiche and one.intent == _QUESTION]
        guidance = [
            {"text": one.text, "best": [one.fiche] if one.fiche else [], "ok": []}
            for one in measure
            if one.fiche is not None and one.intent == _QUESTION
        ]
        intents = [{"text": one.text, "intent": one.intent.partition("/")[0]} for one in measure]
        topics = [{"text": one.text, "topic": topic} for one in measure if (topic := one.intent.partition("/")[2])]
        files = {
            folder / "nlu.yml": write_yaml(folder / "nlu.yml", nlu_document(teach), len(teach)),
            folder / "bank.jsonl": write_lines(folder / "bank.jsonl", bank),
            folder / "guidance.jsonl": write_lines(folder / "guidance.jsonl", numbered(guidance)),
            folder / "intents.jsonl": write_lines(folder / "intents.jsonl", numbered(intents)),
            folder / "faq.jsonl": write_lines(folder / "faq.jsonl", numbered(topics)),
        }
        stories = [one for one in collected.examples if one.action]
        path = folder / "test_corrections.yml"
        files[path] = write_yaml(path, story_document(stories), len(stories))
        with self._database.unit_of_work() as session:
            details = {path.name: number for path, number in files.items()}
            self._journal.append(session, Action.EXPORT_CORRECTIONS, organisation=None, aidant=by, details=details)
            done = update(Correction).where(Correction.id.in_(collected.ids)).values(exported_at=self._clock.now())
            changed(session, done)
        return Exported(files)


def _already(text: str, intent: str, use: Use, held_out: HeldOut, known: str | None) -> str | None:
    """Why *text*, which the training data has under the intent *known*, cannot serve; ``None`` when it can."""
    if use is Use.EVALUATION:
        return "ce message est dans les données d'apprentissage : il ne peut rien mesurer" if known else None
    if held_out.holds(text):
        return "ce message sert déjà à mesurer l'assistant"
    if known == intent:
        return "ce message est déjà dans les données d'apprentissage"
    return f"ce message est déjà dans les données d'apprentissage, pour « {known} »" if known else None


def learnt_intents(root: Path = ROOT) -> dict[str, str]:
    """What the training data already has: the intent of each message, by its folded words; the bank included."""
    found: dict[str, str] = {}
    for path in sorted((root / "nlu" / "training").glob("*.yml")):
        for block in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("nlu") or ():
            for line in str(block.get("examples") or "").splitlines() if "intent" in block else ():
                found[same_words(line.removeprefix("- "))] = str(block["intent"])
    for path in sorted((root / "bot" / "fiches" / "bank").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            found.setdefault(same_words(str(json.loads(line)["text"])), _QUESTION)
    return found


def rule_actions(root: Path = ROOT) -> dict[str, str]:
    """What the rules do of each intent, when no condition comes first."""
    found: dict[str, str] = {}
    for path in sorted((root / "stories").glob("*.yml")):
        for rule in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("rules") or ():
            steps: list[dict[str, Any]] = list(rule.get("steps") or ())
            if len(steps) >= 2 and "intent" in steps[0] and "action" in steps[1] and "condition" not in rule:
                found.setdefault(str(steps[0]["intent"]).partition("/")[0], str(steps[1]["action"]))
    return found
