"""Chart.js under ``var/static``, which draws the charts of the dashboard: one pinned version, one file of it."""

import shutil
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from bot.errors import EquipierError
from bot.fiches.importers.mirror import Runner, run_command
from bot.setup.npm_package import Package, ensure_package

_CHART_JS = Package(
    "chart.js", "4.5.1", "GIjfiT9dbmHRiYi6Nl2yFCq7kkwdkp1W/lp2J99rX0yo9tgJGn3lKQATztIjb5tVtevcBtIdICNWqlq5+E8/Pw=="
)
PACKAGE, VERSION = _CHART_JS.name, _CHART_JS.version
SCRIPT = "chart.umd.min.js"
_FILES = frozenset({f"dist/{SCRIPT}", "LICENSE.md"})


def charts_dir(static: Path) -> Path:
    """Where the files of the version in use are, under the folder *static*."""
    return static / "chart.js" / VERSION


def ensure_charts(
    static: Path, *, npm: Callable[[], Path], run: Runner = run_command, sha512: str = _CHART_JS.sha512
) -> tuple[Path, bool]:
    """Chart.js under *static*, and whether it had to be fetched; see :func:`bot.setup.npm_package.ensure_package`."""
    return ensure_package(
        replace(_CHART_JS, sha512=sha512), charts_dir(static).parent, extract=_extract, npm=npm, run=run
    )


def _extract(archive: Path, folder: Path) -> None:
    folder.mkdir()
    with tarfile.open(archive, "r:gz") as package:
        for member in package:
            path = PurePosixPath(member.name).relative_to("package")
            content = package.extractfile(member) if member.isfile() and str(path) in _FILES else None
            if content is not None:
                with content, (folder / path.name).open("wb") as file:
                    shutil.copyfileobj(content, file)
    if not (folder / SCRIPT).exists():
        raise EquipierError(f"{PACKAGE}@{VERSION} n'a pas le contenu attendu")
