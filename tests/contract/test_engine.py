"""What the router and the worker rely on, asked of the real client of Rasa and of the fake that tests use."""

import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from bot.conversations.engine import Engine, RasaEngine
from bot.conversations.messages import Button, Reply
from bot.errors import EngineUnavailable
from tests.unit.conversations.fakes import FakeEngine


@dataclass
class RasaLike:
    """A server that speaks Rasa's REST channel."""

    url: str = ""
    status: int = 200
    body: bytes = b"[]"
    delay: float = 0.0
    received: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def says(self, *items: dict[str, Any]) -> None:
        self.body = json.dumps([{"recipient_id": "c1", **item} for item in items]).encode()


@pytest.fixture
def rasa() -> Iterator[RasaLike]:
    state = RasaLike()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.received.append((self.path, json.loads(body)))
            time.sleep(state.delay)
            self.send_response(state.status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(state.body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield state
    server.shutdown()
    server.server_close()


@pytest.fixture
async def rasa_engine(rasa: RasaLike) -> AsyncIterator[RasaEngine]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield RasaEngine(client, url=rasa.url, timeout=0.3)


@dataclass
class Rig:
    """An engine, and the hand on what stands behind it."""

    engine: Engine
    rasa: RasaLike | None = None

    def will_say(self, *replies: Reply) -> None:
        if self.rasa:
            self.rasa.says(*(reply.as_json() for reply in replies))
        else:
            assert isinstance(self.engine, FakeEngine)
            self.engine.replies["bonjour"] = replies

    def break_down(self) -> None:
        if self.rasa:
            self.rasa.status = 500
        else:
            assert isinstance(self.engine, FakeEngine)
            self.engine.down = True


@pytest.fixture(params=["rasa", "fake"])
def rig(request: pytest.FixtureRequest, rasa: RasaLike, rasa_engine: RasaEngine) -> Rig:
    return Rig(rasa_engine, rasa) if request.param == "rasa" else Rig(FakeEngine())


async def test_replies_come_back_in_order_with_commands_in_their_buttons(rig: Rig) -> None:
    said = (Reply("un", (Button("Coût", '/demander_cout{"fiche": "F1"}'),), {"type": "guidance"}), Reply("deux"))
    rig.will_say(*said)
    assert await rig.engine.ask("c1", "bonjour") == said


async def test_no_reply_at_all_is_a_failure(rig: Rig) -> None:
    rig.will_say()
    with pytest.raises(EngineUnavailable):
        await rig.engine.ask("c1", "bonjour")


async def test_an_engine_that_is_down_is_said_to_be_unavailable(rig: Rig) -> None:
    rig.will_say(Reply("bonjour"))
    rig.break_down()
    with pytest.raises(EngineUnavailable):
        await rig.engine.ask("c1", "bonjour")


async def test_rasa_gets_sender_message_and_metadata(rasa: RasaLike, rasa_engine: RasaEngine) -> None:
    rasa.says({"text": "Bonjour !"})
    await rasa_engine.ask("c1", "où ça ?", metadata={"channel": "rest"})
    assert rasa.received == [
        ("/webhooks/rest/webhook", {"sender": "c1", "message": "où ça ?", "metadata": {"channel": "rest"}})
    ]


async def test_the_custom_part_that_rasa_sends_apart_joins_its_text(rasa: RasaLike, rasa_engine: RasaEngine) -> None:
    rasa.says({"text": "un"}, {"custom": {"n": 1}}, {"text": "deux"}, {"custom": {"n": 2}}, {"custom": {"n": 3}})
    assert await rasa_engine.ask("c1", "x") == (
        Reply("un", custom={"n": 1}),
        Reply("deux", custom={"n": 2}),
        Reply(custom={"n": 3}),
    )


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (503, b"{}"),
        (404, b"[]"),
        (200, b"<html>"),
        (200, b"\xff\xfe"),
        (200, b'{"status": "failure"}'),
        (200, b'["texte"]'),
        (200, b'[{"buttons": [{"title": "sans commande"}]}]'),
        (200, b'[{"recipient_id": "c1"}]'),
        (200, b"null"),
    ],
)
async def test_an_answer_that_makes_no_sense_is_a_failure(
    rasa: RasaLike, rasa_engine: RasaEngine, status: int, body: bytes
) -> None:
    rasa.status, rasa.body = status, body
    with pytest.raises(EngineUnavailable):
        await rasa_engine.ask("c1", "bonjour")


async def test_an_answer_that_is_too_slow_is_a_failure(rasa: RasaLike, rasa_engine: RasaEngine) -> None:
    rasa.delay = 0.6
    started = time.perf_counter()
    with pytest.raises(EngineUnavailable):
        await rasa_engine.ask("c1", "bonjour")
    assert time.perf_counter() - started < 0.55


async def test_an_answer_that_drips_is_a_failure_too(rasa_engine: RasaEngine) -> None:
    """The time is that of the whole answer, not that between two bytes."""

    class Dripping(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            import asyncio

            for _ in range(20):
                await asyncio.sleep(0.1)
                yield b" "

    async def drip(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=Dripping())

    async with httpx.AsyncClient(transport=httpx.MockTransport(drip)) as client:
        with pytest.raises(EngineUnavailable):
            await RasaEngine(client, url="http://rasa", timeout=0.3).ask("c1", "bonjour")


async def test_a_server_that_is_not_there_is_a_failure(rasa_engine: RasaEngine) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(EngineUnavailable):
            await RasaEngine(client, url="http://127.0.0.1:9", timeout=1).ask("c1", "bonjour")
