"""From Telegram to a human and back: the real processes, the help desk in Chromium, and a Bot API server of others."""

import asyncio
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx
import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from bot.aidants import codes
from bot.aidants.models import Role
from bot.bootstrap import MandatServices, mandats_services
from bot.clock import SystemClock
from bot.fiches.store import FicheStore
from bot.settings import Settings
from tests.e2e.browser import chromium, violations
from tests.e2e.stack import installation, running
from tests.integration.telegram_server.server import Controls, Message, Person, telegram_server
from tests.unit.aidants.house import PASSWORD

pytestmark = [pytest.mark.rasa, pytest.mark.corpus]

_T = TypeVar("_T")
_TOKEN = "7001:jeton-de-test"
_CHAT = 7002
_PATIENCE = 60.0  # seconds
_LOOK_AGAIN = 0.1  # seconds
_QUESTION = "renouvellement de la carte d'identité périmée d'un majeur"
_FICHE = "F21089"
_PRECISION = "il est né en 1951 et sa carte est périmée depuis 2013"
_NOTE = "Passeport à refaire aussi, rappeler demain."
_GREETING = "Bonjour, je regarde votre demande tout de suite."
_LEFT = "Reprenez la démarche à son début, avec lui."


@dataclass
class Telegram:
    """A person's side of Telegram, for a test that is not asynchronous."""

    person: Person
    controls: Controls
    loop: asyncio.AbstractEventLoop

    def do(self, what: Awaitable[_T]) -> _T:
        """What *what* gives, in the loop where the connections live."""

        async def waited() -> _T:
            return await what

        return asyncio.run_coroutine_threadsafe(waited(), self.loop).result(timeout=2 * _PATIENCE)

    def say(self, text: str) -> None:
        self.do(self.person.say(text))

    def reads(self, count: int) -> list[Message]:
        """The messages that the person got, once there are *count*; there are no more."""
        messages = self.do(self._once(lambda messages: len(messages) >= count))
        assert len(messages) == count, [message.shown for message in messages]
        return messages

    async def _once(self, good: Callable[[list[Message]], bool]) -> list[Message]:
        messages: list[Message] = []
        async with asyncio.timeout(_PATIENCE):
            while not good(messages := await self.person.messages()):
                await asyncio.sleep(_LOOK_AGAIN)
        return messages

    def nothing_waits(self) -> None:
        """Our poller has handed over, and acknowledged, all that the person wrote."""

        async def acknowledged() -> None:
            async with asyncio.timeout(_PATIENCE):
                while await self.controls.waiting():
                    await asyncio.sleep(_LOOK_AGAIN)

        self.do(acknowledged())


@contextmanager
def telegram_at(api: str) -> Iterator[Telegram]:
    """The person, and a loop of its own: the one of Playwright belongs to the browser."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    http = httpx.AsyncClient(base_url=api, timeout=_PATIENCE, trust_env=False)
    telegram = Telegram(Person(http, _CHAT, _TOKEN), Controls(http), loop)
    try:
        yield telegram
    finally:
        telegram.do(http.aclose())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@dataclass(frozen=True)
class Town:
    """What runs, and who is there: Odile, an aidant on Telegram, and Soizic, who answers requests."""

    settings: Settings
    telegram: Telegram
    services: MandatServices
    odile: str
    soizic_code: Callable[[], str]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def patience() -> Iterator[None]:
    """Real processes answer later than played ones."""
    expect.set_options(timeout=_PATIENCE * 1000)
    yield
    expect.set_options(timeout=None)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    values = {"telegram_token": _TOKEN, "handover_hours": "toujours", "engine_timeout": "60"}  # a busy machine is slow
    with telegram_server() as api, installation(tmp_path, telegram_api_url=api, **values) as settings:
        clock = SystemClock()
        services = mandats_services(settings, clock=clock)
        organisation = services.aidants.create_organisation("France Services de Guéret").id
        odile, _ = services.aidants.invite("odile@exemple.fr", "Odile Lagarde", organisation=organisation)
        _, secret = services.aidants.invite(
            "soizic@exemple.fr", "Soizic Le Bihan", organisation=organisation, role=Role.HELPDESK
        )
        assert secret is not None
        key = codes.new_secret()
        # A code serves once: enrolled with the one before, she signs in with that of the moment.
        services.aidants.enrol(secret, PASSWORD, key, pyotp.TOTP(key).at(clock.now(), counter_offset=-1))
        names = ("rasa", "actions", "gateway", "worker", "telegram")
        with running(settings, names), telegram_at(api) as telegram:
            yield Town(settings, telegram, services, odile.id, lambda: pyotp.TOTP(key).at(clock.now()))
        services.close()


@pytest.mark.usefixtures("patience")
def test_from_telegram_to_a_human_and_back(town: Town, browser: Browser) -> None:
    telegram = town.telegram
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="fr-FR")
    context.set_default_timeout(_PATIENCE * 1000)
    page = context.new_page()
    _sign_in(page, town)
    _write_a_canned_reply(page, town)
    telegram.say(f"/start {town.services.aidants.conversation_code(town.odile).replace(' ', '')}")
    assert "France Services de Guéret" in telegram.reads(1)[-1].shown
    telegram.say(_QUESTION)
    assert "service-public.gouv.fr" in _html(telegram.reads(2)[-1])

    _ask_for_someone(page, town)
    _take(page, town)
    fiche = _answer(page, town)
    page.get_by_role("button", name="Clore la demande").click()
    expect(page.locator("main")).to_contain_text("La demande est close")

    greeting, left, closed = telegram.reads(7)[4:]
    assert greeting.shown == f"Soizic (assistance)\u202f: {_GREETING}"
    assert left.shown.startswith(f"Soizic (assistance)\u202f: {_LEFT}")
    assert f'href="{fiche}"' in _html(left)
    assert closed.shown.startswith("Soizic a terminé cet échange. Je suis de nouveau là")
    telegram.say("bonjour")
    back = telegram.reads(8)[-1]
    assert back.shown.startswith("Bonjour")
    page.goto(f"{town.settings.public_url}/aide?etat=closes")
    expect(page.locator(".eq-card")).to_contain_text("Odile Lagarde")

    sent = [call["text"] for call in telegram.do(telegram.controls.calls("sendMessage", chat=_CHAT))]
    assert sent == [_html(message) for message in telegram.reads(8)], "something left twice, or out of order"
    assert not any(_NOTE in text for text in sent)
    context.close()


def _ask_for_someone(page: Page, town: Town) -> None:
    """Asked on Telegram, the request appears in the inbox that is open."""
    page.goto(f"{town.settings.public_url}/aide")
    expect(page.locator("main")).to_contain_text("Personne n'attend")
    town.telegram.say("je veux parler à quelqu'un")
    assert "Votre demande est transmise" in town.telegram.reads(3)[-1].shown
    expect(page.locator(".eq-card")).to_contain_text("Odile Lagarde")
    expect(page.locator(".eq-card")).to_contain_text("Telegram")
    expect(page.locator("[data-news]")).to_have_text("Nouvelle demande en attente.")
    expect(page).to_have_title(re.compile(r"^\(1\)"))


def _take(page: Page, town: Town) -> None:
    """The agent reads what was said before; then what the person adds reaches the page, and the assistant is silent."""
    page.locator(".eq-card").get_by_role("link").click()
    expect(page.locator(".eq-fil")).to_contain_text(_QUESTION)
    page.get_by_role("button", name="Prendre la demande").click()
    expect(page.locator("main")).to_contain_text("La demande est à vous")
    assert "Soizic a pris votre demande" in town.telegram.reads(4)[-1].shown
    town.telegram.say(_PRECISION)
    expect(page.locator(".eq-fil__item--person").last).to_contain_text("sa carte est périmée")
    town.telegram.nothing_waits()
    town.telegram.reads(4)


def _answer(page: Page, town: Town) -> str:
    """A note that stays here, a canned reply, and a reply with the address of a fiche, which is returned."""
    page.get_by_label("Note interne").fill(_NOTE)
    page.get_by_role("button", name="Enregistrer la note").click()
    expect(page.locator(".eq-fil__item--note")).to_contain_text(_NOTE)
    page.get_by_label("Réponse type").select_option(label="Accueil")
    page.get_by_role("button", name="Envoyer la réponse").click()
    humans = page.locator(".eq-fil__item--human")
    expect(humans).to_contain_text(_GREETING)
    fiche = FicheStore(town.services.database).get(_FICHE)
    assert fiche is not None
    page.get_by_label("Votre réponse").fill(f"{_LEFT} ")
    page.get_by_label("Fiche officielle à insérer").press_sequentially(_FICHE)
    page.locator("[data-fiche-list] button").first.click()
    expect(page.get_by_label("Votre réponse")).to_have_value(re.compile(re.escape(fiche.url)))
    assert violations(page) == []
    page.get_by_role("button", name="Envoyer la réponse").click()
    expect(humans).to_have_count(2)
    expect(page.locator(".eq-fil")).not_to_contain_text("Pas encore remise")
    return fiche.url


def _sign_in(page: Page, town: Town) -> None:
    page.goto(f"{town.settings.public_url}/connexion?suite=/aide")
    page.get_by_label("Adresse électronique").fill("soizic@exemple.fr")
    page.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    page.get_by_label("Code à 6 chiffres").fill(town.soizic_code())
    page.get_by_role("button", name="Se connecter", exact=True).click()
    expect(page.locator("h1")).to_contain_text("Demandes")


def _write_a_canned_reply(page: Page, town: Town) -> None:
    page.goto(f"{town.settings.public_url}/aide/reponses")
    page.locator("#title").fill("Accueil")
    page.locator("#text").fill(_GREETING)
    page.locator("main form [type=submit]").click()
    expect(page.locator(".eq-card")).to_contain_text("Accueil")


def _html(message: Message) -> str:
    return str(message.raw.get("text", ""))
