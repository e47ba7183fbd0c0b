import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from bot.chores import Chore, Chores, show_presence
from bot.errors import EquipierError
from bot.storage.engine import Database
from bot.storage.leases import WORKER, Leases
from tests.unit.conversations.fakes import FakeClock
from tests.unit.mandats.databases import sqlite_url


class Done:
    """Notes the instants at which it is run; raises what it is told to."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.at: list[datetime] = []
        self.error: Exception | None = None

    def __call__(self) -> int:
        self.at.append(self.clock.now())
        if self.error:
            raise self.error
        return 1


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def pass_time(clock: FakeClock, chores: Chores, **duration: float) -> None:
    """Lets time pass, ten seconds at a time."""
    end = clock.now() + timedelta(**duration)
    while clock.now() < end:
        chores.round()
        clock.advance(seconds=10)


def test_each_chore_has_its_own_pace(clock: FakeClock) -> None:
    often, rarely = Done(clock), Done(clock)
    chores = Chores(
        [Chore("often", timedelta(minutes=1), often), Chore("rarely", timedelta(minutes=10), rarely)], clock
    )
    pass_time(clock, chores, hours=1)
    assert len(often.at) == 60
    assert len(rarely.at) == 6


def test_a_start_does_not_do_again_what_was_done_lately(clock: FakeClock) -> None:
    daily, last = Done(clock), clock.now() - timedelta(hours=23)
    chores = Chores([Chore("daily", timedelta(days=1), daily, lambda: last)], clock)
    assert chores.round() == ()
    clock.advance(hours=1)
    assert chores.round() == ("daily",)


def test_what_another_worker_has_done_is_not_done_again(clock: FakeClock) -> None:
    mine, theirs = Done(clock), Done(clock)

    def last() -> datetime | None:
        return max([*mine.at, *theirs.at], default=None)

    workers = [Chores([Chore("daily", timedelta(days=1), done, last)], clock) for done in (mine, theirs)]
    for _ in range(50):
        for worker in workers:
            worker.round()
        clock.advance(hours=2)
    assert len(mine.at) + len(theirs.at) == 5


def test_what_was_missed_is_done_once_at_the_start(clock: FakeClock) -> None:
    daily, last = Done(clock), clock.now() - timedelta(days=9)
    chores = Chores([Chore("daily", timedelta(days=1), daily, lambda: last)], clock)
    pass_time(clock, chores, hours=23)
    assert len(daily.at) == 1


@pytest.mark.parametrize(
    "error", [EquipierError("no key"), OperationalError("SELECT 'Kervella'", {}, Exception("down"))]
)
def test_a_failure_is_tried_again_a_minute_later_and_holds_nobody_back(
    clock: FakeClock, error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    failing, other = Done(clock), Done(clock)
    failing.error = error
    chores = Chores([Chore("failing", timedelta(days=1), failing), Chore("other", timedelta(days=1), other)], clock)
    assert chores.round() == ("other",)
    pass_time(clock, chores, minutes=3)
    assert len(failing.at) == 3
    assert len(other.at) == 1
    failing.error = None
    assert chores.round() == ("failing",)
    assert chores.round() == ()
    captured = capsys.readouterr()
    assert "Kervella" not in captured.out + captured.err


def test_a_base_that_does_not_answer_at_the_start_is_waited_for(clock: FakeClock) -> None:
    def down() -> datetime | None:
        if clock.now() < started + timedelta(minutes=2):
            raise OperationalError("SELECT", {}, Exception("down"))
        return None

    started, daily = clock.now(), Done(clock)
    chores = Chores([Chore("daily", timedelta(days=1), daily, down)], clock)
    assert chores.round() == ()
    pass_time(clock, chores, minutes=5)
    assert len(daily.at) == 1


async def test_it_goes_on_until_it_is_told_to_stop(clock: FakeClock) -> None:
    stop = asyncio.Event()
    done: list[int] = []

    def once() -> None:
        done.append(1)
        loop.call_soon_threadsafe(stop.set)

    loop = asyncio.get_running_loop()
    run: Callable[[], object] = once
    await asyncio.wait_for(Chores([Chore("once", timedelta(days=1), run)], clock, pause=0.01).run(stop), timeout=5)
    assert done == [1]


async def test_what_the_chores_hold_is_given_back_once_when_they_end(clock: FakeClock) -> None:
    stop, closed = asyncio.Event(), []
    running = asyncio.create_task(Chores((), clock, pause=0.01, close=lambda: closed.append("once")).run(stop))
    await asyncio.sleep(0.03)
    assert closed == []
    stop.set()
    await running
    assert closed == ["once"]


def test_what_one_worker_does_alone_is_not_done_by_another_meanwhile(clock: FakeClock, tmp_path: Path) -> None:
    database = Database.at(sqlite_url(tmp_path))
    done: list[datetime] = []
    others: list[tuple[str, ...]] = []

    def last() -> datetime | None:
        return done[-1] if done else None

    def first_does() -> None:
        others.append(second.round())  # while the first one is at it
        done.append(clock.now())

    def worker(run: Callable[[], object]) -> Chores:
        chore = Chore("daily", timedelta(days=1), run, last, alone=timedelta(hours=1))
        return Chores([chore], clock, leases=Leases(database))

    second_does = Done(clock)
    first, second = worker(first_does), worker(second_does)
    assert first.round() == ("daily",)
    assert others == [()]
    clock.advance(minutes=1)
    assert second.round() == ()  # it is done
    assert not second_does.at
    clock.advance(days=1)
    assert second.round() == ("daily",)
    database.close()


def test_a_worker_that_died_at_it_holds_the_others_back_for_a_while_only(clock: FakeClock, tmp_path: Path) -> None:
    database = Database.at(sqlite_url(tmp_path))
    dead = Leases(database)
    assert dead.take("daily", timedelta(hours=1), now=clock.now())
    daily = Done(clock)
    chore = Chore("daily", timedelta(days=1), daily, alone=timedelta(hours=1))
    chores = Chores([chore], clock, leases=Leases(database))
    assert chores.round() == ()
    clock.advance(hours=1)
    assert chores.round() == ("daily",)
    database.close()


async def test_a_worker_shows_that_it_lives_until_it_stops(clock: FakeClock, tmp_path: Path) -> None:
    database = Database.at(sqlite_url(tmp_path))
    leases, stop = Leases(database), asyncio.Event()
    presence = asyncio.create_task(show_presence(leases, clock, stop, every=0.01))
    async with asyncio.timeout(5):
        while not leases.held(WORKER, now=clock.now()):
            await asyncio.sleep(0.01)
    stop.set()
    await presence
    assert not leases.held(WORKER, now=clock.now())
    database.close()
