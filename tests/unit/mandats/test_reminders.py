from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from bot.aidants.models import LinkedConversation
from bot.conversations.models import Conversation, OutboxEntry
from bot.journal.actions import Action
from bot.mandats.models import Reminder
from bot.mandats.reminders import Reminders
from bot.mandats.rules import Duration
from bot.mandats.views import Actor, MandatView
from bot.storage.engine import Database
from tests.unit.mandats.databases import postgresql_url, sqlite_url
from tests.unit.mandats.world import YOLANDE, World, assemble, ring


@pytest.fixture
def reminders(world: World) -> Reminders:
    return Reminders(world.database, world.journal, world.usagers, world.clock)


def conversation(world: World, actor: Actor | None = None, *, name: str = "") -> str:
    """A new conversation, tied to *actor* when there is one."""
    new = name or uuid4().hex
    now = world.clock.now()
    with world.database.unit_of_work() as session:
        session.add(Conversation(id=new, channel="rest", external_id=new, created_at=now, last_at=now))
        session.flush()
        if actor:
            session.add(LinkedConversation(conversation_id=new, aidant_id=actor.aidant, linked_at=now))
    return new


def told(world: World) -> list[tuple[str, dict[str, Any]]]:
    """(conversation, reply) of everything in the outbox, in order."""
    with world.database.unit_of_work() as session:
        rows = session.scalars(select(OutboxEntry).order_by(OutboxEntry.id)).all()
        return [(row.conversation_id, row.reply) for row in rows]


def seal_in(world: World, conversation: str | None, *, duration: Duration = Duration.LONG) -> MandatView:
    actor = Actor(world.actor.aidant, world.actor.organisation, conversation)
    return world.seal(actor=actor, duration=duration)


def days_told(world: World) -> list[int]:
    with world.database.unit_of_work() as session:
        return list(session.scalars(select(Reminder.days).order_by(Reminder.sent_at, Reminder.days.desc())))


@pytest.mark.parametrize(
    ("duration", "days"),
    [
        (Duration.SHORT, []),
        (Duration.MONTH, [7, 1]),
        (Duration.SEMESTER, [30, 7, 1]),
        (Duration.LONG, [30, 7, 1]),
    ],
)
def test_each_reminder_is_sent_once_on_its_day(
    world: World, reminders: Reminders, duration: Duration, days: list[int]
) -> None:
    mandat = seal_in(world, conversation(world, world.actor), duration=duration)
    world.fake_clock.instant = mandat.expires_at - timedelta(days=min(32, duration.days))
    while world.clock.now() < mandat.expires_at + timedelta(days=2):
        before = len(days_told(world))
        sent = reminders.send_due()
        assert sent == len(days_told(world)) - before
        if sent:
            left = mandat.expires_at - world.clock.now()
            assert left <= timedelta(days=days_told(world)[-1]) < left + timedelta(hours=6)
        assert reminders.send_due() == 0
        world.fake_clock.advance(hours=6)
    assert days_told(world) == days
    assert len(told(world)) == len(days)


def test_the_reminder_names_the_mandate_and_never_the_person(world: World, reminders: Reminders) -> None:
    here = conversation(world, world.actor)
    mandat = seal_in(world, here)
    world.fake_clock.instant = mandat.expires_at - timedelta(days=7)
    reminders.send_due()
    ((to, reply),) = told(world)
    assert to == here
    assert mandat.reference in reply["text"]
    assert "dans 7 jours" in reply["text"]
    assert reply["buttons"][0]["payload"] == f'/renouveler_mandat{{"reference": "{mandat.reference}"}}'
    assert YOLANDE.family_name not in str(reply)


def test_it_is_journalled_in_the_chain_of_the_organisation(world: World, reminders: Reminders) -> None:
    mandat = seal_in(world, conversation(world, world.actor))
    world.fake_clock.instant = mandat.expires_at - timedelta(days=30)
    reminders.send_due()
    entry = world.last_entry()
    assert entry.action == Action.SEND_REMINDER
    assert (entry.aidant, entry.mandat, entry.usager) == (None, mandat.id, mandat.usager_id)
    assert entry.details == {"days": 30, "conversations": 1}
    assert world.journal.verify(world.actor.organisation).broken is None


def test_after_weeks_without_service_only_one_is_sent(world: World, reminders: Reminders) -> None:
    mandat = seal_in(world, conversation(world, world.actor))
    world.fake_clock.instant = mandat.expires_at - timedelta(days=4)
    assert [reminders.send_due(), reminders.send_due()] == [1, 0]
    assert days_told(world) == [7]
    assert "dans 4 jours" in told(world)[0][1]["text"]


def test_a_mandate_that_is_over_or_revoked_is_not_told(world: World, reminders: Reminders) -> None:
    revoked = seal_in(world, conversation(world, world.actor))
    world.register.revoke(world.actor, revoked.id)
    world.fake_clock.instant = revoked.expires_at - timedelta(days=7)
    assert reminders.send_due() == 0
    ended = seal_in(world, conversation(world, world.actor))
    world.fake_clock.instant = ended.expires_at
    assert reminders.send_due() == 0


def test_a_conversation_tied_to_nobody_any_more_gives_way_to_those_of_the_organisation(
    world: World, reminders: Reminders
) -> None:
    colleague = world.aidant(world.actor.organisation)
    mandat = seal_in(world, conversation(world))
    others = {conversation(world, colleague), conversation(world, world.actor)}
    conversation(world, world.stranger)
    world.fake_clock.instant = mandat.expires_at - timedelta(days=7)
    assert reminders.send_due() == 1
    assert sorted(to for to, _ in told(world)) == sorted(others)
    assert world.last_entry().details == {"days": 7, "conversations": 2}


@pytest.mark.parametrize("gone", ["left", "deactivated"])
def test_someone_who_is_gone_is_told_nothing(world: World, reminders: Reminders, gone: str) -> None:
    mandat = seal_in(world, conversation(world, world.actor))
    here = conversation(world, world.aidant(world.actor.organisation))
    if gone == "left":
        world.leave(world.actor)
    else:
        world.sql("UPDATE aidants SET active = false WHERE id = :id", id=world.actor.aidant)
    world.fake_clock.instant = mandat.expires_at - timedelta(days=7)
    assert reminders.send_due() == 1
    assert [to for to, _ in told(world)] == [here]


def test_without_anyone_to_tell_it_stays_due(world: World, reminders: Reminders) -> None:
    mandat = seal_in(world, None)
    world.fake_clock.instant = mandat.expires_at - timedelta(days=7)
    assert reminders.send_due() == 0
    assert days_told(world) == []
    conversation(world, world.actor)
    assert reminders.send_due() == 1


def test_a_mandate_that_cannot_be_read_holds_nobody_back(world: World, reminders: Reminders) -> None:
    here = conversation(world, world.actor)
    unreadable = seal_in(world, here)
    world.sql("UPDATE usagers SET key_master = 'lost'")
    world.fake_clock.advance(minutes=5)
    elsewhere = conversation(world, world.stranger)
    readable = world.seal(actor=Actor(world.stranger.aidant, world.stranger.organisation, elsewhere))
    world.fake_clock.instant = unreadable.expires_at - timedelta(days=7)
    assert reminders.send_due() == 1
    assert [to for to, _ in told(world)] == [elsewhere]
    assert readable.reference in told(world)[0][1]["text"]


def test_nothing_is_kept_of_a_reminder_that_could_not_be_posted(world: World, reminders: Reminders) -> None:
    mandat = seal_in(world, conversation(world, world.actor))
    world.fake_clock.instant = mandat.expires_at - timedelta(days=7)
    world.sql("CREATE TRIGGER no_outbox BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'full'); END")
    assert reminders.send_due() == 0
    assert days_told(world) == []
    world.sql("DROP TRIGGER no_outbox")
    assert reminders.send_due() == 1


@pytest.fixture(params=["sqlite", "postgresql"])
def shared_url(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[str]:
    if request.param == "sqlite":
        yield sqlite_url(tmp_path)
    else:
        with postgresql_url() as url:
            yield url


def test_two_workers_at_once_send_it_once(shared_url: str) -> None:
    databases = [Database.at(shared_url) for _ in range(4)]
    first = assemble(databases[0])
    people = (first.actor, first.stranger)
    mandats = [seal_in(first, conversation(first, first.actor)) for _ in range(3)]
    first.fake_clock.instant = mandats[0].expires_at - timedelta(days=7)
    worlds = [assemble(database, clock=first.clock, people=people, masters=ring("master")) for database in databases]
    workers = [Reminders(world.database, world.journal, world.usagers, world.clock) for world in worlds]
    with ThreadPoolExecutor(len(workers)) as pool:
        sent = sum(pool.map(lambda worker: worker.send_due(), workers))
    # Three seals of one person replace each other: only the last mandate is still in force.
    assert sent == 1
    assert len(told(first)) == 1
    assert days_told(first) == [7]
    assert first.journal.verify(first.actor.organisation).broken is None
    for database in databases:
        database.close()
