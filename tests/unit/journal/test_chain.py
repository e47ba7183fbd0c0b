from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.journal.chain import GENESIS, Break, Entry, Fault, first_break, holds, seal_of
from bot.storage.engine import Database
from tests.unit.journal.tampering import FIELDS, WAYS, another, real_journal, rewrite_to_the_end, truncate
from tests.unit.mandats.databases import sqlite_url
from tests.unit.mandats.world import assemble

TAMPERINGS = 10_000


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> list[Entry]:
    database = Database.at(sqlite_url(Path(tmp_path_factory.mktemp("journal"))))
    journal = real_journal(assemble(database))
    database.close()
    assert 30 <= len(journal) <= 40
    return journal


def looks_whole(falsified: list[Entry], entries: list[Entry]) -> bool:
    """Whether nothing shows: a whole chain that ends where the head says.

    What both journals begin with is known to hold and not read again, 10,000 times.
    """
    same = next(
        (place for place, pair in enumerate(zip(falsified, entries, strict=False)) if pair[0] is not pair[1]),
        min(len(falsified), len(entries)),
    )
    known = {"after": same, "seal": entries[same - 1].seal if same else GENESIS}
    if first_break(falsified[same:], organisation=entries[0].organisation, **known):
        return False
    end = (falsified[-1].seq, falsified[-1].seal) if falsified else (0, GENESIS)
    return end == (entries[-1].seq, entries[-1].seal)


def test_a_real_journal_holds(entries):
    organisation = entries[0].organisation
    assert first_break(entries, organisation=organisation) is None
    assert looks_whole(list(entries), entries)
    assert looks_whole([replace(entry) for entry in entries], entries)
    assert first_break([], organisation=organisation) is None


def test_ten_thousand_falsified_journals_are_all_detected(entries):
    random, seen = Random(2026), Counter()
    for _ in range(TAMPERINGS):
        way = random.choice(WAYS)
        falsified = way(random, list(entries))
        assert falsified != entries
        assert not looks_whole(falsified, entries), (way.__name__, falsified)
        seen[way] += 1
    assert set(seen) == set(WAYS)
    assert min(seen.values()) > TAMPERINGS / len(WAYS) / 2


@pytest.mark.parametrize("field", FIELDS)
def test_a_changed_field_is_found_in_every_entry_and_that_entry_is_named(entries, field):
    random, organisation = Random(field), entries[0].organisation
    for place, entry in enumerate(entries):
        falsified = [*entries[:place], another(random, entry, field), *entries[place + 1 :]]
        fault = {"seq": Fault.GAP, "organisation": Fault.FOREIGN, "previous": Fault.BROKEN}.get(field, Fault.ALTERED)
        assert first_break(falsified, organisation=organisation) == Break(entry.seq, fault)


@pytest.mark.parametrize("way", [way for way in WAYS if way not in (rewrite_to_the_end, truncate)])
def test_what_was_done_before_the_newest_entry_needs_no_head_to_be_found(entries, way):
    random, organisation = Random(way.__name__), entries[0].organisation
    for _ in range(200):
        falsified = way(random, list(entries))
        if falsified[-1] == entries[-1]:
            assert first_break(falsified, organisation=organisation), falsified


@given(st.integers(0, 29), st.integers(0, 29))
def test_a_check_goes_on_from_an_entry_that_was_verified(entries, place, altered):
    organisation = entries[0].organisation
    falsified = list(entries)
    falsified[altered] = replace(entries[altered], action="purge")
    known = {"after": place, "seal": entries[place - 1].seal if place else GENESIS}
    assert first_break(entries[place:], organisation=organisation, **known) is None
    found = first_break(falsified[place:], organisation=organisation, **known)
    assert found == (Break(altered + 1, Fault.ALTERED) if altered >= place else None)


def test_the_seal_covers_everything_but_itself(entries):
    entry = entries[4]
    assert seal_of(replace(entry, seal="")) == seal_of(entry) == entry.seal
    assert holds(entry)
    assert not holds(replace(entry, details={"note": 1.5}))
