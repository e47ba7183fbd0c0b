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
    assert len(TABLES) == 10
    # All of them: the later ones of other topics lean on these tables, and index them.
    every = [load_python_file(str(VERSIONS), path.name) for path in sorted(VERSIONS.glob("0*.py"))]
    with open_engine("sqlite://").begin() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, _parents: kind != "table" or name in TABLES, "compare_type": True},
        )
        with Operations.context(context):
            for migration in every:
                migration.upgrade()
            differences = [
                difference
                for difference in compare_metadata(context, Base.metadata)
                if getattr(difference[1], "table", difference[1]).name in TABLES
            ]
            assert differences == []
            for migration in reversed(every):
                migration.downgrade()
        left = "SELECT count(*) FROM sqlite_master WHERE name NOT LIKE 'sqlite%'"
        assert connection.exec_driver_sql(left).scalar_one() == 0


def test_a_conversation_of_before_the_places_goes_on_where_it_was() -> None:
    first, second = (load_python_file(str(VERSIONS), name) for name in ("0002_conversations.py", "0005_places.py"))
    with open_engine("sqlite://").begin() as connection:
        with Operations.context(MigrationContext.configure(connection)):
            first.upgrade()
            connection.exec_driver_sql(
                "INSERT INTO conversations VALUES ('c1', 'rest', 'someone', '2026-01-01', '2026-01-02', 3)"
            )
            second.upgrade()
        places = connection.exec_driver_sql("SELECT channel, external_id, conversation_id, last_at FROM places").all()
    assert places == [("rest", "someone", "c1", "2026-01-02")]
