"""Nothing personal is left anywhere: not in the files of the base, nor in the logs, nor on the way to the dialogue.

Each flow is driven from end to end with invented people (``people.py``), then everything that it wrote is searched.
"""

import json
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import select, text

from bot.aidants.models import Aidant, LinkedConversation, Membership, Organisation
from bot.bootstrap import MandatServices, gateway_services, mandats_services, worker_services
from bot.conversations.doorstep import HidesPersonalData
from bot.conversations.models import Conversation
from bot.demarches import Demarche
from bot.errors import EquipierError
from bot.gateway.app import create_app
from bot.gateway.logging import configure_logging
from bot.mandats.identity import Identity, checked
from bot.mandats.reminders import Reminders
from bot.mandats.rules import Duration, Eligibility
from bot.mandats.views import Actor, MandatView, Signature, Wording
from bot.privacy.detect import load_detector
from bot.privacy.envelope import KeyRing
from bot.privacy.pseudonymise import Pseudonymiser
from bot.privacy.retention import Retention
from bot.privacy.spans import PiiType
from bot.privacy.trackers import RasaTrackers
from bot.settings import Settings
from bot.storage.migrate import upgrade
from tests.integration.people import PEOPLE, KnowsThem, Person, traces
from tests.unit.conversations.fakes import FakeClock

TOKEN = "jeton-de-test"
WEBHOOK = "/webhooks/rest/webhook"
OUTBOX = "/webhooks/rest/outbox"
SCOPES = (Demarche.PAPIERS, Demarche.LOGEMENT)
WORDING = Wording("v1", "0" * 64)


class Rasa:
    """Echoes what it is asked, whatever happens; notes every byte that reached it."""

    def __init__(self) -> None:
        self.received = b""
        self.fails: Callable[[httpx.Request], httpx.Response] | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.received += str(request.url).encode() + str(request.headers.raw).encode() + request.content + b"\n"
        if self.fails:
            return self.fails(request)
        asked = json.loads(request.content)
        reply = {"text": f"écho : {asked['message']}", "buttons": [{"title": "Coût", "payload": "/demander_cout"}]}
        return httpx.Response(200, json=[{"recipient_id": asked["sender"], **reply}])

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self))


def down(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError(f"down: {request.content!r} {PEOPLE[0].nir}", request=request)


def crash(request: httpx.Request) -> httpx.Response:
    raise RuntimeError(f"{PEOPLE[0].given} {PEOPLE[0].family} {request.content!r}")


def server_error(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(500, json={"detail": PEOPLE[0].written})


class House:
    """The gateway, the worker and the mandates over one base; keeps all that anyone was told."""

    def __init__(self, settings: Settings, pseudonymiser: HidesPersonalData) -> None:
        self.settings = settings
        self.rasa = Rasa()
        self.clock = FakeClock()
        self.told: list[str] = []
        self.printed = ""
        self.logs = StringIO()
        self.gateway = gateway_services(
            settings, clock=self.clock, pseudonymiser=pseudonymiser, client=self.rasa.client()
        )
        self.mandats: MandatServices = mandats_services(settings, clock=self.clock)
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(create_app(self.gateway)),
            base_url="http://gateway",
            headers={"Authorization": f"Bearer {TOKEN}"},
        )

    async def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        response = await self.http.request(method, path, **more)
        # The sender is given back to the very one who sent it, as Rasa's contract wants; to nobody else.
        self.told.append(re.sub(r'"recipient_id":\s*"[^"]*"', "", response.text) + str(response.headers))
        self.clock.advance(seconds=2)
        return response

    async def say(self, message: str, *, sender: str = "guichet-3", **more: Any) -> httpx.Response:
        return await self.request("POST", WEBHOOK, json={"sender": sender, "message": message, **more})

    async def fetch(self, *, sender: str = "guichet-3") -> httpx.Response:
        return await self.request("GET", OUTBOX, params={"sender": sender})

    async def work(self) -> None:
        services = worker_services(self.settings, clock=self.clock, client=self.rasa.client())
        while await services.worker.round():
            pass
        await services.close()

    def refused(self, act: Callable[[], object]) -> None:
        """*act* must fail; what the error says is kept, for it may end in a log or on a page."""
        with pytest.raises(EquipierError) as caught:
            act()
        self.told.append(f"{caught.value} {caught.value.hint} {caught.value.__cause__}")

    def leaks(self, capsys: pytest.CaptureFixture[str]) -> dict[str, list[str]]:
        """Where something personal was found, and what."""
        self.printed += "".join(capsys.readouterr())
        places: dict[str, bytes | str] = {file.name: file.read_bytes() for file in self.settings.var_dir.iterdir()}
        assert "equipier.db" in places, "this test checks nothing"
        assert '"event"' in self.logs.getvalue(), "this test checks nothing"
        places |= {
            "the logs": self.logs.getvalue(),
            "what was printed": self.printed,
            "what Rasa received": self.rasa.received,
            "what was told": "\n".join(self.told),
        }
        return {place: found for place, content in places.items() if (found := traces(content))}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    keys = {
        name: SecretStr(KeyRing.new("t1"))
        for name in ("master_keys", "seal_keys", "index_key", "checkpoint_key", "session_key")
    }
    vault = SecretStr(Fernet.generate_key().decode())
    return Settings(_env_file=None, var_dir=tmp_path, rest_token=SecretStr(TOKEN), vault_key=vault, **keys)


@asynccontextmanager
async def running(settings: Settings, pseudonymiser: HidesPersonalData) -> AsyncIterator[House]:
    house = House(settings, pseudonymiser)
    upgrade(house.mandats.database)
    configure_logging(as_json=True)
    (handler,) = logging.getLogger().handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(house.logs)
    async with house.http:
        yield house
    await house.gateway.close()
    house.mandats.close()


@pytest.fixture(scope="module")
def real() -> Pseudonymiser:
    return Pseudonymiser(load_detector())


@pytest.fixture(params=["a perfect pseudonymiser", "the real one"])
async def house(request: pytest.FixtureRequest, settings: Settings, restore_logging: None) -> AsyncIterator[House]:
    perfect = request.param == "a perfect pseudonymiser"
    async with running(settings, KnowsThem() if perfect else request.getfixturevalue("real")) as house:
        yield house


@pytest.fixture
def restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


async def test_messages_leave_nothing(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    for number, person in enumerate(PEOPLE):
        for place, message in enumerate(person.messages):
            assert (await house.say(message, message_id=f"m{number}-{place}")).status_code == 200
        await house.say(person.messages[0], message_id=f"m{number}-0")  # sent again
        await house.say(person.messages[1], sender=person.phone)
        await house.say(person.messages[2], sender=person.email)
        await house.fetch(sender=person.phone)
    assert house.rasa.received.count(b'"message"') > len(PEOPLE) * len(PEOPLE[0].messages)
    assert house.leaks(capsys) == {}


@pytest.mark.parametrize("fails", [down, server_error])
async def test_messages_kept_through_an_outage_leave_nothing(
    house: House, capsys: pytest.CaptureFixture[str], fails: Callable[[httpx.Request], httpx.Response]
) -> None:
    house.rasa.fails = fails
    for person in PEOPLE:
        for message in person.messages:
            await house.say(message, sender=person.phone)
        house.clock.advance(minutes=1)
        await house.work()
    assert house.leaks(capsys) == {}
    house.rasa.fails = None
    house.clock.advance(minutes=5)
    for _ in PEOPLE[0].messages:
        await house.work()
        house.clock.advance(minutes=5)
    for person in PEOPLE:
        assert "écho" in (await house.fetch(sender=person.phone)).text
    house.rasa.fails = fails
    for message in PEOPLE[0].messages:
        await house.say(message)
    house.clock.advance(hours=25)
    await house.work()
    assert "24 heures" in (await house.fetch()).text
    assert house.leaks(capsys) == {}


async def test_what_is_refused_or_breaks_leaves_nothing(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    for person in PEOPLE:
        everything = " ".join(person.written)
        await house.say(f"{everything} " * 40)  # too long
        await house.say(f"%PDF\x00\x01\x02\x03\x04\x05\x06\x07\x08{everything[:60]}" + "\x00" * 40)  # a file
        await house.say(person.nir)  # no letter
        await house.say(f"b_{person.phone}")  # a button that was never given
        await house.request("POST", WEBHOOK, json={"sender": everything[:200], "message": {"x": everything}})
        await house.request("POST", WEBHOOK, json={"sender": f"{person.nir}\x00", "message": everything})
        await house.request("POST", WEBHOOK, json={person.email: everything})
        await house.request("POST", WEBHOOK, content=f'{{"sender": "{everything}'.encode())
        await house.request("POST", WEBHOOK, content=everything.encode() * 400)
        await house.request("POST", f"{WEBHOOK}?sender={person.nir}", json={"sender": "a", "message": "bonjour"})
        await house.request("GET", OUTBOX, params={"sender": "a", "wait": person.nir})
        await house.request("GET", OUTBOX, headers={"Authorization": f"Bearer {person.email}"})
    house.rasa.fails = crash
    assert (await house.say(PEOPLE[1].messages[2])).status_code == 500
    house.rasa.fails = None
    with house.mandats.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE message_log RENAME TO elsewhere"))
    assert (await house.say(PEOPLE[1].messages[2])).status_code == 503
    assert house.leaks(capsys) == {}


async def test_an_unknown_address_is_not_written_in_the_logs(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    await house.request("GET", f"/{PEOPLE[0].family}/{PEOPLE[0].email}")
    assert house.leaks(capsys) == {}


async def test_the_id_of_a_message_is_not_kept_as_it_is(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    await house.say("bonjour", message_id=f"sms-{PEOPLE[0].phone}")
    assert house.leaks(capsys) == {}


async def test_a_mandate_from_its_draft_to_its_end_leaves_nothing(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    services = house.mandats
    for person in PEOPLE:
        await house.say(person.messages[2])
        actor = _aidant_at_the_desk(house)
        mandat = _seal(house, actor, person)
        for words in (person.family, f"{person.given} {person.family}".upper()):
            assert services.register.mandats(actor, name=words)
            assert services.register.covering(actor, words, Demarche.LOGEMENT)
        services.register.use(actor, mandat.id, Demarche.PAPIERS, note="F1341")
        house.refused(lambda: services.register.by_reference(actor, "M-2026-9999-A1"))  # noqa: B023  called at once
        await house.fetch()
        house.told.append(str(services.verification.check(mandat.public_token)))
    assert house.leaks(capsys) == {}
    house.clock.advance(days=360)
    assert Reminders(services.database, services.journal, services.usagers, house.clock).send_due() == len(PEOPLE)
    assert "prend fin" in (await house.fetch()).text
    services.register.revoke(actor, mandat.id)
    house.clock.advance(days=365 * 8)
    assert _retention(house).enforce().usagers == len(PEOPLE)
    assert house.leaks(capsys) == {}


def _aidant_at_the_desk(house: House) -> Actor:
    """The one aidant, tied to the conversation of the desk; made at the first call."""
    now = house.clock.now()
    with house.mandats.database.unit_of_work() as session:
        here = session.scalars(select(Conversation.id)).one()
        if session.get(Organisation, "o") is None:
            scopes = [demarche.value for demarche in Demarche]
            session.add(Organisation(id="o", name="France Services", address="", demarches=scopes, created_at=now))
            session.flush()
            session.add(Aidant(id="a", email="aidant@structure.fr", name="Un aidant", created_at=now))
            session.flush()
            session.add(Membership(aidant_id="a", organisation_id="o"))
            session.add(LinkedConversation(conversation_id=here, aidant_id="a", linked_at=now))
    return Actor("a", "o", here)


def _seal(house: House, actor: Actor, person: Person) -> MandatView:
    """The secure page: mistakes first, then the identity as typed and a signature drawn."""
    services, today = house.mandats, house.clock.now().date()
    eligible = Eligibility(adult=True, protected=False, present=True)
    _, secret = services.drafts.create(actor, SCOPES, Duration.LONG, eligible)
    services.vault.put(str(actor.conversation), [(PiiType.NOM, form) for form in person.written])
    assert services.vault.get(str(actor.conversation))
    _, page = services.drafts.open_link(secret)
    house.refused(lambda: services.drafts.open_link(secret))
    house.refused(lambda: checked(f"{person.family}<{person.nir}>", person.given, person.born, "", today=today))
    house.refused(lambda: checked(person.family * 20, person.given, person.born, "", today=today))
    house.refused(lambda: checked(person.family, person.email, today + timedelta(days=1), "", today=today))
    signature = Signature(f"PNG {person.given} {person.family}".encode())
    minor = Identity(person.family, person.given, date(today.year - 3, 1, 1), person.place)
    house.refused(lambda: services.sealing.seal(page, minor, signature, WORDING))
    identity = checked(person.family, person.given, person.born, person.place, today=today)
    mandat = services.sealing.seal(page, identity, signature, WORDING)
    house.refused(lambda: services.sealing.seal(page, identity, signature, WORDING))
    assert mandat.usager == identity
    assert services.register.signature(actor, mandat.id) == signature.png
    return mandat


def _retention(house: House) -> Retention:
    return Retention(
        house.mandats.database,
        house.mandats.journal,
        house.mandats.usagers,
        house.clock,
        trackers=RasaTrackers(house.settings.var_dir / "rasa.db"),
        mandat_years=house.settings.mandat_kept_years,
        conversation_days=house.settings.conversation_kept_days,
    )


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.family)
def test_the_search_would_find_them(person: Person) -> None:
    """A search that finds nothing proves nothing unless it can find."""
    for secret in person.secrets:
        for form in (secret, secret.upper(), json.dumps(secret), secret.replace(" ", ""), secret.replace(" ", "-")):
            assert secret in traces(f"avant {form} après"), form
    assert traces("Bonjour, [NOM] né le [DATE_NAISSANCE] a perdu sa carte d'identité à Limoges") == []
