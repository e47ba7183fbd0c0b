"""`equipier voice …`: listening and speaking, both optional, both on this machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.voice_evaluate import evaluate

if TYPE_CHECKING:
    from bot.errors import EquipierError
    from bot.voice.errors import VoiceRefused

app = typer.Typer(help="La voix : écouter les messages vocaux et lire les réponses.", no_args_is_help=True)
app.command("evaluate")(evaluate)


@app.command()
def install() -> None:
    """Installer les paquets et les deux modèles de la voix (240 Mo), ou compléter ce qui manque."""
    import tempfile

    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

    from bot.settings import get_settings
    from bot.setup.npm import ensure_npm
    from bot.voice.install import MARKER, Installer, client, missing_packages, want
    from bot.voice.packages import PackageClient, find_uv

    settings = get_settings()
    if missing_packages() or not MARKER.exists():
        want(True)
    bars: dict[str, TaskID] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    folder = settings.voice_dir
    folder.mkdir(parents=True, exist_ok=True)
    with (
        Progress(*columns, console=Console(stderr=True)) as progress,
        tempfile.TemporaryDirectory(dir=folder, prefix=".partial-") as scratch,
        client() as http,
    ):

        def advance(label: str, done: int, total: int) -> None:
            if label not in bars:
                bars[label] = progress.add_task(label, total=total)
            progress.update(bars[label], completed=done)

        packages = PackageClient(Path(scratch), uv=find_uv(), npm=lambda: ensure_npm(settings))
        Installer(folder, http=http, unpack=packages.unpack, progress=advance).install()
    typer.echo("La voix est installée. Si Équipier est en marche, relancez « make run » pour qu'elle réponde.")


@app.command()
def remove() -> None:
    """Retirer les modèles et les paquets de la voix."""
    from bot.settings import get_settings
    from bot.voice.install import remove_models, want

    remove_models(get_settings().voice_dir)
    want(False)
    typer.echo("La voix est retirée. → equipier voice install pour la remettre")


@app.command()
def status() -> None:
    """Dire ce qui est installé et ce qui répond (code de sortie 1 s'il manque quelque chose)."""
    import asyncio

    import httpx

    from bot.settings import get_settings
    from bot.voice.client import VoiceClient
    from bot.voice.install import missing_packages
    from bot.voice.models import MODELS

    settings = get_settings()
    missing = missing_packages()
    typer.echo(f"Paquets : {'il manque ' + ', '.join(missing) if missing else 'en place'}")
    complete = [model.complete(settings.voice_dir) for model in MODELS]
    for model, whole in zip(MODELS, complete, strict=True):
        typer.echo(f"{model.label} : {'en place' if whole else 'absent'}")

    async def ask() -> tuple[bool, bool]:
        async with httpx.AsyncClient() as http:
            return await VoiceClient(http, url=settings.voice_url).available()

    listens, speaks = asyncio.run(ask())
    typer.echo(f"Service : écoute {'active' if listens else 'inactive'}, lecture {'active' if speaks else 'inactive'}")
    if missing or not all(complete):
        typer.echo("→ equipier voice install")
        raise typer.Exit(1)


@app.command()
def serve() -> None:
    """Lancer le service vocal (fait par « make run »)."""
    from bot.gateway.logging import configure_logging
    from bot.settings import get_settings
    from bot.voice.app import serve as run

    settings = get_settings()
    configure_logging(as_json=settings.log_json)
    run(settings)


@app.command()
def transcribe(
    file: Annotated[
        Path, typer.Argument(help="Enregistrement : OGG, WebM, MP4, MP3, WAV…", exists=True, dir_okay=False)
    ],
) -> None:
    """Transcrire un enregistrement, sans passer par le service."""
    from bot.settings import get_settings
    from bot.voice.app import cores
    from bot.voice.audio import decode
    from bot.voice.errors import VoiceRefused
    from bot.voice.transcription import load_transcriber

    transcriber = load_transcriber(get_settings().voice_dir, threads=cores())
    try:
        if transcriber is None:
            raise VoiceRefused("off")
        heard = transcriber.transcribe(decode(file.read_bytes()))
    except VoiceRefused as refusal:
        raise _explained(refusal) from refusal
    typer.echo(heard.text if heard.sure else f"{heard.text}  (à vérifier)")


@app.command()
def say(
    text: Annotated[str, typer.Argument(help="Texte à lire.")],
    to: Annotated[Path, typer.Option("--to", help="Fichier à écrire, .ogg ou .mp3.", dir_okay=False)],
) -> None:
    """Lire un texte à voix haute dans un fichier, sans passer par le service."""
    import asyncio

    from bot.errors import EquipierError
    from bot.settings import get_settings
    from bot.voice.app import voice_service
    from bot.voice.errors import VoiceRefused

    kind = to.suffix.lower().removeprefix(".")
    if kind not in ("ogg", "mp3"):
        raise EquipierError(f"format inconnu : {to.name}", hint="Donnez un nom qui finit par .ogg ou .mp3.")
    service = voice_service(get_settings().voice_dir)
    try:
        speech = asyncio.run(service.speak(text, format="ogg" if kind == "ogg" else "mp3"))
    except VoiceRefused as refusal:
        raise _explained(refusal) from refusal
    finally:
        service.close()
    to.write_bytes(speech.data)
    typer.echo(f"{to} : {speech.seconds:.1f} s")


def _explained(refusal: "VoiceRefused") -> "EquipierError":
    """The same for a terminal: its sentence, and what an operator can do."""
    from bot.errors import EquipierError

    return EquipierError(refusal.sentence, hint="equipier voice install" if refusal.reason == "off" else "")
