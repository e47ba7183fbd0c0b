"""A transcriber's model, a listener and a speaker that obey, and say how they were used."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import numpy as np

from bot.voice.audio import RATE, Samples
from bot.voice.errors import VoiceRefused
from bot.voice.messages import Heard
from bot.voice.queue import Steps
from bot.voice.synthesis import NothingToSay
from bot.voice.synthesis import Samples as Sound


@dataclass(frozen=True)
class FakeSegment:
    text: str
    start: float = 0.0
    end: float = 2.0
    avg_logprob: float = -0.15
    no_speech_prob: float = 0.02
    compression_ratio: float = 1.4


@dataclass(frozen=True)
class FakeAbout:
    duration_after_vad: float


@dataclass
class FakeRecogniser:
    """Hears the same segments in every recording.

    Attributes:
        speech: seconds of speech found in it.
    """

    segments: tuple[FakeSegment, ...] = ()
    speech: float = 0.5
    asked: list[dict[str, Any]] = field(default_factory=list)

    def transcribe(self, audio: Samples, **options: Any) -> tuple[Iterable[FakeSegment], FakeAbout]:
        self.asked.append(options)
        return iter(self.segments), FakeAbout(self.speech)


class FakeListener:
    """Takes one step for each ten seconds of sound; waits, at the first one, until it is allowed to go on."""

    def __init__(self, *, says: str = "bonjour", gate: Event | None = None) -> None:
        self.says = says
        self.gate = gate
        self.started: list[float] = []
        self.ended: list[float] = []

    def steps(self, samples: Samples) -> Steps[Heard]:
        seconds = round(samples.size / RATE, 1)
        self.started.append(seconds)
        if self.gate:
            self.gate.wait(10)
        for _ in range(int(seconds / 10)):
            yield
        self.ended.append(seconds)
        if not self.says:
            raise VoiceRefused("silence")
        return Heard(self.says, seconds, sure=True)


class FakeSpeaker:
    """A tenth of a second of tone for each word."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def speak(self, text: str) -> Sound:
        self.said.append(text)
        if not any(character.isalnum() for character in text):
            raise NothingToSay("nothing")
        at = np.arange(2_400 * len(text.split())) / 24_000
        return Sound((0.2 * np.sin(2 * np.pi * 220 * at)).astype(np.float32), 24_000)
