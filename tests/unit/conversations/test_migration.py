from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.util import load_python_file

from bot.conversations import models
from bot.storage import migrations
from bot.storage.engine import Base, open_engine

VERSIONS = Path(next(iter(migrations.__path__))) / "versions"
TABLES = {
    model.__tablename__
    for model in vars(models).values()
    if isinstance(model, type) and issubclass(model, Base) and model is not Base
}


def test_the_migration_makes_the_tables_of_the_models_and_undoes_them() -> None:
    assert len(TABLES) == 6
    migration = load_python_file(str(VERSIONS), "0002_conversations.py")
    with open_engine("sqlite://").begin() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, _parents: kind != "table" or name in TABLES, "compare_type": True},
        )
        with Operations.context(context):
            migration.upgrade()
            differences = [
                difference
                for difference in compare_metadata(context, Base.metadata)
                if getattr(difference[1], "table", difference[1]).name in TABLES
            ]
            assert differences == []
            migration.downgrade()
        assert connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one() == 0
