"""Writes what the product is made of, in CycloneDX: one file per lock, under ``var/sbom`` (``make sbom``)."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "sbom"
LOCKS = {
    "application": "requirements.lock",
    "application-voix": "deploy/voice.lock",
    "comprehension": "nlu/requirements.lock",
    "outil-uv": "deploy/uv.lock",
    "outil-node": "deploy/node.lock",
}
NPM_LOCKS = {"composant-web": "bot/channels/web/widget/package-lock.json"}


def write_python(lock: Path, target: Path) -> None:
    """Writes at *target* what *lock* holds; the document is validated, and the same for the same lock.

    Raises:
        subprocess.CalledProcessError: the lock cannot be read, or the document is not valid.
    """
    tool = (sys.executable, "-m", "cyclonedx_py", "requirements", str(lock))
    options = ("--output-reproducible", "--output-format", "JSON", "--validate", "--output-file", str(target))
    subprocess.run((*tool, *options), check=True)  # noqa: S603  our own command


def write_npm(lock: Path, target: Path) -> None:
    """The same for an npm lock, without asking anything of the network.

    Raises:
        subprocess.CalledProcessError: the lock cannot be read.
        OSError: there is no npm.
    """
    argv = ("npm", "sbom", "--package-lock-only", "--sbom-format", "cyclonedx")
    done = subprocess.run(argv, cwd=lock.parent, check=True, capture_output=True)  # noqa: S603  our own command
    target.write_bytes(done.stdout)


def main(folder: Path = FOLDER, *, locks: Mapping[str, str] = LOCKS, npm_locks: Mapping[str, str] = NPM_LOCKS) -> int:
    """Writes every document in *folder*; the exit code, 1 when one could not be written."""
    folder.mkdir(parents=True, exist_ok=True)
    failed = 0
    for write, table in ((write_python, locks), (write_npm, npm_locks)):
        for name, lock in table.items():
            target = folder / f"{name}.cdx.json"
            try:
                write(ROOT / lock, target)
            except (OSError, subprocess.CalledProcessError) as error:
                sys.stdout.write(f"{lock} : non écrit ({error})\n")
                failed = 1
            else:
                sys.stdout.write(f"{lock} : {target.name}\n")
    return failed


if __name__ == "__main__":
    sys.exit(main())
