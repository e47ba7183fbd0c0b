"""A candidate model that has learnt the validated corrections: trained apart, compared, then put in use, or not.

The candidate takes the place of the model of the present inputs, and its examples that of ``corrections.yml`` in the
folder of generated training data, which every later training reads: nothing learnt is lost at the next one. What was
there before is kept aside for :meth:`Retraining.rollback`.
"""

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from bot.errors import EquipierError
from bot.evaluation.baseline import HELD, TOLERANCE
from bot.evaluation.files import IntentItem, TopicItem, read_items
from bot.evaluation.labels import intent_figures, judge_intents, judge_topics, topic_figures
from bot.evaluation.understanding import Understands
from bot.fiches.training import write_training_questions
from bot.settings import ROOT, Settings
from bot.setup.rasa import rasa_command, rasa_environment
from bot.setup.training import Runner, current_model, model_name, run_training
from bot.supervision.documents import Example, nlu_document, write_yaml
from bot.supervision.figures_understanding import Evaluations

EXAMPLES = "corrections.yml"
_CANDIDATE = "candidat"
_FORMER = "precedent"


class NothingToTeach(EquipierError):
    """No validated correction can serve for training."""


class Trainer(Protocol):
    """Trains a model."""

    def train(self, data: Sequence[Path], model: Path) -> None:
        """Writes into the file *model* what is learnt from the project's training data and from the folders *data*.

        Raises:
            EquipierError: the training failed; nothing is written.
        """
        ...


class RasaTrainer:
    """Rasa, in its own environment (three to six minutes)."""

    def __init__(self, settings: Settings, *, root: Path = ROOT, run: Runner = run_training) -> None:
        self._settings = settings
        self._root = root
        self._run = run

    def train(self, data: Sequence[Path], model: Path) -> None:
        nlu, log = self._root / "nlu", self._settings.var_dir / "log" / "retrain.log"
        model.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".retraining-", dir=model.parent) as scratch:
            code = self._run(
                rasa_command(
                    "train",
                    *("--config", str(nlu / "config.yml")),
                    *("--domain", str(nlu / "domain")),
                    *("--data", str(nlu / "training"), str(self._root / "stories"), *(str(d.resolve()) for d in data)),
                    *("--out", str(Path(scratch).resolve())),
                    *("--fixed-model-name", _CANDIDATE),
                    "--force",
                    nlu=nlu,
                ),
                nlu,
                rasa_environment(nlu=nlu),
                log,
            )
            trained = Path(scratch) / f"{_CANDIDATE}.tar.gz"
            if code != 0 or not trained.is_file():
                raise EquipierError(
                    f"l'entraînement du candidat a échoué (code {code})",
                    hint=f"Le modèle en service n'a pas changé. Voir {log}",
                )
            trained.replace(model)


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure of one set, of the model in use and of the candidate; both in [0, 1], the higher the better."""

    set_name: str
    figure: str
    size: int
    before: float | None
    now: float | None

    @property
    def fell(self) -> bool:
        """Whether the candidate is worse by more than a point."""
        return self.before is not None and self.now is not None and self.now < self.before - TOLERANCE


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a retraining gave.

    Attributes:
        taught: how many corrections it has learnt.
    """

    model: Path
    taught: int
    comparisons: tuple[Compared, ...]

    @property
    def fell(self) -> tuple[Compared, ...]:
        return tuple(one for one in self.comparisons if one.fell)


@dataclass(frozen=True, slots=True)
class MeasuredSet:
    """An evaluation set: *kind* is ``intents`` or ``faq``."""

    name: str
    kind: str
    path: Path


def project_sets(root: Path = ROOT) -> tuple[MeasuredSet, ...]:
    """Every set on which the understanding is measured."""
    return (
        MeasuredSet("intents.dev", "intents", root / "tests" / "eval" / "intents.dev.jsonl"),
        MeasuredSet("faq.dev", "faq", root / "tests" / "eval" / "faq.dev.jsonl"),
        MeasuredSet("validation, intentions", "intents", root / "nlu" / "validation" / "intents.jsonl"),
        MeasuredSet("validation, mandats", "faq", root / "nlu" / "validation" / "faq.jsonl"),
    )


class Retraining:
    """Trains, compares, switches, goes back.

    Args:
        running: loads a model for the time of a block.
        sets: on which both models are measured.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        trainer: Trainer,
        running: Callable[[Path], AbstractContextManager[Understands]],
        sets: Sequence[MeasuredSet],
        root: Path = ROOT,
    ) -> None:
        self._settings = settings
        self._trainer = trainer
        self._running = running
        self._sets = tuple(sets)
        self._root = root

    def prepare(self, teach: Sequence[Example], measure: Sequence[Example] = ()) -> Candidate:
        """Trains a candidate on *teach* beside the usual data, and compares it; the model in use does not change.

        Args:
            measure: corrections that serve to measure: one more set, when there are some.

        Raises:
            NothingToTeach: *teach* is empty.
            EquipierError: there is no model in use, the training failed, or a set cannot be read.
        """
        if not teach:
            raise NothingToTeach("aucune correction validée à apprendre", hint="Validez-en dans la file de correction.")
        used = current_model(self._settings, root=self._root)
        folder = self._candidate.parent
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".data-", dir=folder) as scratch:
            data = Path(scratch)
            write_training_questions(data)
            write_yaml(data / EXAMPLES, nlu_document(teach), len(teach))
            self._trainer.train([data], self._candidate)
            shutil.copyfile(data / EXAMPLES, folder / EXAMPLES)
        before = self._figures(used, measure, as_="courant")
        now = self._figures(self._candidate, measure, as_="candidat")
        return Candidate(
            self._candidate,
            len(teach),
            tuple(
                Compared(name, figure, int(figures["n"]), figures.get(figure), now[name].get(figure))
                for name, figures in before.items()
                for figure in HELD[str(figures["kind"])]
            ),
        )

    def switch(self) -> Path:
        """Puts the candidate in use; the model to load.

        Raises:
            EquipierError: there is no candidate.
        """
        candidate, examples = self._candidate, self._candidate.parent / EXAMPLES
        if not (candidate.is_file() and examples.is_file()):
            raise EquipierError("aucun modèle candidat", hint="Entraînez-en un : equipier nlu retrain")
        former = self._settings.model_dir / _FORMER
        shutil.rmtree(former, ignore_errors=True)
        former.mkdir(parents=True)
        used = current_model(self._settings, root=self._root)
        shutil.copy2(used, former / used.name)
        if self._learnt.is_file():
            shutil.copy2(self._learnt, former / EXAMPLES)
        self._learnt.parent.mkdir(parents=True, exist_ok=True)
        examples.replace(self._learnt)
        wanted = self._settings.model_dir / model_name(self._root)
        candidate.replace(wanted)
        self._evaluations.switched()
        wanted.touch()  # the newest: it serves even if the inputs change and the next training fails
        return wanted

    def rollback(self) -> Path:
        """Puts back what was in use before the last switch; the model to load.

        Raises:
            EquipierError: nothing was kept.
        """
        former = self._settings.model_dir / _FORMER
        kept = next(former.glob("equipier-*.tar.gz"), None)
        if kept is None:
            raise EquipierError("aucun modèle précédent n'a été gardé", hint="Entraînez-en un : equipier nlu train")
        # Under its own name: if the inputs have changed since, it is not taken for what they give.
        (self._settings.model_dir / model_name(self._root)).unlink(missing_ok=True)
        back = self._settings.model_dir / kept.name
        kept.replace(back)
        back.touch()
        if (former / EXAMPLES).is_file():
            (former / EXAMPLES).replace(self._learnt)
        else:
            self._learnt.unlink(missing_ok=True)
        shutil.rmtree(former, ignore_errors=True)
        self._evaluations.outdated()
        return back

    @property
    def _candidate(self) -> Path:
        return self._settings.model_dir / _CANDIDATE / f"{_CANDIDATE}.tar.gz"

    @property
    def _learnt(self) -> Path:
        return self._settings.var_dir / "nlu-generated" / EXAMPLES

    @property
    def _evaluations(self) -> Evaluations:
        return Evaluations(self._settings.var_dir / "evaluation")

    def _figures(
        self, model: Path, measure: Sequence[Example], *, as_: Literal["courant", "candidat"]
    ) -> dict[str, Mapping[str, Any]]:
        """The figures of *model* on every set; the pages show those of the first set of intents."""
        figures: dict[str, Mapping[str, Any]] = {}
        shown = False
        with self._running(model) as understands:
            for one in self._sets:
                if one.kind == "faq":
                    figures[one.name] = topic_figures(judge_topics(read_items(one.path, TopicItem), understands))
                    continue
                judged = judge_intents(read_items(one.path, IntentItem), understands)
                figures[one.name] = intent_figures(judged)
                if not shown:
                    self._evaluations.record(as_, judged, name=one.name)
                    shown = True
            if measure:
                items = [
                    IntentItem(id=str(number), text=one.text, intent=one.intent.partition("/")[0])
                    for number, one in enumerate(measure)
                ]
                figures["corrections"] = intent_figures(judge_intents(items, understands))
        return figures
