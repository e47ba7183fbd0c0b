"""What the journal takes in is counted once it is committed, and only then."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bot.journal.actions import Action
from bot.journal.chain import Entry
from bot.journal.models import JournalEntry
from bot.journal.service import Journal
from bot.observability import metrics
from bot.observability.actions import watched_action
from bot.observability.journal import count_journal_entries
from bot.observability.requests import request
from bot.storage.engine import Database
from tests.unit.conversations.fakes import FakeClock
from tests.unit.mandats.databases import sqlite_url


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    count_journal_entries()
    count_journal_entries()  # twice is once
    database = Database.at(sqlite_url(tmp_path))
    yield database
    database.close()


def counted(action: Action) -> float:
    return metrics.REGISTRY.get_sample_value("equipier_journal_entries_total", {"action": action.value}) or 0


def test_committed_entries_are_counted(database: Database) -> None:
    journal = Journal(database, FakeClock())
    sealed, refused = counted(Action.CREATE_ATTESTATION), counted(Action.REFUSE_SIGN_IN)
    with database.unit_of_work() as session:
        journal.append(session, Action.CREATE_ATTESTATION, organisation="o1")
        journal.append(session, Action.CREATE_ATTESTATION, organisation="o1")
        journal.append(session, Action.REFUSE_SIGN_IN, organisation=None)
        assert counted(Action.CREATE_ATTESTATION) == sealed
    assert counted(Action.CREATE_ATTESTATION) == sealed + 2
    assert counted(Action.REFUSE_SIGN_IN) == refused + 1


def test_what_is_rolled_back_is_not(database: Database) -> None:
    journal, before = Journal(database, FakeClock()), counted(Action.CANCEL_MANDAT)
    with suppress(RuntimeError), database.unit_of_work() as session:
        journal.append(session, Action.CANCEL_MANDAT, organisation="o1")
        raise RuntimeError
    with database.unit_of_work() as session:
        journal.append(session, Action.CHECK_MANDAT, organisation="o1")
    assert counted(Action.CANCEL_MANDAT) == before


def request_of(database: Database, entry: Entry) -> str | None:
    with database.unit_of_work() as session:
        return session.get_one(JournalEntry, (entry.organisation, entry.seq)).request_id


def test_an_entry_bears_its_request_beside_what_is_sealed(database: Database) -> None:
    journal = Journal(database, FakeClock())
    with request("abcdef0123456789"), database.unit_of_work() as session:
        entry = journal.append(session, Action.CHECK_MANDAT, organisation="o1", details={"note": "F1341"})
    with database.unit_of_work() as session:
        chore = journal.append(session, Action.PURGE, organisation="o1")
    assert request_of(database, entry) == "abcdef0123456789"
    assert request_of(database, chore) is None
    assert entry.details == {"note": "F1341"}
    assert journal.verify("o1").broken is None


def test_what_an_action_journals_bears_the_id_of_the_message(database: Database) -> None:
    journal = Journal(database, FakeClock())
    with watched_action("action_test", {"request": "0123456789abcdef"}), database.unit_of_work() as session:
        entry = journal.append(session, Action.CREATE_DRAFT, organisation="o1")
    assert request_of(database, entry) == "0123456789abcdef"
