"""`equipier nlu …`: the understanding and dialogue model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.supervision.export import Collected
    from bot.supervision.retraining import Candidate

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


@app.command()
def export(
    to: Annotated[Path, typer.Option("--to", metavar="DOSSIER", help="Où écrire les fichiers.")],
) -> None:
    """Écrire les corrections validées : apprentissage, banque de questions, jeux d'évaluation, histoires de test."""
    from bot.settings import get_settings
    from bot.supervision.services import open_exports

    with open_exports(get_settings()) as exports:
        collected = exports.collect()
        written = exports.write(to, collected)
    for path, number in written.files.items():
        typer.echo(f"{number:>5}  {path}")
    _tell_left_out(collected)


@app.command()
def retrain(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Mettre le candidat en service sans poser la question.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="L'accepter même si un chiffre a reculé de plus d'un point.")
    ] = False,
) -> None:
    """Entraîner un modèle candidat avec les corrections validées, le comparer au modèle en service, puis en changer."""
    from rich.console import Console

    from bot.settings import get_settings
    from bot.supervision.services import open_exports, retraining_of
    from bot.supervision.views import Use

    settings = get_settings()
    with open_exports(settings) as exports:
        collected = exports.collect()
    _tell_left_out(collected)
    service = retraining_of(settings)
    with Console(stderr=True).status("Entraînement du candidat, puis comparaison (trois à six minutes)…"):
        candidate = service.prepare(collected.serving(Use.TRAINING), collected.serving(Use.EVALUATION))
    _print_comparison(candidate)
    if candidate.fell and not force:
        typer.echo(f"{len(candidate.fell)} chiffre(s) en recul de plus d'un point : le modèle en service est gardé.")
        typer.echo("Pour l'accepter malgré tout : equipier nlu retrain --force")
        raise typer.Exit(1)
    if not yes and not typer.confirm("Mettre le candidat en service ?"):
        typer.echo("Le modèle en service est gardé.")
        return
    _tell_switch(service.switch())
    typer.echo("Pour revenir au précédent : equipier nlu rollback")


@app.command()
def rollback() -> None:
    """Remettre en service le modèle d'avant le dernier changement."""
    from bot.settings import get_settings
    from bot.supervision.services import retraining_of

    _tell_switch(retraining_of(get_settings()).rollback())


def _tell_left_out(collected: "Collected") -> None:
    for text, reason in collected.left_out:
        typer.echo(f"Laissé de côté : « {text} » ({reason}).", err=True)


def _print_comparison(candidate: "Candidate") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("Jeu", "Chiffre", "Éléments", "En service", "Candidat", "")
    for one in candidate.comparisons:
        before, now = ("–" if value is None else f"{value:.3f}" for value in (one.before, one.now))
        table.add_row(one.set_name, one.figure, str(one.size), before, now, "recul" if one.fell else "")
    console = Console(highlight=False)
    console.print(f"Corrections apprises : {candidate.taught}")
    console.print(table)


def _tell_switch(model: Path) -> None:
    from bot.settings import get_settings
    from bot.supervision.services import load_in_rasa

    typer.echo(f"Modèle en service : {model}")
    if load_in_rasa(get_settings(), model):
        typer.echo("Le serveur de compréhension l'a chargé.")
    else:
        typer.echo("Le serveur de compréhension ne répond pas : il le chargera à son prochain démarrage.")
