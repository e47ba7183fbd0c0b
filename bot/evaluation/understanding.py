"""Intents and mandate topics, measured on the trained model itself, without a server."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import EquipierError
from bot.evaluation.files import IntentItem, TopicItem, p95
from bot.settings import ROOT


@dataclass(frozen=True, slots=True)
class Understood:
    """What the model made of one message.

    Attributes:
        fallback: the assistant would not act on the intent: its confidence is too low.
        topic: the ``faq_mandat`` topic, given whatever the intent; ``None`` when the model has no topics.
        milliseconds: time of the parse alone.
    """

    intent: str
    fallback: bool
    confidence: float
    topic: str | None
    milliseconds: float


class Model:
    """A running copy of the understanding model."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def parse(self, text: str) -> Understood:
        """Understands one message.

        Raises:
            EquipierError: the model's process ended.
        """
        if self._process.stdin is None:
            raise EquipierError("le modèle de compréhension n'écoute pas")
        self._process.stdin.write(json.dumps({"text": text}) + "\n")
        self._process.stdin.flush()
        answer = self._read()
        return Understood(
            intent=str(answer["intent"]),
            fallback=bool(answer["fallback"]),
            confidence=float(answer["confidence"]),
            topic=answer["topic"],
            milliseconds=float(answer["ms"]),
        )

    def wait_until_ready(self) -> None:
        """Blocks until the model is loaded."""
        self._read()

    def _read(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        while line and not line.startswith("{"):  # Rasa prints warnings on the same stream
            line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise EquipierError(
                "le modèle de compréhension s'est arrêté", hint="Vérifiez l'installation : equipier doctor"
            )
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def running_model(model: Path) -> Iterator[Model]:
    """Loads *model* in Rasa's own environment for the time of the block."""
    nlu = ROOT / "nlu"
    process = subprocess.Popen(  # noqa: S603  our own interpreter and script
        [str(nlu / ".venv" / "bin" / "python"), "-W", "ignore", "parse_lines.py", str(model.resolve())],
        cwd=nlu,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(Path.home()),
            "RASA_TELEMETRY_ENABLED": "false",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "OMP_NUM_THREADS": "1",
        },
    )
    try:
        loaded = Model(process)
        loaded.wait_until_ready()
        yield loaded
    finally:
        process.terminate()
        process.wait(timeout=10)


def evaluate_intents(items: Sequence[IntentItem], model: Model) -> dict[str, Any]:
    """Accuracy and macro-F1 over the intents present in *items*; a fallback counts as an error."""
    pairs: list[tuple[str, str]] = []
    milliseconds: list[float] = []
    for item in items:
        understood = model.parse(item.text)
        pairs.append((item.intent, "nlu_fallback" if understood.fallback else understood.intent))
        milliseconds.append(understood.milliseconds)
    return {
        "kind": "intents",
        "n": len(items),
        "accuracy": round(sum(gold == said for gold, said in pairs) / len(pairs), 3),
        "macro_f1": round(_macro_f1(pairs), 3),
        "fallbacks": sum(said == "nlu_fallback" for _, said in pairs),
        "p95_ms": p95(milliseconds),
    }


def evaluate_faq(items: Sequence[TopicItem], model: Model) -> dict[str, Any]:
    """Accuracy of the topic."""
    understood = [model.parse(item.text) for item in items]
    right = sum(one.topic == item.topic for one, item in zip(understood, items, strict=True))
    return {
        "kind": "faq",
        "n": len(items),
        "accuracy": round(right / len(items), 3),
        "p95_ms": p95([one.milliseconds for one in understood]),
    }


def _macro_f1(pairs: Sequence[tuple[str, str]]) -> float:
    labels = {gold for gold, _ in pairs}
    scores = []
    for label in labels:
        hits = sum(gold == said == label for gold, said in pairs)
        wanted = sum(gold == label for gold, _ in pairs)
        given = sum(said == label for _, said in pairs)
        scores.append(2 * hits / (wanted + given) if hits else 0.0)
    return sum(scores) / len(scores)
