"""`equipier keys …`: the keys of the settings."""

from typing import Annotated

import typer

app = typer.Typer(help="Les clés des réglages.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Les clés des réglages."""


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NOM", help="Nom de la clé, par exemple «\u202fm2\u202f».")],
) -> None:
    """Créer une clé, sous la forme attendue par les réglages\u202f; elle n'est gardée nulle part."""
    from bot.privacy.envelope import KeyRing

    if not name.isascii() or not name.isalnum():
        raise typer.BadParameter("Le nom d'une clé est fait de lettres sans accent et de chiffres.")
    typer.echo(KeyRing.new(name))
    typer.echo(
        "Placez-la avant les clés en service, séparée d'elles par une virgule\u202f: elle protégera ce qui sera écrit, "
        "et les autres liront encore le reste. La clé de EQUIPIER_INDEX_KEY, elle, ne change jamais.",
        err=True,
    )


@app.command()
def rotate() -> None:
    """Placer toutes les identités sous la clé maîtresse courante, la première de EQUIPIER_MASTER_KEYS."""
    from bot.bootstrap import mandats_services
    from bot.errors import EquipierError
    from bot.privacy.envelope import Sealed
    from bot.privacy.rotation import Rotation
    from bot.settings import get_settings

    services = mandats_services(get_settings())
    try:
        rotated = Rotation(services.database, services.journal, services.usagers).rotate()
    except Sealed as error:
        raise EquipierError(
            "une clé maîtresse encore nécessaire n'est plus dans EQUIPIER_MASTER_KEYS, ou une donnée est abîmée",
            hint="Remettez-y toutes les clés, la nouvelle en premier, puis recommencez\u202f: rien n'a été changé.",
        ) from error
    finally:
        services.close()
    typer.echo(f"{rotated.rewrapped} identité(s) placée(s) sous la clé courante.")
    typer.echo(f"Clés en service\u202f: {', '.join(rotated.in_use) or 'aucune'}.")
    typer.echo(
        "Relancez tous les processus avec les nouveaux réglages, puis cette commande\u202f: si elle annonce "
        "0 identité, l'ancienne clé peut être retirée (gardez-la à part tant que des sauvegardes en dépendent).",
        err=True,
    )
