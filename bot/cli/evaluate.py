"""`equipier evaluate guidance|intents|faq|pii FILE`: one JSON object on standard output."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(help="Mesurer la recherche, la compréhension et la protection des données.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="Jeu d'évaluation, au format JSON Lines (voir tests/eval/README.md).")]


@app.command()
def guidance(
    file: File,
    errors: Annotated[bool, typer.Option("--errors", help="Ajouter la liste des questions manquées.")] = False,
) -> None:
    """La bonne fiche est-elle trouvée en premier, et dans les cinq premières ?"""
    from bot.bootstrap import guidance_service
    from bot.evaluation.files import GuidanceItem, read_items
    from bot.evaluation.guidance import evaluate_guidance
    from bot.settings import get_settings

    items = read_items(file, GuidanceItem)
    service = guidance_service(get_settings())
    service.ask("préchauffage")  # the first query pays for page faults, once per process
    missed: list[dict[str, Any]] = []

    def search(text: str) -> list[str]:
        outcome = service.ask(text)[0]
        return [found.fiche.id for found in outcome.found]

    result = evaluate_guidance(items, search)
    if errors:
        for item in items:
            found = search(item.text)
            if not found or found[0] not in {*item.best, *item.ok}:
                missed.append({"id": item.id, "text": item.text, "expected": item.best, "found": found})
        result["errors"] = missed
    _print(result)


@app.command()
def intents(file: File) -> None:
    """L'intention est-elle la bonne ?"""
    from bot.evaluation.files import IntentItem, read_items
    from bot.evaluation.understanding import evaluate_intents, running_model
    from bot.settings import get_settings
    from bot.setup.training import current_model

    items = read_items(file, IntentItem)
    with running_model(current_model(get_settings())) as model:
        _print(evaluate_intents(items, model))


@app.command()
def faq(file: File) -> None:
    """Le sujet de la question sur les mandats est-il le bon ?"""
    from bot.evaluation.files import TopicItem, read_items
    from bot.evaluation.understanding import evaluate_faq, running_model
    from bot.settings import get_settings
    from bot.setup.training import current_model

    items = read_items(file, TopicItem)
    with running_model(current_model(get_settings())) as model:
        _print(evaluate_faq(items, model))


@app.command()
def pii(file: File) -> None:
    """Les données personnelles sont-elles trouvées, et elles seules ?"""
    from bot.bootstrap import personal_data_detector
    from bot.privacy.evaluate import evaluate_pii

    _print(evaluate_pii(file, personal_data_detector()))


def _print(result: dict[str, Any]) -> None:
    typer.echo(json.dumps(result, ensure_ascii=False))
