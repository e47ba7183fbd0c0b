import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from bot.journal import service
from bot.journal.actions import Action
from bot.journal.chain import GENESIS, Break, Entry, Fault
from bot.journal.service import SYSTEM, Journal
from bot.storage.engine import Database
from tests.unit.journal.tampering import real_journal
from tests.unit.mandats.world import World

leaves = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text("abcé'\"\\ \u202f😀", max_size=8)
details = st.dictionaries(
    st.text("abcdé", min_size=1, max_size=5), leaves | st.lists(leaves, max_size=3), max_size=4
).filter(lambda value: True)
ids = st.none() | st.text("0123456789abcdef", min_size=32, max_size=32)


def append(world: World, organisation: str | None = None, **fields: Any) -> Entry:
    with world.database.unit_of_work() as session:
        chain = organisation or world.actor.organisation
        return world.journal.append(session, Action.READ_MANDAT, organisation=chain, **fields)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(st.tuples(st.booleans(), details, ids), min_size=1, max_size=4))
def test_what_is_appended_reads_back_and_the_chains_of_two_organisations_stay_apart(world, acts):
    for mine, content, mandat in acts:
        actor = world.actor if mine else world.stranger
        head = world.journalled(actor)[-1:]
        entry = append(world, actor.organisation, details=content, mandat=mandat, aidant=actor.aidant)
        assert world.last_entry(actor) == entry == world.journal.entry(actor.organisation, entry.seq)
        assert (entry.seq, entry.previous) == ((head[0].seq + 1, head[0].seal) if head else (1, GENESIS))
        assert entry.details == content
        world.fake_clock.advance(seconds=1)
    for actor in (world.actor, world.stranger):
        verified = world.journal.verify(actor.organisation)
        assert verified.broken is None
        assert verified.entries == verified.seq == len(world.journalled(actor))


def test_an_entry_lives_or_dies_with_what_it_tells(world: World) -> None:
    kept = append(world)

    def fail(session: Session) -> None:
        world.journal.append(session, Action.PURGE, organisation=world.actor.organisation)
        raise RuntimeError("the rest of the use case")

    with pytest.raises(RuntimeError), world.database.unit_of_work() as session:
        fail(session)
    assert world.journalled() == [kept]
    assert append(world).seq == 2
    assert world.journal.verify(world.actor.organisation).broken is None


def test_details_without_a_canonical_form_are_refused(world: World) -> None:
    with pytest.raises(TypeError):
        append(world, details={"cost": 1.5})
    assert world.count("journal_entries") == 0


def test_what_concerns_no_organisation_has_a_chain_of_its_own(world: World) -> None:
    with world.database.unit_of_work() as session:
        entry = world.journal.append(session, Action.ROTATE_KEYS, organisation=None)
    assert (entry.organisation, entry.aidant) == (SYSTEM, None)
    assert world.journal.verify(SYSTEM).entries == 1
    assert world.journal.chains() == (SYSTEM,)


def test_entries_are_read_newest_first_by_mandate_and_in_a_limited_number(world: World) -> None:
    whole = real_journal(world)
    mandat = next(entry.mandat for entry in whole if entry.mandat)
    organisation = world.actor.organisation
    assert world.journal.entries(organisation, limit=3) == tuple(reversed(whole[-3:]))
    about = world.journal.entries(organisation, mandat=mandat)
    assert list(about) == [entry for entry in reversed(whole) if entry.mandat == mandat] != []
    assert world.journal.entry(organisation, len(whole) + 1) is None
    assert world.journal.entries("nobody") == ()


def test_threads_that_append_at_once_wait_for_one_another(any_world: World) -> None:
    start, failures = threading.Barrier(8), []

    def work() -> None:
        start.wait()
        try:
            for _ in range(5):
                append(any_world)
        except Exception as error:  # noqa: BLE001  told by the test
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    verified = any_world.journal.verify(any_world.actor.organisation)
    assert (verified.entries, verified.broken) == (40, None)


@pytest.mark.parametrize("batch", [1, 2, 7, 40])
def test_a_journal_of_several_batches_is_verified_to_its_end(
    world: World, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_BATCH", batch)
    whole = real_journal(world)
    organisation = world.actor.organisation
    assert world.journal.verify(organisation).entries == len(whole)
    world.sql("DROP TRIGGER journal_entries_no_update")
    for seq in (len(whole), 15, 1):
        world.sql("UPDATE journal_entries SET action = 'purge' WHERE seq = :seq", seq=seq)
        assert world.journal.verify(organisation).broken == Break(seq, Fault.ALTERED)


class Interrupted(Database):
    """Lets something else happen just before its nth unit of work."""

    def __init__(self, database: Database, *, before: int, happens: Callable[[], object]) -> None:
        super().__init__(database.engine)
        self._left = before
        self._happens = happens

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        self._left -= 1
        if self._left == 0:
            self._happens()
        with super().unit_of_work() as session:
            yield session


@pytest.mark.parametrize("before", [1, 2, 3, 4])
def test_an_entry_that_is_added_during_a_verification_is_no_fault(world: World, before: int) -> None:
    append(world)
    busy = Interrupted(world.database, before=before, happens=lambda: append(world))
    verified = Journal(busy, world.clock).verify(world.actor.organisation)
    assert verified.broken is None
    assert verified.entries == (1 if before == 4 else 2)


def test_an_organisation_without_journal_is_whole_and_empty(world: World) -> None:
    verified = world.journal.verify("nobody")
    assert (verified.entries, verified.seq, verified.seal, verified.broken) == (0, 0, GENESIS, None)


def test_a_verification_tells_how_many_entries_it_has_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = len(real_journal(world))
    monkeypatch.setattr(service, "_BATCH", 10)
    told: list[int] = []
    verified = world.journal.verify(world.actor.organisation, read=told.append)
    assert told == [*range(10, entries, 10), entries]
    assert verified.entries == entries
