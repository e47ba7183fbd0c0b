"""Verifications asked for on a page: what every process tells of them, and what becomes of one whose process died."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from bot.journal.actions import Action
from bot.journal.checkpoints import Verdict
from bot.journal.models import JournalEntry
from bot.journal.service import Journal, Verified
from bot.storage.engine import Database
from bot.supervision.journal_checks import STALE, ChainCheck, ChainChecks
from tests.unit.mandats.databases import postgresql_url, sqlite_url
from tests.unit.mandats.world import World, assemble

PATIENCE = 30.0  # seconds


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    with postgresql_url() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    url = sqlite_url(tmp_path) if request.param == "sqlite" else request.getfixturevalue("postgresql")
    database = Database.at(url)
    yield assemble(database)
    database.close()


def process(world: World, journal: Journal | None = None) -> ChainChecks:
    """The verifications of one process more."""
    return ChainChecks(world.database, journal or world.journal, world.checkpoints, world.fake_clock)


def told(world: World, count: int) -> str:
    """The chain of the first organisation, *count* entries longer."""
    chain = world.actor.organisation
    for _ in range(count):
        with world.database.unit_of_work() as session:
            world.journal.append(session, Action.CHECK_MANDAT, organisation=chain)
    return chain


def state(checks: ChainChecks, chain: str) -> ChainCheck:
    found = checks.of(chain)
    assert found is not None
    return found


class StoppedJournal(Journal):
    """Reads one entry, then goes on when it is told to."""

    def __init__(self, world: World) -> None:
        super().__init__(world.database, world.fake_clock)
        self.began, self.goes_on, self.over = Event(), Event(), Event()

    def verify(self, organisation: str, *, read: Callable[[int], None] | None = None) -> Verified:
        assert read is not None
        read(1)
        self.began.set()
        self.goes_on.wait(PATIENCE)
        try:
            return super().verify(organisation, read=read)
        finally:
            self.over.set()


def test_every_process_tells_what_one_of_them_found(world: World) -> None:
    chain = told(world, 3)
    checkpoint = world.checkpoints.sign(chain)
    one, other = process(world), process(world)
    assert other.of(chain) is None
    one.start(chain, patience=PATIENCE)
    assert state(one, chain) == state(other, chain)
    outcome = state(other, chain).outcome
    assert outcome is not None
    assert (outcome.whole, outcome.verdict, outcome.checkpoint) == (True, Verdict.OK, checkpoint)
    assert outcome.verified == world.journal.verify(chain)


def test_progress_is_told_everywhere_and_nobody_begins_a_second_time(world: World) -> None:
    chain, stopped = told(world, 3), StoppedJournal(world)
    one, other = process(world, stopped), process(world)
    one.start(chain, patience=0)
    assert stopped.began.wait(PATIENCE)
    other.start(chain, patience=0)
    going = state(other, chain)
    assert (going.done, going.entries, going.over) == (1, world.journal.length(chain), False)
    stopped.goes_on.set()
    one.start(chain, patience=PATIENCE)
    assert state(other, chain).outcome is not None


def test_a_verification_without_news_is_taken_over(world: World) -> None:
    chain, stopped = told(world, 3), StoppedJournal(world)
    dead, other = process(world, stopped), process(world)
    dead.start(chain, patience=0)
    assert stopped.began.wait(PATIENCE)
    world.fake_clock.instant += STALE + timedelta(seconds=1)
    assert state(other, chain).failed
    other.start(chain, patience=PATIENCE)
    ended = state(other, chain)
    assert ended.outcome is not None
    stopped.goes_on.set()  # it was only slow: what it finds is not told twice
    assert stopped.over.wait(PATIENCE)
    assert state(dead, chain) == ended


def test_where_a_chain_breaks_is_kept(world: World) -> None:
    chain = told(world, 4)
    with world.database.unit_of_work() as session:
        if session.get_bind().dialect.name == "sqlite":
            session.connection().exec_driver_sql("DROP TRIGGER journal_entries_no_update")
        else:
            session.connection().exec_driver_sql("ALTER TABLE journal_entries DISABLE TRIGGER ALL")
        session.get_one(JournalEntry, (chain, 2)).action = "purge"
    checks = process(world)
    checks.start(chain, patience=PATIENCE)
    outcome = state(process(world), chain).outcome
    assert outcome is not None
    assert not outcome.whole
    assert outcome.verified.broken == world.journal.verify(chain).broken
