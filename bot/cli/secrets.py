"""`equipier secrets`: the secrets of an installation in containers."""

from pathlib import Path
from typing import Annotated

import typer


def secrets(
    folder: Annotated[
        Path, typer.Argument(metavar="DOSSIER", help="Où les écrire, par exemple deploy/secrets.")
    ] = Path("deploy/secrets"),
) -> None:
    """Créer les secrets qui manquent, un fichier chacun, pour deploy/compose.yaml (aucun n'est remplacé)."""
    from bot.setup.secret_files import ensure_secret_files

    made = ensure_secret_files(folder)
    typer.echo(f"{folder}\u202f: {', '.join(made)}" if made else f"{folder}\u202f: tout est en place.")
    if made:
        typer.echo("Gardez-en une copie ailleurs que les sauvegardes\u202f: sans ces clés, elles restent illisibles.")
