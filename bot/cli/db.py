"""`equipier db …`: the database."""

import typer

app = typer.Typer(help="La base de données.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """La base de données."""


@app.command()
def upgrade() -> None:
    """Mettre la base au schéma de cette version (sans effet si c'est déjà le cas)."""
    from bot.bootstrap import open_database
    from bot.settings import get_settings
    from bot.storage.migrate import upgrade as upgrade_database

    database = open_database(get_settings())
    upgrade_database(database)
    database.close()
    typer.echo("Base à jour.")
