"""The jobs of the voice, watched."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from bot.observability import metrics
from bot.voice.errors import VoiceRefused


@contextmanager
def watched_job(kind: Literal["listen", "speak"]) -> Iterator[None]:
    """Counts and times one job; a refusal is counted by its reason."""
    outcome = "failed"
    try:
        with metrics.VOICE_SECONDS.labels(kind).time():
            yield
        outcome = "done"
    except VoiceRefused as error:
        outcome = error.reason
        raise
    finally:
        metrics.VOICE_JOBS.labels(kind, outcome).inc()
