from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.storage.engine import Database
from tests.unit.mandats.databases import sqlite_url
from tests.unit.web.world import Web


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.at(sqlite_url(tmp_path))
    yield database
    database.close()


@pytest.fixture
async def web(database: Database) -> AsyncIterator[Web]:
    async with Web.over(database).served() as web:
        yield web
