"""The web channel over the real services and a SQLite file, served on this machine; Rasa and the voice are played."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import httpx
import uvicorn
from cryptography.fernet import Fernet
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.responses import Response

from bot.aidants.linking import ChatLinking
from bot.channels.web.channel import WebChannel
from bot.channels.web.claims import HostTokens
from bot.channels.web.cors import GuestPages
from bot.channels.web.http import WIDE_BODIES
from bot.channels.web.late import LateReplies
from bot.channels.web.manager import SharedRooms
from bot.channels.web.origins import Origins
from bot.channels.web.services import WebServices
from bot.conversations.cipher import FernetCipher
from bot.conversations.doorstep import Doorstep
from bot.conversations.feedback import Feedback
from bot.conversations.history import History, Line
from bot.conversations.kept import KeptMessages
from bot.conversations.limits import RateLimiter, SlidingWindow
from bot.conversations.messages import Incoming, Reply
from bot.conversations.outbox import post
from bot.conversations.places import Places
from bot.conversations.preferences import PreferenceHearing, PreferenceStore
from bot.conversations.router import Router, TakesOver
from bot.conversations.store import ConversationStore
from bot.gateway import errors
from bot.gateway.desk.sessions import COOKIE, Session, Sessions
from bot.gateway.middleware import LimitBody, Surround
from bot.gateway.pages.security import Cookies
from bot.storage.engine import Database
from bot.voice.errors import Reason, VoiceRefused
from bot.voice.messages import Format, Heard, Speech
from tests.unit.aidants.house import KEYS, House, Person
from tests.unit.conversations.fakes import FakeEngine, HidesDupont
from tests.unit.web.client import Page

PUBLIC_URL = "https://equipier.exemple.fr"
GUEST = "https://intranet.exemple.fr"
SECRET = "un secret que seul l'intranet connaît"
ISSUER = "intranet"
OURS = {"client": "equipier"}
IDLE = 0.05  # seconds between two looks at the log


@dataclass
class FakeVoice:
    """Hears what it was told to hear, and speaks the text itself."""

    text: str = "mon usager a perdu son passeport"
    sure: bool = True
    refuses: Reason | None = None
    heard: list[bytes] = field(default_factory=list)
    spoken: list[tuple[str, Format]] = field(default_factory=list)

    async def transcribe(self, audio: bytes) -> Heard:
        if self.refuses:
            raise VoiceRefused(self.refuses)
        self.heard.append(audio)
        return Heard(self.text, 3.5, self.sure)

    async def speak(self, text: str, *, format: Format = "ogg") -> Speech:
        if self.refuses:
            raise VoiceRefused(self.refuses, speaking=True)
        self.spoken.append((text, format))
        return Speech(text.encode(), f"audio/{format}", 1.0)

    async def available(self) -> tuple[bool, bool]:
        return self.refuses != "off", self.refuses != "off"


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # they are the tests' own


@dataclass
class Web:
    """A served channel, and what surrounds it.

    Attributes:
        person: an aidant who has an account.
    """

    house: House
    person: Person
    engine: FakeEngine
    voice: FakeVoice
    services: WebServices
    channel: WebChannel
    store: ConversationStore
    address: str = ""
    _pages: list[Page] = field(default_factory=list)

    @classmethod
    def over(
        cls,
        database: Database,
        *,
        house: House | None = None,
        person: Person | None = None,
        public_url: str = PUBLIC_URL,
        hosts: bool = True,
        limit: int = 1000,
        connections: RateLimiter | None = None,
        engine: FakeEngine | None = None,
        humans: TakesOver | None = None,
        manager: SharedRooms | None = None,
    ) -> "Web":
        house = house or House.over(database)
        person = person or house.enrolled("maiwenn@exemple.fr", house.organisation().id)
        engine, voice = engine or FakeEngine(), FakeVoice()
        cipher = FernetCipher(SecretStr(Fernet.generate_key().decode()))
        places, store, preferences = (
            Places(database, cipher=cipher),
            ConversationStore(database),
            PreferenceStore(database),
        )
        router = Router(
            places=places,
            store=store,
            doorstep=Doorstep(
                store=store,
                pseudonymiser=HidesDupont(),
                max_chars=2000,
                vault=None,
                linking=ChatLinking(house.aidants, places),
                preferences=PreferenceHearing(preferences),
            ),
            kept=KeptMessages(database, cipher=cipher),
            engine=engine,
            limiter=SlidingWindow(limit=limit),
            clock=house.clock,
            preferences=preferences,
            pushed=("telegram",),
            humans=humans,
        )
        key = SecretStr(SECRET)
        services = WebServices(
            router=router,
            places=places,
            history=History(database),
            feedback=Feedback(database, pseudonymiser=HidesDupont()),
            preferences=preferences,
            accounts=house.aidants,
            late=LateReplies(database).among,
            keys=KEYS,
            clock=house.clock,
            origins=Origins(public_url, guests=(GUEST,)),
            public_url=public_url,
            max_chars=2000,
            hosts=HostTokens(key, issuer=ISSUER, public_url=PUBLIC_URL, clock=house.clock) if hosts else None,
            voice=voice,
        )
        channel = WebChannel(services, manager=manager, connections=connections, idle=IDLE)
        return cls(house, person, engine, voice, services, channel, store)

    def app(self) -> FastAPI:
        """The channel as the gateway holds it."""

        @asynccontextmanager
        async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
            await self.channel.start()
            yield
            await self.channel.stop()

        app = FastAPI(lifespan=lifespan)
        errors.install(app)
        app.include_router(self.channel.routes())
        self.channel.mount(app)
        app.add_middleware(LimitBody, wider=WIDE_BODIES)
        app.add_middleware(GuestPages, guests=self.services.origins.guests)
        app.add_middleware(Surround)
        return app

    @asynccontextmanager
    async def served(self) -> AsyncIterator["Web"]:
        """Serves the channel on this machine for the time of the block."""
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            self.address = f"http://127.0.0.1:{listening.getsockname()[1]}"
            config = uvicorn.Config(self.app(), log_level="warning", timeout_graceful_shutdown=1)
            server = _Server(config)
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            while not server.started:
                assert not serving.done()
                await asyncio.sleep(0.01)
            try:
                yield self
            finally:
                for page in self._pages:
                    await page.cut()
                server.should_exit = True
                await serving

    async def page(self, auth: object = None, *, origin: str | None = None, cookie: str = "") -> Page:
        """A new page, with the cookie of a session if there is one."""
        page = await Page.open(self.address, auth, origin=origin, cookie=f"{COOKIE}={cookie}" if cookie else "")
        self._pages.append(page)
        return page

    async def widget(self, **auth: object) -> tuple[Page, dict[str, object]]:
        """A new page that holds our widget, and what it was told of its session."""
        page = await self.page(OURS | auth)
        return page, await page.next("equipier_session")

    async def signed_in(self, person: Person | None = None) -> tuple[Page, dict[str, object]]:
        """The same on a page of ours, where someone is signed in."""
        page = await self.page(OURS, origin=PUBLIC_URL, cookie=self.cookie(self.session(person)))
        return page, await page.next("equipier_session")

    def session(self, person: Person | None = None) -> Session:
        """A sign-in that has just been made."""
        return self.sessions.open(Response(), (person or self.person).id)

    def cookie(self, session: Session) -> str:
        response = Response()
        self.sessions.keep(response, session)
        return response.headers["set-cookie"].split(";")[0].partition("=")[2]

    @property
    def sessions(self) -> Sessions:
        return Sessions(KEYS, self.house.clock, Cookies(PUBLIC_URL))

    def http(self, token: object = None, **headers: str) -> httpx.AsyncClient:
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(base_url=self.address, headers=bearer | headers, trust_env=False)

    async def elsewhere(self, text: str, *, channel: str = "telegram", person: Person | None = None) -> None:
        """The aidant writes from another place."""
        incoming = Incoming(channel, "chat-1", text, address="chat-1", aidant=(person or self.person).id)
        await self.services.router.handle(incoming)

    def leave_for_later(self, conversation: str, text: str) -> None:
        """A reply that waits."""
        with self.house.database.unit_of_work() as unit:
            post(unit, conversation, (Reply(text),), now=self.house.clock.now())

    def conversation(self, person: Person | None = None) -> str:
        """The aidant's own conversation."""
        found = self.services.places.own_of((person or self.person).id)
        assert found is not None
        return found

    def lines(self, conversation: str) -> tuple[Line, ...]:
        return self.services.history.page(conversation, limit=1000)
