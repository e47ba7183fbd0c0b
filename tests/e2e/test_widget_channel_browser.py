"""The widget against the real web channel: who is recognised, what follows them, what a lost server costs."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, expect
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles

from bot.channels.web.channel import WebChannel
from bot.channels.web.origins import Origins
from bot.conversations.messages import Button, Reply
from bot.gateway.desk.sessions import COOKIE
from bot.settings import get_settings
from bot.setup.widget import LOADER, widget_dir
from bot.storage.engine import Database
from bot.voice.messages import Format, Speech
from tests.e2e.browser import SIZES, free_port, missing, served
from tests.e2e.widget_page import OWN_PAGE, Widget, hearing_chromium, host_app
from tests.e2e.widget_server import ScriptedServer, page_of, tone
from tests.unit.mandats.databases import sqlite_url
from tests.unit.web.test_identity import host_token
from tests.unit.web.world import IDLE, PUBLIC_URL, FakeVoice, Web

WHAT = Reply("**Carte d'identité**\nDe quoi s'agit-il ?", (Button("Le prix", "/demander_cout"),))


class Tone(FakeVoice):
    """Speaks something that a browser can play."""

    async def speak(self, text: str, *, format: Format = "ogg") -> Speech:
        self.spoken.append((text, format))
        return Speech(tone(), "audio/wav", 3.0)


@dataclass
class Stand:
    """The real channel behind a page of ours and that of a guest.

    Attributes:
        strange: the same page on a site that is not welcome.
    """

    web: Web
    voice: Tone
    browser: Browser
    bundle: Path
    port: int
    guest_port: int
    strange_port: int
    contexts: list[BrowserContext] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator[None]:
        """The gateway, for the time of the block; a second block is the gateway started again."""
        self.web.channel = WebChannel(self.web.services, idle=IDLE)
        inner = self.web.app()

        @asynccontextmanager
        async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
            self._loop = asyncio.get_running_loop()
            async with inner.router.lifespan_context(inner):
                yield

        app = FastAPI(lifespan=lifespan)
        app.add_api_route("/assistant", page_of(OWN_PAGE.format(version=self.bundle.name)))
        app.add_api_route("/widget.js", lambda: FileResponse(self.bundle / LOADER, headers=_SHARED))
        app.mount(f"/static/widget/{self.bundle.name}", _Shared(directory=self.bundle))
        app.mount("/", inner)
        with served(app, port=self.port):
            yield

    def do(self, work: Coroutine[Any, Any, object]) -> None:
        """Does *work* where the gateway runs."""
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    def device(self, *, signed_in: bool = False, size: str = "desktop", strange: bool = False) -> Widget:
        """A page in a browser of its own."""
        width, height = SIZES[size]
        context = self.browser.new_context(viewport={"width": width, "height": height}, locale="fr-FR")
        self.contexts.append(context)
        if signed_in:
            cookie = self.web.cookie(self.web.session())
            context.add_cookies([{"name": COOKIE, "value": cookie, "url": self.address}])
        host = f"http://127.0.0.1:{self.strange_port if strange else self.guest_port}/hote"
        return Widget(ScriptedServer(self.bundle), context.new_page(), size, host, f"{self.address}/assistant")


_SHARED = {"Access-Control-Allow-Origin": "*"}


class _Shared(StaticFiles):
    async def get_response(self, path: str, scope: Any) -> Any:
        response = await super().get_response(path, scope)
        response.headers.update(_SHARED)
        return response


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with hearing_chromium() as browser:
        yield browser


@pytest.fixture
def stand(browser: Browser, tmp_path: Path) -> Iterator[Stand]:
    bundle = widget_dir(get_settings().static_dir)
    if not bundle.is_dir():
        missing("widget (make setup)")
    database = Database.at(sqlite_url(tmp_path))
    web, voice = Web.over(database), Tone()
    port, guest, strange = free_port(), free_port(), free_port()
    origins = Origins(PUBLIC_URL, guests=(f"http://127.0.0.1:{guest}",))
    web.services = replace(web.services, origins=origins, voice=voice)
    web.engine.replies["carte d'identité"] = (WHAT,)
    stand = Stand(web, voice, browser, bundle, port, guest, strange)
    app = host_app(stand.address, 'data-jwt="jeton"')
    with served(app, port=guest), served(app, port=strange):
        yield stand
    for context in stand.contexts:
        context.close()
    database.close()


@pytest.fixture
def running(stand: Stand) -> Iterator[Stand]:
    with stand.running():
        yield stand


def test_a_visitor_without_an_account_asks_presses_listens_and_judges(running: Stand) -> None:
    widget = running.device()
    widget.opened()
    widget.ask("carte d'identité")
    widget.page.get_by_role("button", name="Le prix").click()
    expect(widget.questions.last).to_contain_text("Le prix")
    expect(widget.answers).to_have_count(2)
    assert running.web.engine.texts == ["carte d'identité", "/demander_cout"]
    with widget.page.expect_response("**/assistant/audio/*"):
        widget.answers.last.get_by_role("button", name="Écouter").click()
    expect(widget.page.get_by_role("button", name="Arrêter")).to_be_visible()
    assert [said for said, _ in running.voice.spoken] == ["écho : /demander_cout"]
    widget.answers.last.get_by_role("button", name="Réponse pas utile").click()
    reasons = widget.page.locator(".why input[type=checkbox]")
    expect(reasons).to_have_count(5)
    reasons.first.check()
    widget.page.locator(".why").get_by_role("button", name="Envoyer").click()
    expect(widget.page.locator(".said")).to_contain_text("Merci")
    widget.page.reload()
    widget.opener.click()
    expect(widget.answers).to_have_count(2)
    expect(widget.answers.last.get_by_role("button", name="Réponse pas utile")).to_have_attribute(
        "aria-pressed", "true"
    )
    assert widget.wrong == []


def test_a_spoken_question_is_shown_as_it_was_understood(running: Stand) -> None:
    widget = running.device()
    widget.opened()
    widget.page.get_by_role("button", name="Dicter un message").click()
    expect(widget.page.locator(".timer")).to_contain_text("0:01")
    widget.page.get_by_role("button", name="Arrêter et envoyer").click()
    expect(widget.questions).to_have_count(1)
    expect(widget.questions).to_contain_text("mon usager a perdu son passeport")
    expect(widget.answers.first).to_contain_text("J'ai compris")
    assert len(running.voice.heard) == 1


def test_whoever_signs_in_finds_the_conversation_on_any_device_and_from_telegram(running: Stand) -> None:
    desk = running.device(signed_in=True)
    desk.on_its_own_page()
    desk.ask("bonjour")
    desk.page.get_by_role("button", name="Préférences").click()
    expect(desk.page.locator("#menu")).to_contain_text("Vous êtes connecté(e)")
    phone = running.device(signed_in=True, size="phone")
    phone.on_its_own_page()
    expect(phone.answers).to_have_count(1)
    phone.ask("depuis le téléphone")
    expect(desk.answers).to_have_count(2)
    expect(desk.questions).to_have_count(2)
    running.do(running.web.elsewhere("depuis la rue"))
    for device in (desk, phone):
        expect(device.questions.last).to_contain_text("depuis Telegram")
        expect(device.answers).to_have_count(3)
        assert device.page.evaluate("localStorage.length") == 0
        assert device.wrong == []


def test_a_gateway_that_starts_again_loses_and_doubles_nothing(stand: Stand) -> None:
    widget = stand.device()
    with stand.running():
        widget.opened()
        widget.ask("bonjour")
    expect(widget.page.locator(".banner")).to_contain_text("Connexion perdue")
    widget.draft.fill("pendant l'arrêt")
    widget.draft.press("Enter")
    expect(widget.page.get_by_text("En attente d'envoi")).to_be_visible()
    with stand.running():
        expect(widget.answers).to_have_count(2, timeout=15_000)
        expect(widget.page.locator("article.waiting, article.accepted")).to_have_count(0)
        expect(widget.questions).to_have_count(2)
        assert stand.web.engine.texts == ["bonjour", "pendant l'arrêt"]


def test_a_site_vouches_for_its_people_and_a_site_that_is_not_welcome_gets_nothing(running: Stand) -> None:
    token = host_token(running.web)
    vouched = running.device()
    vouched.page.add_init_script(f"window.jeton = async () => '{token}'")
    vouched.opened()
    vouched.ask("bonjour")
    vouched.page.get_by_role("button", name="Préférences").click()
    expect(vouched.page.locator("#menu")).to_contain_text("Vous êtes connecté(e)")
    forged = running.device()
    false = host_token(running.web, secret="un autre secret de plus de 32 octets")
    forged.page.add_init_script(f"window.jeton = async () => '{false}'")
    forged.page.goto(forged.host)
    forged.opener.click()
    expect(forged.page.locator(".banner")).to_contain_text("Ce site n'a pas pu confirmer votre identité.")
    stranger = running.device(strange=True)
    stranger.page.goto(stranger.host)
    stranger.opener.click()
    expect(stranger.page.locator(".banner")).to_contain_text("ne répond pas")
    assert running.web.engine.texts == ["bonjour"]


def test_signing_out_clears_the_screen_and_says_so(running: Stand) -> None:
    session = running.web.session()
    widget = running.device()
    cookie = {"name": COOKIE, "value": running.web.cookie(session), "url": running.address}
    widget.page.context.add_cookies([cookie])  # type: ignore[list-item]
    widget.on_its_own_page()
    widget.ask("bonjour")
    running.do(running.web.channel.signed_out(session.id))
    expect(widget.page.locator(".banner")).to_contain_text("Reconnectez-vous")
    expect(widget.page.get_by_role("link", name="Se connecter")).to_have_attribute(
        "href", f"{running.address}/connexion?suite=/assistant"
    )
    expect(widget.page.locator("article")).to_have_count(0)
    widget.looked_at("deconnectee")
