"""Our server of the dialogue: Rasa's routes over the real model, with an action server in a few lines behind it."""

import json
import os
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import redis
from pydantic import SecretStr

from bot.conversations.engine import RasaEngine
from bot.conversations.messages import Button
from bot.errors import EngineUnavailable
from bot.settings import Settings, get_settings
from bot.setup.processes import process_spec
from bot.setup.rasa import rasa_command
from bot.setup.readiness import is_ready
from tests.bench.speed.processes import free_port
from tests.required import missing
from tests.unit.mandats.databases import postgresql_url

pytestmark = pytest.mark.rasa
START_UP = 300  # seconds
REDIS = os.environ.get("EQUIPIER_TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
SHORT = '/choisir_fiche{"fiche_id": "F1"}'  # what a button says: it needs no understanding


class Actions:
    """An action server that answers what it is asked, sets a slot, and says how many calls ran at once."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.status = 200
        self.answer: Any = None
        self.connections: set[Any] = set()
        self.pause = threading.Event()
        self.pause.set()
        self.started = threading.Semaphore(0)
        self.overlapped = False
        self._running: set[str] = set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                body = json.dumps(outer.run(call, self.client_address)).encode()
                self.send_response(outer.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def run(self, call: dict[str, Any], client: Any) -> Any:
        sender = call["sender_id"]
        self.overlapped = self.overlapped or sender in self._running
        self._running.add(sender)
        self.calls.append(call)
        self.connections.add(client)
        self.started.release()
        self.pause.wait(30)
        self._running.discard(sender)
        if self.answer is not None:
            return self.answer
        seen = (call["tracker"]["slots"].get("echecs") or 0) + 1
        text = call["tracker"]["latest_message"]["text"]
        button = {"title": "Coût", "payload": "/demander_cout"}
        return {
            "events": [{"event": "slot", "timestamp": None, "name": "echecs", "value": seen}],
            "responses": [{"text": f"{call['next_action']} : {text}", "buttons": [button], "custom": {"n": seen}}],
        }

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The trained model, in an installation of its own."""
    var = tmp_path_factory.mktemp("var")
    shutil.copytree(get_settings().model_dir, var / "models", symlinks=True)
    return Settings(var_dir=var)


@contextmanager
def serving(settings: Settings, log: Path, *, by_rasa: bool = False) -> Iterator[str]:
    """The address of a server that runs for the time of the block: ours, or Rasa's own over the same files."""
    spec = process_spec("rasa", settings, base=os.environ)
    if by_rasa:
        options = ("--enable-api", "--interface", "127.0.0.1", "--credentials", "credentials.yml")
        spec = replace(spec, argv=rasa_command("run", *options, *spec.argv[spec.argv.index("serving") + 1 :]))
    with log.open("wb") as output:
        process = subprocess.Popen(
            spec.argv, cwd=spec.folder, env=dict(spec.environment), stdout=output, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + START_UP
        while not is_ready(spec):
            assert process.poll() is None, log.read_text(errors="replace")[-2000:]
            assert time.monotonic() < deadline, log.read_text(errors="replace")[-2000:]
            time.sleep(0.2)
        yield settings.rasa_url
    finally:
        process.terminate()
        assert process.wait(timeout=20) is not None


@pytest.fixture(scope="module")
def actions() -> Iterator[Actions]:
    server = Actions()
    yield server
    server.close()


@pytest.fixture(scope="module")
def settings(installed: Settings, actions: Actions) -> Settings:
    return installed.model_copy(update={"rasa_url": f"http://127.0.0.1:{free_port()}", "actions_url": actions.url})


@pytest.fixture(scope="module")
def url(settings: Settings) -> Iterator[str]:
    with serving(settings, settings.var_dir / "rasa.log") as address:
        yield address


@pytest.fixture
def client(url: str, actions: Actions) -> Iterator[httpx.Client]:
    actions.status, actions.answer = 200, None
    actions.pause.set()
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
        yield http


def say(client: httpx.Client, sender: str, message: str) -> list[dict[str, Any]]:
    answer = client.post("/webhooks/rest/webhook", json={"sender": sender, "message": message})
    assert answer.status_code == 200, answer.text
    replies: list[dict[str, Any]] = answer.json()
    return replies


def kept(settings: Settings, sender: str) -> list[dict[str, Any]]:
    """The events of a conversation in the tracker store."""
    with closing(sqlite3.connect(settings.var_dir / "rasa.db")) as connection:
        rows = connection.execute("SELECT data FROM events WHERE sender_id = ? ORDER BY id", (sender,))
        return [json.loads(data) for (data,) in rows]


def told(settings: Settings, sender: str) -> list[dict[str, Any]]:
    """Those that were published for the review."""
    with closing(sqlite3.connect(settings.var_dir / "rasa_events.db")) as connection:
        rows = connection.execute("SELECT data FROM events WHERE sender_id = ? ORDER BY id", (sender,))
        return [json.loads(data) for (data,) in rows]


async def test_the_engine_of_the_gateway_gets_its_replies_and_foresees(url: str, actions: Actions) -> None:
    actions.status, actions.answer = 200, None
    sender = uuid4().hex
    async with httpx.AsyncClient(trust_env=False) as http:
        engine = RasaEngine(http, url=url, timeout=60)
        (reply,) = await engine.ask(sender, SHORT, metadata={"channel": "rest", "line": 7})
        foresight = await engine.foresee(sender, "ouvre un mandat pour mon usager")
    assert reply.text == f"action_choisir_fiche : {SHORT}"
    assert reply.buttons == (Button("Coût", "/demander_cout"),)
    assert reply.custom == {"n": 1}
    assert foresight.intent == "ouvrir_mandat"
    assert not foresight.acting
    call = actions.calls[-1]
    assert call["tracker"]["latest_message"]["metadata"] == {"channel": "rest", "line": 7}
    assert call["tracker"]["latest_message"]["entities"][0]["value"] == "F1"


def test_slots_stay_and_the_events_are_kept_and_published_once(
    client: httpx.Client, settings: Settings, actions: Actions
) -> None:
    sender = uuid4().hex
    for n in range(4):
        assert say(client, sender, SHORT)[-1]["custom"] == {"n": n + 1}
    state = client.get(f"/conversations/{sender}/tracker", params={"include_events": "NONE"}).json()
    assert state["slots"]["echecs"] == 4
    events = kept(settings, sender)
    assert [one["text"] for one in events if one["event"] == "user"] == [SHORT] * 4
    assert [one["name"] for one in events if one["event"] == "action"][:2] == ["action_session_start", "action_listen"]
    published = told(settings, sender)
    assert [{name: value for name, value in one.items() if name != "sender_id"} for one in published] == events
    assert len(actions.connections) == 1  # kept from one call to the next


@pytest.mark.parametrize(
    ("status", "answer"), [(500, {"error": "x"}), (200, []), (200, {"events": [1]}), (200, {"responses": "non"})]
)
def test_a_message_whose_action_fails_fails_and_leaves_no_trace(
    client: httpx.Client, settings: Settings, actions: Actions, status: int, answer: Any
) -> None:
    sender = uuid4().hex
    say(client, sender, SHORT)
    before = kept(settings, sender), told(settings, sender)
    actions.status, actions.answer = status, answer
    failed = client.post("/webhooks/rest/webhook", json={"sender": sender, "message": "/saluer"})
    assert failed.status_code == 500
    assert (kept(settings, sender), told(settings, sender)) == before
    actions.status, actions.answer = 200, None
    assert say(client, sender, "/saluer")[-1]["custom"] == {"n": 2}
    assert "/saluer" not in (settings.var_dir / "rasa.log").read_text()


def test_two_messages_of_one_conversation_wait_for_each_other_and_others_do_not(
    client: httpx.Client, actions: Actions
) -> None:
    one, other = uuid4().hex, uuid4().hex
    while actions.started.acquire(blocking=False):
        pass
    actions.pause.clear()
    actions.overlapped = False
    with ThreadPoolExecutor(4) as pool:
        first, second = (pool.submit(say, client, one, SHORT) for _ in range(2))
        third = pool.submit(say, client, other, SHORT)
        for _ in range(2):  # one of each conversation
            assert actions.started.acquire(timeout=30)
        assert not actions.started.acquire(timeout=0.3)
        actions.pause.set()
        counts = sorted(future.result(60)[-1]["custom"]["n"] for future in (first, second, third))
    assert counts == [1, 1, 2]
    assert not actions.overlapped


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/webhooks/rest/webhook", b"{", 400),
        ("POST", "/webhooks/rest/webhook", b"[]", 400),
        ("POST", "/webhooks/rest/webhook", b'{"message": "bonjour"}', 400),
        ("POST", "/webhooks/rest/webhook", b'{"sender": "c1", "message": 3}', 400),
        ("POST", "/webhooks/rest/webhook", b" " * 300_000, 400),
        ("POST", "/model/parse", b"{}", 400),
        ("PUT", "/model", b'{"model_file": "/nulle/part.tar.gz"}', 400),
        ("DELETE", "/model", b"", 404),
        ("GET", "/conversations", b"", 404),
    ],
)
def test_what_makes_no_sense_is_refused(client: httpx.Client, method: str, path: str, body: bytes, status: int) -> None:
    assert client.request(method, path, content=body).status_code == status


def test_a_model_is_changed_without_a_restart_and_a_broken_one_is_not_taken(
    client: httpx.Client, settings: Settings, tmp_path: Path
) -> None:
    served = client.get("/status").json()["model_file"]
    broken = settings.model_dir / "abime.tar.gz"
    broken.write_bytes(b"rien")
    assert client.put("/model", json={"model_file": str(broken)}).status_code == 500
    stranger = tmp_path / "etranger.tar.gz"
    shutil.copyfile(settings.model_dir / served, stranger)
    assert client.put("/model", json={"model_file": str(stranger)}).status_code == 400
    assert client.get("/status").json()["model_file"] == served
    again = settings.model_dir / "autre.tar.gz"
    shutil.copyfile(settings.model_dir / served, again)
    assert client.put("/model", json={"model_file": str(again)}).status_code == 204
    assert client.get("/status").json()["model_file"] == "autre.tar.gz"
    assert say(client, uuid4().hex, SHORT)


def test_rasa_run_goes_on_with_a_conversation_and_so_do_we_after_it(
    client: httpx.Client, settings: Settings, actions: Actions
) -> None:
    sender = uuid4().hex
    assert say(client, sender, SHORT)[-1]["custom"] == {"n": 1}
    other = settings.model_copy(update={"rasa_url": f"http://127.0.0.1:{free_port()}"})
    with (
        serving(other, settings.var_dir / "rasa-run.log", by_rasa=True) as address,
        httpx.Client(base_url=address, timeout=60, trust_env=False) as theirs,
    ):
        assert say(theirs, sender, SHORT)[-1]["custom"] == {"n": 2}
    assert say(client, sender, SHORT)[-1]["custom"] == {"n": 3}
    for events in (kept(settings, sender), told(settings, sender)):
        assert [one["text"] for one in events if one["event"] == "user"] == [SHORT] * 3


async def test_an_action_server_that_is_gone_is_an_engine_that_is_away(installed: Settings) -> None:
    gone = installed.model_copy(
        update={
            "rasa_url": f"http://127.0.0.1:{free_port()}",
            "actions_url": f"http://127.0.0.1:{free_port()}",
            "tracker_url": SecretStr(f"sqlite:///{installed.var_dir / 'autre.db'}"),
        }
    )
    with serving(gone, installed.var_dir / "gone.log") as address:
        async with httpx.AsyncClient(trust_env=False) as http:
            with pytest.raises(EngineUnavailable):
                await RasaEngine(http, url=address, timeout=60).ask("c1", SHORT)


@pytest.mark.services
def test_two_servers_share_postgresql_and_the_locks_of_redis(installed: Settings, actions: Actions) -> None:
    actions.status, actions.answer = 200, None
    try:
        redis.Redis.from_url(REDIS, socket_connect_timeout=2).ping()
    except redis.RedisError:
        missing("Redis")
    with postgresql_url() as database, ExitStack() as stack:
        shared = {"actions_url": actions.url, "tracker_url": SecretStr(database), "redis_url": SecretStr(REDIS)}
        clients = []
        for n in range(2):
            own = installed.model_copy(update={**shared, "rasa_url": f"http://127.0.0.1:{free_port()}"})
            address = stack.enter_context(serving(own, installed.var_dir / f"shared-{n}.log"))
            clients.append(stack.enter_context(httpx.Client(base_url=address, timeout=60, trust_env=False)))
        senders = [uuid4().hex for _ in range(3)]
        actions.overlapped = False
        with ThreadPoolExecutor(6) as pool:
            asked = [(sender, pool.submit(say, clients[n % 2], sender, SHORT)) for n in range(8) for sender in senders]
            counts = {
                sender: sorted(f.result(60)[-1]["custom"]["n"] for s, f in asked if s == sender) for sender in senders
            }
        assert [sorted(each) for each in counts.values()] == [list(range(1, 9))] * len(senders)
        assert not actions.overlapped
