"""What the worker does by the clock, beside answering: reminders, the vault, the review, retention…"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import DBAPIError

from bot.clock import Clock
from bot.errors import EquipierError
from bot.handover.asking import Handovers
from bot.mandats.reminders import Reminders
from bot.privacy.retention import Retention
from bot.privacy.vault import Vault
from bot.supervision.projection import Projection

_log = structlog.get_logger(__name__)
_AGAIN_AFTER = timedelta(minutes=1)  # a failure


def _never() -> datetime | None:
    return None


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to do again and again.

    Attributes:
        run: does it; what it returns is logged when it is not nothing (0, ``None``).
        last_run: when it was last done, for what the database remembers; else it is done at each start.
    """

    name: str
    every: timedelta
    run: Callable[[], object]
    last_run: Callable[[], datetime | None] = _never


def standard(
    *, reminders: Reminders, vault: Vault, retention: Retention, handovers: Handovers, projection: Projection
) -> tuple[Chore, ...]:
    """The chores of production."""
    return (
        Chore("reminders", timedelta(minutes=1), reminders.send_due),
        Chore("vault", timedelta(minutes=10), vault.purge_expired),
        Chore("projection", timedelta(seconds=1), projection.step),
        Chore("review", timedelta(days=1), projection.tidy),
        Chore("handovers", timedelta(minutes=1), handovers.tidy),
        Chore("retention", timedelta(days=1), retention.enforce, retention.last_run),
    )


class Chores:
    """Does each chore when its time has come, one at a time; one that fails holds none of the others back.

    Args:
        pause: seconds between two looks at the clock.
        close: called once, when the chores end.
    """

    def __init__(
        self,
        chores: Sequence[Chore],
        clock: Clock,
        *,
        pause: float = 1.0,
        close: Callable[[], object] = lambda: None,
    ) -> None:
        self._chores = chores
        self._clock = clock
        self._pause = pause
        self._close = close
        self._due: dict[str, datetime] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Goes on until *stop* is set; what has begun is ended."""
        try:
            while not stop.is_set():
                await asyncio.to_thread(self.round)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), timeout=self._pause)
        finally:
            await asyncio.to_thread(self._close)

    def round(self) -> tuple[str, ...]:
        """Does what is due now; the names of what was done, failures left out."""
        return tuple(chore.name for chore in self._chores if self._is_due(chore) and self._done(chore))

    def _is_due(self, chore: Chore) -> bool:
        now = self._clock.now()
        if self._due.get(chore.name, now) > now:
            return False
        try:
            last = chore.last_run()  # asked each time: another worker may have done it
        except DBAPIError as error:
            self._failed(chore, error, now)
            return False
        self._due[chore.name] = last + chore.every if last else now
        return self._due[chore.name] <= now

    def _done(self, chore: Chore) -> bool:
        now = self._clock.now()
        try:
            outcome = chore.run()
        except (DBAPIError, EquipierError) as error:
            self._failed(chore, error, now)
            return False
        self._due[chore.name] = now + chore.every
        if outcome:
            _log.info("chore done", chore=chore.name, outcome=str(outcome))
        return True

    def _failed(self, chore: Chore, error: Exception, now: datetime) -> None:
        # Only the class: the text of a database error quotes values.
        _log.error("chore failed", chore=chore.name, error=type(error).__name__)
        self._due[chore.name] = now + min(chore.every, _AGAIN_AFTER)
