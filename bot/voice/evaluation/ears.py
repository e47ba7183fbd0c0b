"""What the measures need: a voice, and a transcriber whose time and memory are counted."""

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
from scipy.signal import resample_poly

from bot.errors import EquipierError
from bot.voice.audio import RATE, Samples
from bot.voice.audio import decode as decoded
from bot.voice.audio import encode as encoded
from bot.voice.errors import VoiceRefused
from bot.voice.prompt import PROMPT
from bot.voice.synthesis import KokoroSpeaker, load_speaker
from bot.voice.transcription import Transcriber, load_transcriber

THREADS = 2
_MOMENT = 0.3  # seconds
_T = TypeVar("_T")


@dataclass(slots=True)
class Stopwatch:
    """Time spent, and seconds of sound it was spent on."""

    spent: float = 0.0
    sound: float = 0.0

    @property
    def factor(self) -> float:
        """The real-time factor: seconds of work for one second of sound; 0 of nothing."""
        return round(self.spent / self.sound, 3) if self.sound else 0.0

    def timed(self, work: Callable[[], _T], *, seconds: Callable[[_T], float]) -> _T:
        """The outcome of *work*, its time counted for the *seconds* of sound that it took or made."""
        started = time.perf_counter()
        outcome = work()
        self.spent += time.perf_counter() - started
        self.sound += seconds(outcome)
        return outcome


@dataclass(slots=True)
class Ears:
    """A transcriber, with and without the hint of the trade.

    Attributes:
        hears: nothing heard, or refused, is an empty text: it counts as every word missed.
    """

    transcriber: Transcriber
    watch: Stopwatch = field(default_factory=Stopwatch)

    def hears(self, samples: Samples) -> str:
        """The transcript of *samples* (at ``RATE``); empty when the transcriber heard nobody."""

        def work() -> str:
            try:
                return self.transcriber.transcribe(samples).text
            except VoiceRefused:
                return ""

        return self.watch.timed(work, seconds=lambda _: samples.size / RATE)


def open_ears(voice_dir: Path, *, hint: bool = True) -> Ears:
    """The transcriber of production; without *hint*, it is not told the words of the trade.

    Raises:
        EquipierError: the models or the optional packages are missing.
    """
    transcriber = load_transcriber(voice_dir, threads=THREADS, prompt=PROMPT if hint else None)
    if transcriber is None:
        raise EquipierError("modèle d'écoute absent", hint="Installez-le : equipier voice install")
    return Ears(transcriber)


def open_voice(voice_dir: Path) -> KokoroSpeaker:
    """The voice of production.

    Raises:
        EquipierError: Kokoro is not installed: measures over espeak-ng would tell nothing.
    """
    speaker = load_speaker(voice_dir)
    if not isinstance(speaker, KokoroSpeaker):
        raise EquipierError("voix Kokoro absente", hint="Installez-la : equipier voice install")
    return speaker


def as_voice_note(data: Samples, rate: int) -> Samples:
    """What remains of a sound once sent as a voice note (OGG/Opus) and decoded."""
    return decoded(encoded(data, rate, format="ogg"))


def held(data: Samples, rate: int) -> Samples:
    """*data* between two moments of silence: nobody speaks at the very instant when the button is pressed."""
    moment = np.zeros(int(_MOMENT * rate), dtype=np.float32)
    return np.concatenate([moment, data, moment])


def rendered_otherwise(samples: Samples, *, factor: float) -> Samples:
    """*samples* played *factor* times faster, and as much higher; *factor* counts to the hundredth."""
    if factor == 1.0:
        return samples
    played: Samples = resample_poly(samples, 100, round(factor * 100)).astype(np.float32)
    return np.clip(played, -1.0, 1.0)


def with_noise(samples: Samples, *, decibels: float, seed: int) -> Samples:
    """*samples* under a noise that has the spectrum of speech, like a room full of people, *decibels* below it.

    The level is that of the whole recording, pauses included.
    """
    spectrum = np.abs(np.fft.rfft(samples))
    smooth = np.convolve(spectrum, np.ones(401) / 401, mode="same")
    phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, spectrum.size)
    noise = np.fft.irfft(smooth * np.exp(1j * phases), n=samples.size)
    wanted = np.sqrt(np.mean(np.square(samples)) / 10 ** (decibels / 10))
    noisy = samples + noise * wanted / max(float(np.sqrt(np.mean(np.square(noise)))), 1e-9)
    kept: Samples = (noisy / max(1.0, float(np.abs(noisy).max()))).astype(np.float32)
    return kept


def memory_mib() -> int:
    """Memory that this process holds now where Linux tells it, else the most that it ever held, in MiB."""
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) // 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1024 * 1024 if sys.platform == "darwin" else 1024)
