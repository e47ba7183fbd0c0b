"""The local Bot API server, started for a module of tests, and what a person does in front of it.

Its packages are installed once, under ``var/``, as the lock file tells.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bot.settings import get_settings
from bot.setup.npm import find_npm
from tests.required import missing

HERE = Path(__file__).parent
_FILES = ("package.json", "package-lock.json")

Json = dict[str, Any]


@contextmanager
def telegram_server() -> Iterator[str]:
    """Its address; without npm the tests are skipped, and say so."""
    npm = find_npm(get_settings())
    if npm is None:
        missing("npm")
    folder = _installed(npm)
    node = shutil.which("node", path=os.pathsep.join((str(npm.parent), os.environ.get("PATH", ""))))
    if node is None:
        missing("Node.js")
    # It ends with its standard input: it does not outlive a test run that is killed.
    command, environment = [node, str(HERE / "shim.js")], os.environ | {"NODE_PATH": str(folder / "node_modules")}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _installed(npm: Path) -> Path:
    content = b"".join((HERE / name).read_bytes() for name in _FILES)
    folder = get_settings().var_dir / "telegram-server" / hashlib.sha256(content).hexdigest()[:16]
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".partial-") as scratch:
        for name in _FILES:
            shutil.copy(HERE / name, scratch)
        command = [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        try:
            subprocess.run(command, cwd=scratch, check=True, capture_output=True, timeout=300)
        except (OSError, subprocess.SubprocessError):
            missing("telegram-test-api (npm ci)")
        if not folder.is_dir():
            shutil.copytree(scratch, folder)
    return folder


@dataclass(frozen=True)
class Message:
    """A message of the bot's, as the person sees it now."""

    number: int
    shown: str
    keys: list[list[Json]]
    raw: Json = field(repr=False)

    def key(self, label: str) -> Json:
        """The button that bears *label*."""
        return next(key for row in self.keys for key in row if key["text"] == label)

    @property
    def labels(self) -> list[str]:
        return [key["text"] for row in self.keys for key in row]


@dataclass
class Person:
    """Someone in front of Telegram; each has a private chat with the bot."""

    http: httpx.AsyncClient
    chat: int
    token: str

    async def say(self, text: str) -> None:
        entities = [{"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}]
        more = {"entities": entities} if text.startswith("/") else {}
        await self._post("/sendMessage", self._content() | {"botToken": self.token, "text": text} | more)

    async def press(self, message: Message, label: str) -> None:
        shown = {"message_id": message.number, "date": 1, "text": message.shown or "…"}
        shown |= {"reply_markup": {"inline_keyboard": message.keys}} if message.keys else {}
        data = message.key(label)["callback_data"]
        content = self._content()
        query = {"botToken": self.token, "from": content["from"], "message": content | shown, "data": data}
        await self._post("/sendCallback", query)

    async def dictate(self, audio: bytes, *, seconds: int = 3) -> None:
        file = (await self.http.post("/shim/file", content=audio)).json()
        voice = {"file_id": file, "file_unique_id": file, "duration": seconds, "file_size": len(audio)}
        await self.update({"message": self._content() | {"message_id": 9000 + len(audio), "voice": voice}})

    async def correct(self, text: str, *, number: int, after: int) -> None:
        content = self._content()
        edited = {"message_id": number, "edit_date": content["date"] + after, "text": text}
        await self.update({"edited_message": content | edited})

    async def update(self, update: Json, *, again: int | None = None) -> int:
        """Sends a raw update; its number.

        Args:
            again: the number of an earlier one, sent once more.
        """
        body = {"token": self.token, "update": update} | ({} if again is None else {"again": again})
        return int(await self._post("/shim/update", body))

    async def messages(self) -> list[Message]:
        """What the bot sent to this person, oldest first."""
        history = (await self._post("/getUpdatesHistory", {"token": self.token}))["result"]
        sent = [entry for entry in history if str(entry.get("message", {}).get("chat_id")) == str(self.chat)]
        return [_message(entry) for entry in sent]

    async def shown(self) -> list[str]:
        return [message.shown for message in await self.messages()]

    def _content(self) -> Json:
        chat = {"id": self.chat, "type": "private", "first_name": "Odile"}
        return {"date": 1_790_000_000, "chat": chat, "from": chat | {"is_bot": False}}

    async def _post(self, path: str, body: Json) -> Any:
        response = await self.http.post(path, json=body)
        response.raise_for_status()
        return response.json()


class Controls:
    """What the tests ask of the server itself."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def fail(
        self, method: str, code: int, description: str, *, chat: int, skip: int = 0, **parameters: Any
    ) -> None:
        """Refuses one call of *method* for *chat*, after *skip* calls that go well."""
        refusal = {"method": method, "code": code, "description": description, "parameters": parameters}
        await self._http.post("/shim/fail", json=refusal | {"chat_id": chat, "skip": skip, "times": 1})

    async def block(self, chat: int) -> None:
        await self._http.post("/shim/block", json={"chat_id": chat})

    async def unblock(self, chat: int) -> None:
        await self._http.post("/shim/unblock", json={"chat_id": chat})

    async def calls(self, method: str, *, chat: int | None = None) -> list[Json]:
        """The parameters of every call of *method*, for *chat* only if given."""
        calls = [call["params"] for call in await self._get("/shim/calls") if call["method"] == method]
        return [params for params in calls if chat is None or str(params.get("chat_id")) == str(chat)]

    async def pushes(self) -> list[int]:
        """The statuses that the webhook answered; 0 when it did not."""
        return await self._get("/shim/pushes")

    async def waiting(self) -> list[Json]:
        """The updates that no poller has acknowledged."""
        return await self._get("/shim/waiting")

    async def _get(self, path: str) -> Any:
        return (await self._http.post(path, json={})).json()


def _message(entry: Json) -> Message:
    content = entry["message"]
    markup = content.get("reply_markup") or {}
    markup = json.loads(markup) if isinstance(markup, str) else markup
    return Message(entry["messageId"], content.get("shown", ""), markup.get("inline_keyboard", []), content)
