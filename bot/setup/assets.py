"""The State's design system (DSFR) under ``var/static``: one pinned version, verified by its published hash.

Its use is reserved to administrations, which our users are. Only what the pages need is taken out of the package, and
nothing with the State's logo: neither its favicon nor its artwork.
"""

import shutil
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from bot.errors import EquipierError
from bot.fiches.importers.mirror import Runner, run_command
from bot.setup.npm_package import Package, ensure_package

_DSFR = Package(
    "@gouvfr/dsfr", "1.14.4", "Ca17apmTyAF2tMFwMcLwQN7fTlbfMFeyYSLUIUmjoSg1XVF4vDDkbvvKBpWJWaoTLDSFZBbvvHzcDyxw9wSkLA=="
)
PACKAGE, VERSION = _DSFR.name, _DSFR.version
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
    static: Path, *, npm: Callable[[], Path], run: Runner = run_command, sha512: str = _DSFR.sha512
) -> tuple[Path, bool]:
    """The DSFR under *static*, and whether it had to be fetched; see :func:`bot.setup.npm_package.ensure_package`.

    Args:
        sha512: expected hash of the package, in base64.

    Raises:
        EquipierError: there is no npm, it failed, or the package is not the expected one.
    """
    return ensure_package(replace(_DSFR, sha512=sha512), dsfr_dir(static).parent, extract=_extract, npm=npm, run=run)


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
