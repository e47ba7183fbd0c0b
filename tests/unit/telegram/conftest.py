from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet
from fastapi import FastAPI
from pydantic import SecretStr
from telegram.ext import ExtBot

from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.services import CHANNEL, TelegramServices
from bot.channels.telegram.wire import PATH, SECRET_HEADER
from bot.conversations.cipher import FernetCipher, fingerprint
from bot.conversations.deliveries import Deliveries
from bot.conversations.feedback import Feedback
from bot.conversations.handing import hand_over, push
from bot.conversations.messages import Reply
from bot.conversations.places import Places, PlaceView
from bot.conversations.preferences import PreferenceStore
from bot.gateway import errors
from bot.storage.engine import Base, Database
from tests.unit.conversations.fakes import FakeClock, HidesDupont
from tests.unit.telegram.fakes import API, CHAT, TOKEN, FakeRouter, FakeTelegram, FakeVoice

SECRET = "secret-de-test"
KEY = SecretStr("clé des empreintes")


@dataclass
class Office:
    """The channel over a real database, between a Telegram and a router that are played."""

    database: Database
    telegram: FakeTelegram
    router: FakeRouter
    voice: FakeVoice
    clock: FakeClock
    services: TelegramServices
    channel: TelegramChannel
    http: httpx.AsyncClient

    async def get(self, update: Any, *, secret: str | None = SECRET) -> int:
        """Hands *update* to the webhook; the status of its answer."""
        headers = {} if secret is None else {SECRET_HEADER: secret}
        if isinstance(update, bytes):
            response = await self.http.post(PATH, content=update, headers=headers)
        else:
            response = await self.http.post(PATH, json=update, headers=headers)
        return response.status_code

    async def reopen(self, **changes: Any) -> None:
        """The same with other services."""
        await self.channel.stop()
        self.services = replace(self.services, **changes)
        await self._open(self.services)

    async def _open(self, services: TelegramServices) -> None:
        self.channel, self.http = await opened(services)

    def place(self, *, aidant: str | None = None, chat: int = CHAT) -> PlaceView:
        return self.services.places.open(
            CHANNEL, fingerprint(str(chat), key=KEY), now=self.clock.now(), address=str(chat), aidant=aidant
        )

    def leave(self, *replies: Reply, chat: int = CHAT) -> tuple[Reply, ...]:
        """Leaves *replies* to be sent to *chat*, as the router does."""
        place, now = self.place(chat=chat), self.clock.now()
        with self.database.unit_of_work() as session:
            ready = hand_over(session, place.conversation, replies, new_button=lambda: next(_BUTTONS), now=now)
            push(session, place.id, place.conversation, ready, now=now)
        return ready

    @property
    def waiting(self) -> int:
        return self.services.deliveries.waiting(CHANNEL)


def _buttons() -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"b_{number:022}"


_BUTTONS = _buttons()


async def opened(services: TelegramServices) -> tuple[TelegramChannel, httpx.AsyncClient]:
    channel = TelegramChannel(services)
    app = FastAPI()
    errors.install(app)
    app.include_router(channel.routes())
    await channel.start()
    await channel.opened()
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return channel, httpx.AsyncClient(transport=transport, base_url="http://gateway")


def services_over(database: Database, telegram: FakeTelegram, clock: FakeClock) -> TelegramServices:
    cipher = FernetCipher(SecretStr(Fernet.generate_key().decode()))
    return TelegramServices(
        bot=ExtBot(TOKEN, f"{API}/bot", f"{API}/file/bot", request=telegram, get_updates_request=telegram),
        router=FakeRouter(),
        places=Places(database, cipher=cipher),
        deliveries=Deliveries(database, cipher=cipher),
        feedback=Feedback(database, pseudonymiser=HidesDupont()),
        preferences=PreferenceStore(database),
        voice=FakeVoice(),
        clock=clock,
        key=KEY,
        secret=SecretStr(SECRET),
        public_url="https://equipier.exemple.fr/",
    )


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.at(f"sqlite:///{tmp_path / 'test.db'}")
    Base.metadata.create_all(database.engine)
    yield database
    database.close()


@pytest.fixture
async def office(database: Database) -> AsyncIterator[Office]:
    telegram, clock = FakeTelegram(), FakeClock()
    services = services_over(database, telegram, clock)
    channel, http = await opened(services)
    office = Office(database, telegram, services.router, services.voice, clock, services, channel, http)
    telegram.calls.clear()
    yield office
    await office.http.aclose()
    await office.channel.stop()
