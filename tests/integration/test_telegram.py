"""The Telegram channel in front of a Bot API server that we did not write, over a real database and the real router.

Only the dialogue engine and the transcriber are played.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from cryptography.fernet import Fernet
from fastapi import FastAPI
from pydantic import SecretStr

from bot.aidants.linking import ChatLinking
from bot.channels.telegram import sentences
from bot.channels.telegram.api import make_bot
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.poller import Poller
from bot.channels.telegram.services import CHANNEL, TelegramServices
from bot.channels.telegram.wire import PATH, SECRET_HEADER, make_request
from bot.conversations.cipher import FernetCipher, fingerprint
from bot.conversations.deliveries import Deliveries
from bot.conversations.doorstep import Doorstep
from bot.conversations.feedback import REASONS, Feedback
from bot.conversations.kept import KeptMessages
from bot.conversations.limits import SlidingWindow
from bot.conversations.messages import Button, Reply
from bot.conversations.places import Places
from bot.conversations.preferences import PreferenceHearing, PreferenceStore
from bot.conversations.router import Router
from bot.conversations.store import ConversationStore
from bot.gateway import errors
from bot.storage.engine import Database
from bot.voice.messages import Heard
from tests.e2e.browser import free_port
from tests.integration.telegram_server.server import Controls, Message, Person, telegram_server
from tests.unit.aidants.house import House
from tests.unit.conversations.fakes import FOLLOW_UPS, FakeEngine, HidesDupont
from tests.unit.mandats.databases import sqlite_url
from tests.unit.telegram.fakes import FakeVoice

pytestmark = pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")  # int seconds of PTB 22

SECRET = SecretStr("secret_de_test")
KEY = SecretStr(Fernet.generate_key().decode())
_PATIENCE = 10.0  # seconds
_NUMBERS = itertools.count(5001)


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    with telegram_server() as address:
        yield address


@dataclass
class Town:
    """A database, a Telegram, and a gateway that comes and goes."""

    api: str
    house: House
    http: httpx.AsyncClient
    mode: str = "polling"
    engine: FakeEngine = field(default_factory=FakeEngine)
    voice: FakeVoice = field(default_factory=FakeVoice)
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.telegram = Controls(self.http)
        self.token = f"{next(_NUMBERS)}:jeton-de-test"  # a bot of its own: nothing is left over from another test
        self.person = self.someone()
        cipher, database = FernetCipher(KEY), self.house.database
        self.places = Places(database, cipher=cipher)
        self.deliveries = Deliveries(database, cipher=cipher)
        self.preferences = PreferenceStore(database)
        self.store = ConversationStore(database)
        self.kept = KeptMessages(database, cipher=cipher)

    def someone(self) -> Person:
        return Person(self.http, next(_NUMBERS), self.token)

    @property
    def gateway(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def services(self) -> TelegramServices:
        doorstep = Doorstep(
            store=self.store,
            pseudonymiser=HidesDupont(),
            max_chars=2000,
            linking=ChatLinking(self.house.aidants, self.places),
            preferences=PreferenceHearing(self.preferences),
        )
        router = Router(
            places=self.places,
            store=self.store,
            doorstep=doorstep,
            kept=self.kept,
            engine=self.engine,
            limiter=SlidingWindow(),
            clock=self.house.clock,
            preferences=self.preferences,
            pushed=(CHANNEL,),
        )
        return TelegramServices(
            bot=make_bot(self.token, api_url=self.api),
            router=router,
            places=self.places,
            deliveries=self.deliveries,
            feedback=Feedback(self.house.database, pseudonymiser=HidesDupont()),
            preferences=self.preferences,
            voice=self.voice,
            clock=self.house.clock,
            key=KEY,
            secret=SECRET,
            mode=self.mode,
            public_url=self.gateway,
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """The gateway, and the poller in polling mode, for the time of the block."""
        channel = TelegramChannel(self.services())

        @asynccontextmanager
        async def life(_app: FastAPI) -> AsyncIterator[None]:
            await channel.start()
            yield
            await channel.stop()

        app = FastAPI(lifespan=life)
        errors.install(app)
        app.include_router(channel.routes())
        stop = asyncio.Event()
        async with self._served(app), httpx.AsyncClient() as client:
            await asyncio.wait_for(channel.opened(), timeout=_PATIENCE)
            polling = asyncio.create_task(self._poller(client).run(stop)) if self.mode == "polling" else None
            try:
                yield
            finally:
                stop.set()
                if polling is not None:
                    await asyncio.wait_for(polling, timeout=_PATIENCE)

    @asynccontextmanager
    async def _served(self, app: FastAPI) -> AsyncIterator[None]:
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=self.port, log_level="warning"))
        serving = asyncio.create_task(server.serve())
        await until(lambda: _done(server.started))
        try:
            yield
        finally:
            server.should_exit = True
            await serving

    def _poller(self, client: httpx.AsyncClient) -> Poller:
        return Poller(
            make_request(self.api),
            client,
            api_url=self.api,
            token=SecretStr(self.token),
            gateway=self.gateway,
            secret=SECRET,
        )

    async def receives(self, count: int, *, person: Person | None = None) -> list[Message]:
        """The messages of the person, once there are *count*."""
        who = person or self.person
        await until(lambda: _at_least(who.messages(), count))
        messages = await who.messages()
        assert len(messages) == count
        return messages

    @property
    def texts(self) -> list[str]:
        return self.engine.texts


async def until(condition: Callable[[], Awaitable[bool]], *, within: float = _PATIENCE) -> None:
    async with asyncio.timeout(within):
        while not await condition():
            await asyncio.sleep(0.02)


async def _done(value: bool) -> bool:
    return value


async def _at_least(messages: Awaitable[list[Message]], count: int) -> bool:
    return len(await messages) >= count


@asynccontextmanager
async def town_at(api: str, folder: Path, **options: Any) -> AsyncIterator[Town]:
    database = Database.at(sqlite_url(folder))
    async with httpx.AsyncClient(base_url=api, timeout=_PATIENCE) as http:
        yield Town(api, House.over(database), http, **options)
    database.close()


@pytest.fixture
async def town(api: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with town_at(api, tmp_path) as town:
        yield town


@pytest.fixture(params=["polling", "webhook"])
async def either(api: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Town]:
    """Fetched by our poller, and pushed by Telegram: one code path, two tests."""
    async with town_at(api, tmp_path, mode=request.param) as town:
        yield town


async def test_a_question_is_answered_and_its_buttons_work(either: Town) -> None:
    town = either
    town.engine.replies["carte perdue"] = FOLLOW_UPS
    async with town.open():
        await town.person.say("carte perdue")
        (answer,) = await town.receives(1)
        assert answer.shown == "Carte d'identité"
        assert answer.labels == ["Pièces à fournir", "Coût", "👍", "👎"]
        await town.person.press(answer, "Coût")
        await town.receives(2)
        assert town.texts == ["carte perdue", '/demander_cout{"fiche": "F1"}']
        (answer, _) = await town.person.messages()
        assert answer.labels == ["Pièces à fournir", "✓ Coût", "👍", "👎"]
        assert await town.telegram.calls("answerCallbackQuery")
        assert await town.telegram.calls("sendChatAction", chat=town.person.chat)


async def test_an_answer_is_judged_with_its_reason(town: Town) -> None:
    town.engine.replies["carte perdue"] = FOLLOW_UPS
    async with town.open():
        await town.person.say("carte perdue")
        (answer,) = await town.receives(1)
        await town.person.press(answer, "👎")
        await until(lambda: _shows(town.person, REASONS["perime"]))
        (answer,) = await town.person.messages()
        await town.person.press(answer, REASONS["perime"])
        await until(lambda: _shows(town.person, REASONS["perime"], no_longer=True))
    with town.house.database.engine.connect() as connection:
        row = connection.exec_driver_sql("SELECT rating, reasons FROM ratings").one()
    assert row == (-1, '["perime"]')


async def _shows(person: Person, label: str, *, no_longer: bool = False) -> bool:
    return (label in (await person.messages())[0].labels) is not no_longer


async def test_start_with_a_code_ties_the_account(town: Town) -> None:
    organisation = town.house.organisation()
    odile = town.house.enrolled("odile@exemple.fr", organisation.id)
    code = town.house.aidants.conversation_code(odile.id)
    async with town.open():
        await town.person.say("/start")
        await town.person.say(f"/start {code.replace(' ', '')}")
        welcome, linked = await town.receives(2)
    assert "/nouveau" in welcome.shown
    assert organisation.name in linked.shown
    place = town.places.find(CHANNEL, fingerprint(str(town.person.chat), key=KEY))
    assert place is not None
    assert place.aidant == odile.id
    assert town.texts == []


async def test_the_menu_is_told_to_telegram_and_its_commands_speak_to_the_dialogue(town: Town) -> None:
    async with town.open():
        menu = (await town.telegram.calls("setMyCommands"))[-1]
        assert "parametres" in menu["commands"]
        await town.person.say("/mandats")
        await town.receives(1)
    assert town.texts == ["mes mandats"]


async def test_a_voice_note_is_shown_as_it_was_heard_then_answered(either: Town) -> None:
    town = either
    town.voice.heard = Heard("Dupont a perdu son passeport", 3.0, True)
    async with town.open():
        await town.person.dictate(b"OggS du son")
        heard, answer = await town.receives(2)
    assert town.voice.listened == [b"OggS du son"]
    assert heard.shown == "J'ai compris\u202f: «\u202f[NOM] a perdu son passeport\u202f»"
    assert answer.shown == "écho : [NOM] a perdu son passeport"


async def test_a_voice_note_about_a_mandate_is_confirmed_first(town: Town) -> None:
    town.voice.heard = Heard("ouvre un mandat logement", 2.0, True)
    town.engine.intents["ouvre un mandat logement"] = "ouvrir_mandat"
    async with town.open():
        await town.person.dictate(b"OggS")
        (asked,) = await town.receives(1)
        assert asked.labels == ["Oui", "Corriger"]
        assert town.texts == []
        await town.person.press(asked, "Oui")
        await town.receives(2)
    assert town.texts == ["ouvre un mandat logement"]


async def test_an_answer_is_spoken_after_its_text_to_who_asked_for_it(town: Town) -> None:
    async with town.open():
        await town.person.say("réponds à voix haute")
        await town.person.say("bonjour")
        await until(lambda: _at_least(town.person.messages(), 4))
        spoken = await town.telegram.calls("sendVoice", chat=town.person.chat)
    assert [file["voice"]["size"] for file in spoken] == [len(town.voice.speech.data)] * 2
    assert "écho : bonjour" in await town.person.shown()


async def test_a_slow_voice_note_starves_nobody(either: Town) -> None:
    town, other = either, either.someone()
    town.voice.free.clear()
    async with town.open():
        await town.person.dictate(b"OggS")
        await until(lambda: _done(bool(town.voice.listened)))
        await other.say("bonjour")
        await town.receives(1, person=other)
        assert await town.person.messages() == []
        town.voice.free.set()
        await town.receives(2)
    assert len(town.voice.listened) == 1


@pytest.mark.parametrize("secret", ["", "faux"])
async def test_an_update_pushed_without_the_secret_is_refused(town: Town, secret: str) -> None:
    async with town.open(), httpx.AsyncClient(base_url=town.gateway) as stranger:
        response = await stranger.post(PATH, json={"update_id": 1}, headers={SECRET_HEADER: secret} if secret else {})
        assert response.status_code == 401
    assert town.texts == []


async def test_telegram_pushes_with_the_secret_until_the_gateway_takes_it(api: str, tmp_path: Path) -> None:
    async with town_at(api, tmp_path, mode="webhook") as town:
        before = len(await town.telegram.pushes())
        async with town.open():
            pass
        await town.person.say("bonjour")  # the gateway is away
        await until(lambda: _longer(town, before))
        async with town.open():
            await town.receives(1)
        pushes = (await town.telegram.pushes())[before:]
        assert set(pushes[:-1]) <= {0, 503}
        assert pushes[-1] == 200


async def _longer(town: Town, before: int) -> bool:
    return len(await town.telegram.pushes()) > before


async def test_an_update_that_comes_twice_is_answered_once(either: Town) -> None:
    town = either
    message = town.person._content() | {"message_id": 77, "text": "bonjour"}
    async with town.open():
        number = await town.person.update({"message": message})
        await town.receives(1)
        await town.person.update({"message": message}, again=number)
        await town.person.say("merci")
        await town.receives(2)
    async with town.open():  # after a restart only the database remembers
        await town.person.update({"message": message}, again=number + 1000)
        await town.person.say("au revoir")
        assert (await town.receives(3))[2].shown == "écho : au revoir"
    assert town.texts == ["bonjour", "merci", "au revoir"]


async def test_when_telegram_asks_to_wait_the_answer_leaves_later_and_once(town: Town) -> None:
    async with town.open():
        asks = ("sendMessage", 429, "Too Many Requests: retry after 5")
        await town.telegram.fail(*asks, chat=town.person.chat, retry_after=5)
        await town.person.say("bonjour")
        await until(lambda: _calls(town, "sendMessage", 1))
        await asyncio.sleep(0.1)
        assert await town.person.messages() == []
        town.house.clock.advance(seconds=6)
        (answer,) = await town.receives(1)
    assert answer.shown == "écho : bonjour"
    assert len(await town.telegram.calls("sendMessage", chat=town.person.chat)) == 2


async def _calls(town: Town, method: str, count: int) -> bool:
    return len(await town.telegram.calls(method, chat=town.person.chat)) >= count


async def test_someone_who_blocked_the_bot_is_left_alone_until_they_write(town: Town) -> None:
    async with town.open():
        await town.telegram.block(town.person.chat)
        await town.person.say("bonjour")
        await until(lambda: _calls(town, "sendMessage", 1))
        await until(lambda: _done(town.deliveries.waiting(CHANNEL) == 0))
        await town.telegram.unblock(town.person.chat)
        await town.person.say("me revoilà")
        (answer,) = await town.receives(1)
    assert answer.shown == "écho : me revoilà"


async def test_a_long_answer_is_cut_between_sentences(town: Town) -> None:
    town.engine.replies["tout"] = (Reply("Une phrase & « <une autre> ». " * 300, (Button("Coût", "/cout"),)),)
    async with town.open():
        await town.person.say("tout")
        messages = await town.receives(3)
    assert all(message.shown.endswith("».") for message in messages)
    assert " ".join(message.shown for message in messages) == ("Une phrase & « <une autre> ». " * 300).strip()
    assert [bool(message.keys) for message in messages] == [False, False, True]


async def test_a_corrected_message_is_answered_again(town: Town) -> None:
    async with town.open():
        await town.person.correct("son passeport", number=12, after=20)
        notice, answer = await town.receives(2)
        assert (notice.shown, answer.shown) == (sentences.CORRECTED, "écho : son passeport")
        await town.person.correct("son passeport", number=12, after=4000)
        assert (await town.receives(3))[2].shown == sentences.TOO_OLD


async def test_a_form_goes_on_after_a_restart_in_its_middle(either: Town) -> None:
    """The question was asked by one gateway; the button is pressed while it is away, and answered by the next."""
    town = either
    question = Reply("Pour quelle durée ?", (Button("1 jour", "/repondre_saisie{}"), Button("31 jours", "/mois")))
    town.engine.replies["ouvrir un mandat"] = (question,)
    async with town.open():
        await town.person.say("/nouveau")
        (asked,) = await town.receives(1)
    await town.person.press(asked, "31 jours")
    async with town.open():
        await town.receives(2)
    assert town.texts == ["ouvrir un mandat", "/mois"]
    assert len({conversation for conversation, _ in town.engine.asked}) == 1


async def test_an_answer_interrupted_by_a_restart_resumes_where_it_was(town: Town) -> None:
    town.engine.replies["tout"] = (Reply("Une phrase. " * 800),)  # three messages
    await town.telegram.fail("sendMessage", 502, "Bad Gateway", chat=town.person.chat, skip=1)
    async with town.open():
        await town.person.say("tout")
        await until(lambda: _calls(town, "sendMessage", 2))
    assert len(await town.person.messages()) == 1
    town.house.clock.advance(seconds=120)
    async with town.open():
        messages = await town.receives(3)
    assert sum(message.shown.count("Une phrase.") for message in messages) == 800


async def test_the_secure_page_opens_inside_telegram(town: Town) -> None:
    url = "https://equipier.exemple.fr/mandats/lien"
    draft = {"type": "mandat", "status": "draft", "secure_url": url}
    town.engine.replies["prêt"] = (Reply(f"Prêt : [ouvrir la page]({url})", (), draft),)
    async with town.open():
        await town.person.say("prêt")
        (answer,) = await town.receives(1)
    assert answer.keys == [[{"text": "Ouvrir la page sécurisée", "web_app": {"url": url}}]]
