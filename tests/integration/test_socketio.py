"""An existing Rasa widget, played by the very library that they are made of, in front of the web channel.

Shapes: ``rasa.core.channels.socketio`` of Rasa 3.6. The packages are installed once, under ``var/``, as the lock file
tells.
"""

import asyncio
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.conversations.messages import Button, Reply
from bot.settings import get_settings
from bot.setup.npm import find_npm
from bot.storage.engine import Database
from tests.required import missing
from tests.unit.mandats.databases import sqlite_url
from tests.unit.web.world import Web

SOURCES = Path(__file__).parent / "socketio_client"
PATIENCE = 15.0  # seconds
# Widgets of today, and those of the years of rasa-webchat.
LIBRARIES = ["socket.io-client", "socket.io-client-3"]
TRANSPORTS = [["polling", "websocket"], ["websocket"], ["polling"]]


@pytest.fixture(scope="module")
def node() -> tuple[str, Path]:
    """Node.js, and the folder where the client is; without them the tests are skipped, and say so."""
    npm = find_npm(get_settings())
    if npm is None:
        missing("npm")
    program = shutil.which("node", path=os.pathsep.join((str(npm.parent), os.environ.get("PATH", ""))))
    if program is None:
        missing("Node.js")
    content = b"".join(path.read_bytes() for path in sorted(SOURCES.iterdir()) if path.is_file())
    folder = get_settings().var_dir / "socketio-client" / hashlib.sha256(content).hexdigest()[:16]
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".partial-") as scratch:
            copy = Path(scratch) / "client"
            shutil.copytree(SOURCES, copy, ignore=shutil.ignore_patterns("node_modules"))
            command = [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
            try:
                subprocess.run(command, cwd=copy, check=True, capture_output=True, timeout=300)
            except (OSError, subprocess.SubprocessError):
                missing("socket.io-client (npm ci)")
            copy.rename(folder)
    return program, folder


class Widget:
    """A running client."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def emit(self, event: str, data: Any = None) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([event, data]).encode() + b"\n")
        await self._process.stdin.drain()

    async def heard(self) -> tuple[str, Any]:
        """The next thing that happens."""
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), PATIENCE)
        assert line, "the client stopped"
        event, data = json.loads(line)
        return event, data

    async def uttered(self, count: int) -> list[Any]:
        """The next *count* things, which must all be answers of the bot."""
        heard = [await self.heard() for _ in range(count)]
        assert {event for event, _ in heard} == {"bot_uttered"}, heard
        return [data for _, data in heard]


@asynccontextmanager
async def widget(
    node: tuple[str, Path], address: str, library: str = LIBRARIES[0], transports: list[str] = TRANSPORTS[0]
) -> AsyncIterator[Widget]:
    process = await asyncio.create_subprocess_exec(
        node[0],
        "talk.js",
        address,
        library,
        *transports,
        cwd=node[1],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Widget(process)
    finally:
        process.terminate()
        await process.wait()


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Web]:
    database = Database.at(sqlite_url(tmp_path))
    async with Web.over(database).served() as web:
        yield web
    database.close()


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("transports", TRANSPORTS, ids="+".join)
async def test_a_rasa_widget_works_unchanged(
    web: Web, node: tuple[str, Path], library: str, transports: list[str]
) -> None:
    web.engine.replies["carte"] = (
        Reply(
            "**Carte d'identité**\n\nQue voulez-vous savoir ?",
            (Button("Pièces à fournir", "/demander_pieces"), Button("Coût", '/demander_cout{"fiche": "F1"}')),
            {"type": "guidance", "fiches": []},
        ),
        Reply("", (), {"type": "mandat"}),
    )
    async with widget(node, web.address, library, transports) as page:
        assert (await page.heard())[0] == "connect"
        await page.emit("session_request", {"session_id": None})
        event, session_id = await page.heard()
        assert event == "session_confirm"
        assert isinstance(session_id, str)
        await page.emit("session_request", {"session_id": session_id})
        assert await page.heard() == ("session_confirm", session_id)

        asked = {"message": "carte", "customData": {"language": "fr"}, "session_id": session_id}
        await page.emit("user_uttered", asked)
        title, choice = await page.uttered(2)
        assert title == {"text": "**Carte d'identité**", "quick_replies": []}
        assert set(choice) == {"text", "quick_replies"}, "widgets tell messages apart by their keys"
        assert [reply["title"] for reply in choice["quick_replies"]] == ["Pièces à fournir", "Coût"]
        assert {reply["content_type"] for reply in choice["quick_replies"]} == {"text"}

        pressed = choice["quick_replies"][0]["payload"]
        await page.emit("user_uttered", asked | {"message": pressed})
        assert await page.uttered(1) == [{"text": "écho : /demander_pieces"}]
        assert web.engine.texts == ["carte", "/demander_pieces"]


async def test_a_command_typed_by_hand_is_only_words(web: Web, node: tuple[str, Path]) -> None:
    async with widget(node, web.address) as page:
        await page.heard()
        await page.emit("user_uttered", {"message": '/ouvrir_mandat{"demarche": "papiers"}', "session_id": "x"})
        [answer] = await page.uttered(1)
    assert answer["text"].startswith("écho : ouvrir_mandat")


@pytest.mark.parametrize(
    "data", [None, "bonjour", {}, {"message": None, "session_id": "x"}, {"message": ["a"]}], ids=str
)
async def test_a_message_that_makes_no_sense_is_told_in_the_conversation(
    web: Web, node: tuple[str, Path], data: Any
) -> None:
    async with widget(node, web.address) as page:
        await page.heard()
        await page.emit("user_uttered", data)
        assert "n'a pas pu être compris" in (await page.uttered(1))[0]["text"]
        await page.emit("user_uttered", {"message": "bonjour", "session_id": "x"})
        assert await page.uttered(1) == [{"text": "écho : bonjour"}]


async def test_two_widgets_hear_only_their_own_answers(web: Web, node: tuple[str, Path]) -> None:
    async with widget(node, web.address) as one, widget(node, web.address) as other:
        for page, word in ((one, "un"), (other, "deux")):
            await page.heard()
            await page.emit("session_request", {"session_id": "le même"})
            assert await page.heard() == ("session_confirm", "le même")
            await page.emit("user_uttered", {"message": word, "session_id": "le même"})
        assert await one.uttered(1) == [{"text": "écho : un"}]
        assert await other.uttered(1) == [{"text": "écho : deux"}]
        for page in (one, other):
            await page.emit("user_uttered", {"message": "trois", "session_id": "le même"})
            assert await page.uttered(1) == [{"text": "écho : trois"}]


async def test_a_widget_whose_network_fails_comes_back_and_goes_on(web: Web, node: tuple[str, Path]) -> None:
    async with widget(node, web.address, transports=["websocket"]) as page:
        await page.heard()
        for word in ("un", "deux", "trois"):
            await page.emit("user_uttered", {"message": word, "session_id": "x"})
            assert await page.uttered(1) == [{"text": f"écho : {word}"}]
            await page.emit("cut")
            assert (await page.heard())[0] == "disconnect"
            assert await page.heard() == ("connect", "websocket")
