"""`equipier fiches …`: import, list and read the official sheets and our guides."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from bot.demarches import Demarche

if TYPE_CHECKING:
    from bot.fiches.importers.archives import Rejected
    from bot.fiches.importers.service import Tally
    from bot.fiches.model import Fiche

app = typer.Typer(help="Les fiches officielles et nos guides.", no_args_is_help=True)

_SHOWN = 20  # rejected files told one by one; an archive of something else has thousands


@app.command("import")
def import_(
    source: Annotated[
        str,
        typer.Option(
            help="« auto » (l'archive officielle si elle est joignable, sinon son miroir), « dila », « mirror », "
            "ou le chemin d'un zip, d'un tgz ou d'un dossier."
        ),
    ] = "auto",
    force: Annotated[bool, typer.Option("--force", help="Accepter une base réduite de plus de 20 %.")] = False,
) -> None:
    """Importer les fiches, et nos guides avec elles ; en cas d'échec, la base ne change pas."""
    from bot.bootstrap import open_database
    from bot.cli.progress import step_progress
    from bot.clock import SystemClock
    from bot.fiches.importers.guides import read_guides
    from bot.fiches.importers.service import ImportRefused, import_fiches
    from bot.fiches.importers.source import open_source
    from bot.fiches.index.bank import read_bank, uncovered
    from bot.fiches.store import FicheStore
    from bot.settings import get_settings
    from bot.setup.npm import ensure_npm
    from bot.storage.migrate import upgrade

    settings = get_settings()
    database = open_database(settings)
    upgrade(database)
    guides, rejected_guides = read_guides()
    try:
        with step_progress() as progress:
            opened = open_source(
                source,
                downloads=settings.var_dir / "downloads",
                dila_url=settings.dila_url,
                npm=lambda: ensure_npm(settings),
                progress=progress,
            )
            if opened.note:
                typer.echo(opened.note, err=True)
            done = import_fiches(
                FicheStore(database),
                opened,
                guides,
                clock=SystemClock(),
                rejected_guides=rejected_guides,
                force=force,
                progress=progress,
            )
            known = [summary.id for summary in FicheStore(database).summaries()]
    except ImportRefused as error:
        _tell_rejected(error.tally.rejected)
        raise
    finally:
        database.close()
    _tell_rejected(done.tally.rejected)
    _tell_uncovered(uncovered(known, read_bank()))
    dated = done.snapshot.published.strftime("%d/%m/%Y") if done.snapshot.published else "inconnue"
    typer.echo(f"Source : {done.snapshot.label}. Fiche la plus récente : {dated}.")
    typer.echo(_summary(done.tally, changed=done.changed))


@app.command("list")
def list_(
    theme: Annotated[Demarche | None, typer.Option(help="Seulement les fiches de ce thème de mandat.")] = None,
    search: Annotated[str, typer.Option(help="Seulement les titres qui contiennent ces mots.")] = "",
) -> None:
    """Lister les fiches en base."""
    from bot.bootstrap import open_database
    from bot.fiches.store import FicheStore
    from bot.settings import get_settings

    database = open_database(get_settings())
    summaries = FicheStore(database).summaries(demarche=theme, search=search)
    database.close()
    for summary in summaries:
        scope = summary.demarche.value if summary.demarche else "—"
        typer.echo(f"{summary.id:<10} {summary.updated or '—'!s:<10} {scope:<10} {summary.title}")
    typer.echo(f"{len(summaries)} fiche(s).", err=True)


@app.command()
def show(
    fiche_id: Annotated[str, typer.Argument(metavar="ID", help="Identifiant, par exemple F1341.")],
    as_json: Annotated[bool, typer.Option("--json", help="Sortie en JSON, telle qu'elle est en base.")] = False,
) -> None:
    """Afficher une fiche."""
    from bot.bootstrap import open_database
    from bot.errors import CorpusError
    from bot.fiches.store import FicheStore
    from bot.settings import get_settings

    database = open_database(get_settings())
    fiche = FicheStore(database).get(fiche_id)
    database.close()
    if fiche is None:
        raise CorpusError(f"fiche inconnue : {fiche_id}", hint="equipier fiches list --search …")
    typer.echo(fiche.model_dump_json(indent=2) if as_json else "\n".join(_readable(fiche)))


def _summary(tally: "Tally", *, changed: bool) -> str:
    counts = (
        f"{tally.taken} fiches et {tally.guides} guides importés, {tally.skipped} publications sans texte ignorées, "
        f"{len(tally.rejected)} fichiers refusés."
    )
    return counts if changed else f"{counts} Rien n'a changé depuis l'import précédent."


def _tell_rejected(rejected: Sequence["Rejected"]) -> None:
    for item in rejected[:_SHOWN]:
        typer.echo(f"Refusé : {item.name} — {item.reason}", err=True)
    if len(rejected) > _SHOWN:
        typer.echo(f"… et {len(rejected) - _SHOWN} autres fichiers refusés.", err=True)


def _tell_uncovered(ids: Sequence[str]) -> None:
    if ids:
        more = ", …" if len(ids) > _SHOWN else ""
        typer.echo(
            f"{len(ids)} fiche(s) sans question dans la banque (bot/fiches/bank) : {', '.join(ids[:_SHOWN])}{more}. "
            "Leur titre et leurs intertitres en tiennent lieu ; écrivez-leur des questions pour qu'elles soient mieux "
            "trouvées.",
            err=True,
        )


def _readable(fiche: "Fiche") -> list[str]:
    """The fiche as text, passage by passage, with the type of each."""
    scope = fiche.demarche.titre if fiche.demarche else "aucune"
    lines = [f"{fiche.id} · {fiche.title}", fiche.url, f"{fiche.kind}, mise à jour : {fiche.updated or 'inconnue'}"]
    lines += [f"Démarche : {scope}", "", *fiche.introduction]
    for passage in fiche.passages:
        place = " › ".join(filter(None, (passage.situation, passage.title)))
        lines += ["", f"[{passage.id}, {passage.aspect.value}] {place}".rstrip(), *passage.lines]
        lines += [f"→ {link.label} : {link.url}" for link in (*passage.services, *passage.contacts) if link.url]
    for label, links in (("Services", fiche.services), ("Textes de référence", fiche.references)):
        if links:
            lines += ["", label, *(f"→ {link.label} : {link.url}" for link in links)]
    if fiche.related:
        lines += ["", "Voir aussi", *(f"→ {other.id} {other.title}" for other in fiche.related)]
    return lines
