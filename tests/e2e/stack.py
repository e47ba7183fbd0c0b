"""The whole of Équipier for tests from start to finish: an installation of its own, and its real processes."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from dotenv import dotenv_values

from bot.bootstrap import open_database
from bot.settings import Settings, get_settings, load_settings
from bot.setup.processes import process_spec
from bot.setup.readiness import is_ready
from bot.setup.secrets import ensure_secrets
from bot.storage.migrate import upgrade
from tests.e2e.browser import free_port

_START_UP = 300  # seconds, for all of them
_STOP_WITHIN = 20  # seconds, for each
_LOG_TAIL = 2000  # characters

Processes = dict[str, subprocess.Popen[bytes]]


@contextmanager
def installation(folder: Path, **values: str) -> Iterator[Settings]:
    """Its settings, which are those of the environment too for the time of the block.

    The model, the index and the static files are the built ones, the base is a copy; keys and ports are its own.

    Args:
        values: settings by name, in small letters and without ``EQUIPIER_``.
    """
    built = get_settings().var_dir
    shutil.copy(built / "equipier.db", folder / "equipier.db")
    for name in ("index", "models", "static"):
        (folder / name).symlink_to(built / name)
    secrets = folder / "equipier.env"
    ensure_secrets(secrets, environment={})
    port = free_port()
    places = {
        "VAR_DIR": str(folder),
        "GATEWAY_PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        **{f"{name}_URL": f"http://127.0.0.1:{free_port()}" for name in ("RASA", "ACTIONS", "VOICE")},
    }
    given = places | {name.upper(): value for name, value in values.items()}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in dotenv_values(secrets).items():
            patch.setenv(name, value or "")
        for name, value in given.items():
            patch.setenv(f"EQUIPIER_{name}", value)
        settings = load_settings()
        with closing(open_database(settings)) as database:
            upgrade(database)  # the built base may be older than this code
        yield settings


@contextmanager
def running(settings: Settings, names: Sequence[str]) -> Iterator[Processes]:
    """The processes *names* once all of them are ready, with their logs in the folder of the installation."""
    with ExitStack() as ends:
        processes = {name: ends.enter_context(_started(name, settings)) for name in names}
        deadline = time.monotonic() + _START_UP
        for name, process in processes.items():
            spec = process_spec(name, settings, base=os.environ)
            while not is_ready(spec):
                assert time.monotonic() < deadline, f"{name} is not ready: {_log_of(name, settings)}"
                assert process.poll() is None, f"{name} ended: {_log_of(name, settings)}"
                time.sleep(0.2)
        yield processes


@contextmanager
def _started(name: str, settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    spec = process_spec(name, settings, base=os.environ)
    with (settings.var_dir / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            spec.argv, cwd=spec.folder, env=dict(spec.environment), stdout=log, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=_STOP_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _log_of(name: str, settings: Settings) -> str:
    return (settings.var_dir / f"{name}.log").read_text(errors="replace")[-_LOG_TAIL:]
