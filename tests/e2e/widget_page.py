"""The widget on the page of another site, which allows scripts and connections from our server and nothing else."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect
from starlette.responses import Response

from bot.settings import get_settings
from bot.setup.widget import widget_dir
from tests.e2e.browser import SIZES, chromium, free_port, served, violations
from tests.e2e.widget_server import ScriptedServer
from tests.required import missing

# A microphone that beeps, and no question to the person.
_MICROPHONE = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
_HOST_PAGE = """<!DOCTYPE html>
<html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Commune de Saint-Exemple</title></head>
<body><main><h1>Commune de Saint-Exemple</h1><p>Les services de la <a href="/hote">mairie</a>.</p></main>
<script type="module" src="{server}/widget.js" data-title="Besoin d'aide ?" {attributes}></script></body></html>"""
OWN_PAGE = """<!DOCTYPE html>
<html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Assistant</title></head>
<body><main><h1>Assistant</h1><div><equipier-chat mode="page"></equipier-chat></div></main>
<script type="module" src="/static/widget/{version}/equipier-chat.js"></script></body></html>"""


@contextmanager
def hearing_chromium() -> Iterator[Browser]:
    """The Chromium of this machine, with a microphone that is not one."""
    with chromium(*_MICROPHONE) as browser:
        yield browser


def host_app(server: str, attributes: str) -> FastAPI:
    """The site of a town hall: one page, with the line that brings the widget of *server*."""
    policy = (
        f"default-src 'none'; script-src {server}; connect-src {server} {server.replace('http', 'ws')}; "
        "base-uri 'none'; form-action 'none'"
    )
    content = _HOST_PAGE.format(server=server, attributes=attributes)
    app = FastAPI()

    @app.get("/hote")
    def host() -> Response:
        return Response(content, media_type="text/html", headers={"Content-Security-Policy": policy})

    return app


@dataclass
class Widget:
    """A page that holds the widget.

    Attributes:
        server: the one that answers from a script; in front of the real channel it serves files only.
        wrong: what the browser complained of: refused scripts or styles, errors in scripts.
        asked: the addresses that the page asked for.
    """

    server: ScriptedServer
    page: Page
    size: str
    host: str
    own: str
    wrong: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def _note(self, message: ConsoleMessage) -> None:
        # Lost connections are what some tests are about; the icon of a page that has none is not.
        if (
            message.type == "error"
            and "Failed to load resource" not in message.text
            and "WebSocket" not in message.text
        ):
            self.wrong.append(message.text)

    @property
    def opener(self) -> Locator:
        return self.page.get_by_role("button", name="Besoin d'aide")

    @property
    def draft(self) -> Locator:
        return self.page.get_by_label("Votre message")

    @property
    def answers(self) -> Locator:
        return self.page.locator("article.them")

    @property
    def questions(self) -> Locator:
        return self.page.locator("article.me")

    def opened(self) -> None:
        """On the host's page, with the panel open."""
        self.page.goto(self.host)
        self.opener.click()
        expect(self.draft).to_be_focused()

    def on_its_own_page(self) -> None:
        self.page.goto(self.own)
        expect(self.draft).to_be_visible()

    def ask(self, text: str, *, answers: int = 1) -> None:
        """Writes *text*, and waits for the answers to be there."""
        before = self.answers.count()
        self.draft.fill(text)
        self.draft.press("Enter")
        expect(self.answers).to_have_count(before + answers)
        expect(self.page.locator("article.waiting, article.accepted")).to_have_count(0)

    def tab_to(self, target: Locator) -> None:
        """Presses the tabulation key until *target* has the focus."""
        target.wait_for()
        for _ in range(60):
            if target.evaluate("element => element === element.getRootNode().activeElement"):
                return
            self.page.keyboard.press("Tab")
        pytest.fail(f"{target} cannot be reached by keyboard")

    def looked_at(self, name: str) -> None:
        """Nothing is wrong: axe agrees, nothing sticks out, the browser does not complain."""
        self.page.wait_for_timeout(150)  # colours of buttons that fade
        if folder := os.environ.get("EQUIPIER_SCREENSHOTS"):
            self.page.screenshot(path=Path(folder) / f"{self.size}-widget-{name}.png")
        assert violations(self.page) == []
        self.fits()
        assert self.wrong == []

    def fits(self) -> None:
        """Nothing has to be scrolled sideways."""
        wide = self.page.evaluate(
            """() => [document.scrollingElement,
                      ...document.querySelector("equipier-chat").shadowRoot.querySelectorAll(".panel, .chat, .log")]
                .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.className || one.tagName)"""
        )
        assert wide == [], "wider than the screen"


@contextmanager
def widget_on(browser: Browser, size: str, attributes: str = "") -> Iterator[tuple[Widget, BrowserContext]]:
    """The widget on a page of another origin, and the browser's context, for more pages."""
    bundle = widget_dir(get_settings().static_dir)
    if not bundle.is_dir():
        missing("widget (make setup)")
    server = ScriptedServer(bundle)
    own, other = free_port(), free_port()
    address = f"http://127.0.0.1:{own}"
    app = server.app({"/assistant": OWN_PAGE.format(version=bundle.name)})
    with served(app, port=own), served(host_app(address, attributes), port=other):
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale="fr-FR",
            timezone_id="Europe/Paris",
            has_touch=size == "phone",
        )
        page = context.new_page()
        yield Widget(server, page, size, f"http://127.0.0.1:{other}/hote", f"{address}/assistant"), context
        context.close()
