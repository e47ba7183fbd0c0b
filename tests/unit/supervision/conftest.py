from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect

from bot.storage.engine import Database
from bot.supervision.projection import Projection
from tests.unit.mandats.databases import postgresql_url, sqlite_url
from tests.unit.supervision.talk import FakeClock, ListSource, Town


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    with postgresql_url() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Migrated and empty, on both databases."""
    url = sqlite_url(tmp_path) if request.param == "sqlite" else request.getfixturevalue("postgresql")
    database = Database.at(url)
    if request.param == "postgresql":
        empty(database)
    yield database
    database.close()


@pytest.fixture
def town(database: Database) -> Town:
    return Town(database)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def source() -> ListSource:
    return ListSource()


@pytest.fixture
def projection(database: Database, source: ListSource, clock: FakeClock) -> Projection:
    return Projection(database, source, clock)


def empty(database: Database) -> None:
    """Empties every table of a PostgreSQL database but that of the migrations; the journal's guards look away."""
    tables = [name for name in inspect(database.engine).get_table_names() if name != "alembic_version"]
    with database.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for table in tables:  # most are empty: quicker than to truncate
            connection.exec_driver_sql(f"DELETE FROM {table}")
