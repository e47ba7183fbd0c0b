"""What changes in the requests, told to the pages that are open: one reading of the database a second, whoever looks.

Server-sent events (WHATWG HTML, section 9.2). A stream lasts a minute: the browser opens another, and its session is
read again.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError

from bot.handover.views import Agent, Beat

_log = structlog.get_logger(__name__)
EVERY = 1.0  # seconds between two readings
LASTS = 60.0  # seconds
_QUIET = 15.0  # seconds without news after which a line is sent, so that a page that left is noticed


class Watch:
    """Reads the open requests while someone looks, for all of them at once.

    Attributes:
        readings: number of the last one that succeeded.

    Args:
        read: the open requests of everyone.
        every: seconds between two readings.
    """

    def __init__(self, read: Callable[[], tuple[Beat, ...]], *, every: float = EVERY) -> None:
        self._read = read
        self._every = every
        self._beats: tuple[Beat, ...] = ()
        self._read_again = asyncio.Event()
        self._watchers = 0
        self._reader: asyncio.Task[None] | None = None
        self._begun = 0
        self.readings = 0

    async def stream(self, agent: Agent, *, lasts: float | None = None) -> AsyncIterator[str]:
        """Events for *agent*: the state of their requests, now and at each change, for a minute.

        The first one was read after the page was: an older state would tell it that something has changed.

        Args:
            lasts: seconds, instead of a minute.
        """
        clock = asyncio.get_running_loop()
        end = clock.time() + (LASTS if lasts is None else lasts)
        first, told, spoke_at = self._begun + 1, None, clock.time()
        self._watchers += 1
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._run())
        try:
            yield "retry: 1000\n\n"
            while (left := end - clock.time()) > 0:
                read_again = self._read_again
                if self.readings >= first and (now := state_of(agent, self._beats)) != told:
                    told, spoke_at = now, clock.time()
                    yield f"data: {json.dumps(now)}\n\n"
                elif clock.time() - spoke_at >= _QUIET:
                    spoke_at = clock.time()
                    yield ":\n\n"
                with suppress(TimeoutError):
                    await asyncio.wait_for(read_again.wait(), timeout=min(left, _QUIET))
        finally:
            self._watchers -= 1

    async def _run(self) -> None:
        while self._watchers:
            self._begun += 1
            number = self._begun
            try:
                beats = await asyncio.to_thread(self._read)
            except DBAPIError as error:
                _log.error("database unavailable", error=type(error).__name__)
            else:
                self._beats, self.readings = beats, number
                woken, self._read_again = self._read_again, asyncio.Event()
                woken.set()
            await asyncio.sleep(self._every)


def state_of(agent: Agent, beats: Sequence[Beat]) -> dict[str, Any]:
    """What a page of *agent* compares with what it shows."""
    requests = {beat.id: beat for beat in beats if agent.sees(beat.organisation_id)}
    tabs = {one: tab_of(agent, beat) for one, beat in requests.items()}
    return {
        "counts": {tab: sum(one == tab for one in tabs.values()) for tab in ("attente", "miennes", "autres")},
        "requests": {
            str(one): {"tab": tabs[one], "mark": f"{beat.claimed_by or ''} {beat.mark}", "heard": beat.heard}
            for one, beat in requests.items()
        },
    }


def tab_of(agent: Agent, beat: Beat) -> str:
    """The list in which an open request is."""
    if beat.claimed_by is None:
        return "attente"
    return "miennes" if beat.claimed_by == agent.id else "autres"
