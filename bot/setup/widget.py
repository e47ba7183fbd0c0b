"""The help-desk widget under ``var/static``: built from our sources and from pinned npm packages, once per version.

The version is the hash of the sources: what is built is served under an address that changes when they do.
"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from bot.errors import EquipierError
from bot.fiches.importers.mirror import Runner, run_command
from bot.settings import ROOT
from bot.setup.hashing import content_hash

SOURCES = ROOT / "bot" / "channels" / "web" / "widget"
ENTRY, LOADER = "equipier-chat.js", "loader.js"
MANIFEST = "manifest.json"
_INPUTS = ("package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "src")
_VERSION_CHARS = 16
_HINT = "Vérifiez la connexion et le registre de npm (npm config get registry), puis relancez."


def widget_version(sources: Path = SOURCES) -> str:
    """The version of the *sources*: 16 hexadecimal digits."""
    return content_hash(sources, _INPUTS)[:_VERSION_CHARS]


def widget_dir(static: Path) -> Path:
    """Where the widget of the present sources is, under the folder *static*."""
    return static / "widget" / widget_version()


def ensure_widget(
    static: Path, *, npm: Callable[[], Path], run: Runner = run_command, sources: Path = SOURCES
) -> tuple[Path, bool]:
    """The widget under *static*, and whether it had to be built.

    Beside the files, ``manifest.json`` tells the version, the entry, the loader, and the size in bytes of each file.

    Args:
        npm: gives the path of the npm client, beside which Node.js is; only asked when there is something to build.

    Raises:
        EquipierError: there is no npm, its packages could not be fetched, or the build failed.
    """
    version = widget_version(sources)
    folder = static / "widget" / version
    if folder.is_dir():
        return folder, False
    client = npm()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".partial-") as scratch:
        content = _build(Path(scratch), version, npm=client, run=run, sources=sources)
        _describe(content, version)
        content.rename(folder)  # whole, or not there
    for former in folder.parent.iterdir():
        if former != folder:
            shutil.rmtree(former, ignore_errors=True)
    return folder, True


def _build(scratch: Path, version: str, *, npm: Path, run: Runner, sources: Path) -> Path:
    for name in _INPUTS:
        source = sources / name
        if source.is_dir():
            shutil.copytree(source, scratch / name)
        else:
            shutil.copyfile(source, scratch / name)
    (scratch / ".env").write_text(f"VITE_VERSION={version}\n", encoding="utf-8")
    try:
        # The scripts of packages have no business here, and those that only serve to develop are left out.
        run((str(npm), "ci", "--prefix", str(scratch), "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund"))
    except (OSError, subprocess.SubprocessError) as error:
        raise EquipierError("npm n'a pas pu télécharger de quoi construire le widget", hint=_HINT) from error
    try:
        # Not « npm run »: its scripts look for a Node.js in the path, where there may be none.
        run((_node(npm), str(scratch / "node_modules" / "vite" / "bin" / "vite.js"), "build", str(scratch)))
    except (OSError, subprocess.SubprocessError) as error:
        raise EquipierError(
            f"le widget n'a pas pu être construit{_reason(error)}",
            hint="Il faut Node.js 20.19 ou plus récent (node --version).",
        ) from error
    content = scratch / "dist"
    if not all((content / name).is_file() for name in (ENTRY, LOADER)):
        raise EquipierError("la construction du widget n'a pas donné les fichiers attendus")
    return content


def _node(npm: Path) -> str:
    beside = npm.parent / "node"
    return str(beside) if beside.exists() else (shutil.which("node") or "node")


def _reason(error: OSError | subprocess.SubprocessError) -> str:
    """What Vite complains of: the line under « error during build »."""
    said = error.stderr if isinstance(error, subprocess.CalledProcessError) else ""
    _, _, complaint = str(said or "").partition("error during build:")
    first = complaint.strip().partition("\n")[0]
    return f" ({first})" if first else ""


def _describe(content: Path, version: str) -> None:
    files = {path.relative_to(content).as_posix(): path.stat().st_size for path in content.rglob("*") if path.is_file()}
    manifest = {"version": version, "entry": ENTRY, "loader": LOADER, "files": dict(sorted(files.items()))}
    (content / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
