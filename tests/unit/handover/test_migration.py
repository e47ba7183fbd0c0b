from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bot.handover import models
from bot.storage.engine import Base, Database
from tests.unit.handover.front import Front

TABLES = {
    model.__tablename__
    for model in vars(models).values()
    if isinstance(model, type) and issubclass(model, Base) and model is not Base
}


def test_the_migration_makes_the_tables_of_the_models(database: Database) -> None:
    assert len(TABLES) == 3
    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert not [
        difference
        for difference in differences
        if not isinstance(difference, list) and getattr(difference[1], "table", difference[1]).name in TABLES
    ]


def test_the_database_itself_refuses_a_second_open_request(front: Front, tmp_path: Path) -> None:
    front.agent("nolwenn")
    conversation = front.ask()
    again = text(
        "INSERT INTO handovers (conversation_id, reason, ticket, opened_at, opened_after)"
        " VALUES (:conversation, 'asked', false, '2026-11-25', 0)"
    )
    with pytest.raises(IntegrityError), front.database.engine.begin() as connection:
        connection.execute(again, {"conversation": conversation})
