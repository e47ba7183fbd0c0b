"""`equipier …`: one command group per topic, each in its own module."""

import sys

import typer
from rich.console import Console

from bot.errors import EquipierError

app = typer.Typer(
    name="equipier",
    help="Équipier, l'assistant des aidants numériques : installation, fiches, dialogue, mesures.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
errors = Console(stderr=True)


def main() -> None:
    """Entry point: an error raised on purpose becomes one French sentence and exit code 1."""
    from bot.cli import commands  # noqa: F401  registers every command

    try:
        app()
    except EquipierError as error:
        errors.print(f"[bold red]Erreur :[/] {error}", highlight=False)
        if error.hint:
            errors.print(f"→ {error.hint}", highlight=False)
        sys.exit(1)
