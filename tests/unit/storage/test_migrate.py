import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from bot.aidants import models as _aidants  # noqa: F401  each makes its tables known
from bot.conversations import models as _conversations  # noqa: F401
from bot.errors import EquipierError
from bot.fiches import models as _fiches  # noqa: F401
from bot.handover import models as _handover  # noqa: F401
from bot.journal import models as _journal  # noqa: F401
from bot.mandats import models as _mandats  # noqa: F401
from bot.privacy import models as _privacy  # noqa: F401
from bot.storage import leases as _leases  # noqa: F401
from bot.storage.engine import Base, Database
from bot.storage.migrate import upgrade
from bot.storage.schema import is_at_head
from bot.supervision import models as _supervision  # noqa: F401


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'dossier à 100%' / 'test.db'}"


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = Database.at(url)
    yield database
    database.close()


def test_an_empty_database_gets_every_table_of_the_models(database):
    upgrade(database)
    assert is_at_head(database)
    assert {"fiche_snapshots", "fiches", "vault_entries"} <= set(inspect(database.engine).get_table_names())


def test_the_migrations_and_the_models_say_the_same(database):
    upgrade(database)
    # The index of words is SQLite's own kind of table, which no model can describe.
    ours = {"include_name": lambda name, kind, _parents: kind != "table" or not name.startswith("episode_search")}
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=ours), Base.metadata) == []


def test_upgrading_again_changes_nothing(database):
    upgrade(database)
    with database.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO fiche_snapshots (source, label, imported_at, count, digest) VALUES ('a','b','c',0,'d')")
        )
    upgrade(database)
    with database.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM fiche_snapshots")) == 1


def test_processes_that_start_at_once_all_find_the_schema(url, database):
    program = "import sys; from bot.storage.engine import Database; from bot.storage.migrate import upgrade; "
    program += "upgrade(Database.at(sys.argv[1]))"
    running = [
        subprocess.Popen([sys.executable, "-c", program, url], stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    assert [(process.communicate(timeout=60)[1], process.returncode) for process in running] == [("", 0)] * 3
    assert is_at_head(database)


def test_a_migration_that_fails_leaves_nothing_half_done(database):
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE vault_entries (id INTEGER)"))  # in the way of the last migration
    with pytest.raises(Exception, match="vault_entries"):
        upgrade(database)
    assert inspect(database.engine).get_table_names() == ["vault_entries"]


def test_a_schema_of_a_later_version_is_left_alone(database):
    upgrade(database)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(EquipierError, match="version plus récente") as caught:
        upgrade(database)
    assert caught.value.hint


def test_a_database_that_is_held_by_another_is_told(url, database, monkeypatch):
    other = Database.at(url)
    with other.engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        with database.engine.connect() as own:  # the waiting time of this pool's only connection
            own.exec_driver_sql("PRAGMA busy_timeout=50")
        with pytest.raises(EquipierError, match="occupée par un autre processus"):
            upgrade(database)
    other.close()
