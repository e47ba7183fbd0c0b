"""Two of each process on PostgreSQL, Redis and RabbitMQ: one service, even when one of each is killed."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from bot.conversations.messages import Reply
from bot.conversations.models import Conversation, KeptMessage, LoggedMessage, OutboxEntry, Place
from bot.conversations.outbox import post
from bot.conversations.replies import KEPT
from bot.supervision.models import Turn
from tests.integration.cluster import Cluster, cluster
from tests.unit.web.client import Page

pytestmark = [pytest.mark.rasa, pytest.mark.corpus, pytest.mark.services]
OURS = {"client": "equipier"}
WHOLE_ANSWER = 60.0  # seconds; a busy machine starts slowly
BACK = 90.0  # seconds in which the service is whole again


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


def client(town: Cluster, address: str = "") -> httpx.AsyncClient:
    """One whose every request is a connection of its own, so that the balancer chooses again."""
    token = town.settings[0].rest_token.get_secret_value()
    return httpx.AsyncClient(
        base_url=address or town.balancers["gateway"].url,
        headers={"Authorization": f"Bearer {token}", "Connection": "close"},
        timeout=WHOLE_ANSWER,
        trust_env=False,
    )


async def say(http: httpx.AsyncClient, sender: str, message: str, **more: Any) -> list[dict[str, Any]]:
    response = await http.post("/webhooks/rest/webhook", json={"sender": sender, "message": message, **more})
    assert response.status_code == 200, response.text
    answer: list[dict[str, Any]] = response.json()
    return answer


def fiche_of(replies: list[dict[str, Any]]) -> str:
    return next(
        str(reply["custom"]["fiches"][0]["id"]) for reply in replies if (reply.get("custom") or {}).get("fiches")
    )


async def ready(http: httpx.AsyncClient) -> dict[str, bool]:
    checks = (await http.get("/readyz")).json()["checks"]
    return {name: check["ok"] for name, check in checks.items()}


async def test_every_gateway_says_that_all_is_there(town: Cluster) -> None:
    for address in town.gateways:
        async with client(town, address) as http:
            assert await ready(http) == dict.fromkeys(
                ("database", "rasa", "actions", "worker", "disk", "redis", "rabbitmq"), True
            )


async def test_a_conversation_keeps_its_thread_whichever_process_answers(town: Cluster) -> None:
    async with client(town, town.gateways[0]) as first, client(town, town.gateways[1]) as second:
        fiche = fiche_of(await say(first, "fil", "mon usager a perdu sa carte d'identité, il faut quoi ?"))
        for http, question in ((second, "et quels papiers il doit apporter ?"), (first, "ça lui coûtera combien ?")):
            assert fiche_of(await say(http, "fil", question)) == fiche
    rasas = town.balancers["rasa"].taken
    assert len(rasas) == 2, f"one Rasa has answered everything: {rasas}"


async def test_messages_sent_at_once_to_both_are_answered_one_after_the_other(town: Cluster) -> None:
    async with client(town, town.gateways[0]) as first, client(town, town.gateways[1]) as second:
        await say(first, "ordre", "bonjour")
        questions = [f"comment déclarer {n} enfants aux impôts ?" for n in range(2, 8)]
        await asyncio.gather(*(say((first, second)[n % 2], "ordre", question) for n, question in enumerate(questions)))
    with town.database.unit_of_work() as session:
        conversation = session.scalar(select(LoggedMessage.conversation_id).where(LoggedMessage.text == questions[0]))
        lines = session.execute(
            select(LoggedMessage.direction, LoggedMessage.text)
            .where(LoggedMessage.conversation_id == conversation)
            .order_by(LoggedMessage.id)
        ).all()
    asked = [n for n, line in enumerate(lines) if line.direction == "in"]
    assert sorted(lines[n].text for n in asked) == sorted(["bonjour", *questions])
    # Between two questions, the answer to the first of them.
    assert all(after - before > 1 for before, after in pairwise(asked)), lines
    assert lines[-1].direction == "out"


async def test_limits_are_counted_together(town: Cluster) -> None:
    statuses: Counter[int] = Counter()
    async with client(town) as http:
        for _ in range(34):
            statuses[(await http.get("/v/inconnu")).status_code] += 1
    assert statuses[429] == 4, statuses


async def test_what_is_said_here_is_seen_there_once(town: Cluster) -> None:
    here = await Page.open(town.gateways[0], OURS)
    token = (await here.next("equipier_session"))["token"]
    there = await Page.open(town.gateways[1], OURS | {"token": token})
    await there.next("equipier_session")
    assert (await here.call("user_uttered", {"message": "bonjour", "message_id": "m-00000001"}))["ok"]
    # The other page has no conversation yet: it finds it at its next event.
    assert (await there.call("user_uttered", {"message": "merci beaucoup", "message_id": "m-00000002"}))["ok"]
    await _until(lambda: _texts(here).count("merci beaucoup") == 1)
    lines = here.all("line")
    # An opinion given on one page shows on the other, by Redis.
    answer = next(line for line in lines if line["direction"] == "out")
    assert (await there.call("feedback", {"id": answer["id"], "rating": 1}))["ok"]
    await _until(lambda: any(line["id"] == answer["id"] and line["rating"] == 1 for line in here.all("line")))
    await _until(lambda: len({line["id"] for line in here.all("line")}) >= 4)
    shown = Counter(line["id"] for line in here.all("line") if line["rating"] is None)
    assert set(shown.values()) == {1}, here.told
    await here.close()
    await there.close()


async def test_a_late_reply_reaches_both_pages_once(town: Cluster) -> None:
    here = await Page.open(town.gateways[0], OURS)
    token = (await here.next("equipier_session"))["token"]
    assert (await here.call("user_uttered", {"message": "bonjour"}))["ok"]
    there = await Page.open(town.gateways[1], OURS | {"token": token})
    await there.next("equipier_session")
    with town.database.unit_of_work() as session:
        latest = session.scalar(select(func.max(Place.id)).where(Place.channel == "web"))
        place = session.get_one(Place, latest)
        post(session, place.conversation_id, [Reply("une réponse tardive")], now=_now(town))
    for page in (here, there):
        await _until(lambda page=page: "une réponse tardive" in _texts(page))
    await asyncio.sleep(2)  # long enough for a second copy
    for page in (here, there):
        assert _texts(page).count("une réponse tardive") == 1
        await page.close()
    with town.database.unit_of_work() as session:
        entries = select(OutboxEntry.delivered_at).where(OutboxEntry.conversation_id == place.conversation_id)
        assert all(session.scalars(entries))


async def test_one_of_each_is_killed_and_nothing_is_lost_nor_answered_twice(town: Cluster) -> None:
    questions = [f"comment refaire un passeport pour {n} enfants ?" for n in range(2, 26)]
    direct: dict[int, list[dict[str, Any]]] = {}
    speaking, asking = asyncio.Event(), 0
    speaking.set()

    async def person(number: int) -> None:
        """Asks one thing after the other; a message whose answer did not come is sent again, under the same id."""
        nonlocal asking
        async with client(town) as http:
            for n in range(number, len(questions), 4):
                await speaking.wait()
                asking += 1
                direct[n] = await _say_until_heard(http, f"guichet-{number}", questions[n], f"envoi-{n}")
                asking -= 1

    talk = asyncio.gather(*(person(number) for number in range(4)))
    town.kill("worker")
    await _until(lambda: len(direct) >= 4)
    town.kill("rasa")
    await _until(lambda: len(direct) >= 8)
    town.kill("actions")
    await _until(lambda: len(direct) >= 12)
    # Between two messages: what a gateway was answering can be sent again, but only after a minute (tests/faults).
    speaking.clear()
    await _until(lambda: not asking)
    town.kill("gateway")
    speaking.set()
    await talk
    assert len(direct) == len(questions)
    kept = sorted(n for n, replies in direct.items() if any(reply["text"] == KEPT for reply in replies))
    await _until(lambda: not _waiting(town), BACK)
    async with client(town) as http:
        for number in range(4):  # what waited is handed over, and logged
            assert (await http.get("/webhooks/rest/outbox", params={"sender": f"guichet-{number}"})).status_code == 200
        states = await ready(http)
    with town.database.unit_of_work() as session:
        asked_here = select(LoggedMessage.conversation_id).where(LoggedMessage.text.in_(questions))
        lines = session.execute(
            select(LoggedMessage.direction, LoggedMessage.text).where(LoggedMessage.conversation_id.in_(asked_here))
        ).all()
        states_of_kept = Counter(
            session.scalars(select(KeptMessage.state).where(KeptMessage.conversation_id.in_(asked_here)))
        )
    assert Counter(line.text for line in lines if line.direction == "in") == dict.fromkeys(questions, 1)
    assert states_of_kept == ({"answered": len(kept)} if kept else {}), (kept, states_of_kept)
    assert sum(line.text.startswith("Réponse à votre message") for line in lines) == len(kept)
    assert states == dict.fromkeys(("database", "rasa", "actions", "worker", "disk", "redis", "rabbitmq"), True)

    # The review has each of them once, by the worker that is left.
    def reviewed() -> Counter[str]:
        with town.database.unit_of_work() as session:
            return Counter(session.scalars(select(Turn.text).where(Turn.text.in_(questions))))

    await _until(lambda: set(reviewed()) == set(questions), BACK)
    # A Rasa that dies between what it tells the review and what it answers is asked again: it has heard twice.
    doubled = {text for text, times in reviewed().items() if times > 1}
    assert doubled <= {questions[n] for n in kept}, doubled


async def test_without_redis_everyone_is_answered_and_told_nothing_of_it(town: Cluster) -> None:
    town.redis.kill()
    async with client(town) as http:
        for number in range(3):
            replies = await say(http, f"sans-redis-{number}", "mon usager a perdu son passeport, il faut quoi ?")
            assert fiche_of(replies)
        shown = await http.get("/readyz")
        assert (shown.status_code, shown.json()["status"]) == (200, "dégradé")
        assert not shown.json()["checks"]["redis"]["ok"]
        town.redis.start()
        assert (await ready(http))["redis"]
        assert fiche_of(await say(http, "sans-redis-0", "et ça coûte combien ?"))


async def _say_until_heard(http: httpx.AsyncClient, sender: str, text: str, message_id: str) -> list[dict[str, Any]]:
    deadline = time.monotonic() + BACK
    while True:
        try:
            return await say(http, sender, text, message_id=message_id)
        except httpx.TransportError:  # the gateway is gone in the middle of it
            assert time.monotonic() < deadline
            await asyncio.sleep(0.2)


def _waiting(town: Cluster) -> int:
    query = select(func.count()).select_from(KeptMessage).where(KeptMessage.state == "waiting")
    with town.database.unit_of_work() as session:
        return session.scalar(query) or 0


def _texts(page: Page) -> list[str]:
    return [line["text"] for line in page.all("line")]


def _now(town: Cluster) -> Any:
    with town.database.unit_of_work() as session:
        return session.scalar(select(func.max(Conversation.last_at)))


async def _until(condition: Any, within: float = WHOLE_ANSWER) -> None:
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.1)
