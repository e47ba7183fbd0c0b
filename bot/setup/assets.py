"""The State's design system (DSFR) under ``var/static``: one pinned version, verified by its published hash.

Its use is reserved to administrations, which our users are. Only what the pages need is taken out of the package, and
nothing with the State's logo: neither its favicon nor its artwork.
"""

import base64
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from bot.errors import EquipierError
from bot.fiches.importers.mirror import Runner, run_command

PACKAGE = "@gouvfr/dsfr"
VERSION = "1.14.4"
_FILE = f"gouvfr-dsfr-{VERSION}.tgz"
# The registry's own « dist.integrity » for this version.
_SHA512 = "Ca17apmTyAF2tMFwMcLwQN7fTlbfMFeyYSLUIUmjoSg1XVF4vDDkbvvKBpWJWaoTLDSFZBbvvHzcDyxw9wSkLA=="
_ICONS = ("arrows", "business", "document", "editor", "system", "user")
_FILES = frozenset(
    {
        "LICENSE.md",
        "dist/dsfr.min.css",
        "dist/dsfr.module.min.js",
        "dist/dsfr.nomodule.min.js",
        *(f"dist/utility/icons/icons-{name}/icons-{name}.min.css" for name in _ICONS),
    }
)
_FOLDERS = {"dist/fonts": {".woff2", ".woff"}} | {f"dist/icons/{name}": {".svg"} for name in _ICONS}


def dsfr_dir(static: Path) -> Path:
    """Where the files of the version in use are, under the folder *static*."""
    return static / "dsfr" / VERSION


def ensure_assets(
    static: Path, *, npm: Callable[[], Path], run: Runner = run_command, sha512: str = _SHA512
) -> tuple[Path, bool]:
    """The DSFR under *static*, and whether it had to be fetched.

    Args:
        npm: gives the path of the npm client; only asked when the files are not there yet.
        sha512: expected hash of the package, in base64.

    Raises:
        EquipierError: there is no npm, it failed, or the package is not the expected one.
    """
    folder = dsfr_dir(static)
    if folder.is_dir():
        return folder, False
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".partial-") as scratch:
        archive = _download(Path(scratch), npm=npm, run=run, sha512=sha512)
        content = Path(scratch) / VERSION
        _extract(archive, content)
        content.rename(folder)  # whole, or not there
    for former in folder.parent.iterdir():
        if former != folder:
            shutil.rmtree(former, ignore_errors=True)
    return folder, True


def _download(folder: Path, *, npm: Callable[[], Path], run: Runner, sha512: str) -> Path:
    try:
        run((str(npm()), "pack", f"{PACKAGE}@{VERSION}", "--ignore-scripts", "--pack-destination", str(folder)))
    except (OSError, subprocess.SubprocessError) as error:
        raise EquipierError(
            f"npm n'a pas pu télécharger {PACKAGE}@{VERSION}",
            hint="Vérifiez la connexion et le registre de npm (npm config get registry), puis relancez.",
        ) from error
    archive = folder / _FILE
    if not archive.exists():
        raise EquipierError(f"npm n'a pas produit le fichier attendu ({_FILE})")
    with archive.open("rb") as file:
        found = base64.b64encode(hashlib.file_digest(file, "sha512").digest()).decode()
    if found != sha512:
        raise EquipierError(f"{_FILE} n'est pas l'archive attendue (empreinte différente)")
    return archive


def _extract(archive: Path, folder: Path) -> None:
    """Puts the chosen files in *folder*, without the leading ``dist/`` of those that are served."""
    with tarfile.open(archive, "r:gz") as package:
        for member in package:
            path = PurePosixPath(member.name).relative_to("package")
            content = package.extractfile(member) if member.isfile() and _is_needed(path) else None
            if content is None:
                continue
            target = folder / (path.relative_to("dist") if path.is_relative_to("dist") else path)
            target.parent.mkdir(parents=True, exist_ok=True)
            with content, target.open("wb") as file:
                shutil.copyfileobj(content, file)
    if not (folder / "dsfr.min.css").exists():
        raise EquipierError(f"{PACKAGE}@{VERSION} n'a pas le contenu attendu")


def _is_needed(path: PurePosixPath) -> bool:
    return str(path) in _FILES or path.suffix in _FOLDERS.get(str(path.parent), ())
