"""A model in memory: loaded once it is installed, and only then."""

from collections.abc import Callable
from typing import Generic, TypeVar

import structlog

from bot.voice.errors import VoiceRefused

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Engine(Generic[T]):
    """One model, for the working thread alone (but ``ready``).

    Until it is there each demand looks again: installing it needs no restart.

    Args:
        load: makes it; ``None`` when it is not installed.
        speaking: whether it speaks rather than listens.
    """

    def __init__(self, load: Callable[[], T | None], *, speaking: bool) -> None:
        self._load = load
        self._speaking = speaking
        self._engine: T | None = None

    @property
    def ready(self) -> bool:
        """Whether it is loaded."""
        return self._engine is not None

    def warm(self) -> None:
        """Loads it if it is installed."""
        if self._engine is not None:
            return
        self._engine = self._load()
        if self._engine is not None:
            log.info("voice model loaded", speaking=self._speaking)

    def get(self) -> T:
        """The model, loaded if need be.

        Raises:
            VoiceRefused: ``off``: it is not installed.
        """
        if self._engine is None:
            self._engine = self._load()
        if self._engine is None:
            raise VoiceRefused("off", speaking=self._speaking)
        return self._engine
