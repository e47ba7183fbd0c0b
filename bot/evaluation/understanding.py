"""The trained understanding model itself, without a server."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bot.errors import EquipierError
from bot.settings import ROOT


@dataclass(frozen=True, slots=True)
class Understood:
    """What the model made of one message.

    Attributes:
        fallback: the assistant would not act on the intent: its confidence is too low.
        confidence: that of the intent, in [0, 1].
        topic: the ``faq_mandat`` topic, given whatever the intent; ``None`` when the model has no topics.
        topic_confidence: that of the topic; ``None`` when the model's process does not tell it.
        milliseconds: time of the parse alone.
    """

    intent: str
    fallback: bool
    confidence: float
    topic: str | None
    topic_confidence: float | None
    milliseconds: float


class Understands(Protocol):
    """Reads messages as the assistant would."""

    def parse(self, text: str) -> Understood:
        """Understands one message."""
        ...


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
            topic_confidence=answer.get("topic_confidence"),
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
                "le modèle de compréhension s'est arrêté", hint="Vérifiez l'installation : equipier doctor"
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
