from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.conversations import models as _conversations  # noqa: F401  each makes its tables known
from bot.journal import models as _journal  # noqa: F401
from bot.mandats import models as _mandats  # noqa: F401
from bot.storage.engine import Base, Database
from tests.unit.aidants.house import House


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.at(f"sqlite:///{tmp_path / 'test.db'}")
    Base.metadata.create_all(database.engine)
    yield database
    database.close()


@pytest.fixture
def house(database: Database) -> House:
    return House.over(database)
