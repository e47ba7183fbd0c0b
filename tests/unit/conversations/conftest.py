from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.conversations.cipher import FernetCipher
from bot.conversations.kept import KeptMessages
from bot.conversations.limits import SlidingWindow
from bot.conversations.messages import Incoming, Reply
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

    database: Database
    clock: FakeClock
    engine: FakeEngine
    store: ConversationStore
    kept: KeptMessages
    router: Router
    worker: Worker

    async def say(self, text: str, *, sender: str = "aidante", message_id: str | None = None) -> tuple[Reply, ...]:
        return await self.router.handle(Incoming("rest", sender, text, message_id))

    async def collect(self, *, sender: str = "aidante") -> tuple[Reply, ...]:
        return await self.router.collect("rest", sender)


@pytest.fixture
def cipher() -> FernetCipher:
    return FernetCipher(SecretStr(Fernet.generate_key().decode()))


@pytest.fixture
def house(database: Database, cipher: FernetCipher) -> House:
    clock, engine, store = FakeClock(), FakeEngine(), ConversationStore(database)
    kept = KeptMessages(database, cipher=cipher)
    router = Router(
        store=store,
        kept=kept,
        engine=engine,
        pseudonymiser=HidesDupont(),
        limiter=SlidingWindow(limit=20),
        clock=clock,
        max_chars=2000,
    )
    worker = Worker(kept=kept, store=store, engine=engine, clock=clock, every=0.01)
    return House(database, clock, engine, store, kept, router, worker)
