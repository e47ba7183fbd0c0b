"""What every rate limiter does, in memory or in Redis."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from bot.conversations.limits import MakesLimiters, RateLimiter, TooManyMessages, in_memory
from bot.shared.redis import SharedMemory
from bot.shared.windows import SharedWindows
from tests.unit.shared.servers import redis_url

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.services)])
def make(request: pytest.FixtureRequest) -> Iterator[MakesLimiters]:
    if request.param == "memory":
        yield in_memory
        return
    memory = SharedMemory(redis_url())
    yield SharedWindows(memory)
    memory.close_now()


def limiter(make: MakesLimiters, *, limit: int = 3, window: timedelta = MINUTE) -> RateLimiter:
    return make(f"test {uuid4().hex}", limit=limit, window=window)


def refusal(one: RateLimiter, who: str, at: datetime) -> int | None:
    try:
        one.check(who, now=at)
    except TooManyMessages as error:
        return error.retry_after
    return None


def test_as_many_as_the_limit_then_no_more_until_the_oldest_is_past(make: MakesLimiters) -> None:
    one = limiter(make)
    for second in (0, 10, 20):
        assert refusal(one, "a", NOON + timedelta(seconds=second)) is None
    assert refusal(one, "a", NOON + timedelta(seconds=30)) == 30
    assert refusal(one, "a", NOON + timedelta(seconds=59, milliseconds=999)) == 1
    assert refusal(one, "a", NOON + timedelta(seconds=60)) is None
    assert refusal(one, "a", NOON + timedelta(seconds=60)) == 10


def test_what_is_refused_is_not_counted(make: MakesLimiters) -> None:
    one = limiter(make, limit=1)
    assert refusal(one, "a", NOON) is None
    for second in range(1, 60):
        assert refusal(one, "a", NOON + timedelta(seconds=second)) == 60 - second
    assert refusal(one, "a", NOON + MINUTE) is None


def test_each_has_its_own_count_and_so_has_each_thing_counted(make: MakesLimiters) -> None:
    one, other = limiter(make, limit=1), limiter(make, limit=1)
    assert refusal(one, "a", NOON) is None
    assert refusal(one, "b", NOON) is None
    assert refusal(other, "a", NOON) is None
    assert refusal(one, "a", NOON) == 60


def test_an_instant_may_hold_several(make: MakesLimiters) -> None:
    one = limiter(make, limit=2)
    assert [refusal(one, "a", NOON) for _ in range(3)] == [None, None, 60]


@pytest.mark.services
def test_two_processes_count_together_and_exactly() -> None:
    first, second = SharedMemory(redis_url()), SharedMemory(redis_url())
    name = f"test {uuid4().hex}"
    limiters = [SharedWindows(memory)(name, limit=50, window=MINUTE) for memory in (first, second)]
    with ThreadPoolExecutor(8) as pool:
        refused = list(pool.map(lambda n: refusal(limiters[n % 2], "a", NOON + timedelta(microseconds=n)), range(200)))
    assert refused.count(None) == 50
    first.close_now()
    second.close_now()
