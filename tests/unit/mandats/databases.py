"""Databases at the schema of this version: a SQLite file for each test, a PostgreSQL database for each run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from bot.storage.engine import Database
from bot.storage.migrate import upgrade
from tests.required import missing

# A database where others can be made; trust or a password in the address.
ADMIN_URL = os.environ.get("EQUIPIER_TEST_POSTGRESQL_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")


def sqlite_url(folder: Path) -> str:
    """A new migrated file under *folder*."""
    path = folder / f"{uuid4().hex}.db"
    path.write_bytes(_migrated())
    return f"sqlite:///{path}"


@contextmanager
def postgresql_url() -> Iterator[str]:
    """A new migrated database, dropped at the end.

    Without a server, the test is skipped; it fails when EQUIPIER_REQUIRE_SERVICES is 1.
    """
    name = f"equipier_test_{uuid4().hex}"
    try:
        admin = create_engine(ADMIN_URL, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except (OperationalError, ModuleNotFoundError):
        missing("PostgreSQL")
    url = make_url(ADMIN_URL).set(database=name).render_as_string(hide_password=False)
    try:
        database = Database.at(url)
        upgrade(database)
        database.close()
        yield url
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@lru_cache(maxsize=1)
def _migrated() -> bytes:
    """The content of an empty migrated file: copying it is fifty times as fast as migrating again."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        database = Database.at(f"sqlite:///{path}")
        upgrade(database)
        database.close()
        return path.read_bytes()
