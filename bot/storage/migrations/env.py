"""Alembic environment, run by ``bot.storage.migrate`` only: it hands over the connection, there is no ini file."""

from alembic import context

connection = context.config.attributes["connection"]
# SQLite cannot alter most of a table in place: Alembic then makes a new one and copies.
context.configure(connection=connection, render_as_batch=connection.dialect.name == "sqlite")
with context.begin_transaction():
    context.run_migrations()
