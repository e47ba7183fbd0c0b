import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import astuple
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.engine import make_url

import bot
from bot.aidants.models import LinkedConversation, OneTimeToken
from bot.conversations.models import (
    ButtonPayload,
    Conversation,
    KeptMessage,
    LoggedMessage,
    OutboxEntry,
    ReceivedMessage,
)
from bot.journal.actions import Action
from bot.journal.service import SYSTEM
from bot.mandats.erasure import Erasure, UnknownUsager
from bot.mandats.identity import Identity
from bot.mandats.models import Usager
from bot.mandats.rules import Duration, Status
from bot.mandats.views import Actor, LinkRefused, MandatView, Signature
from bot.privacy.envelope import Sealed
from bot.privacy.forgetting import OF_A_CONVERSATION
from bot.privacy.retention import Report, Retention, years_before
from bot.privacy.rotation import Rotation
from bot.privacy.spans import PiiType
from bot.privacy.trackers import RasaTrackers
from bot.privacy.vault import Vault
from bot.storage.engine import Base, Database
from tests.unit.mandats.databases import postgresql_url, sqlite_url
from tests.unit.mandats.world import ANATOLE, YOLANDE, World, assemble, ring

DRAWN = Signature(b"\x89PNG a name drawn by hand")
YEARS = 6
DAYS = 183


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.at(sqlite_url(tmp_path))
    yield database
    database.close()


@pytest.fixture
def world(database: Database) -> World:
    return assemble(database)


@pytest.fixture
def rasa(tmp_path: Path) -> Path:
    """The tracker store as Rasa makes it."""
    path = tmp_path / "rasa.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TABLE events (id INTEGER PRIMARY KEY, sender_id VARCHAR(255) NOT NULL, "
            "type_name VARCHAR(255) NOT NULL, timestamp FLOAT, intent_name VARCHAR(255), action_name VARCHAR(255), "
            "data TEXT)"
        )
    return path


def retention_of(world: World, rasa: Path, *, years: int = YEARS, days: int = DAYS) -> Retention:
    return Retention(
        world.database,
        world.journal,
        world.usagers,
        world.clock,
        trackers=RasaTrackers(rasa),
        mandat_years=years,
        conversation_days=days,
    )


@pytest.fixture
def retention(world: World, rasa: Path) -> Retention:
    return retention_of(world, rasa)


def conversation(world: World, actor: Actor | None = None) -> str:
    """A conversation that holds one row of everything, all of now."""
    new, now = uuid4().hex, world.clock.now()
    with world.database.unit_of_work() as session:
        session.add(Conversation(id=new, channel="rest", external_id=new, created_at=now, last_at=now))
        session.flush()
        session.add_all(
            [
                LoggedMessage(conversation_id=new, direction="in", text="bonjour", created_at=now),
                KeptMessage(
                    conversation_id=new, ciphertext=b"", state="answered", received_at=now, next_attempt_at=now
                ),
                ButtonPayload(
                    id=new[:24], conversation_id=new, payload="/a", title="A", turn=1, position=0, created_at=now
                ),
                ReceivedMessage(conversation_id=new, message_id="m", claimed_at=now),
                OutboxEntry(conversation_id=new, seq=1, reply={}, created_at=now),
            ]
        )
        if actor:
            session.add(LinkedConversation(conversation_id=new, aidant_id=actor.aidant, linked_at=now))
    return new


def remember(rasa: Path, conversation: str, at: datetime) -> None:
    with closing(sqlite3.connect(rasa)) as connection, connection:
        connection.execute(
            "INSERT INTO events (sender_id, type_name, timestamp) VALUES (?, 'user', ?)", (conversation, at.timestamp())
        )


def remembered(rasa: Path) -> list[str]:
    with closing(sqlite3.connect(rasa)) as connection:
        return [row[0] for row in connection.execute("SELECT sender_id FROM events ORDER BY id")]


def files(world: World) -> bytes:
    """Everything that the database's files hold, deleted pages and journal included."""
    path = Path(make_url(str(world.database.engine.url)).database or "")
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


def usager_row(world: World, mandat: MandatView) -> Usager:
    with world.database.unit_of_work() as session:
        return session.get_one(Usager, mandat.usager_id)


# --- usagers


def test_an_usager_is_erased_six_years_after_the_end_of_their_last_mandate(world: World, retention: Retention) -> None:
    first = world.seal(duration=Duration.MONTH, signature=DRAWN)
    world.fake_clock.advance(days=60)
    last = world.seal(duration=Duration.MONTH, signature=DRAWN)
    world.fake_clock.instant = last.expires_at.replace(year=last.expires_at.year + YEARS)
    assert retention.report().usagers == 0
    assert retention.enforce().usagers == 0
    world.fake_clock.advance(seconds=1)
    assert retention.report().usagers == 1
    assert world.register.mandat(world.actor, first.id).usager == YOLANDE  # a dry run changes nothing
    assert retention.enforce().usagers == 1
    for mandat in (first, last):
        view = world.register.mandat(world.actor, mandat.id)
        assert view.usager is None
        assert world.register.signature(world.actor, mandat.id) is None
    assert world.scalar("SELECT count(*) FROM mandats WHERE signature IS NULL AND commitment_secret IS NULL") == 2
    assert retention.enforce().usagers == 0


def test_a_revocation_makes_the_time_start_earlier(world: World, retention: Retention) -> None:
    mandat = world.seal()
    revoked_at = world.register.revoke(world.actor, mandat.id).revoked_at
    assert revoked_at is not None
    world.fake_clock.instant = revoked_at.replace(year=revoked_at.year + YEARS) + timedelta(minutes=1)
    assert retention.enforce().usagers == 1


def test_one_recent_mandate_keeps_the_person_and_others_are_judged_apart(world: World, retention: Retention) -> None:
    world.seal(duration=Duration.MONTH)
    gone = world.seal(identity=ANATOLE, duration=Duration.MONTH)
    world.fake_clock.advance(days=365 * YEARS)
    kept = world.seal()
    world.fake_clock.advance(days=60)
    assert retention.enforce().usagers == 1
    assert world.register.mandat(world.actor, kept.id).usager == YOLANDE
    assert world.register.mandat(world.actor, gone.id).usager is None


def test_the_journal_holds_and_the_public_page_answers_after_an_erasure(world: World, retention: Retention) -> None:
    mandat = world.seal(signature=DRAWN)
    world.fake_clock.advance(days=365 * (YEARS + 2))
    before = world.verification.check(mandat.public_token)
    retention.enforce()
    assert world.verification.check(mandat.public_token) == before
    assert before.verdict == "expired"
    entry = world.last_entry()
    assert (entry.action, entry.usager) == (Action.ERASE_USAGER, mandat.usager_id)
    assert entry.details == {"why": "retention", "mandats": 1}
    assert world.journal.verify(world.actor.organisation).broken is None
    assert world.journal.verify(SYSTEM).broken is None


def test_nothing_of_an_erased_key_is_left_in_the_files(world: World, retention: Retention) -> None:
    mandat = world.seal(signature=DRAWN)
    row = usager_row(world, mandat)
    assert row.key_wrapped is not None
    assert row.identity_index is not None
    assert row.key_wrapped in files(world)
    world.fake_clock.advance(days=365 * (YEARS + 2))
    retention.enforce()
    for trace in (row.key_wrapped, row.identity, row.identity_index.encode()):
        assert trace is not None
        assert trace not in files(world)


def test_a_former_usager_who_comes_back_is_somebody_new(world: World, retention: Retention) -> None:
    former = world.seal()
    world.fake_clock.advance(days=365 * (YEARS + 2))
    retention.enforce()
    again = world.seal()
    assert again.usager_id != former.usager_id
    assert again.usager == YOLANDE


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        (datetime(2026, 11, 25, 11, 2, tzinfo=UTC), datetime(2020, 11, 25, 11, 2, tzinfo=UTC)),
        (datetime(2028, 2, 29, tzinfo=UTC), datetime(2022, 2, 28, tzinfo=UTC)),
    ],
)
def test_years_are_those_of_the_calendar(instant: datetime, expected: datetime) -> None:
    assert years_before(instant, YEARS) == expected


# --- what goes by its own date


def test_drafts_never_sealed_go_after_a_day_and_sealed_ones_stay(world: World, retention: Retention) -> None:
    world.seal()
    world.page()
    world.fake_clock.advance(hours=23)
    assert retention.enforce().drafts == 0
    world.fake_clock.advance(hours=1)
    assert retention.report().drafts == retention.enforce().drafts == 1
    assert world.count("mandat_drafts") == 1


def test_originals_go_when_their_time_is_over(world: World, retention: Retention) -> None:
    key = SecretStr(Fernet.generate_key().decode())
    Vault(world.database, key=key, clock=world.clock).put("c", [(PiiType.NOM, "Kervella")])
    world.fake_clock.advance(minutes=29)
    assert retention.enforce().originals == 0
    world.fake_clock.advance(minutes=1)
    assert retention.report().originals == retention.enforce().originals == 1
    assert world.count("vault_entries") == 0


def test_one_time_links_go_a_month_after_their_end(world: World, retention: Retention) -> None:
    with world.database.unit_of_work() as session:
        session.add(
            OneTimeToken(digest="d", purpose="reset", aidant_id=world.actor.aidant, expires_at=world.clock.now())
        )
    world.fake_clock.advance(days=29, hours=23)
    assert retention.enforce().tokens == 0
    world.fake_clock.advance(hours=1)
    assert retention.report().tokens == retention.enforce().tokens == 1


# --- conversations


def test_a_silent_conversation_goes_with_all_that_it_held(world: World, retention: Retention, rasa: Path) -> None:
    silent = conversation(world, world.actor)
    remember(rasa, silent, world.clock.now())
    world.fake_clock.advance(days=DAYS - 1)
    assert retention.enforce().conversations == 0
    talking = conversation(world, world.stranger)
    remember(rasa, talking, world.clock.now())
    world.fake_clock.advance(days=1)
    assert retention.report().conversations == 1
    assert retention.enforce().conversations == 1
    for model in (*OF_A_CONVERSATION, Conversation):
        column = "id" if model is Conversation else "conversation_id"
        with world.database.engine.connect() as connection:
            left = connection.execute(text(f"SELECT {column} FROM {model.__tablename__}")).scalars().all()
        assert set(left) <= {talking}, model
    assert remembered(rasa) == [talking]
    assert retention.enforce().conversations == 0


def test_a_conversation_that_prepared_a_mandate_is_emptied_and_kept(world: World, retention: Retention) -> None:
    here = conversation(world, world.actor)
    world.seal(actor=Actor(world.actor.aidant, world.actor.organisation, here))
    world.fake_clock.advance(days=DAYS)
    assert retention.report().conversations == retention.enforce().conversations == 1
    assert world.scalar("SELECT id FROM conversations") == here
    assert world.count("message_log") == world.count("linked_conversations") == 0
    assert retention.report().conversations == retention.enforce().conversations == 0


def test_a_word_of_ours_counts_as_a_message(world: World, retention: Retention) -> None:
    here = conversation(world, world.actor)
    world.fake_clock.advance(days=DAYS - 2)
    with world.database.unit_of_work() as session:
        session.add(OutboxEntry(conversation_id=here, seq=2, reply={"text": "rappel"}, created_at=world.clock.now()))
    world.fake_clock.advance(days=2)
    assert retention.enforce().conversations == 0
    assert world.scalar("SELECT reply FROM outbox") == '{"text": "rappel"}'
    assert world.count("linked_conversations") == 1


def test_old_messages_go_from_conversations_that_go_on(world: World, retention: Retention, rasa: Path) -> None:
    here, since = conversation(world, world.actor), world.clock.now()
    remember(rasa, here, since)
    world.fake_clock.advance(days=DAYS, seconds=1)
    world.sql("UPDATE conversations SET last_at = :now", now=world.clock.now().replace(tzinfo=None))
    remember(rasa, here, world.clock.now())
    report = retention.enforce()
    assert (report.conversations, report.messages, report.events) == (0, 3, 1)
    assert world.count("message_log") == world.count("outbox") == world.count("kept_messages") == 0
    assert world.count("linked_conversations") == world.count("conversations") == 1
    assert remembered(rasa) == [here]


def test_a_conversation_held_by_something_unknown_waits_and_holds_nobody_back(
    world: World, retention: Retention
) -> None:
    held, free = conversation(world), conversation(world)
    world.sql("CREATE TABLE elsewhere (c VARCHAR(32) REFERENCES conversations (id))")
    world.sql("INSERT INTO elsewhere VALUES (:held)", held=held)
    world.fake_clock.advance(days=DAYS)
    assert retention.enforce().conversations == 1
    assert world.scalar("SELECT id FROM conversations") == held
    assert free != held


def test_without_the_memory_of_the_dialogue_conversations_wait_and_the_rest_goes(world: World, tmp_path: Path) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"no database at all, but long enough to be taken for one" * 20)
    conversation(world)
    world.page()
    world.fake_clock.advance(days=DAYS)
    report = retention_of(world, broken).enforce()
    assert (report.events, report.conversations, report.drafts) == (None, 0, 1)
    assert retention_of(world, tmp_path / "absent.db").enforce().conversations == 1
    assert not (tmp_path / "absent.db").exists()


def test_every_table_that_hangs_on_a_conversation_is_forgotten_with_it() -> None:
    for module in walk_packages(bot.__path__, "bot."):
        if module.name.endswith(".models"):
            import_module(module.name)
    hanging = {
        table.name
        for table in Base.metadata.tables.values()
        if any(key.column.table.name == "conversations" for key in table.foreign_keys)
    }
    assert len(hanging) > 5, "this test checks nothing"
    assert hanging <= {model.__tablename__ for model in OF_A_CONVERSATION}


# --- the run itself


def test_each_run_is_journalled_with_counts_only(world: World, retention: Retention) -> None:
    assert retention.last_run() is None
    world.page()
    world.fake_clock.advance(days=1)
    retention.report()
    assert retention.last_run() is None
    retention.enforce()
    (entry,) = world.journal.entries(SYSTEM)
    assert entry.action == Action.PURGE
    assert entry.details == {
        "usagers": 0,
        "drafts": 1,
        "originals": 0,
        "tokens": 0,
        "messages": 0,
        "conversations": 0,
        "events": 0,
    }
    assert retention.last_run() == world.clock.now()


def test_a_new_base_has_nothing_to_delete(world: World, retention: Retention) -> None:
    world.seal()
    assert astuple(retention.report()) == astuple(Report())


def test_it_runs_on_postgresql_too(rasa: Path) -> None:
    with postgresql_url() as url:
        database = Database.at(url)
        world = assemble(database)
        here = conversation(world, world.actor)
        mandat = world.seal(actor=Actor(world.actor.aidant, world.actor.organisation, here), signature=DRAWN)
        conversation(world)
        world.page()
        world.fake_clock.advance(days=365 * (YEARS + 2))
        retention = retention_of(world, rasa)
        expected = retention.report()
        assert (expected.usagers, expected.drafts, expected.conversations) == (1, 1, 2)
        report = retention.enforce()
        assert (report.usagers, report.drafts, report.conversations) == (1, 1, 2)
        assert world.register.mandat(world.actor, mandat.id).usager is None
        assert world.journal.verify(world.actor.organisation).broken is None
        database.close()


# --- erasure on request


@pytest.fixture
def erasure(world: World) -> Erasure:
    return Erasure(world.database, world.journal, world.usagers, world.clock)


def test_a_request_revokes_what_is_in_force_then_erases(world: World, erasure: Erasure) -> None:
    ended = world.seal(duration=Duration.SHORT)
    world.fake_clock.advance(days=2)
    active = world.seal(signature=DRAWN)
    found = erasure.of_reference(active.reference)
    assert found.references == (ended.reference, active.reference)
    assert found.active == (active.reference,)
    assert found.erased_at is None
    assert erasure.erase(found.usager) is True
    view = world.register.mandat(world.actor, active.id)
    assert (view.status, view.usager, view.revoked_at) == (Status.REVOKED, None, world.clock.now())
    assert world.register.mandat(world.actor, ended.id).status is Status.EXPIRED
    assert world.verification.check(active.public_token).verdict == "revoked"
    actions = [entry.action for entry in world.journalled() if entry.aidant is None]
    assert actions == [Action.CANCEL_AUTORISATION] * 2 + [Action.CANCEL_MANDAT, Action.ERASE_USAGER]
    assert world.journal.verify(world.actor.organisation).broken is None


def test_a_person_is_erased_once(world: World, erasure: Erasure) -> None:
    usager = world.seal().usager_id
    assert [erasure.erase(usager), erasure.erase(usager)] == [True, False]
    assert erasure.of_id(usager).erased_at == world.clock.now()


def test_erasing_closes_the_renewal_that_was_being_prepared(world: World, erasure: Erasure) -> None:
    mandat = world.seal()
    page = world.page(renews=mandat.id)
    erasure.erase(mandat.usager_id)
    with pytest.raises(LinkRefused):
        world.drafts.of_page(page)


def test_erasing_one_person_leaves_the_others(world: World, erasure: Erasure) -> None:
    other = world.seal(identity=ANATOLE)
    erasure.erase(world.seal().usager_id)
    assert world.register.mandat(world.actor, other.id).usager == ANATOLE
    assert world.register.mandats(world.actor, name="kervella") == ()
    assert len(world.register.mandats(world.actor, name="le bihan")) == 1


def test_the_official_number_goes_with_the_person(world: World, erasure: Erasure) -> None:
    mandat = world.seal()
    world.register.attach_official_number(world.actor, mandat.id, "424242")
    erasure.erase(mandat.usager_id)
    assert world.register.mandat(world.actor, mandat.id).official_number is None


@pytest.mark.parametrize("ask", [lambda e: e.of_id("x"), lambda e: e.of_reference("M-1"), lambda e: e.erase("x")])
def test_someone_unknown_cannot_be_erased(erasure: Erasure, ask: Any) -> None:
    with pytest.raises(UnknownUsager):
        ask(erasure)


# --- rotation of the master keys


def test_after_a_rotation_the_former_master_key_can_be_taken_away(database: Database) -> None:
    world = assemble(database, masters=ring("m1"))
    people = (world.actor, world.stranger)
    mandat = world.seal(signature=DRAWN)
    old = usager_row(world, mandat).key_wrapped
    both = assemble(database, masters=ring("m2", "m1"), people=people)
    recent = both.seal(identity=ANATOLE)
    rotated = Rotation(database, both.journal, both.usagers).rotate()
    assert (rotated.rewrapped, rotated.in_use) == (1, ("m2",))
    entry = both.journal.entries(SYSTEM)[0]
    assert (entry.action, entry.details) == (Action.ROTATE_KEYS, {"rewrapped": 1, "masters": ["m2"]})
    alone = assemble(database, masters=ring("m2"), people=people)
    assert alone.register.mandat(alone.actor, mandat.id).usager == YOLANDE
    assert alone.register.mandat(alone.actor, recent.id).usager == ANATOLE
    assert alone.register.signature(alone.actor, mandat.id) == DRAWN.png
    assert Rotation(database, alone.journal, alone.usagers).rotate().rewrapped == 0
    assert old is not None
    assert old not in files(world)


def test_a_rotation_without_the_former_key_changes_nothing(database: Database) -> None:
    world = assemble(database, masters=ring("m1"))
    mandat = world.seal()
    without = assemble(database, masters=ring("m2"), people=(world.actor, world.stranger))
    with pytest.raises(Sealed):
        Rotation(database, without.journal, without.usagers).rotate()
    assert usager_row(world, mandat).key_master == "m1"
    assert world.journal.entries(SYSTEM) == ()


def test_a_rotation_leaves_the_erased_erased(database: Database) -> None:
    world = assemble(database, masters=ring("m1"))
    usager = world.seal(identity=Identity("Ferrec", "Aziliz", date(1961, 3, 12))).usager_id
    Erasure(database, world.journal, world.usagers, world.clock).erase(usager)
    both = assemble(database, masters=ring("m2", "m1"), people=(world.actor, world.stranger))
    rotated = Rotation(database, both.journal, both.usagers).rotate()
    assert (rotated.rewrapped, rotated.in_use) == (0, ())
