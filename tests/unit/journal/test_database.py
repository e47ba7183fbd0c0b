"""The journal against someone who has the database's password."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from bot.journal.chain import Break, Entry, Fault
from bot.journal.checkpoints import Verdict
from bot.journal.models import JournalEntry
from bot.journal.service import Journal
from bot.storage.engine import Database
from tests.unit.journal.tampering import WAYS, duplicate, rewrite_to_the_end, swap, truncate
from tests.unit.mandats.world import World, assemble

TAMPERINGS = 110
REFUSAL = "append-only"
INSERT = text(
    "INSERT INTO journal_entries (organisation_id, seq, action, at, aidant_id, mandat_id, usager_id, demarche, details,"
    " previous, seal) VALUES (:organisation, :seq, :action, :at, :aidant, :mandat, :usager, :demarche, :details,"
    " :previous, :seal)"
)


@pytest.fixture
def world(journalled_world: World) -> World:
    return journalled_world


def disarm(world: World) -> None:
    """Drops the triggers, as the owner of the database can."""
    if world.database.engine.dialect.name == "postgresql":
        world.sql("ALTER TABLE journal_entries DISABLE TRIGGER USER")
    else:
        for event in ("update", "delete", "replace"):
            world.sql(f"DROP TRIGGER journal_entries_no_{event}")


def write(database: Database, entries: list[Entry]) -> None:
    """Puts *entries* in the place of all those of the database, by SQL."""
    with database.engine.begin() as connection:
        connection.execute(text("DELETE FROM journal_entries"))
        for entry in entries:
            row = asdict(entry) | {
                "at": entry.at.strftime("%Y-%m-%d %H:%M:%S.%f"),
                "details": json.dumps(entry.details),
            }
            connection.execute(INSERT, row)


def test_a_hundred_journals_falsified_by_sql_are_all_detected(world: World, tmp_path: Path) -> None:
    entries = world.journalled()
    organisation = world.actor.organisation
    disarm(world)
    assert world.journal.verify(organisation).broken is None
    content = Path(str(world.database.engine.url.database))
    world.database.close()  # the file is whole once its last connection is closed
    pristine, random, seen = content.read_bytes(), Random(42), Counter()
    # The database puts entries in the order of their numbers and takes each number once.
    ways = [way for way in WAYS if way not in (swap, duplicate)]
    while sum(seen.values()) < TAMPERINGS:
        way = random.choice(ways)
        copy = tmp_path / f"copy-{sum(seen.values())}.db"
        copy.write_bytes(pristine)
        database = Database.at(f"sqlite:///{copy}")
        try:
            write(database, way(random, list(entries)))
        except IntegrityError:  # a number that another entry has: the database itself says no
            continue
        finally:
            broken = Journal(database, world.clock).verify(organisation).broken
            database.close()
        assert broken, way.__name__
        seen[way] += 1
    assert set(seen) == set(ways)


def test_a_journal_that_is_written_again_as_it_was_holds(world: World) -> None:
    entries = world.journalled()
    disarm(world)
    write(world.database, entries)
    assert world.journal.verify(world.actor.organisation).broken is None


def test_a_number_is_taken_once(world: World) -> None:
    entries = world.journalled()
    disarm(world)
    with pytest.raises(IntegrityError):
        write(world.database, duplicate(Random(1), entries))


def forge_head(world: World, entries: list[Entry]) -> None:
    world.sql(
        "UPDATE journal_heads SET seq = :seq, seal = :seal WHERE organisation_id = :organisation",
        seq=entries[-1].seq,
        seal=entries[-1].seal,
        organisation=entries[-1].organisation,
    )


@pytest.mark.parametrize(("way", "verdict"), [(truncate, Verdict.TRUNCATED), (rewrite_to_the_end, Verdict.DIVERGED)])
def test_when_the_head_is_falsified_too_a_checkpoint_tells(world: World, way, verdict: Verdict) -> None:
    entries = world.journalled()
    organisation = world.actor.organisation
    checkpoint = world.checkpoints.sign(organisation)
    falsified: list[Entry] = []
    random = Random(7)
    while not falsified:
        falsified = [entry for entry in way(random, entries) if 1.5 not in entry.details.values()]
    disarm(world)
    write(world.database, falsified)
    forge_head(world, falsified)
    assert world.journal.verify(organisation).broken is None
    assert world.checkpoints.check(organisation, checkpoint) is verdict


@pytest.mark.parametrize("batch", [None, 1])
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "hier"),
        ("at", "2026-13-45 99:00:00"),
        ("at", 5),
        ("details", "{"),
        ("details", "5"),
        ("details", "null"),
        ("details", "[]"),
        ("details", '{"note": 1.5}'),
        ("details", '{"note": "\\ud800"}'),
        ("details", b"\xff\xfe"),
        ("action", b"\xff\xfe"),
    ],
)
def test_what_sqlite_lets_in_whatever_its_type_is_an_altered_entry(
    world: World, column: str, value: object, batch: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if batch:
        monkeypatch.setattr("bot.journal.service._BATCH", batch)
    entries = world.journalled()
    organisation = world.actor.organisation
    checkpoint = world.checkpoints.sign(organisation)
    disarm(world)
    for seq in (len(entries), 12):
        world.sql(f"UPDATE journal_entries SET {column} = :value WHERE seq = :seq", value=value, seq=seq)
        assert world.journal.verify(organisation).broken == Break(seq, Fault.ALTERED)
    assert world.checkpoints.check(organisation, checkpoint) is Verdict.DIVERGED


@pytest.mark.parametrize("seq", [0, -1, -(2**31), -(2**40), "1bis", 5.5])
def test_an_entry_outside_the_numbers_is_found(world: World, seq: object) -> None:
    disarm(world)
    world.sql("UPDATE journal_entries SET seq = :seq WHERE seq = 5", seq=seq)
    assert world.journal.verify(world.actor.organisation).broken


def test_a_head_that_was_removed_hides_nothing(world: World) -> None:
    organisation = world.actor.organisation
    world.sql("DELETE FROM journal_heads")
    assert world.journal.chains() == (organisation,)
    assert world.journal.verify(organisation).broken


@pytest.mark.parametrize("change", ["seq = seq + 1", "seq = seq - 1", "seal = 'x'", "seq = 0"])
def test_a_head_that_is_not_the_end_is_a_fault(world: World, change: str) -> None:
    entries = world.journalled()
    world.sql(f"UPDATE journal_heads SET {change}")
    assert world.journal.verify(world.actor.organisation).broken == Break(len(entries) + 1, Fault.GAP)


@pytest.mark.parametrize(
    "statement",
    [
        update(JournalEntry).values(action="purge"),
        update(JournalEntry).values(seal=JournalEntry.seal),  # even to the same value
        delete(JournalEntry),
        text("UPDATE journal_entries SET details = '{}' WHERE seq = 1"),
        text("DELETE FROM journal_entries WHERE seq = 1"),
    ],
    ids=str,
)
def test_the_database_refuses_to_change_or_remove_an_entry_by_sql(any_world: World, statement) -> None:
    any_world.seal()
    entries = any_world.journalled()
    with pytest.raises(DBAPIError, match=REFUSAL), any_world.database.unit_of_work() as session:
        session.execute(statement, execution_options={"synchronize_session": False})
    assert any_world.journalled() == entries


@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_database_refuses_to_change_or_remove_an_entry_by_its_object(any_world: World, change: str) -> None:
    any_world.seal()
    entries = any_world.journalled()

    def try_it() -> None:
        with any_world.database.unit_of_work() as session:
            row = session.get_one(JournalEntry, (any_world.actor.organisation, 3))
            if change == "update":
                row.aidant_id = any_world.stranger.aidant
            else:
                session.delete(row)

    with pytest.raises(DBAPIError, match=REFUSAL):
        try_it()
    assert any_world.journalled() == entries


@pytest.mark.services
def test_postgresql_refuses_to_empty_the_journal(postgresql: str) -> None:
    database = Database.at(postgresql)
    world = assemble(database)
    world.seal()
    entries = world.journalled()
    for statement in ("TRUNCATE journal_entries", "TRUNCATE journal_entries, journal_heads CASCADE"):
        with pytest.raises(DBAPIError, match=REFUSAL):
            world.sql(statement)
    assert world.journalled() == entries
    database.close()


def test_an_entry_cannot_be_replaced_by_an_insertion(world: World) -> None:
    world.journalled()
    if world.database.engine.dialect.name != "sqlite":
        return  # « INSERT OR REPLACE » is SQLite's own
    with pytest.raises(IntegrityError, match="append-only"):
        world.sql(
            "INSERT OR REPLACE INTO journal_entries SELECT organisation_id, seq, 'purge', at, aidant_id, mandat_id, "
            "usager_id, demarche, details, previous, seal, request_id FROM journal_entries WHERE seq = 2"
        )
