"""How many messages one conversation may send in a while."""

from collections import OrderedDict, deque
from datetime import datetime, timedelta
from math import ceil
from typing import Protocol

from bot.errors import EquipierError


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


class SlidingWindow:
    """In memory, for one process: at most *limit* messages in any stretch of *window*.

    A hundred and twenty a minute is far beyond anyone's typing, and stops a runaway program.

    Args:
        remembered: conversations followed at once; beyond, the one that has been silent longest is forgotten.
    """

    def __init__(self, *, limit: int = 120, window: timedelta = timedelta(minutes=1), remembered: int = 10_000) -> None:
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
