"""`equipier backup` and `equipier restore`."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer


def backup(
    target: Annotated[
        Path, typer.Argument(metavar="DOSSIER|FICHIER", help="Où l'écrire\u202f: un dossier, ou un nouveau fichier.")
    ],
    built: Annotated[
        bool, typer.Option("--with-model", help="Avec le modèle et l'index, qui peuvent aussi être reconstruits.")
    ] = False,
    with_keys: Annotated[
        bool,
        typer.Option("--with-keys", help="Avec les clés, sous une phrase secrète\u202f: gardez-les plutôt à part."),
    ] = False,
) -> None:
    """Sauvegarder la base et la mémoire des dialogues, sans rien arrêter."""
    from bot.backup.service import back_up
    from bot.clock import SystemClock
    from bot.settings import get_settings

    passphrase = typer.prompt("Phrase secrète", hide_input=True, confirmation_prompt=True) if with_keys else None
    made = back_up(get_settings(), target, clock=SystemClock(), built=built, passphrase=passphrase, tell=_tell)
    size = sum(part.size for part in made.manifest.files.values())
    typer.echo(
        f"Sauvegarde\u202f: {made.path} ({_mega(made.path.stat().st_size)} pour {_mega(size)}, schéma "
        f"{made.manifest.schema}, {_signed(len(made.manifest.checkpoints))})"
    )
    if not with_keys:
        typer.echo("Les clés n'y sont pas\u202f: sans elles, ce qui est chiffré y reste illisible. Gardez-les à part.")
    if made.broken:
        typer.echo(
            f"JOURNAL ROMPU, non signé\u202f: {', '.join(made.broken)} (voir «\u00a0equipier journal verify\u00a0»)"
        )
        raise typer.Exit(1)


def restore(
    archive: Annotated[Path, typer.Argument(metavar="FICHIER", help="La sauvegarde.")],
    force: Annotated[bool, typer.Option("--force", help="Remplacer des bases qui ne sont pas vides.")] = False,
    keys_to: Annotated[
        Path | None,
        typer.Option("--keys-to", metavar="FICHIER", help="Écrire les clés de la sauvegarde dans ce nouveau fichier."),
    ] = None,
) -> None:
    """Remettre une sauvegarde en place, puis vérifier tous les journaux (Équipier doit être arrêté)."""
    from bot.backup.service import restore as put_back
    from bot.cli.journal import verify
    from bot.settings import get_settings

    passphrase = typer.prompt("Phrase secrète", hide_input=True) if keys_to is not None else ""
    settings = get_settings()
    manifest = put_back(settings, archive, force=force, keys_to=keys_to, passphrase=passphrase, tell=_tell)
    typer.echo(f"Sauvegarde du {manifest.made_at:%d/%m/%Y à %H:%M} (UTC) en place, schéma {manifest.schema}.")
    if keys_to is not None:
        typer.echo(f"Ses clés sont dans {keys_to}\u202f: réglez-les avant de vérifier (equipier journal verify).")
        return
    with TemporaryDirectory() as folder:
        checkpoints = Path(folder) / "points.jsonl"
        checkpoints.write_text("".join(f"{line}\n" for line in manifest.checkpoints), encoding="utf-8")
        verify(organisation=None, checkpoint=checkpoints if manifest.checkpoints else None)


def _tell(step: str) -> None:
    typer.echo(f"… {step}")


def _signed(journals: int) -> str:
    return f"{journals} journaux signés" if journals > 1 else f"{journals} journal signé"


def _mega(size: int) -> str:
    return f"{size / 1024**2:.1f} Mio".replace(".", ",")
