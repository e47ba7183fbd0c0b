"""The REST channel from the request to the database, on a real SQLite file; only Rasa is played by a fake."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import text

from bot.bootstrap import gateway_services, open_database, worker_services
from bot.conversations.replies import KEPT
from bot.gateway.app import create_app
from bot.gateway.logging import configure_logging
from bot.privacy.envelope import KeyRing
from bot.settings import Settings
from bot.storage.engine import Base
from bot.storage.leases import WORKER, Leases
from tests.unit.conversations.fakes import FakeClock, HidesDupont

TOKEN = "jeton-de-test"
WEBHOOK = "/webhooks/rest/webhook"
OUTBOX = "/webhooks/rest/outbox"


class Rasa:
    """Rasa and its action server, behind httpx."""

    def __init__(self) -> None:
        self.down = False
        self.asked: list[dict[str, Any]] = []
        self.raises: Exception | None = None
        self.before_answering: Callable[[], None] | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.raises:
            raise self.raises
        if self.down:
            raise httpx.ConnectError("down", request=request)
        if request.method == "GET":
            return httpx.Response(200, json={"status": "ok"})
        asked = json.loads(request.content)
        self.asked.append(asked)
        if self.before_answering is not None:
            self.before_answering()
        reply = {"text": f"écho : {asked['message']}", "buttons": [{"title": "Coût", "payload": "/demander_cout"}]}
        return httpx.Response(200, json=[{"recipient_id": asked["sender"], **reply}])

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self))


class Site:
    """A gateway and what surrounds it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.rasa = Rasa()
        self.clock = FakeClock()
        self.services = gateway_services(
            settings, clock=self.clock, pseudonymiser=HidesDupont(), client=self.rasa.client()
        )
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(create_app(self.services)),
            base_url="http://gateway",
            headers={"Authorization": f"Bearer {TOKEN}"},
        )

    async def say(self, message: str, *, sender: str = "guichet-3", **more: Any) -> list[dict[str, Any]]:
        response = await self.http.post(WEBHOOK, json={"sender": sender, "message": message, **more})
        assert response.status_code == 200, response.text
        replies: list[dict[str, Any]] = response.json()
        return replies

    async def work(self) -> None:
        services = worker_services(self.settings, clock=self.clock, client=self.rasa.client())
        await services.worker.round()
        await services.close()


def settings_in(folder: Path, *, token: str = TOKEN) -> Settings:
    rings = {
        name: SecretStr(KeyRing.new("t1"))
        for name in ("master_keys", "seal_keys", "index_key", "checkpoint_key", "session_key")
    }
    key = SecretStr(Fernet.generate_key().decode())
    return Settings(_env_file=None, var_dir=folder, rest_token=SecretStr(token), vault_key=key, **rings)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Site]:
    database = open_database(settings)
    Base.metadata.create_all(database.engine)
    database.close()
    site = Site(settings)
    async with site.http:
        yield site
    await site.services.close()


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running(settings_in(tmp_path)) as site:
        yield site


async def test_a_message_is_answered_in_the_shape_of_rasa(site: Site) -> None:
    (reply,) = await site.say("Dupont a perdu sa carte")
    assert reply["recipient_id"] == "guichet-3"
    assert reply["text"] == "écho : [NOM] a perdu sa carte"
    assert reply["buttons"][0]["payload"].startswith("b_")
    assert set(reply) == {"recipient_id", "text", "buttons"}
    await site.say(reply["buttons"][0]["payload"])
    assert site.rasa.asked[-1]["message"] == "/demander_cout"


async def test_neither_the_sender_nor_the_name_is_written_anywhere(site: Site) -> None:
    await site.say("Dupont", sender="+33600000000")
    site.rasa.down = True
    await site.say("Dupont encore", sender="+33600000000")
    for file in site.settings.var_dir.iterdir():
        content = file.read_bytes()
        assert b"+33600000000" not in content
        assert b"Dupont" not in content


@pytest.mark.parametrize(
    "header", ["", "Bearer faux", "Basic jeton-de-test", "Bearer", "Bearer jeton-de-test-et-plus", "Bearer é"]
)
async def test_without_the_right_token_nothing_is_taken(site: Site, header: str) -> None:
    response = await site.http.post(
        WEBHOOK, json={"sender": "a", "message": "b"}, headers={"Authorization": header.encode()}
    )
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert "Jeton" in response.json()["detail"]
    assert (await site.http.get(OUTBOX, params={"sender": "a"}, headers={"Authorization": header.encode()})).is_error
    assert site.rasa.asked == []


async def test_without_a_token_in_the_settings_the_channel_is_closed(tmp_path: Path) -> None:
    async with running(settings_in(tmp_path, token="")) as site:
        response = await site.http.post(
            WEBHOOK, json={"sender": "a", "message": "b"}, headers={"Authorization": "Bearer "}
        )
        assert response.status_code == 503
        assert "EQUIPIER_REST_TOKEN" in response.json()["detail"]
        assert (await site.http.get("/healthz")).status_code == 200


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "JSON valable"),
        (b"{", "JSON valable"),
        (b"\xff\xfe", "JSON valable"),
        (b'{"sender": "\\ud800", "message": "x"}', "JSON valable"),
        (b"[" * 60_000, "JSON valable"),
        (b"[]", "objet JSON"),
        (b"null", "objet JSON"),
        (b'{"message": "bonjour"}', "« sender » manque"),
        (b'{"sender": "a"}', "« message » manque"),
        (b'{"sender": "", "message": "x"}', "« sender » est vide"),
        (b'{"sender": "a\\u0000", "message": "x"}', "« sender » contient"),
        (b'{"sender": "a", "message": 3}', "« message » doit être un texte"),
        (b'{"sender": "a", "message": null}', "« message » doit être un texte"),
        (b'{"sender": "' + b"a" * 256 + b'", "message": "x"}', "255 caractères au plus"),
        (b'{"sender": "a", "message": "x", "message_id": ""}', "« message_id » est vide"),
    ],
)
async def test_a_wrong_body_is_explained_in_french(site: Site, body: bytes, sentence: str) -> None:
    response = await site.http.post(WEBHOOK, content=body)
    assert response.status_code == 422
    assert sentence in response.json()["detail"].replace("\u00a0", " ")


async def test_a_body_over_64_kib_is_refused_announced_or_not(site: Site) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for _ in range(70):
            yield b" " * 1024

    for content in (b" " * 70_000, stream()):
        response = await site.http.post(WEBHOOK, content=content)
        assert response.status_code == 413
        assert "64 Kio" in response.json()["detail"]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("", "est vide"),
        ("x", "une seule lettre"),
        ("🙏🙏", "émojis"),
        ("aide " * 1000, "trop long"),
        ("%PDF-1.7\x00\x01\x02\x03\x04", "fichier"),
    ],
)
async def test_a_message_that_cannot_be_read_gets_a_sentence(site: Site, message: str, words: str) -> None:
    (reply,) = await site.say(message)
    assert words in reply["text"].lower()
    assert site.rasa.asked == []


@pytest.mark.parametrize("message", ["/restart", "  ／restart", "\u200b⁄restart", '/demander_cout{"fiche": "F1"}'])
async def test_a_typed_command_never_reaches_rasa(site: Site, message: str) -> None:
    await site.say(message)
    assert not site.rasa.asked[-1]["message"].startswith("/")


async def test_a_repeat_by_field_or_header_gets_the_same_answer(site: Site) -> None:
    first = await site.say("carte", message_id="m1")
    again = await site.http.post(
        WEBHOOK, json={"sender": "guichet-3", "message": "carte"}, headers={"Idempotency-Key": "m1"}
    )
    assert again.json() == first
    assert len(site.rasa.asked) == 1


async def test_too_many_messages_are_told_when_to_come_back(site: Site) -> None:
    for _ in range(120):
        await site.say("x")
    response = await site.http.post(WEBHOOK, json={"sender": "guichet-3", "message": "x"})
    assert response.status_code == 429
    assert response.headers["retry-after"] == "60"
    assert "60 s" in response.json()["detail"].replace("\u00a0", " ")


async def test_an_outage_keeps_the_message_and_the_answer_comes_once_it_is_over(site: Site) -> None:
    site.rasa.down = True
    assert [reply["text"] for reply in await site.say("carte grise")] == [KEPT]
    site.rasa.down = False
    site.clock.advance(seconds=5)
    await site.work()
    heading, answer = (await site.http.get(OUTBOX, params={"sender": "guichet-3"})).json()
    assert "carte grise" in heading["text"]
    assert answer["text"] == "écho : carte grise"
    assert answer["buttons"][0]["payload"].startswith("b_")
    assert (await site.http.get(OUTBOX, params={"sender": "guichet-3"})).json() == []


async def test_a_late_answer_is_given_again_until_it_is_acknowledged(site: Site) -> None:
    site.rasa.down = True
    await site.say("carte grise")
    site.rasa.down = False
    site.clock.advance(seconds=5)
    await site.work()
    first, *_, last = given = (await site.http.get(OUTBOX, params={"sender": "guichet-3", "ack": 0})).json()
    assert first["id"] < last["id"]
    assert (await site.http.get(OUTBOX, params={"sender": "guichet-3", "ack": 0})).json() == given
    assert (await site.http.get(OUTBOX, params={"sender": "guichet-3", "ack": last["id"]})).json() == []


async def test_a_long_poll_returns_as_soon_as_the_answer_is_there(site: Site) -> None:
    site.rasa.down = True
    await site.say("carte grise")
    site.rasa.down = False
    site.clock.advance(seconds=5)
    poll = asyncio.create_task(site.http.get(OUTBOX, params={"sender": "guichet-3", "wait": 10}))
    await asyncio.sleep(0.1)
    await site.work()
    assert len((await asyncio.wait_for(poll, timeout=3)).json()) == 2


async def test_the_outbox_of_someone_unknown_is_empty(site: Site) -> None:
    assert (await site.http.get(OUTBOX, params={"sender": "inconnu"})).json() == []
    assert (await site.http.get(OUTBOX)).status_code == 422
    assert (await site.http.get(OUTBOX, params={"sender": "a", "wait": 1000})).status_code == 422


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/inconnu", 404), ("GET", WEBHOOK, 405)])
async def test_a_wrong_address_is_answered_in_french(site: Site, method: str, path: str, status: int) -> None:
    response = await site.http.request(method, path)
    assert response.status_code == status
    assert "adresse" in response.json()["detail"]


async def test_every_answer_carries_the_security_headers(site: Site) -> None:
    for path in ("/", "/healthz", "/inconnu"):
        headers = (await site.http.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["x-request-id"]


async def test_readiness_names_what_is_down(site: Site) -> None:
    assert (await site.http.get("/readyz")).json()["status"] == "dégradé"  # there is no worker
    database = open_database(site.settings)
    Leases(database).take(f"{WORKER}w1", timedelta(minutes=1), now=site.clock.now())
    assert (await site.http.get("/readyz")).json()["status"] == "ok"
    database.close()
    site.rasa.down = True
    response = await site.http.get("/readyz")
    assert response.status_code == 503
    states = {name: check["ok"] for name, check in response.json()["checks"].items()}
    assert states == {"database": True, "rasa": False, "actions": False, "worker": True, "disk": True}


async def test_a_database_without_tables_is_not_ready_and_says_so(tmp_path: Path) -> None:
    site = Site(settings_in(tmp_path))
    async with site.http:
        ready = await site.http.get("/readyz")
        assert "equipier db upgrade" in ready.json()["checks"]["database"]["message"]
        response = await site.http.post(WEBHOOK, json={"sender": "a", "message": "bonjour"})
    assert response.status_code == 503
    assert "base de données" in response.json()["detail"]


async def test_nobody_sees_a_trace_and_the_log_quotes_nobody(
    site: Site, capsys: pytest.CaptureFixture[str], restore_logging: None
) -> None:
    configure_logging(as_json=True)
    site.rasa.raises = RuntimeError("Dupont a dit cela")
    response = await site.http.post(WEBHOOK + "?sender=Dupont", json={"sender": "Dupont", "message": "Dupont"})
    assert response.status_code == 500
    assert response.json()["detail"].endswith(f"{response.headers['x-request-id']}.")
    logged = capsys.readouterr().err
    assert '"error": "RuntimeError"' in logged
    assert response.headers["x-request-id"] in logged
    assert "Dupont" not in logged + response.text


@pytest.fixture
def restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


async def test_two_first_messages_at_once_make_one_conversation(site: Site) -> None:
    await asyncio.gather(*(site.say("bonjour") for _ in range(8)))
    database = open_database(site.settings)
    with database.unit_of_work() as session:
        assert session.execute(text("SELECT count(*) FROM conversations")).scalar_one() == 1
    database.close()
