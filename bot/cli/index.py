"""`equipier index …`: the search index and its learnt weights."""

import json
from typing import Annotated

import typer

app = typer.Typer(help="L'index de recherche des fiches.", no_args_is_help=True)


@app.command()
def build() -> None:
    """Construire l'index des fiches en base (rien à faire s'il est déjà à jour)."""
    from bot.bootstrap import open_database
    from bot.cli.progress import step_progress
    from bot.fiches.index.build import ensure_index
    from bot.fiches.store import FicheStore
    from bot.settings import get_settings

    settings = get_settings()
    with step_progress() as progress:
        folder = ensure_index(settings, FicheStore(open_database(settings)), progress=progress)
    typer.echo(f"Index prêt : {folder.name}")


@app.command()
def search(text: str, limit: Annotated[int, typer.Option(min=1, max=50)] = 5) -> None:
    """Chercher des fiches sans passer par le dialogue."""
    from bot.bootstrap import guidance_service
    from bot.settings import get_settings

    for found in guidance_service(get_settings()).candidates(text, limit=limit):
        typer.echo(f"{found.score:.3f}  {found.fiche.id:<8} {found.fiche.title}")


@app.command()
def tune() -> None:
    """Réapprendre les poids de la recherche sur les questions de validation (pour les développeurs)."""
    from bot.bootstrap import open_database
    from bot.fiches.index.build import open_index
    from bot.fiches.index.tune import learn, starting_weights
    from bot.fiches.index.weights import WEIGHTS_PATH
    from bot.fiches.store import FicheStore
    from bot.settings import get_settings

    settings = get_settings()
    weights = learn(open_index(settings, FicheStore(open_database(settings)), weights=starting_weights()))
    WEIGHTS_PATH.write_text(weights.model_dump_json(indent=2) + "\n", encoding="utf-8")
    typer.echo(json.dumps(weights.learnt_on, ensure_ascii=False))
