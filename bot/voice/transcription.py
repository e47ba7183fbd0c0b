"""Speech to text: the sentence that was said, whether it is sure, and a refusal when nobody spoke."""

import logging
import re
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from bot.voice.audio import RATE, Samples
from bot.voice.errors import VoiceRefused
from bot.voice.messages import Heard
from bot.voice.models import LISTENING, whisper_dir
from bot.voice.notation import as_typed
from bot.voice.prompt import PROMPT

# Levels in decibels below full scale, of the loudest tenth of a second.
_MUTE = -60.0  # a microphone that is off or covered: not worth running the model
_FAINT = -45.0  # below it, what is not speech is called silence; above it, noise

# Measured on this model with the prompt above. Over -0.4 lie the clean sentences of the trade and two thirds of those
# of a telephone exchange; under it, most sentences with a wrong word of importance. A doubt costs the person one
# button. Noise without speech gives a « no speech » of 0.5 and more, speech 0.2 at most.
_SURE_LOGPROB = -0.4
_NO_SPEECH = 0.5
_GUESSED_LOGPROB = -1.0
_SURE_COMPRESSION = 2.4  # Whisper's own sign of a text that repeats itself; the most repetitive real menus reach 2.2
_LOOP_COMPRESSION = 4.0
# Characters a second: people say 12 to 15, and half of that over some time means that a part was passed over.
_SLOWEST = 6.0
_FEW_SENTENCES = 15 * RATE  # samples
_SHORT = 5.0  # seconds; « oui » between two silences is slow and is not doubtful

# What Whisper says over noise, learnt from the subtitles that it was trained on.
_SUBTITLES = re.compile(
    r"sous[- ]?titr|amara\.org|soustitreur|abonnez[- ]vous|merci d.avoir regard|radio-canada|♪|^[\W_]*$", re.IGNORECASE
)
_LOOP = re.compile(r"\b([^\W\d][^.!?]{0,60}?)(?:[\s,.;:!?…-]+\1\b){4,}", re.IGNORECASE)  # not « 00 00 00 00 00 »


class Segment(Protocol):
    """A piece of what the model heard (a part of faster-whisper's)."""

    @property
    def text(self) -> str: ...
    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def avg_logprob(self) -> float: ...
    @property
    def no_speech_prob(self) -> float: ...
    @property
    def compression_ratio(self) -> float: ...


class About(Protocol):
    """What the model says of a whole recording (a part of faster-whisper's)."""

    @property
    def duration_after_vad(self) -> float: ...


class Recogniser(Protocol):
    """The model; it computes each window of 30 seconds only when its segments are asked for."""

    def transcribe(self, audio: Samples, **options: Any) -> tuple[Iterable[Segment], About]: ...


class Transcriber:
    """Listens.

    Args:
        repaired: puts right the words that the model is known to mishear.
        prompt: words to expect; ``None`` for none.
        beam_size: sentences weighed at once; 1 is a third faster and, without a prompt, mishears 18 words of 100
            rather than 12. Of 8, one is often right where the best of 5 is not.
    """

    def __init__(
        self, model: Recogniser, *, repaired: Callable[[str], str], prompt: str | None = PROMPT, beam_size: int = 8
    ) -> None:
        self._model = model
        self._repaired = repaired
        self._prompt = prompt
        self._beam_size = beam_size

    def transcribe(self, samples: Samples) -> Heard:
        """What is said in *samples* (at ``RATE``).

        Raises:
            VoiceRefused: ``silence``, or ``noise`` (of any kind: nobody speaks).
        """
        steps = self.steps(samples)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                heard: Heard = end.value
                return heard

    def steps(self, samples: Samples) -> Generator[None, None, Heard]:
        """The same in steps, so that a short recording need not wait for the end of a long one.

        Raises:
            VoiceRefused: as above.
        """
        level = loudness(samples)
        if level < _MUTE:
            raise VoiceRefused("silence")
        segments, about = self._model.transcribe(
            samples,
            language="fr",
            beam_size=self._beam_size,
            temperature=(0.0, 0.4),  # a second try, no more: six of them cost half a minute over mere noise
            vad_filter=True,
            # Hotwords are told before every window, an initial prompt only before the first.
            hotwords=self._prompt,
            # Without times, the sentences of a beam differ by their words alone. With them, none of many sentences is
            # passed over, and a long recording is cut between words.
            without_timestamps=samples.size <= _FEW_SENTENCES,
            condition_on_previous_text=False,  # else one invented sentence brings the next
        )
        kept: list[Segment] = []
        doubtful = False
        for segment in segments:
            if self._is_speech(segment):
                kept.append(segment)
            else:
                doubtful = True
            yield
        text = self._repaired("".join(segment.text for segment in kept).strip())
        if not text:
            raise VoiceRefused("silence" if level < _FAINT else "noise")
        spoken = about.duration_after_vad
        partial = spoken > _SHORT and len(text) < _SLOWEST * spoken
        return Heard(text, samples.size / RATE, sure=not (doubtful or partial) and _is_sure(kept))

    def _is_speech(self, segment: Segment) -> bool:
        # The model often takes clear speech for none: what it is sure of is kept all the same.
        silent = segment.no_speech_prob >= _NO_SPEECH and segment.avg_logprob <= _SURE_LOGPROB
        if silent or segment.avg_logprob <= _GUESSED_LOGPROB:
            return False
        looping = segment.compression_ratio >= _LOOP_COMPRESSION or _LOOP.search(segment.text)
        if looping or _SUBTITLES.search(segment.text):
            return False
        words = _words(segment.text)
        # The prompt itself, four words of it or more, is an echo: nobody says them in that order.
        return not (len(words.split()) >= 4 and f" {words} " in f" {_words(self._prompt or '')} ")


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def _is_sure(kept: list[Segment]) -> bool:
    """Whether the whole is sure, each segment counting for its duration."""
    weights = [max(segment.end - segment.start, 0.1) for segment in kept]
    logprob = float(np.average([segment.avg_logprob for segment in kept], weights=weights))
    return logprob > _SURE_LOGPROB and all(segment.compression_ratio < _SURE_COMPRESSION for segment in kept)


def loudness(samples: Samples) -> float:
    """Level of the loudest tenth of a second of *samples*, in decibels: 0 is the most that a file can hold."""
    window = RATE // 10
    whole = samples[: samples.size // window * window] if samples.size >= window else samples
    if not whole.size:
        return -120.0
    power = np.square(whole.reshape(-1, min(window, whole.size)), dtype=np.float64).mean(axis=1).max()
    return float(10 * np.log10(max(power, 1e-12)))


def load_transcriber(voice_dir: Path, *, threads: int, prompt: str | None = PROMPT) -> Transcriber | None:
    """The transcriber over the model under *voice_dir*; takes four seconds and about 350 MB.

    ``None`` when the model or the optional packages are not installed.

    Args:
        threads: processor cores that it may use.
    """
    if not LISTENING.complete(voice_dir):
        return None
    try:
        from faster_whisper import WhisperModel  # noqa: PLC0415  an optional extra
    except ImportError:
        return None
    from bot.voice.correction import likely  # noqa: PLC0415  needs them too
    from bot.voice.hypotheses import Weighing  # noqa: PLC0415

    logging.getLogger("faster_whisper").setLevel(logging.WARNING)  # it tells each of its stages
    model = WhisperModel(
        str(whisper_dir(voice_dir)), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
    )
    likely("bonjour")  # learns the language of the trade now rather than on the first recording
    tokenizer = model.hf_tokenizer
    end = tokenizer.token_to_id("<|endoftext|>")  # signs and times come after it
    model.model = Weighing(
        model.model,
        decode=lambda ids: str(tokenizer.decode([token for token in ids if token < end])),
        likelihood=lambda text: likely(text).score,
    )
    return Transcriber(model, repaired=lambda text: as_typed(likely(text).text), prompt=prompt)
