"""Shows the new messages of the conversations that are open somewhere, wherever they came from.

One loop for the whole process reads the log. On PostgreSQL an id may appear after a greater one, when its transaction
ends later: what is recent is read again at each turn, and what was shown already is known.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

import structlog
from sqlalchemy.exc import DBAPIError

from bot.conversations.history import Line

_log = structlog.get_logger(__name__)
IDLE = 1.5  # seconds between two looks when nothing happens here
_BUSY = 0.25  # seconds between two looks while a message is being answered
_SETTLED = 8  # turns after which no transaction is still on its way
_LATE_EVERY = 3  # turns between two looks at the replies that wait
_RECENT = 100  # ids


class ReadsLog(Protocol):
    """What the tail needs of ``bot.conversations.history.History``."""

    def new(self, after: int, *, conversations: Collection[str]) -> tuple[tuple[str, Line], ...]: ...

    def last_id(self) -> int: ...


Show = Callable[[str, Line], Awaitable[None]]
FetchLate = Callable[[Collection[str]], Awaitable[None]]


class Tail:
    """Follows the conversations that it is told to.

    Args:
        show: shows a message of a conversation to whoever has it open here.
        fetch_late: hands over the replies that wait for these conversations, which puts them into the log.
        idle: seconds between two looks.
    """

    def __init__(self, log: ReadsLog, *, show: Show, fetch_late: FetchLate, idle: float = IDLE) -> None:
        self._messages = log
        self._show = show
        self._fetch_late = fetch_late
        self._idle = idle
        self._followers: Counter[str] = Counter()
        self._shown: dict[str, set[int]] = {}
        self._floor = 0
        self._mark: int | None = None
        self._turn = 0
        self._busy = 0
        self._reading = asyncio.Lock()
        self._woken = asyncio.Event()

    async def follow(self, conversation: str) -> None:
        """Shows what comes in *conversation* from now on; as many times as it is followed, it must be left."""
        async with self._reading:
            self._followers[conversation] += 1
            if conversation in self._shown:
                return
            if not self._shown:
                self._floor = max(0, await asyncio.to_thread(self._messages.last_id) - _RECENT)
                self._mark, self._turn = None, 0
            known = await asyncio.to_thread(self._messages.new, self._floor, conversations=(conversation,))
            self._shown[conversation] = {line.id for _, line in known}

    def leave(self, conversation: str) -> None:
        """One follower fewer."""
        self._followers[conversation] -= 1
        if self._followers[conversation] <= 0:
            del self._followers[conversation]
            self._shown.pop(conversation, None)

    async def flush(self) -> None:
        """Shows what is new, now."""
        async with self._reading:
            if not self._shown:
                return
            rows = await asyncio.to_thread(self._messages.new, self._floor, conversations=tuple(self._shown))
            for conversation, line in rows:
                shown = self._shown.get(conversation)
                if shown is not None and line.id not in shown:
                    shown.add(line.id)
                    await self._show(conversation, line)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """While a message is being answered here, the log is read more often."""
        self._busy += 1
        self._woken.set()
        try:
            yield
        finally:
            self._busy -= 1

    async def run(self, stop: asyncio.Event) -> None:
        """Works until *stop* is set; a database that does not respond is waited for."""
        while not stop.is_set():
            try:
                await self.look()
            except DBAPIError as error:
                _log.error("database unavailable", error=type(error).__name__)
            await self._rest(stop)

    async def look(self) -> None:
        """One turn: late replies now and then, new messages always; nothing while nobody is there."""
        if not self._shown:
            return
        self._turn += 1
        if self._turn % _LATE_EVERY == 0:
            await self._fetch_late(tuple(self._shown))
        await self.flush()
        if self._turn % _SETTLED == 0:
            await self._settle()

    async def _settle(self) -> None:
        """What was there some turns ago is complete, and need not be read again."""
        mark = await asyncio.to_thread(self._messages.last_id)
        async with self._reading:
            if self._mark is not None:
                self._floor = max(self._floor, self._mark)
                for shown in self._shown.values():
                    shown.difference_update([one for one in shown if one <= self._floor])
            self._mark = mark

    async def _rest(self, stop: asyncio.Event) -> None:
        self._woken.clear()
        waits = [asyncio.ensure_future(event.wait()) for event in (stop, self._woken)]
        with suppress(TimeoutError):
            await asyncio.wait(waits, timeout=_BUSY if self._busy else self._idle, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
