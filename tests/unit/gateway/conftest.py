from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bot.storage.engine import Database
from tests.unit.gateway.site import Site
from tests.unit.mandats.databases import sqlite_url


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.at(sqlite_url(tmp_path))
    yield database
    database.close()


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Site:
    return Site.over(database, static=tmp_path / "static")


@pytest.fixture
def browser(site: Site) -> TestClient:
    return site.browser()
