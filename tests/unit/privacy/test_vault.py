import importlib.util
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import inspect, select

from bot.errors import SettingsError
from bot.privacy.models import VaultEntry
from bot.privacy.spans import PiiType
from bot.privacy.vault import KEPT_FOR, Vault
from bot.storage.engine import Base, Database

MIGRATION = Path(__file__).parents[3] / "bot" / "storage" / "migrations" / "versions" / "0003_vault.py"
KEY = SecretStr(Fernet.generate_key().decode())


class StoppedClock:
    def __init__(self) -> None:
        self.instant = datetime(2024, 5, 14, 9, 30, tzinfo=UTC)

    def now(self) -> datetime:
        return self.instant


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def database(tmp_path):
    database = Database.at(f"sqlite:///{tmp_path / 'vault.db'}")
    Base.metadata.create_all(database.engine, tables=[VaultEntry.__table__])
    yield database
    database.close()


@pytest.fixture
def vault(database, clock) -> Vault:
    return Vault(database, key=KEY, clock=clock)


def test_a_conversation_gets_back_its_own_originals_by_type(vault):
    vault.put("c1", [(PiiType.NOM, "Diallo"), (PiiType.NIR, "2 71 05 99 132 456 12")])
    vault.put("c1", [(PiiType.NOM, "Traoré"), (PiiType.NOM, "Diallo")])
    vault.put("c2", [(PiiType.NOM, "Benali")])
    assert vault.get("c1") == {PiiType.NOM: ["Traoré", "Diallo"], PiiType.NIR: ["2 71 05 99 132 456 12"]}
    assert vault.get("inconnue") == {}


def test_originals_are_unreadable_in_the_database(vault, database):
    vault.put("c1", [(PiiType.NOM, "Diallo")])
    with database.unit_of_work() as session:
        stored = session.scalars(select(VaultEntry)).one()
    assert b"Diallo" not in stored.ciphertext


def test_originals_are_gone_after_thirty_minutes(vault, clock):
    assert timedelta(minutes=30) == KEPT_FOR
    vault.put("c1", [(PiiType.NOM, "Diallo")])
    clock.instant += timedelta(minutes=29)
    vault.put("c2", [(PiiType.NOM, "Benali")])
    assert vault.get("c1") != {}
    clock.instant += timedelta(minutes=1)
    assert vault.get("c1") == {}
    assert vault.purge_expired() == 1
    assert vault.purge_expired() == 0
    assert vault.get("c2") == {PiiType.NOM: ["Benali"]}


def test_a_sent_form_empties_its_conversation_only(vault):
    vault.put("c1", [(PiiType.NOM, "Diallo"), (PiiType.EMAIL, "d@exemple.fr")])
    vault.put("c2", [(PiiType.NOM, "Benali")])
    assert vault.forget("c1") == 2
    assert vault.get("c1") == {}
    assert vault.get("c2") != {}


def test_another_key_reads_nothing(vault, database, clock):
    vault.put("c1", [(PiiType.NOM, "Diallo")])
    other = Vault(database, key=SecretStr(Fernet.generate_key().decode()), clock=clock)
    assert other.get("c1") == {}


def test_an_original_that_cannot_be_encoded_is_kept_all_the_same(vault):
    vault.put("c1", [(PiiType.NOM, "Dial\udcfflo")])
    assert vault.get("c1") == {PiiType.NOM: ["Dial?lo"]}


@pytest.mark.parametrize("key", ["", "trop-court"])
def test_a_missing_or_wrong_key_is_named(database, clock, key):
    with pytest.raises(SettingsError, match="EQUIPIER_VAULT_KEY"):
        Vault(database, key=SecretStr(key), clock=clock)


def test_the_migration_makes_the_table_of_the_model(tmp_path):
    spec = importlib.util.spec_from_file_location("vault_migration", MIGRATION)
    migration = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(migration)
    database = Database.at(f"sqlite:///{tmp_path / 'migrated.db'}")
    with database.engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        migration.upgrade()
        made = inspect(connection)
        table = VaultEntry.__table__
        assert {c["name"]: c["nullable"] for c in made.get_columns(table.name)} == {
            c.name: c.nullable for c in table.columns
        }
        assert {i["name"] for i in made.get_indexes(table.name)} == {i.name for i in table.indexes}
        migration.downgrade()
        assert not inspect(connection).has_table(table.name)
    database.close()
