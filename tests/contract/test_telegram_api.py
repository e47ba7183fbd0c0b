"""The Telegram of the unit tests and the local Bot API server keep one contract, seen through the library."""

import itertools
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from telegram.error import BadRequest, Forbidden, RetryAfter
from telegram.ext import ExtBot

from bot.channels.telegram.api import make_bot
from bot.channels.telegram.wire import wait_asked
from tests.integration.telegram_server.server import Controls, Person, telegram_server
from tests.unit.telegram.fakes import API, TOKEN, FakeTelegram, said

pytestmark = pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")  # int seconds of PTB 22

CHAT = 31
_NUMBERS = itertools.count(7001)


class Fake:
    """The Telegram of the unit tests."""

    def __init__(self) -> None:
        self.telegram = FakeTelegram()
        self.bot = ExtBot(
            TOKEN, f"{API}/bot", f"{API}/file/bot", request=self.telegram, get_updates_request=self.telegram
        )

    async def refuse(self, method: str, code: int, description: str, **parameters: int) -> None:
        self.telegram.refuse(method, code, description, **parameters)

    async def keep(self, content: bytes) -> str:
        self.telegram.files["n1"] = content
        return "n1"

    async def arrive(self, *texts: str) -> None:
        self.telegram.arrive(*(said(text, number=number) for number, text in enumerate(texts, 1)))

    async def asked(self, method: str) -> int:
        return len(self.telegram.of(method))


class Server:
    """The local server."""

    def __init__(self, address: str, http: httpx.AsyncClient) -> None:
        token = f"{next(_NUMBERS)}:jeton"
        self.bot = make_bot(token, api_url=address)
        self._http = http
        self._controls = Controls(http)
        self._person = Person(http, CHAT, token)

    async def refuse(self, method: str, code: int, description: str, **parameters: int) -> None:
        await self._controls.fail(method, code, description, chat=CHAT, **parameters)

    async def keep(self, content: bytes) -> str:
        return str((await self._http.post("/shim/file", content=content)).json())

    async def arrive(self, *texts: str) -> None:
        for text in texts:
            await self._person.say(text)

    async def asked(self, method: str) -> int:
        return len(await self._controls.calls(method))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with telegram_server() as address:
        yield address


@pytest.fixture(params=["fake", "server"])
async def side(request: pytest.FixtureRequest) -> AsyncIterator[Fake | Server]:
    if request.param == "fake":
        yield Fake()
        return
    address = request.getfixturevalue("address")
    async with httpx.AsyncClient(base_url=address) as http:
        server = Server(address, http)
        async with server.bot:
            yield server


async def test_the_bot_is_a_bot(side: Fake | Server) -> None:
    me = await side.bot.get_me()
    assert (me.is_bot, me.username) == (True, "EquipierTestBot")


async def test_messages_are_numbered_in_their_order(side: Fake | Server) -> None:
    first, second = [await side.bot.send_message(CHAT, text) for text in ("un", "deux")]
    assert first.message_id < second.message_id
    assert (first.text, first.chat.id, first.chat.type) == ("un", CHAT, "private")
    voice = await side.bot.send_voice(CHAT, b"OggS", duration=3)
    assert voice.message_id > second.message_id


async def test_a_refusal_is_told_once(side: Fake | Server) -> None:
    await side.refuse("sendMessage", 429, "Too Many Requests: retry after 7", retry_after=7)
    with pytest.raises(RetryAfter) as waits:
        await side.bot.send_message(CHAT, "un")
    assert wait_asked(waits.value).total_seconds() == 7
    await side.refuse("sendMessage", 403, "Forbidden: bot was blocked by the user")
    with pytest.raises(Forbidden):
        await side.bot.send_message(CHAT, "un")
    await side.refuse("sendMessage", 400, "Bad Request: chat not found")
    with pytest.raises(BadRequest):
        await side.bot.send_message(CHAT, "un")
    assert (await side.bot.send_message(CHAT, "un")).text == "un"


async def test_a_file_is_read_as_it_was_sent(side: Fake | Server) -> None:
    file = await side.bot.get_file(await side.keep(b"OggS du son"))
    assert file.file_size == len(b"OggS du son")
    assert bytes(await file.download_as_bytearray()) == b"OggS du son"


async def test_an_update_comes_back_until_the_offset_passes_over_it(side: Fake | Server) -> None:
    await side.arrive("un", "deux")
    first, second = await side.bot.get_updates(timeout=0)
    assert (first.message.text, second.message.text) == ("un", "deux")
    assert len(await side.bot.get_updates(timeout=0)) == 2
    (left,) = await side.bot.get_updates(offset=second.update_id, timeout=0)
    assert left.update_id == second.update_id


async def test_what_needs_no_answer_is_acknowledged(side: Fake | Server) -> None:
    assert await side.bot.send_chat_action(CHAT, "typing")
    assert await side.bot.answer_callback_query("1")
    assert await side.bot.set_my_commands([("aide", "Ce que je sais faire")])
    assert await side.bot.delete_webhook()
    assert await side.asked("sendChatAction") >= 1
