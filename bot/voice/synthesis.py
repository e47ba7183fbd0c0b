"""Text to speech: Kokoro-82M with its French voice, and espeak-ng when Kokoro is not installed.

A text is said sentence by sentence: the model takes at most 510 phonemes, and its intonation is best on one sentence.
Acronyms in capitals are spelt here rather than by espeak-ng, which reads « RSA » as « rsa » and « ANTS » as « an ».
"""

import ctypes
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bot.errors import EquipierError
from bot.voice import espeak
from bot.voice.acronyms import pronunciations, spelt_phonemes
from bot.voice.models import SPEAKING, kokoro_model, kokoro_voice

Data = NDArray[np.float32]

_THREADS = 2
_LANGUAGE = "fr-fr"
_VOICE_SHAPE = (510, 1, 256)
_SENTENCE_PAUSE = 0.35  # seconds
_CLAUSE_PAUSE = 0.15
_MAX_CHARS = 220  # about 200 phonemes: far below what the model takes, and one breath
_MIN_CHARS = 60
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_CLAUSE = re.compile(r"(?<=[;:,])\s+")
# Elided words belong to the acronym that follows: said apart, espeak-ng would name their letter.
_SPELT = re.compile(r"(?<![\w'])(?:(?P<elided>[dljmtsnc]|qu)')?(?P<letters>[A-Z]{2,})(?![\w])", re.IGNORECASE)
_ELIDED = {"d": "d", "l": "l", "j": "ʒ", "m": "m", "t": "t", "s": "s", "n": "n", "c": "s", "qu": "k"}
_LANGUAGE_FLAG = re.compile(r"\([a-z-]{2,}\)")  # espeak-ng tells that it took a word for a foreign one


@dataclass(frozen=True, slots=True)
class Samples:
    """Sound.

    Attributes:
        data: mono, between -1 and 1.
        rate: samples a second.
    """

    data: Data
    rate: int

    @property
    def seconds(self) -> float:
        return self.data.size / self.rate


class NothingToSay(EquipierError):
    """The text holds no word."""


class Speaker(Protocol):
    """Says French aloud."""

    def speak(self, text: str) -> Samples:
        """Says *text*, which is as ``speakable`` gives it. The same text always gives the same sound.

        Raises:
            NothingToSay: *text* holds no word.
        """
        ...


class KokoroSpeaker:
    """Kokoro-82M with the voice ``ff_siwis``."""

    def __init__(self, model: Path, voice: Path) -> None:
        import onnxruntime  # noqa: PLC0415  an optional extra
        from kokoro_onnx import Kokoro  # noqa: PLC0415

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = _THREADS
        options.inter_op_num_threads = 1
        # An idle thread that spins takes the processor from the conversation.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._style = np.fromfile(voice, dtype=np.float32).reshape(_VOICE_SHAPE)
        with tempfile.TemporaryDirectory() as folder:
            voices = Path(folder) / "voices.npz"  # the library only reads voices from such a file
            np.savez(voices, ff_siwis=self._style)
            self._kokoro: Any = Kokoro.from_session(session, str(voices))

    def speak(self, text: str, *, speed: float = 1.0) -> Samples:
        """See ``Speaker``; a *speed* of 1 is the voice's own, between 0.5 and 2."""
        rate = 24_000
        pieces: list[Data] = []
        for sentence in breaths(text):
            phonemes = phonemes_of(sentence, self._phonemize)
            if not re.search(r"\w", phonemes):
                continue
            data, rate = self._kokoro.create(
                phonemes, self._style, speed=speed, lang=_LANGUAGE, is_phonemes=True, trim=True
            )
            pause = _SENTENCE_PAUSE if sentence[-1] in ".!?" else _CLAUSE_PAUSE
            pieces += [np.asarray(data, dtype=np.float32), np.zeros(int(pause * rate), dtype=np.float32)]
        if not pieces:
            raise NothingToSay("no word to say")
        return Samples(np.clip(np.concatenate(pieces), -1.0, 1.0), rate)

    def _phonemize(self, text: str) -> str:
        said: str = self._kokoro.tokenizer.phonemize(text, _LANGUAGE)
        return said


class EspeakSpeaker:
    """espeak-ng, by its library: it is understood with effort, and only serves where Kokoro is not installed."""

    _UTF8 = 1
    _RATE_PARAMETER, _WORDS_A_MINUTE = 1, 150

    def __init__(self) -> None:
        self._library, self._rate = espeak.library()
        self._callback_type = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
        )

    def speak(self, text: str) -> Samples:
        """See ``Speaker``."""
        said = _SPELT.sub(_spaced, _respelt(text))
        if not re.search(r"\w", said):
            raise NothingToSay("no word to say")
        pieces: list[Data] = []

        def receive(samples: Any, count: int, _events: object) -> int:
            if samples and count > 0:
                pieces.append(np.ctypeslib.as_array(samples, shape=(count,)).astype(np.float32) / np.float32(32_768))
            return 0

        encoded = said.encode()
        callback = self._callback_type(receive)
        with espeak.LOCK:
            self._library.espeak_SetSynthCallback(callback)
            self._library.espeak_SetParameter(self._RATE_PARAMETER, self._WORDS_A_MINUTE, 0)
            self._library.espeak_Synth(encoded, len(encoded) + 1, 0, 0, 0, self._UTF8, None, None)
            self._library.espeak_Synchronize()
        return Samples(np.concatenate(pieces) if pieces else np.zeros(1, dtype=np.float32), self._rate)


def load_speaker(voice_dir: Path) -> Speaker | None:
    """The best voice of this machine: Kokoro if its files are under *voice_dir*, else espeak-ng.

    ``None`` when the optional packages are not installed.
    """
    try:
        if SPEAKING.complete(voice_dir):
            return KokoroSpeaker(kokoro_model(voice_dir), kokoro_voice(voice_dir))
        return EspeakSpeaker()
    except ImportError:
        return None


def breaths(text: str) -> list[str]:
    """*text* in pieces to be said in one breath.

    A long sentence is cut at its clauses, then between words; a short one is said with the next, for the voice is poor
    on two or three words alone.
    """
    said: list[str] = []
    for sentence in _SENTENCE.split(text.strip()):
        for piece in _within(sentence, (_CLAUSE, re.compile(r"\s+"))):
            if not re.search(r"\w", piece):
                continue
            if said and len(said[-1]) < _MIN_CHARS and len(said[-1]) + len(piece) < _MAX_CHARS:
                said[-1] += f" {piece}"
            else:
                said.append(piece)
    return said


def phonemes_of(text: str, phonemize: Callable[[str], str]) -> str:
    """The phonemes of *text*, its acronyms spelt; *phonemize* does all the rest."""
    text = _respelt(text)
    pieces: list[str] = []
    end = 0
    for match in _SPELT.finditer(text):
        if not match["letters"].isupper():
            continue
        before = text[end : match.start()]
        pieces += [_LANGUAGE_FLAG.sub("", phonemize(before))] if re.search(r"\w", before) else [before.strip()]
        elided = _ELIDED[match["elided"].lower()] if match["elided"] else ""
        pieces.append(elided + spelt_phonemes(match["letters"]))
        end = match.end()
    rest = text[end:]
    tail = _LANGUAGE_FLAG.sub("", phonemize(rest)) if re.search(r"\w", rest) else rest.strip()
    if tail[:1] in tuple(".,;:!?"):
        pieces[-1:] = [pieces[-1] + tail] if pieces else [tail]
    else:
        pieces.append(tail)
    return re.sub(r"\s+(?=[.,;:!?])", "", " ".join(filter(None, pieces)))


def _respelt(text: str) -> str:
    """*text* with the words that espeak-ng misreads written in another way."""
    said = pronunciations().said
    return re.sub(r"[\w-]+", lambda match: said.get(match.group().lower(), match.group()), text)


def _spaced(match: re.Match[str]) -> str:
    return " ".join(match.group()) if match["letters"].isupper() and not match["elided"] else match.group()


def _within(text: str, borders: Sequence[re.Pattern[str]]) -> list[str]:
    if len(text) <= _MAX_CHARS or not borders:
        return [text]
    pieces: list[str] = []
    for part in borders[0].split(text):
        if pieces and len(pieces[-1]) + len(part) < _MAX_CHARS:
            pieces[-1] += f" {part}"
        else:
            pieces += _within(part, borders[1:])
    return pieces
