from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from bot.mandats.views import Actor
from bot.storage.engine import Database
from tests.unit.journal.tampering import real_journal
from tests.unit.mandats.databases import postgresql_url, sqlite_url
from tests.unit.mandats.world import World, assemble


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.at(sqlite_url(tmp_path))
    yield database
    database.close()


@pytest.fixture
def world(database: Database) -> World:
    return assemble(database)


@pytest.fixture(scope="session")
def journalled(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, tuple[Actor, Actor], datetime]:
    """A database file with a real journal in it, its people, and the time there."""
    url = sqlite_url(tmp_path_factory.mktemp("journalled"))
    database = Database.at(url)
    world = assemble(database)
    real_journal(world)
    database.close()
    return Path(url.removeprefix("sqlite:///")).read_bytes(), (world.actor, world.stranger), world.clock.now()


@pytest.fixture
def journalled_world(journalled: tuple[bytes, tuple[Actor, Actor], datetime], tmp_path: Path) -> Iterator[World]:
    """A world with a real journal already: some thirty entries for its first organisation."""
    content, people, instant = journalled
    (tmp_path / "journalled.db").write_bytes(content)
    database = Database.at(f"sqlite:///{tmp_path / 'journalled.db'}")
    world = assemble(database, people=people)
    world.fake_clock.instant = instant
    yield world
    database.close()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    with postgresql_url() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def any_world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A world over each database; the organisations of each test are its own."""
    url = sqlite_url(tmp_path) if request.param == "sqlite" else request.getfixturevalue("postgresql")
    database = Database.at(url)
    yield assemble(database)
    database.close()
