"""Both databases, for what must hold on each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.storage.engine import Database
from tests.unit.mandats.databases import postgresql_url, sqlite_url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        opened = Database.at(sqlite_url(tmp_path))
        yield opened
        opened.close()
        return
    with postgresql_url() as url:
        opened = Database.at(url)
        yield opened
        opened.close()
