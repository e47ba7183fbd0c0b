"""Leases on both databases: one holder at a time, and a holder that dies lets go."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from bot.storage.engine import Database
from bot.storage.leases import WORKER, Leases

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_one_holds_it_until_the_end_or_until_it_lets_go(database: Database) -> None:
    mine, theirs = Leases(database), Leases(database)
    assert mine.take("retention", MINUTE, now=NOON)
    assert not theirs.take("retention", MINUTE, now=NOON + MINUTE / 2)
    assert mine.take("retention", MINUTE, now=NOON + MINUTE / 2)  # it goes on
    assert not theirs.take("retention", MINUTE, now=NOON + MINUTE)
    assert theirs.take("retention", MINUTE, now=NOON + MINUTE * 1.5)
    mine.release("retention")  # not its own any more
    assert not mine.take("retention", MINUTE, now=NOON + MINUTE * 2)
    theirs.release("retention")
    assert mine.take("retention", MINUTE, now=NOON + MINUTE * 2)


def test_a_clock_that_ran_ahead_holds_nobody_back(database: Database) -> None:
    mine, theirs = Leases(database), Leases(database)
    assert mine.take("retention", MINUTE, now=NOON + timedelta(days=365))
    assert theirs.take("retention", MINUTE, now=NOON)


def test_of_many_at_once_one_gets_it(database: Database) -> None:
    many = [Leases(database) for _ in range(12)]
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(lambda one: one.take("retention", MINUTE, now=NOON), many))
    assert got.count(True) == 1


def test_those_that_are_held_are_counted_and_the_old_ones_forgotten(database: Database) -> None:
    leases = Leases(database)
    leases.take("worker a", MINUTE, now=NOON)
    leases.take("worker b", MINUTE, now=NOON + MINUTE)
    leases.take("retention", MINUTE, now=NOON + MINUTE)
    assert leases.held(WORKER, now=NOON) == 2
    assert leases.held(WORKER, now=NOON + MINUTE) == 1
    leases.forget(WORKER, before=NOON + MINUTE * 1.5)
    assert leases.held(WORKER, now=NOON - timedelta(days=1)) == 1
    assert leases.held("retention", now=NOON) == 1
