"""A process that is told to stop ends what it has begun, takes nothing more, and leaves nothing held."""

import asyncio
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from bot.clock import SystemClock
from bot.conversations.cipher import FernetCipher
from bot.conversations.kept import KeptMessages
from bot.conversations.models import KeptMessage
from bot.conversations.places import Places
from bot.conversations.replies import KEPT
from bot.storage.engine import Database
from tests.faults.rasa import Rasa, played_rasa
from tests.faults.stack import Stack, environment, stack, wait_for
from tests.unit.mandats.databases import sqlite_url
from tests.unit.web.client import Page

WEBHOOK = "/webhooks/rest/webhook"


@pytest.fixture(scope="module")
def rasa() -> Iterator[Rasa]:
    with played_rasa() as rasa:
        yield rasa


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, rasa: Rasa) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("draining")
    env = environment(
        folder, database_url=sqlite_url(folder), rasa_url=rasa.url, actions_url=rasa.url, engine_timeout="20"
    )
    with stack(folder, env, "gateway", "worker") as running:
        yield running


@pytest.fixture
def writer() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(max_workers=2) as pool:
        yield pool


def say(running: Stack, text: str, number: str) -> httpx.Response:
    token = running.settings.rest_token.get_secret_value()
    body = {"sender": "guichet-3", "message": text, "message_id": number}
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.post(running.url + WEBHOOK, json=body, headers=headers, trust_env=False, timeout=60)


def rows(running: Stack, table: type[Any]) -> list[Any]:
    database = Database.at(running.settings.sqlalchemy_url)
    with database.unit_of_work() as session:
        found = list(session.scalars(select(table)))
    database.close()
    return found


def back(running: Stack, name: str, rises: int) -> None:
    running.wait(lambda: running.rises(name) > rises, f"{name} to be back")


def test_a_gateway_answers_what_it_was_asked(running: Stack, rasa: Rasa, writer: ThreadPoolExecutor) -> None:
    rises = running.rises("gateway")
    rasa.hold()
    answer = writer.submit(say, running, "quel papier pour le RSA", "1")
    assert rasa.begun.wait(60)
    running.signal("gateway", signal.SIGTERM)
    wait_for(lambda: _refuses(running), "the gateway to take nothing more", every=0.02)
    rasa.go.set()
    assert [reply["text"] for reply in answer.result().json()] == ["réponse à quel papier pour le RSA"]
    back(running, "gateway", rises)
    assert say(running, "quel papier pour le RSA", "1").json() == answer.result().json()
    assert rasa.asked == ["quel papier pour le RSA"]


def test_what_takes_too_long_is_kept_and_said_so_and_a_worker_ends_what_it_asked(
    running: Stack, rasa: Rasa, writer: ThreadPoolExecutor
) -> None:
    """The supervisor does not wait for ever: what was not answered when the time is over is answered later."""
    rises, deaths = running.rises("gateway"), running.deaths("gateway")
    rasa.hold()
    writer.submit(say, running, "combien coûte un passeport", "2")
    assert rasa.begun.wait(60)
    running.signal("gateway", signal.SIGTERM)
    running.wait(lambda: running.deaths("gateway") > deaths, "the end of the gateway")
    (kept,) = rows(running, KeptMessage)
    assert kept.state == "waiting"
    # The worker asks again, and is told to stop meanwhile.
    wait_for(lambda: rasa.asked.count("combien coûte un passeport") == 2, "the worker to ask again")
    ends = running.deaths("worker")
    running.signal("worker", signal.SIGTERM)
    rasa.go.set()
    running.wait(lambda: running.deaths("worker") > ends, "the end of the worker")
    (kept,) = rows(running, KeptMessage)
    assert (kept.state, kept.lease_token, kept.lease_until) == ("answered", None, None)
    back(running, "gateway", rises)
    # Sent again by a channel that saw nothing come: the same promise, and the answer that was promised, once.
    assert [reply["text"] for reply in say(running, "combien coûte un passeport", "2").json()] == [KEPT]
    assert [text for text in late(running) if not text.startswith("Réponse à")] == [
        "réponse à combien coûte un passeport"
    ]
    assert late(running) == []
    assert rasa.asked.count("combien coûte un passeport") == 2


async def test_what_a_page_said_is_not_lost_either(running: Stack, rasa: Rasa) -> None:
    """Its socket is closed at once, and nobody waits for the answer: it is in the conversation when it is back."""
    rises, deaths = running.rises("gateway"), running.deaths("gateway")
    rasa.hold()
    page = await Page.open(running.url, {"client": "equipier"})
    token = (await page.next("equipier_session"))["token"]
    await page.emit("user_uttered", {"message": "quel âge pour un passeport", "message_id": "premier-message"})
    assert await asyncio.to_thread(rasa.begun.wait, 60), page.told
    running.signal("gateway", signal.SIGTERM)
    await asyncio.to_thread(running.wait, lambda: running.deaths("gateway") > deaths, "the end of the gateway")
    await page.close()
    rasa.go.set()
    await asyncio.to_thread(back, running, "gateway", rises)

    def answered() -> bool:
        return all(one.state == "answered" for one in rows(running, KeptMessage))

    await asyncio.to_thread(running.wait, answered, "the late answer")
    page = await Page.open(running.url, {"client": "equipier", "token": token})
    await page.next("equipier_session")
    lines = (await page.call("history", {"limit": 20}))["lines"]
    said = [line["text"] for line in lines]
    assert said.count("quel âge pour un passeport") == 1
    assert said.count("réponse à quel âge pour un passeport") == 1
    await page.close()


def test_a_worker_does_not_wait_for_ever_and_holds_nothing(running: Stack, rasa: Rasa) -> None:
    rasa.hold()
    database = Database.at(running.settings.sqlalchemy_url)
    key = running.settings.vault_key
    kept = KeptMessages(database, cipher=FernetCipher(key))
    place = Places(database, cipher=FernetCipher(key)).open("rest", "aidante", now=SystemClock().now())
    long_ago = SystemClock().now() - timedelta(minutes=1)
    kept.keep(place.conversation, "où refaire un passeport", excerpt="où…", received_at=long_ago, now=long_ago)
    wait_for(lambda: "où refaire un passeport" in rasa.asked, "the worker to ask")
    ends = running.deaths("worker")
    running.signal("worker", signal.SIGTERM)
    running.wait(lambda: running.deaths("worker") > ends, "the end of the worker")
    row = next(one for one in rows(running, KeptMessage) if one.state == "waiting")
    assert (row.lease_token, row.attempts) == (None, 0)
    rasa.go.set()
    running.wait(lambda: all(one.state == "answered" for one in rows(running, KeptMessage)), "the late answer")
    database.close()


def late(running: Stack) -> list[str]:
    """The late answers that are there."""
    token = running.settings.rest_token.get_secret_value()
    answer = running.client.get(
        "/webhooks/rest/outbox", params={"sender": "guichet-3"}, headers={"Authorization": f"Bearer {token}"}
    )
    return [reply["text"] for reply in answer.json()]


def _refuses(running: Stack) -> bool:
    try:
        httpx.get(f"{running.url}/healthz", trust_env=False, timeout=2)
    except httpx.HTTPError:
        return True
    return False
