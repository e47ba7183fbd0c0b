"""How many messages one conversation may send in a while."""

import asyncio
from collections import OrderedDict, deque
from datetime import datetime, timedelta
from math import ceil
from typing import Protocol

from bot.errors import EquipierError

# Far beyond anyone's typing, and stops a runaway program.
MESSAGES_A_MINUTE = 120
MINUTE = timedelta(minutes=1)


class TooManyMessages(EquipierError):
    """The conversation has to wait.

    Attributes:
        retry_after: seconds until a message can be taken again, at least 1.
    """

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many messages, retry after {retry_after} s")
        self.retry_after = retry_after


class RateLimiter(Protocol):
    """Counts the messages of each conversation."""

    def check(self, conversation: str, *, now: datetime) -> None:
        """Counts one message.

        Raises:
            TooManyMessages: it is one too many; it is then not counted.
        """
        ...


class MakesLimiters(Protocol):
    """Makes a limiter of its own for each thing that is counted."""

    def __call__(self, name: str, *, limit: int, window: timedelta) -> RateLimiter:
        """At most *limit* in any stretch of *window*; *name* tells it from the others."""
        ...


class SlidingWindow:
    """In memory, for one process: at most *limit* messages in any stretch of *window*.

    Args:
        remembered: conversations followed at once; beyond, the one that has been silent longest is forgotten.
    """

    def __init__(self, *, limit: int = MESSAGES_A_MINUTE, window: timedelta = MINUTE, remembered: int = 10_000) -> None:
        self._limit = limit
        self._window = window
        self._remembered = remembered
        self._instants: OrderedDict[str, deque[datetime]] = OrderedDict()

    def check(self, conversation: str, *, now: datetime) -> None:
        instants = self._instants.setdefault(conversation, deque())
        self._instants.move_to_end(conversation)
        while len(self._instants) > self._remembered:
            self._instants.popitem(last=False)
        while instants and instants[0] <= now - self._window:
            instants.popleft()
        if len(instants) >= self._limit:
            wait = (instants[0] + self._window - now).total_seconds()
            raise TooManyMessages(max(1, ceil(wait)))
        instants.append(now)


def in_memory(name: str, *, limit: int, window: timedelta) -> RateLimiter:  # noqa: ARG001  as MakesLimiters has it
    """A limiter for this process."""
    return SlidingWindow(limit=limit, window=window)


async def check_async(limiter: RateLimiter, conversation: str, *, now: datetime) -> None:
    """The same as ``limiter.check``, from the event loop: a limiter that asks another machine does so in a thread.

    Raises:
        TooManyMessages: as above.
    """
    if isinstance(limiter, SlidingWindow):
        limiter.check(conversation, now=now)
    else:
        await asyncio.to_thread(limiter.check, conversation, now=now)
