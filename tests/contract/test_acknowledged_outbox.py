"""Late replies on the REST channel for clients that say what they received: none is lost, none is logged twice."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import func, select

from bot.channels.rest import CHANNEL, RestChannel
from bot.conversations.buttons import new_button_id
from bot.conversations.cipher import FernetCipher, fingerprint
from bot.conversations.doorstep import Doorstep
from bot.conversations.handing import fetch_unreceived
from bot.conversations.kept import KeptMessages
from bot.conversations.limits import SlidingWindow
from bot.conversations.messages import Button, Reply
from bot.conversations.models import LoggedMessage, OutboxEntry
from bot.conversations.outbox import AcknowledgedOutbox, post
from bot.conversations.places import Places
from bot.conversations.router import Router
from bot.conversations.store import ConversationStore
from bot.gateway.app import GatewayServices, create_app
from bot.storage.engine import Database
from tests.unit.conversations.fakes import FakeClock, FakeEngine, HidesDupont

OUTBOX = "/webhooks/rest/outbox"
KEY = SecretStr("clé")
RENEWAL = Reply("Le mandat finit bientôt.", (Button("Renouveler", "/renouveler_mandat"),), {"type": "reminder"})


class Line(httpx.AsyncBaseTransport):
    """Between a client and the gateway: while it is cut, the gateway answers and the answer never arrives."""

    def __init__(self, gateway: FastAPI) -> None:
        self._gateway = httpx.ASGITransport(gateway)
        self.cut = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._gateway.handle_async_request(request)
        if self.cut:
            raise httpx.ReadError("cut", request=request)
        return response


@dataclass
class Desk:
    """A gateway with its REST channel alone, and a client of it."""

    database: Database
    clock: FakeClock = field(default_factory=FakeClock)
    engine: FakeEngine = field(default_factory=FakeEngine)

    def __post_init__(self) -> None:
        cipher = FernetCipher(SecretStr(Fernet.generate_key().decode()))
        self.places, self.store = Places(self.database), ConversationStore(self.database)
        self.outbox = AcknowledgedOutbox(self.database, self.places, clock=self.clock)
        router = Router(
            places=self.places,
            store=self.store,
            doorstep=Doorstep(store=self.store, pseudonymiser=HidesDupont(), max_chars=2000),
            kept=KeptMessages(self.database, cipher=cipher),
            engine=self.engine,
            limiter=SlidingWindow(),
            clock=self.clock,
        )
        rest = RestChannel(router, token=SecretStr("jeton"), key=KEY, outbox=self.outbox)
        self.line = Line(self._gateway(rest))
        self.http = httpx.AsyncClient(
            transport=self.line, base_url="http://gateway", headers={"Authorization": "Bearer jeton"}
        )

    @staticmethod
    def _gateway(rest: RestChannel) -> FastAPI:
        async def close() -> None: ...

        return create_app(GatewayServices(rest=rest, checks=(), close=close))

    async def say(self, message: str, *, sender: str = "guichet-3") -> list[dict[str, Any]]:
        response = await self.http.post("/webhooks/rest/webhook", json={"sender": sender, "message": message})
        return self._replies(response)

    async def poll(self, *, sender: str = "guichet-3", **asked: float) -> list[dict[str, Any]]:
        return self._replies(await self.http.get(OUTBOX, params={"sender": sender, **asked}))

    async def poll_in_vain(self, **asked: float) -> None:
        """Asks, and is cut off before the answer arrives."""
        self.line.cut = True
        with pytest.raises(httpx.ReadError):
            await self.poll(**asked)
        self.line.cut = False

    def leave(self, *replies: Reply | str, sender: str = "guichet-3") -> None:
        """Puts late replies in the outbox, as a worker does."""
        conversation = self.conversation(sender)
        late = [Reply(one) if isinstance(one, str) else one for one in replies]
        with self.database.unit_of_work() as session:
            post(session, conversation, late, now=self.clock.now())

    def conversation(self, sender: str = "guichet-3") -> str:
        return self.places.open(CHANNEL, fingerprint(sender, key=KEY), now=self.clock.now()).conversation

    def logged(self) -> list[str]:
        """What people were told, in order."""
        query = select(LoggedMessage.text).where(LoggedMessage.direction == "out").order_by(LoggedMessage.id)
        with self.database.unit_of_work() as session:
            return list(session.scalars(query))

    def entries(self) -> int:
        """How many replies the outbox holds, handed over or not."""
        with self.database.unit_of_work() as session:
            return session.scalar(select(func.count()).select_from(OutboxEntry)) or 0

    @staticmethod
    def _replies(response: httpx.Response) -> list[dict[str, Any]]:
        assert response.status_code == 200, response.text
        replies: list[dict[str, Any]] = response.json()
        return replies


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    desk = Desk(database)
    async with desk.http:
        yield desk


def texts(replies: list[dict[str, Any]]) -> list[str]:
    return [reply["text"] for reply in replies]


async def test_what_was_lost_on_the_way_is_given_again_word_for_word(desk: Desk) -> None:
    desk.leave("Une réponse tardive.", RENEWAL)
    await desk.poll_in_vain(ack=0)
    first = await desk.poll(ack=0)
    assert texts(first) == ["Une réponse tardive.", RENEWAL.text]
    assert set(first[1]) == {"recipient_id", "text", "buttons", "custom", "id"}
    assert await desk.poll(ack=0) == first
    assert desk.logged() == ["Une réponse tardive.", RENEWAL.text]
    await desk.say(first[1]["buttons"][0]["payload"])
    assert desk.engine.texts == ["/renouveler_mandat"]


async def test_what_is_acknowledged_is_forgotten_with_all_that_came_before(desk: Desk) -> None:
    desk.leave("un", "deux", "trois")
    ids = [reply["id"] for reply in await desk.poll(ack=0)]
    assert ids == sorted(ids)
    assert texts(await desk.poll(ack=ids[1])) == ["trois"]
    assert texts(await desk.poll(ack=0)) == ["trois"], "a client that has forgotten all is not told all again"
    assert await desk.poll(ack=ids[2]) == []
    assert desk.entries() == 0
    desk.leave("quatre")
    assert texts(await desk.poll(ack=ids[2])) == ["quatre"]


async def test_what_comes_meanwhile_follows_what_was_not_acknowledged(desk: Desk) -> None:
    desk.leave("un")
    await desk.poll_in_vain(ack=0)
    await desk.say("bonjour")
    desk.leave("deux")
    replies = await desk.poll(ack=0)
    assert texts(replies) == ["un", "deux"]
    assert desk.logged() == ["un", "écho : bonjour", "deux"]
    assert await desk.poll(ack=replies[-1]["id"]) == []


async def test_a_client_that_never_acknowledges_gets_each_reply_once_as_ever(desk: Desk) -> None:
    desk.leave(RENEWAL)
    (reply,) = await desk.poll()
    assert set(reply) == {"recipient_id", "text", "buttons", "custom"}
    assert await desk.poll() == await desk.poll(ack=0) == []
    desk.leave("autre")
    assert texts(await desk.poll(ack=0)) == ["autre"]
    assert await desk.poll() == []


async def test_what_went_out_with_an_answer_is_not_given_again(desk: Desk) -> None:
    desk.leave("un")
    assert texts(await desk.say("bonjour")) == ["un", "écho : bonjour"]
    assert await desk.poll(ack=0) == []


async def test_nothing_is_forgotten_before_it_was_given_once(desk: Desk) -> None:
    desk.leave("un")
    assert texts(await desk.poll(ack=10**30)) == ["un"]
    assert await desk.poll(ack=10**30) == []


async def test_a_sender_acknowledges_for_itself_only(desk: Desk) -> None:
    for sender in ("guichet-3", "guichet-4"):
        desk.leave("un", sender=sender)
        assert texts(await desk.poll(sender=sender, ack=0)) == ["un"]
    assert await desk.poll(sender="guichet-3", ack=10**9) == []
    assert texts(await desk.poll(sender="guichet-4", ack=0)) == ["un"]
    assert await desk.poll(sender="inconnu", ack=0) == []


async def test_what_is_not_acknowledged_is_given_again_for_a_day(desk: Desk) -> None:
    desk.leave("un")
    given = await desk.poll(ack=0)
    desk.clock.advance(hours=23, minutes=59)
    desk.store.purge(now=desk.clock.now())
    assert await desk.poll(ack=0) == given
    desk.clock.advance(minutes=1)
    desk.store.purge(now=desk.clock.now())
    assert await desk.poll(ack=0) == []


async def test_a_long_poll_that_acknowledges_waits_for_the_next_reply(desk: Desk) -> None:
    desk.leave("un")
    (first,) = await desk.poll(ack=0)
    poll = asyncio.create_task(desk.poll(ack=first["id"], wait=10))
    await asyncio.sleep(0.1)
    desk.leave("deux")
    assert texts(await asyncio.wait_for(poll, timeout=3)) == ["deux"]


async def test_what_another_poll_is_taking_is_waited_for_and_given_too(desk: Desk) -> None:
    desk.leave("un")
    conversation = desk.conversation()
    with desk.database.unit_of_work() as session:
        fetch_unreceived(session, conversation, received=0, new_button=new_button_id, now=desk.clock.now())
        poll = asyncio.create_task(desk.poll(ack=0))
        await asyncio.sleep(0.3)
        assert not poll.done()
    assert texts(await poll) == desk.logged() == ["un"]


async def test_of_many_polls_at_once_each_gets_all_up_to_some_point(desk: Desk) -> None:
    desk.leave("0")

    async def leave() -> None:
        for number in range(1, 15):
            await asyncio.to_thread(desk.leave, str(number))

    async def polls() -> list[list[dict[str, Any]]]:
        return [await desk.poll(ack=0) for _ in range(10)]

    _, *seen = await asyncio.gather(leave(), *(polls() for _ in range(4)))
    whole = await desk.poll(ack=0)
    assert texts(whole) == desk.logged() == [str(number) for number in range(15)]
    for given in (replies for several in seen for replies in several):
        assert given == whole[: len(given)]


@pytest.mark.parametrize("ack", ["-1", "x", "", "1.5"])
async def test_an_acknowledgement_that_is_no_id_is_explained(desk: Desk, ack: str) -> None:
    desk.leave("un")
    response = await desk.http.get(OUTBOX, params={"sender": "guichet-3", "ack": ack})
    assert response.status_code == 422
    assert "« ack » n'est pas valable" in response.json()["detail"].replace("\u00a0", " ")
    assert texts(await desk.poll()) == ["un"]
