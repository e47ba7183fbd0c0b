from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.storage.engine import Database
from tests.unit.mandats.databases import sqlite_url
from tests.unit.mandats.world import World, assemble


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.at(sqlite_url(tmp_path))
    yield database
    database.close()


@pytest.fixture
def world(database: Database) -> World:
    return assemble(database)
