from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.conversations.cipher import FernetCipher
from bot.conversations.deliveries import Deliveries
from bot.conversations.doorstep import Doorstep, HidesPersonalData, KeepsOriginals, LinksConversations
from bot.conversations.kept import KeptMessages
from bot.conversations.limits import SlidingWindow
from bot.conversations.messages import Incoming, Reply
from bot.conversations.places import Places
from bot.conversations.preferences import PreferenceHearing, PreferenceStore
from bot.conversations.router import Router
from bot.conversations.store import ConversationStore
from bot.conversations.worker import Worker
from bot.storage.engine import Base, Database
from tests.unit.conversations.fakes import FakeClock, FakeEngine, HidesDupont


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.at(f"sqlite:///{tmp_path / 'test.db'}")
    Base.metadata.create_all(database.engine)
    yield database
    database.close()


@dataclass
class House:
    """Router and worker around a fake engine, over a real database."""

    places: Places
    preferences: PreferenceStore
    deliveries: Deliveries
    database: Database
    clock: FakeClock
    engine: FakeEngine
    store: ConversationStore
    kept: KeptMessages
    worker: Worker
    router: Router = field(init=False)

    def furnish(
        self,
        *,
        pseudonymiser: HidesPersonalData | None = None,
        vault: KeepsOriginals | None = None,
        linking: LinksConversations | None = None,
    ) -> None:
        """A router with other things around it."""
        doorstep = Doorstep(
            store=self.store,
            pseudonymiser=pseudonymiser or HidesDupont(),
            max_chars=2000,
            vault=vault,
            linking=linking,
            preferences=PreferenceHearing(self.preferences),
        )
        self.router = Router(
            places=self.places,
            store=self.store,
            doorstep=doorstep,
            kept=self.kept,
            engine=self.engine,
            limiter=SlidingWindow(limit=20),
            clock=self.clock,
            preferences=self.preferences,
            pushed=("telegram",),
        )

    async def say(self, text: str, *, sender: str = "aidante", message_id: str | None = None) -> tuple[Reply, ...]:
        return await self.router.handle(Incoming("rest", sender, text, message_id))

    def conversation(self, *, sender: str = "aidante") -> str:
        return self.places.open("rest", sender, now=self.clock.now()).conversation

    async def collect(self, *, sender: str = "aidante") -> tuple[Reply, ...]:
        return await self.router.collect("rest", sender)


@pytest.fixture
def cipher() -> FernetCipher:
    return FernetCipher(SecretStr(Fernet.generate_key().decode()))


@pytest.fixture
def house(database: Database, cipher: FernetCipher) -> House:
    clock, engine, store = FakeClock(), FakeEngine(), ConversationStore(database)
    kept = KeptMessages(database, cipher=cipher)
    places, preferences = Places(database, cipher=cipher), PreferenceStore(database)
    worker = Worker(kept=kept, store=store, engine=engine, clock=clock, every=0.01)
    house = House(
        places, preferences, Deliveries(database, cipher=cipher), database, clock, engine, store, kept, worker
    )
    house.furnish()
    return house
