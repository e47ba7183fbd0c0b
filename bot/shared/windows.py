"""Rate limits that hold for several processes together."""

from datetime import UTC, datetime, timedelta
from math import ceil
from uuid import uuid4

from bot.conversations.limits import RateLimiter, SlidingWindow, TooManyMessages
from bot.shared.redis import SharedMemory, Unreachable, key_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Forgets what is past, then counts one more, or says when the oldest was. Numbers of this size are exact in Lua.
_COUNT = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1] - ARGV[2])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then
    return redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
end
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[4])
redis.call('PEXPIRE', KEYS[1], math.ceil(ARGV[2] / 1000))
return -1
"""


class SharedWindow:
    """A sliding window in Redis, exact whatever process counts.

    While Redis is away each process counts for itself: nobody is refused because of it.

    Args:
        name: what is counted; each has its own counters.
    """

    def __init__(self, memory: SharedMemory, name: str, *, limit: int, window: timedelta) -> None:
        self._memory = memory
        self._name = name
        self._limit = limit
        self._window = window
        self._alone = SlidingWindow(limit=limit, window=window)

    def check(self, conversation: str, *, now: datetime) -> None:
        key = key_of("limit", (self._name, conversation))
        at, window = (now - _EPOCH) // _MICROSECOND, self._window // _MICROSECOND
        try:
            oldest = self._memory.run(_COUNT, key, at, window, self._limit, uuid4().hex)
        except Unreachable:
            self._alone.check(conversation, now=now)
            return
        if oldest >= 0:
            raise TooManyMessages(max(1, ceil((oldest + window - at) / 1_000_000)))


class SharedWindows:
    """Makes the limiters of an installation with Redis."""

    def __init__(self, memory: SharedMemory) -> None:
        self._memory = memory

    def __call__(self, name: str, *, limit: int, window: timedelta) -> RateLimiter:
        return SharedWindow(self._memory, name, limit=limit, window=window)
