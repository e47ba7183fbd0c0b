"""What the process `voice` does: listens and speaks, one step of work at a time."""

import asyncio
import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bot.voice.audio import RATE, Samples, decode, encode
from bot.voice.engines import Engine
from bot.voice.errors import VoiceRefused
from bot.voice.messages import MAX_TEXT, MEDIA_TYPES, Format, Heard, Speech
from bot.voice.queue import Steps, WorkQueue
from bot.voice.synthesis import NothingToSay, Speaker, breaths

# Seconds of work, on two cores, for a second of recording and for a character to be said.
_TO_HEAR = 0.2
_TO_SAY = 0.02
_SAID_AT_MOST = 700  # characters that `speakable` keeps of a long answer


class Listener(Protocol):
    """Hears what is said in a recording, step by step."""

    def steps(self, samples: Samples) -> Steps[Heard]:
        """As ``Transcriber.steps``; raises ``VoiceRefused``."""
        ...


@dataclass(frozen=True, slots=True)
class Health:
    """What the service can do now."""

    listen: bool
    speak: bool


class VoiceService:
    """Both directions over one queue."""

    def __init__(self, *, listener: Engine[Listener], speaker: Engine[Speaker], queue: WorkQueue) -> None:
        self._listener = listener
        self._speaker = speaker
        self._queue = queue
        self._warming: asyncio.Task[None] | None = None

    async def health(self) -> Health:
        """What is on; what is not is looked for again, for the next time."""
        state = Health(self._listener.ready, self._speaker.ready)
        if not (state.listen and state.speak) and (self._warming is None or self._warming.done()):
            self._warming = asyncio.create_task(self.warm())
        return state

    async def warm(self) -> None:
        """Loads the models that are installed; gives up when the queue has no room."""
        try:
            await self._queue.run(_warm(self._listener, self._speaker), seconds=0)
        except VoiceRefused:
            return

    async def transcribe(self, data: bytes) -> Heard:
        """What is said in the file *data*.

        Raises:
            VoiceRefused: any reason but those of speaking.
        """
        if not self._listener.ready:
            await self._queue.run(_got(self._listener), seconds=0)
        samples = await asyncio.to_thread(decode, data)  # quick: what is wrong with a file is said without queueing
        return await self._queue.run(_heard(self._listener, samples), seconds=samples.size / RATE * _TO_HEAR)

    async def speak(self, text: str, *, format: Format) -> Speech:
        """*text* (light Markdown) read aloud: what ``speakable`` keeps of it, a minute or so.

        Raises:
            VoiceRefused: ``off``, ``busy``, ``too_long_text``, or ``silence`` when there is nothing to say.
        """
        if len(text) > MAX_TEXT:
            raise VoiceRefused("too_long_text", speaking=True)
        expected = min(len(text), _SAID_AT_MOST) * _TO_SAY
        return await self._queue.run(_said(self._speaker, text, format), seconds=expected)

    @property
    def waiting(self) -> int:
        """How many jobs are at work or wait."""
        return self._queue.jobs

    def close(self) -> None:
        """Refuses what waits."""
        self._queue.close()


def _warm(*engines: Engine[Listener] | Engine[Speaker]) -> Steps[None]:
    for engine in engines:
        engine.warm()
        yield


def _got(engine: Engine[Listener]) -> Steps[None]:
    engine.get()
    yield


def _heard(engine: Engine[Listener], samples: Samples) -> Steps[Heard]:
    return (yield from engine.get().steps(samples))


def _said(engine: Engine[Speaker], text: str, format: Format) -> Steps[Speech]:
    speaker = engine.get()
    from bot.voice.speakable import speakable  # noqa: PLC0415  needs the optional packages, as the speaker does

    sounds = []
    for piece in breaths(speakable(text)):
        try:
            sounds.append(speaker.speak(piece))
        except NothingToSay:
            continue
        yield
    if not sounds:
        raise VoiceRefused("silence", speaking=True)
    data = np.concatenate([sound.data for sound in sounds])
    rate = sounds[0].rate
    yield
    return Speech(encode(data, rate, format=format), MEDIA_TYPES[format], math.ceil(data.size / rate * 100) / 100)
