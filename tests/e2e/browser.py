"""A real browser in front of the real pages; without Chromium these tests are skipped, and say so."""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from bot.settings import get_settings
from bot.setup.assets import dsfr_dir
from bot.storage.engine import Database
from tests.required import missing
from tests.unit.mandats.databases import sqlite_url

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
_START_UP = 10  # seconds
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    """The Chromium of this machine, started with *arguments* besides the usual ones."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium here: install it to run the tests of the pages")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*_ARGUMENTS, *arguments])
        yield browser
        browser.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(app: FastAPI, *, port: int) -> Iterator[None]:
    """Serves *app* on this machine for the time of the block."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + _START_UP
    while not server.started:
        assert time.monotonic() < deadline, "the gateway does not start"
        time.sleep(0.05)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=_START_UP)


def violations(page: Page) -> list[str]:
    """What axe finds wrong on *page*, one line each."""
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {node.get('failureSummary', '')}" for rule in found for node in rule["nodes"]
    ]


@dataclass(frozen=True)
class Ground:
    """What a visit stands on: an empty database, the static files, an address, and a page of some size.

    Attributes:
        wrong: what the browser complained of: refused scripts or styles, missing files, errors in scripts.
    """

    database: Database
    static: Path
    address: str
    port: int
    page: Page
    wrong: list[str]


@contextmanager
def ground(browser: Browser, size: str, folder: Path) -> Iterator[Ground]:
    """A new page in *browser*, on a phone or a desktop, and what to serve to it."""
    static = get_settings().static_dir
    if not dsfr_dir(static).is_dir():
        missing("DSFR (make setup)")
    database = Database.at(sqlite_url(folder))
    port = free_port()
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale="fr-FR", has_touch=size == "phone"
    )
    page = context.new_page()
    wrong: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and "the server responded with a status of 4" not in message.text:
            wrong.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield Ground(database, static, f"http://127.0.0.1:{port}", port, page, wrong)
    context.close()
    database.close()
