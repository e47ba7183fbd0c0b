"""`equipier voice evaluate`: how well the voice of this machine hears and speaks."""

import json
from pathlib import Path
from typing import Annotated

import typer


def evaluate(
    *,
    report: Annotated[
        Path | None,
        typer.Option(metavar="DOSSIER", help="Écrire aussi un rapport à lire et ses chiffres (Markdown, JSON)."),
    ] = None,
    rasa: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Serveur Rasa qui lit les intentions ; sans lui, le modèle entraîné."),
    ] = None,
    recordings: Annotated[int, typer.Option(min=0, help="Enregistrements de voix réelles à écouter ; 0 : tous.")] = 150,
    questions: Annotated[int, typer.Option(min=0, help="Questions à dire ; 0 : toutes.")] = 0,
    answers: Annotated[int, typer.Option(min=1, help="Réponses à dire.")] = 40,
) -> None:
    """Mesurer l'écoute et la voix : mots faux, questions dites, réponses relues, temps, mémoire (un quart d'heure)."""
    from bot.evaluation.report.files import write_report
    from bot.settings import get_settings
    from bot.voice.evaluation.report import summary, voice_report
    from bot.voice.evaluation.run import Amount
    from bot.voice.evaluation.run import evaluate as measured

    content = measured(
        get_settings(),
        rasa_url=rasa,
        amount=Amount(recordings or None, questions or None, answers),
        tell=lambda line: typer.echo(line, err=True),
    )
    typer.echo(json.dumps(summary(content), ensure_ascii=False))
    if report:
        names = ", ".join(path.name for path in write_report(voice_report(content), report))
        typer.echo(f"Rapport écrit dans {report} : {names}", err=True)
