from pathlib import Path

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.util import load_python_file

from bot.storage import migrations
from bot.storage.engine import open_engine

VERSIONS = Path(next(iter(migrations.__path__))) / "versions"


def test_an_account_goes_through_the_upgrade_and_back() -> None:
    people, access = (load_python_file(str(VERSIONS), name) for name in ("0004_mandats.py", "0007_access.py"))
    columns = "id, email, name, admin, active, totp_counter, created_at"
    with open_engine("sqlite://").begin() as connection, Operations.context(MigrationContext.configure(connection)):
        people.upgrade()
        connection.exec_driver_sql(
            f"INSERT INTO aidants ({columns}, failures) VALUES ('a1', 'lea@ccas.fr', 'Léa', 0, 1, 7, '2026-01-01', 3)"
        )
        access.upgrade()
        read = f"SELECT {columns} FROM aidants"
        before = connection.exec_driver_sql(read).all()
        assert before == [("a1", "lea@ccas.fr", "Léa", 0, 1, 7, "2026-01-01")]
        assert connection.exec_driver_sql("SELECT signed_out_at FROM aidants").scalar_one() is None
        access.downgrade()
        assert connection.exec_driver_sql(read).all() == before
        assert connection.exec_driver_sql("SELECT failures FROM aidants").scalar_one() == 0
