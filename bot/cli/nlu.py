"""`equipier nlu …`: the understanding and dialogue model."""

from typing import Annotated

import typer

app = typer.Typer(help="Le modèle de compréhension et de dialogue.", no_args_is_help=True)


@app.command()
def train(
    force: Annotated[bool, typer.Option("--force", help="Entraîner même si rien n'a changé.")] = False,
) -> None:
    """Entraîner le modèle si ses données ont changé."""
    from rich.console import Console

    from bot.errors import EquipierError
    from bot.settings import get_settings
    from bot.setup.training import ensure_model

    with Console(stderr=True).status("Entraînement du modèle (une à trois minutes)…"):
        state = ensure_model(get_settings(), force=force)
    if state.failure:
        kept = f"Le modèle précédent reste en service : {state.path.name}." if state.path else ""
        raise EquipierError(state.failure, hint=kept)
    typer.echo(f"Modèle à jour : {state.path}")


@app.command()
def status() -> None:
    """Dire quel modèle est en service, et s'il est à jour (code de sortie 1 sinon)."""
    from bot.settings import get_settings
    from bot.setup.training import model_state

    state = model_state(get_settings())
    if state.path is None:
        typer.echo("Aucun modèle entraîné. → equipier nlu train")
        raise typer.Exit(1)
    if not state.current:
        typer.echo(f"{state.path} : les données d'entraînement ont changé depuis. → equipier nlu train")
        raise typer.Exit(1)
    typer.echo(f"{state.path} : à jour")
