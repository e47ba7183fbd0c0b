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
from bot.observability import metrics
from bot.privacy.retention import Retention
from bot.privacy.vault import Vault
from bot.storage.leases import WORKER, Leases
from bot.supervision.projection import Projection

_log = structlog.get_logger(__name__)
_AGAIN_AFTER = timedelta(minutes=1)  # a failure, or another worker at it
_BEAT = 15.0  # seconds between two signs of life
_TAKEN_FOR_DEAD = timedelta(minutes=1)
_FORGOTTEN = timedelta(days=1)


def _never() -> datetime | None:
    return None


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to do again and again.

    Attributes:
        run: does it; what it returns is logged when it is not nothing (0, ``None``).
        last_run: when it was last done, for what the database remembers; else it is done at each start.
        alone: how long one worker may keep the others from doing it too; ``None`` when several may at once.
    """

    name: str
    every: timedelta
    run: Callable[[], object]
    last_run: Callable[[], datetime | None] = _never
    alone: timedelta | None = None


def standard(
    *, reminders: Reminders, vault: Vault, retention: Retention, handovers: Handovers, projection: Projection
) -> tuple[Chore, ...]:
    """The chores of production."""
    return (
        Chore("reminders", timedelta(minutes=1), reminders.send_due),
        Chore("vault", timedelta(minutes=10), vault.purge_expired),
        Chore("projection", timedelta(seconds=3), projection.step),
        Chore("review", timedelta(days=1), projection.tidy),
        Chore("handovers", timedelta(minutes=1), handovers.tidy),
        Chore("retention", timedelta(days=1), retention.enforce, retention.last_run, alone=timedelta(hours=1)),
    )


class Chores:
    """Does each chore when its time has come, one at a time; one that fails holds none of the others back.

    Args:
        leases: by which workers exclude each other; ``None`` for a worker that is the only one.
        pause: seconds between two looks at the clock.
        close: called once, when the chores end.
    """

    def __init__(
        self,
        chores: Sequence[Chore],
        clock: Clock,
        *,
        leases: Leases | None = None,
        pause: float = 1.0,
        close: Callable[[], object] = lambda: None,
    ) -> None:
        self._chores = chores
        self._clock = clock
        self._leases = leases
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
        # What is due later than after a whole pause was so by a clock that ran ahead.
        if now < self._due.get(chore.name, now) <= now + max(chore.every, _AGAIN_AFTER):
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
            if not self._is_mine(chore, now):
                self._due[chore.name] = now + min(chore.every, _AGAIN_AFTER)
                return False
            with metrics.CHORE_SECONDS.labels(chore.name).time():
                outcome = chore.run()
            if self._leases is not None and chore.alone is not None:
                self._leases.release(chore.name)
        except (DBAPIError, EquipierError) as error:
            self._failed(chore, error, now)
            return False
        metrics.CHORE_RUNS.labels(chore.name, "done").inc()
        self._due[chore.name] = now + chore.every
        if outcome:
            _log.info("chore done", chore=chore.name, outcome=str(outcome))
        return True

    def _is_mine(self, chore: Chore, now: datetime) -> bool:
        """Whether this worker is to do *chore*, which another may be doing, or have just done."""
        if self._leases is None or chore.alone is None:
            return True
        if not self._leases.take(chore.name, chore.alone, now=now):
            return False
        last = chore.last_run()
        if last is None or last + chore.every <= now:
            return True
        self._leases.release(chore.name)
        return False

    def _failed(self, chore: Chore, error: Exception, now: datetime) -> None:
        # Only the class: the text of a database error quotes values.
        metrics.CHORE_RUNS.labels(chore.name, "failed").inc()
        _log.error("chore failed", chore=chore.name, error=type(error).__name__)
        self._due[chore.name] = now + min(chore.every, _AGAIN_AFTER)


async def show_presence(leases: Leases, clock: Clock, stop: asyncio.Event, *, every: float = _BEAT) -> None:
    """Tells the other processes that this worker lives, until *stop* is set; a database that is away is waited for."""
    name = WORKER + leases.holder
    while not stop.is_set():
        now = clock.now()
        try:
            await asyncio.to_thread(leases.take, name, _TAKEN_FOR_DEAD, now=now)
            await asyncio.to_thread(leases.forget, WORKER, before=now - _FORGOTTEN)
        except DBAPIError as error:
            _log.error("presence not shown", error=type(error).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), timeout=every)
    with suppress(DBAPIError):
        await asyncio.to_thread(leases.release, name)
