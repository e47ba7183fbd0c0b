"""`equipier evaluate …`: measures as JSON on standard output, reports, and the gate of the development sets."""

import json
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from bot.evaluation.baseline import Comparison
    from bot.evaluation.files import Item
    from bot.evaluation.guidance import Judged
    from bot.evaluation.labels import Labelled
    from bot.evaluation.report.files import Report

app = typer.Typer(help="Mesurer la recherche, la compréhension et la protection des données.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="Jeu d'évaluation, au format JSON Lines (voir tests/eval/README.md).")]
ReportDir = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="DOSSIER",
        help="Écrire aussi un rapport dans ce dossier : résultats par style et par thème, pires erreurs, images "
        "(Markdown, JSON, PNG).",
    ),
]
_OUT_OF_SCOPE_HELP = (
    "Messages hors sujet, un par ligne de texte, ajoutés au jeu. Rien ne doit leur répondre, pas plus qu'aux éléments "
    "du jeu dont « best » est vide : ils sont comptés à part (out_of_scope_…)."
)


class Kind(StrEnum):
    """Kinds of sets that can be added to."""

    GUIDANCE = "guidance"
    INTENTS = "intents"
    FAQ = "faq"


@app.command()
def guidance(
    file: File,
    errors: Annotated[bool, typer.Option("--errors", help="Ajouter la liste des questions manquées.")] = False,
    report: ReportDir = None,
    out_of_scope: Annotated[
        Path | None, typer.Option("--hors-sujet", metavar="FICHIER", help=_OUT_OF_SCOPE_HELP)
    ] = None,
    end_to_end: Annotated[
        bool,
        typer.Option(
            "--end-to-end",
            help="Compter aussi les messages hors sujet que la compréhension laisserait passer jusqu'à la recherche.",
        ),
    ] = False,
) -> None:
    """La bonne fiche est-elle trouvée en premier, et dans les cinq premières ?

    Un message hors sujet compte comme répondu (out_of_scope_answered) quand une fiche lui est donnée directement, et
    comme proposé (out_of_scope_proposed) quand la personne doit choisir parmi plusieurs fiches.
    """
    from bot.bootstrap import guidance_service
    from bot.evaluation.files import GuidanceItem, read_items, read_out_of_scope
    from bot.evaluation.guidance import asking, guidance_figures, judge_guidance
    from bot.evaluation.labels import lets_through
    from bot.evaluation.report.guidance import guidance_report
    from bot.evaluation.understanding import running_model
    from bot.settings import get_settings
    from bot.setup.training import current_model

    _check_pictures(report)
    items = [*read_items(file, GuidanceItem), *(read_out_of_scope(out_of_scope) if out_of_scope else ())]
    service = guidance_service(get_settings())
    service.ask("préchauffage")  # the first query pays for page faults, once per process
    if end_to_end:
        with running_model(current_model(get_settings())) as model:
            judged = judge_guidance(items, asking(service), gate=lambda text: lets_through(model, text))
    else:
        judged = judge_guidance(items, asking(service))
    result = guidance_figures(judged)
    if errors:
        result["errors"] = [_missed(one) for one in judged if one.in_scope and not one.right]
    _print(result)
    if report:

        def title_of(fiche_id: str) -> str:
            fiche = service.fiche(fiche_id)
            return fiche.title if fiche else ""

        _write(guidance_report(judged, name=file.name, title_of=title_of), report)


@app.command()
def intents(file: File, report: ReportDir = None) -> None:
    """L'intention est-elle la bonne ?"""
    from bot.evaluation.files import IntentItem, read_items
    from bot.evaluation.labels import intent_figures, judge_intents
    from bot.evaluation.understanding import running_model
    from bot.settings import get_settings
    from bot.setup.training import current_model

    _check_pictures(report)
    items = read_items(file, IntentItem)
    with running_model(current_model(get_settings())) as model:
        judged = judge_intents(items, model)
    _tell_labels(judged, intent_figures(judged), file, report)


@app.command()
def faq(file: File, report: ReportDir = None) -> None:
    """Le sujet de la question sur les mandats est-il le bon ?"""
    from bot.evaluation.files import TopicItem, read_items
    from bot.evaluation.labels import judge_topics, topic_figures
    from bot.evaluation.understanding import running_model
    from bot.settings import get_settings
    from bot.setup.training import current_model

    _check_pictures(report)
    items = read_items(file, TopicItem)
    with running_model(current_model(get_settings())) as model:
        judged = judge_topics(items, model)
    _tell_labels(judged, topic_figures(judged), file, report)


@app.command()
def pii(file: File) -> None:
    """Les données personnelles sont-elles trouvées, et elles seules ?"""
    from bot.bootstrap import personal_data_detector
    from bot.privacy.evaluate import evaluate_pii

    _print(evaluate_pii(file, personal_data_detector()))


@app.command()
def check(
    *,
    guidance_file: Annotated[
        Path | None, typer.Option("--guidance", help="Questions (par défaut : tests/eval/guidance.dev.jsonl).")
    ] = None,
    intents_file: Annotated[
        Path | None, typer.Option("--intents", help="Messages (par défaut : tests/eval/intents.dev.jsonl).")
    ] = None,
    faq_file: Annotated[
        Path | None, typer.Option("--faq", help="Questions sur les mandats (par défaut : tests/eval/faq.dev.jsonl).")
    ] = None,
    out_of_scope: Annotated[
        Path | None,
        typer.Option("--hors-sujet", help="Hors sujet (par défaut : bot/fiches/validation/hors_sujet.txt)."),
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", help="Référence (par défaut : tests/eval/baseline.json).")
    ] = None,
    update: Annotated[bool, typer.Option("--update", help="Faire des chiffres mesurés la nouvelle référence.")] = False,
) -> None:
    """Les chiffres des jeux de développement tiennent-ils ? Code 1 si l'un a reculé de plus d'un point."""
    from bot.bootstrap import guidance_service
    from bot.evaluation.baseline import (
        BASELINE_PATH,
        DevelopmentSets,
        compare,
        fallen,
        measure,
        read_baseline,
        write_baseline,
    )
    from bot.evaluation.guidance import asking
    from bot.evaluation.understanding import running_model
    from bot.settings import get_settings
    from bot.setup.training import current_model

    path = baseline or BASELINE_PATH
    given = {"guidance": guidance_file, "intents": intents_file, "faq": faq_file, "out_of_scope": out_of_scope}
    sets = DevelopmentSets(**{name: file for name, file in given.items() if file})
    before = {} if update else read_baseline(path)
    ask = asking(guidance_service(get_settings()))
    with running_model(current_model(get_settings())) as model:
        now = measure(sets, ask=ask, model=model)
    comparisons = compare(before, now)
    _print_table(comparisons)
    if update:
        write_baseline(now, path)
        typer.echo(f"Référence écrite : {path}")
    elif lost := fallen(comparisons):
        typer.echo(
            f"{len(lost)} chiffre(s) en recul de plus d'un point. Si c'est voulu : equipier evaluate check --update"
        )
        raise typer.Exit(1)
    else:
        typer.echo("Aucun chiffre n'a reculé de plus d'un point.")


@app.command()
def add(
    kind: Annotated[Kind, typer.Argument(help="Sorte de jeu : guidance, intents ou faq.")],
    file: Annotated[Path, typer.Argument(help="Jeu à compléter (créé s'il n'existe pas).")],
    *,
    text: Annotated[str, typer.Option(help="Message de l'aidant, sans donnée personnelle.")],
    best: Annotated[list[str] | None, typer.Option(help="guidance : fiche qui répond (option répétable).")] = None,
    ok: Annotated[list[str] | None, typer.Option(help="guidance : fiche acceptable (option répétable).")] = None,
    out_of_scope: Annotated[
        bool, typer.Option("--hors-sujet", help="guidance : aucune fiche ne doit répondre.")
    ] = False,
    intent: Annotated[str, typer.Option(help="intents : la bonne intention.")] = "",
    topic: Annotated[str, typer.Option(help="faq : le bon sujet.")] = "",
    style: Annotated[str, typer.Option(help="Style du message (formel, oral, sms, fautes, contexte).")] = "",
    theme: Annotated[str, typer.Option(help="Thème de la question.")] = "",
) -> None:
    """Ajouter à un jeu un message jugé par un responsable ; son identifiant est « juge-0001 », « juge-0002 »…

    Un texte déjà présent ou qui contient encore une donnée personnelle est refusé, comme un nom de fiche, d'intention
    ou de sujet inconnu.
    """
    from bot.bootstrap import open_database, personal_data_detector
    from bot.evaluation.files import GuidanceItem, IntentItem, TopicItem
    from bot.evaluation.judged import append_judged, known_intents, known_topics, require_known
    from bot.fiches.store import FicheStore
    from bot.settings import get_settings

    said = {"id": "", "text": text, "style": style, "theme": theme}
    item: Item
    if kind is Kind.GUIDANCE:
        if bool(best) == out_of_scope:
            raise typer.BadParameter("donnez la fiche qui répond (--best), ou bien --hors-sujet")
        item = GuidanceItem(**said, best=tuple(best or ()), ok=tuple(ok or ()))
        store = FicheStore(open_database(get_settings()))
        require_known("fiche", item.accepted, {fiche.id for fiche in store.several(sorted(item.accepted))})
    elif kind is Kind.INTENTS:
        item = IntentItem(**said, intent=intent)
        require_known("intention", {intent}, known_intents())
    else:
        item = TopicItem(**said, topic=topic)
        require_known("sujet", {topic}, known_topics())
    added = append_judged(file, item, find_personal_data=personal_data_detector().spans)
    typer.echo(f"Ajouté à {file.name} : {added.id}")


def _print(result: dict[str, Any]) -> None:
    typer.echo(json.dumps(result, ensure_ascii=False))


def _missed(one: "Judged") -> dict[str, Any]:
    return {
        "id": one.item.id,
        "text": one.item.text,
        "expected": list(one.item.best),
        "found": list(one.outcome.found),
    }


def _check_pictures(report: Path | None) -> None:
    """Better to learn that matplotlib is missing before a long measure than after it."""
    from bot.evaluation.report.pictures import require_matplotlib

    if report:
        require_matplotlib()


def _tell_labels(judged: "Sequence[Labelled]", figures: dict[str, Any], file: Path, report: Path | None) -> None:
    from bot.evaluation.report.labels import labels_report

    _print(figures)
    if report:
        _write(labels_report(judged, figures, name=file.name), report)


def _write(report: "Report", folder: Path) -> None:
    """Standard output holds the JSON alone: what was written is told on the other one."""
    from bot.evaluation.report.files import write_report

    names = ", ".join(path.name for path in write_report(report, folder))
    typer.echo(f"Rapport écrit dans {folder} : {names}", err=True)


def _print_table(comparisons: "Sequence[Comparison]") -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from bot.evaluation.report.wording import number

    shown = Table("jeu", "mesure", "référence", "mesuré", "écart", "", box=SIMPLE_HEAD)
    for one in comparisons:
        gap = None if one.before is None or one.now is None else one.now - one.before
        notes = [] if one.holds or one.before is None else ["recul"]
        if one.before is None:
            notes.append("absent de la référence")
        elif one.grown_by:
            notes.append(f"jeu {'agrandi' if one.grown_by > 0 else 'réduit'} de {abs(one.grown_by)}")
        shown.add_row(one.kind, one.figure, number(one.before), number(one.now), number(gap), ", ".join(notes))
    Console(highlight=False, width=100).print(shown)
