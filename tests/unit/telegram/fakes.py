"""Telegram, the router and the voice process, played without a network."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from telegram.error import NetworkError
from telegram.request import BaseRequest, RequestData

from bot.conversations.limits import TooManyMessages
from bot.conversations.messages import Incoming, Reply
from bot.voice.errors import VoiceRefused
from bot.voice.messages import Heard, Speech

TOKEN = "123456:jeton-de-test"
API = "http://telegram.test"
HEARD = Heard("mon usager a perdu son passeport", 3.0, True)
SPOKEN = Speech(b"OggS...", "audio/ogg", 3.0)
NOW = 1_790_000_000  # a date of Telegram's: seconds since 1970
CHAT = 4242
ME = {"id": 666, "is_bot": True, "first_name": "Équipier", "username": "EquipierTestBot"}
PERSON = {"id": CHAT, "is_bot": False, "first_name": "Odile"}
PRIVATE = {"id": CHAT, "type": "private", "first_name": "Odile"}

Json = dict[str, Any]


@dataclass
class Call:
    """A method that the bot called."""

    method: str
    params: Json

    @property
    def keys(self) -> list[list[Json]]:
        """The rows of buttons of the message."""
        return (self.params.get("reply_markup") or {}).get("inline_keyboard", [])


@dataclass
class Refusal:
    """What Telegram answers instead of doing what it is asked."""

    method: str
    status: int
    description: str = ""
    parameters: Json | None = None
    times: int = 1


class FakeTelegram(BaseRequest):
    """The Bot API behind the library's own port."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.refusals: list[Refusal] = []
        self.files: dict[str, bytes] = {}
        self.updates: list[Json] = []
        self.down = False
        self.hold = asyncio.Event()  # cleared, sent messages hang in the air
        self.hold.set()
        self._arrived = asyncio.Event()
        self._sent = 100

    @property
    def read_timeout(self) -> float:
        return 1.0

    async def initialize(self) -> None:
        return None

    async def shutdown(self) -> None:
        return None

    def refuse(self, method: str, status: int, description: str = "", **parameters: Any) -> None:
        self.refusals.append(Refusal(method, status, description, parameters or None))

    def arrive(self, *updates: Json) -> None:
        self.updates += updates
        self._arrived.set()

    def of(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    @property
    def sent(self) -> list[Call]:
        return self.of("sendMessage")

    @property
    def texts(self) -> list[str]:
        return [call.params["text"] for call in self.sent]

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_timeouts: Any, **_more: Any
    ) -> tuple[int, bytes]:
        parts = urlsplit(url)
        if self.down:
            raise NetworkError("fake Telegram down")
        if parts.path.startswith("/file/"):
            return 200, self.files[parts.path.rpartition("/")[2]]
        name = parts.path.rpartition("/")[2]
        params = dict(request_data.parameters) if request_data else dict(parse_qsl(parts.query))
        self.calls.append(Call(name, params))
        await self.hold.wait()
        for refusal in self.refusals:
            if refusal.method == name:
                refusal.times -= 1
                if not refusal.times:
                    self.refusals.remove(refusal)
                body = {"ok": False, "error_code": refusal.status, "description": refusal.description}
                return refusal.status, json.dumps(body | {"parameters": refusal.parameters}).encode()
        result = await self._result(name, params)
        return 200, json.dumps({"ok": True, "result": result}).encode()

    async def _result(self, name: str, params: Json) -> Any:
        match name:
            case "getMe":
                return ME
            case "sendMessage" | "sendVoice":
                self._sent += 1
                chat = {"id": params["chat_id"], "type": "private"}
                return {"message_id": self._sent, "date": NOW, "chat": chat, "text": params.get("text", "")}
            case "getFile":
                file = str(params["file_id"])
                size = len(self.files[file])
                return {"file_id": file, "file_unique_id": file, "file_size": size, "file_path": file}
            case "getUpdates":
                return await self._pending(int(params.get("offset", 0)))
            case _:
                return True

    async def _pending(self, offset: int) -> list[Json]:
        self.updates = [update for update in self.updates if update["update_id"] >= offset]
        if not self.updates:
            self._arrived.clear()
            await self._arrived.wait()
        return list(self.updates)


class FakeRouter:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.heard: list[Incoming] = []
        self.raises: list[Exception] = []

    async def handle(self, incoming: Incoming) -> tuple[Reply, ...]:
        await asyncio.sleep(0)
        if self.raises:
            raise self.raises.pop(0)
        self.heard.append(incoming)
        return ()

    @property
    def texts(self) -> list[str]:
        return [incoming.text for incoming in self.heard]


@dataclass
class FakeVoice:
    """Hears what it was told to hear, once it is free."""

    heard: Heard = HEARD
    speech: Speech = SPOKEN
    refuses: VoiceRefused | None = None
    listened: list[bytes] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)
    free: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.free.set()

    async def transcribe(self, audio: bytes) -> Heard:
        self.listened.append(audio)
        await self.free.wait()
        if self.refuses:
            raise self.refuses
        return self.heard

    async def speak(self, text: str) -> Speech:
        await self.free.wait()
        if self.refuses:
            raise self.refuses
        self.spoken.append(text)
        return self.speech


async def until(condition: Callable[[], object], *, within: float = 10.0) -> None:
    """Waits until *condition* holds, so many seconds at most."""
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.01)


def too_many() -> TooManyMessages:
    return TooManyMessages(7)


def message(text: str | None = None, *, number: int = 1, **more: Any) -> Json:
    """A message of Odile's; a leading « / » makes it a command, as Telegram marks it."""
    content: Json = {"message_id": number, "date": NOW, "chat": PRIVATE, "from": PERSON}
    if text is not None:
        content["text"] = text
        if text.startswith("/"):
            content["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
    return content | more


def said(text: str, *, number: int = 1, update_id: int | None = None, **more: Any) -> Json:
    return {"update_id": update_id or number, "message": message(text, number=number, **more)}


def sent_by_person(*, number: int = 1, **content: Any) -> Json:
    """A message without text: a voice note, a photo…"""
    return {"update_id": number, "message": message(number=number, **content)}


def corrected(text: str, *, after: int, number: int = 1, update_id: int = 50) -> Json:
    """*text* in place of an earlier message, so many seconds later."""
    return {"update_id": update_id, "edited_message": message(text, number=number, edit_date=NOW + after)}


def pressed(data: str, *, keys: list[list[Json]] | None = None, query: str = "q1", update_id: int = 80) -> Json:
    """A press on a button of a message of the bot's."""
    shown = {"message_id": 60, "date": NOW, "chat": PRIVATE, "from": ME, "text": "…"}
    if keys is not None:
        shown["reply_markup"] = {"inline_keyboard": keys}
    content = {"id": query, "from": PERSON, "chat_instance": "1", "message": shown, "data": data}
    return {"update_id": update_id, "callback_query": content}


def membership(status: str, *, chat: Json = PRIVATE, update_id: int = 90) -> Json:
    def member(status: str) -> Json:
        more: Json = {"until_date": 0} if status == "kicked" else {}
        return {"user": ME, "status": status} | more

    change = {"chat": chat, "from": PERSON, "date": NOW}
    return {
        "update_id": update_id,
        "my_chat_member": change | {"old_chat_member": member("left"), "new_chat_member": member(status)},
    }
