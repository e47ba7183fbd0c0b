"""`equipier usagers …`: erasure on request. There is no search: who is helped is not the operator's business."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.mandats.erasure import Erasable, Erasure

app = typer.Typer(help="Les droits des usagers.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Les droits des usagers."""


@app.command("effacer")
def erase(
    reference: Annotated[
        str, typer.Argument(help="Référence d'un mandat de l'usager, par exemple M-2026-0042-K7.")
    ] = "",
    usager_id: Annotated[str, typer.Option("--id", help="Identifiant interne de l'usager, tel qu'au journal.")] = "",
    yes: Annotated[bool, typer.Option("--oui", help="Ne pas demander confirmation.")] = False,
) -> None:
    """Effacer un usager à sa demande\u202f: son identité et sa signature deviennent illisibles, pour toujours."""
    from bot.bootstrap import mandats_services
    from bot.clock import SystemClock
    from bot.mandats.erasure import Erasure
    from bot.settings import get_settings

    if bool(reference) == bool(usager_id):
        raise typer.BadParameter("donnez soit une référence de mandat, soit --id")
    services = mandats_services(get_settings())
    try:
        erasure = Erasure(services.database, services.journal, services.usagers, SystemClock())
        found = _found(erasure, reference, usager_id)
        if found.erased_at is not None:
            typer.echo(f"Cet usager est déjà effacé (le {found.erased_at:%d/%m/%Y}).")
            return
        _tell(found)
        if not yes and not _confirmed():
            typer.echo("Rien n'a été effacé.")
            raise typer.Exit(1)
        erasure.erase(found.usager)
        typer.echo(
            "Usager effacé. Le journal et les vérifications d'attestation restent, sans identité.\n"
            "Pensez aux sauvegardes faites avant ce jour\u202f: elles contiennent encore sa clé."
        )
    finally:
        services.close()


def _confirmed() -> bool:
    # Typer's own question wants « y », which nobody types in French.
    answer: str = typer.prompt("Effacer définitivement\u202f? Tapez «\u202foui\u202f» pour confirmer", default="non")
    return answer.strip().lower() == "oui"


def _found(erasure: "Erasure", reference: str, usager_id: str) -> "Erasable":
    from bot.errors import EquipierError
    from bot.mandats.erasure import UnknownUsager
    from bot.mandats.reference import parse

    try:
        return erasure.of_id(usager_id) if usager_id else erasure.of_reference(parse(reference) or reference)
    except UnknownUsager as error:
        raise EquipierError(
            "aucun usager ne correspond",
            hint="Relisez la référence sur l'attestation (par exemple M-2026-0042-K7), ou l'identifiant au journal.",
        ) from error


def _tell(found: "Erasable") -> None:
    typer.echo(f"Structure\u202f: {found.organisation}")
    typer.echo(f"Mandats de cet usager\u202f: {', '.join(found.references)}")
    if found.active:
        typer.echo(f"Encore en cours, ils seront révoqués\u202f: {', '.join(found.active)}")
