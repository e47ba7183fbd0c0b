"""A clock that jumps: what waits is late by no more than usual, and nothing is done twice."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.chores import Chore, Chores
from bot.conversations.cipher import FernetCipher
from bot.conversations.places import Places
from bot.conversations.replies import KEPT
from bot.conversations.store import ConversationStore
from bot.storage.engine import Database
from bot.storage.leases import Leases
from tests.integration.test_rest_channel import OUTBOX, Site, running, settings_in
from tests.unit.conversations.fakes import FakeClock
from tests.unit.mandats.databases import sqlite_url

JUMPS = [timedelta(hours=-1), timedelta(days=-1), timedelta(minutes=-3), timedelta(hours=1)]
jumps = pytest.mark.parametrize("jump", JUMPS, ids=str)


async def late(site: Site) -> list[str]:
    answer = await site.http.get(OUTBOX, params={"sender": "guichet-3"})
    return [reply["text"] for reply in answer.json()]


@jumps
async def test_a_kept_message_is_answered_once(tmp_path: Path, jump: timedelta) -> None:
    async with running(settings_in(tmp_path)) as site:
        site.rasa.down = True
        assert (await site.say("quel papier pour le RSA"))[0]["text"] == KEPT
        await site.work()
        site.rasa.down = False
        site.clock.instant += jump
        site.clock.advance(seconds=60)
        for _ in range(3):
            await site.work()
        heading, answer = await late(site)
        assert heading.startswith("Réponse à votre message")
        assert answer.endswith("quel papier pour le RSA")
        assert await late(site) == []


@jumps
async def test_people_are_answered_as_before(tmp_path: Path, jump: timedelta) -> None:
    async with running(settings_in(tmp_path)) as site:
        before = await site.say("bonjour", message_id="1")
        site.clock.instant += jump
        assert await site.say("bonjour", message_id="1") == before  # an answer is remembered, whatever the hour
        (button,) = before[0]["buttons"]
        assert (await site.say(button["payload"]))[0]["text"] == "écho : /demander_cout"
        assert len(site.rasa.asked) == 2


@jumps
def test_a_message_left_by_a_process_that_died_is_taken_over(tmp_path: Path, jump: timedelta) -> None:
    database, clock = Database.at(sqlite_url(tmp_path)), FakeClock()
    store = ConversationStore(database)
    conversation = _conversation(database, clock)
    assert store.claim(conversation, "1", now=clock.now())
    clock.instant += jump
    assert store.claim(conversation, "1", now=clock.now() + timedelta(seconds=61))
    assert not store.claim(conversation, "1", now=clock.now() + timedelta(seconds=61))
    database.close()


@jumps
def test_chores_go_on(tmp_path: Path, jump: timedelta) -> None:
    clock, done = FakeClock(), []
    chores = Chores([Chore("essai", timedelta(minutes=10), lambda: done.append(clock.now()))], clock)
    chores.round()
    chores.round()
    assert len(done) == 1
    clock.instant += jump
    clock.advance(minutes=13)
    chores.round()
    chores.round()
    assert len(done) == 2


@jumps
def test_a_lease_of_the_future_holds_nobody_back(tmp_path: Path, jump: timedelta) -> None:
    database, clock = Database.at(sqlite_url(tmp_path)), FakeClock()
    dead, alive = Leases(database), Leases(database)
    assert dead.take("retention", timedelta(minutes=1), now=clock.now())
    clock.instant += jump
    clock.advance(minutes=1)
    assert alive.take("retention", timedelta(minutes=1), now=clock.now())
    assert not dead.take("retention", timedelta(minutes=1), now=clock.now())
    database.close()


def _conversation(database: Database, clock: FakeClock) -> str:
    cipher = FernetCipher(SecretStr(Fernet.generate_key().decode()))
    return Places(database, cipher=cipher).open("rest", "aidante", now=clock.now()).conversation
