"""First stage of `make run`: uv, then the two locked Python environments, then the `equipier` command.

Standard library only, and any Python from 3.9 on: it runs before anything is installed. Nothing is done twice: each
environment holds a stamp with the content hash of what it was made from.
"""

# ruff: noqa: T201  a terminal is all it has to speak through

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAMP = ".equipier-stamp"
WANTED = Path("var", "voice", "wanted")  # left by `equipier voice install`: the optional packages are to be kept
PROBE = (
    "import bz2, ctypes, sqlite3, ssl, zlib, sys; "
    "print('.'.join(map(str, sys.version_info[:2])), sys.executable, sep='|')"
)


class BootstrapError(Exception):
    """A step failed; the message says what happened, *hint* what to do, both in French."""

    def __init__(self, message: str, hint: str, details: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        self.details = details


@dataclass(frozen=True)
class Environment:
    """One locked environment.

    Attributes:
        pythons: accepted versions, the preferred one first; the first is what uv downloads when none is found.
        sources: files whose content decides whether the environment is up to date; the first is the lock.
    """

    name: str
    folder: Path
    pythons: tuple[str, ...]
    sources: tuple[Path, ...]

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def digest(self) -> str:
        """Content hash of the sources."""
        return hashlib.sha256(b"\0".join(path.read_bytes() for path in self.sources)).hexdigest()

    def is_current(self) -> bool:
        """Whether the environment exists, runs and was made here, from the present sources."""
        return self._stamp() == (self.digest(), str(self.folder)) and self.version() in self.pythons

    def was_moved(self) -> bool:
        """Whether it was made in another folder: its commands still point there, so it has to be made again."""
        stamp = self._stamp()
        return stamp is not None and stamp[1] != str(self.folder)

    def mark_current(self) -> None:
        """Records that it was made here, from the present sources."""
        (self.folder / STAMP).write_text(f"{self.digest()}\n{self.folder}\n", encoding="utf-8")

    def _stamp(self) -> tuple[str, str] | None:
        try:
            digest, folder = (self.folder / STAMP).read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            return None
        return digest, folder

    def version(self) -> str | None:
        """The version of the interpreter inside, such as ``3.11``; ``None`` when it is missing or does not run."""
        found = probe(str(self.python))
        return found[0] if found else None


def environments(root: Path) -> tuple[Environment, Environment]:
    """The application's environment, with the packages of the voice if they are wanted, and Rasa's."""
    lock = root / "deploy" / "voice.lock" if (root / WANTED).exists() else root / "requirements.lock"
    return (
        Environment(
            "application",
            root / ".venv",
            ("3.11", "3.12", "3.13"),
            (lock, root / "pyproject.toml"),
        ),
        Environment("Rasa", root / "nlu" / ".venv", ("3.10",), (root / "nlu" / "requirements.lock",)),
    )


def probe(interpreter: str) -> tuple[str, str] | None:
    """Version and true path of *interpreter*; ``None`` when it does not run or lacks a standard module.

    It is run rather than looked at: a pyenv shim exists for every version and fails beside a `.python-version` that
    names another, and a home-made Python may lack sqlite3 or ssl.
    """
    try:
        result = subprocess.run(  # noqa: S603  a Python found on this machine, with our own one-liner
            [interpreter, "-c", PROBE], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version, separator, path = result.stdout.strip().partition("|")
    return (version, path) if result.returncode == 0 and separator else None


def candidates(version: str) -> Iterator[str]:
    """Where an interpreter of *version* may be: this one, the PATH, then pyenv's own folders."""
    yield sys.executable
    for name in (f"python{version}", "python3", "python"):
        found = shutil.which(name)
        if found:
            yield found
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for folder in sorted(pyenv.glob(f"versions/{version}.*"), reverse=True):
        yield str(folder / "bin" / "python")
    for prefix in ("/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"):  # PATH may start with shims that do not run
        yield f"{prefix}/python{version}"


def find_python(versions: Sequence[str]) -> str | None:
    """The first usable interpreter of the first of *versions* that has one; ``None`` when there is none."""
    for version in versions:
        for candidate in candidates(version):
            found = probe(candidate)
            if found and found[0] == version:
                return found[1]
    return None


class Steps:
    """One line per step: what it is, its state, the time it took; the counter moves on a terminal."""

    def __init__(self) -> None:
        self._live = sys.stdout.isatty()

    def run(self, label: str, command: Sequence[str], *, hint: str, cwd: Path = ROOT) -> None:
        """Runs *command* as a step.

        Raises:
            BootstrapError: the command failed; it carries the end of its output.
        """
        started = time.monotonic()
        if not self._live:
            print(f"… {label}", flush=True)
        # VIRTUAL_ENV of the calling shell must not decide where uv installs.
        env = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "PYTHONPATH")}
        try:
            process = subprocess.Popen(  # noqa: S603  our own commands
                list(command), cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
        except OSError as error:
            raise BootstrapError(f"{label} : échec", hint, str(error)) from error
        lines: list[str] = []
        reader = threading.Thread(target=lambda: lines.extend(process.stdout or ()), daemon=True)
        reader.start()
        try:
            while process.poll() is None:
                time.sleep(0.2)
                if self._live:
                    self._rewrite(f"… {label} ({time.monotonic() - started:.0f} s)")
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            raise
        reader.join(timeout=5)
        elapsed = f"{time.monotonic() - started:.0f} s"
        if process.returncode != 0:
            self._end(f"✘ {label} ({elapsed})")
            raise BootstrapError(f"{label} : échec", hint, "".join(lines[-15:]))
        self._end(f"✔ {label} ({elapsed})")

    def done(self, label: str) -> None:
        """A step that had nothing to do."""
        print(f"✔ {label}", flush=True)

    def _rewrite(self, text: str) -> None:
        print(f"\r\033[K{text}", end="", flush=True)

    def _end(self, text: str) -> None:
        if self._live:
            self._rewrite("")
        print(text, flush=True)


def ensure_uv(root: Path, steps: Steps) -> Path:
    """The pinned uv, in an environment of its own."""
    folder = root / "var" / "uv-env"
    lock = root / "deploy" / "uv.lock"
    uv = folder / "bin" / "uv"
    stamp = folder / STAMP
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    if uv.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == digest:
        return uv
    folder.parent.mkdir(parents=True, exist_ok=True)
    steps.run(
        "Environnement de l'installateur (uv)",
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        hint="Le module « venv » de Python manque sans doute ; sous Debian ou Ubuntu : apt install python3-venv.",
    )
    steps.run(
        "Installateur uv",
        [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock)],
        hint="Vérifiez l'accès au dépôt de paquets Python (réseau, proxy : variables HTTPS_PROXY ou PIP_INDEX_URL).",
    )
    stamp.write_text(digest, encoding="utf-8")
    return uv


def ensure_environment(environment: Environment, uv: Path, steps: Steps) -> bool:
    """Makes *environment* match its lock; returns whether it had to be changed."""
    label = f"Environnement Python « {environment.name} »"
    if environment.is_current():
        steps.done(f"{label} : à jour")
        return False
    wanted = environment.pythons[0]
    if environment.version() not in environment.pythons or environment.was_moved():
        python = find_python(environment.pythons) or wanted
        steps.run(
            f"{label} : création",
            [str(uv), "venv", "--clear", "--python", python, str(environment.folder)],
            hint=f"Aucun Python {' ou '.join(environment.pythons)} utilisable, et uv n'a pas pu en télécharger : "
            f"installez-en un (par exemple « pyenv install {wanted} »), puis relancez la commande.",
        )
    (environment.folder / STAMP).unlink(missing_ok=True)  # an interrupted installation must not look finished
    steps.run(
        f"{label} : paquets",
        [str(uv), "pip", "sync", "--require-hashes", "--python", str(environment.python), str(environment.sources[0])],
        hint="Vérifiez l'accès au dépôt de paquets Python et l'espace disque (4 Gio), puis relancez la commande.",
    )
    return True


def bootstrap(root: Path, steps: Steps) -> None:
    """Brings this checkout to the point where `.venv/bin/equipier` runs.

    Raises:
        BootstrapError: a step failed.
    """
    application, rasa = environments(root)
    uv = ensure_uv(root, steps)
    if application.is_current() and rasa.is_current():
        steps.done("Environnements Python : à jour")
        return
    if ensure_environment(application, uv, steps):
        install = [str(uv), "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
        steps.run(
            "Commande « equipier »",
            [*install, "--python", str(application.python), "--editable", str(root)],
            hint="Relancez la commande ; si l'échec persiste, supprimez le dossier .venv et recommencez.",
        )
        application.mark_current()
    if ensure_environment(rasa, uv, steps):
        rasa.mark_current()


def state(root: Path) -> dict[str, dict[str, object]]:
    """What `--check` prints: for each environment its folder, its version and whether it matches its lock."""
    return {
        environment.name: {
            "folder": str(environment.folder.relative_to(root)),
            "python": environment.version(),
            "accepted": list(environment.pythons),
            "current": environment.is_current(),
        }
        for environment in environments(root)
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Installe uv et les deux environnements Python d'Équipier.")
    parser.add_argument(
        "--check", action="store_true", help="dire l'état des environnements, en JSON, sans rien changer"
    )
    if parser.parse_args(arguments).check:
        print(json.dumps(state(ROOT)))
        return 0
    try:
        bootstrap(ROOT, Steps())
    except BootstrapError as error:
        print(f"\nErreur : {error}\n{error.details}\n→ {error.hint}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInstallation interrompue ; relancez la commande pour la reprendre.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
