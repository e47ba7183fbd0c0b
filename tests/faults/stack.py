"""Équipier under its own supervisor, as `equipier run` leaves it, with services of the test's own around it."""

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from dotenv import dotenv_values
from sqlalchemy import insert, select

from bot.fiches.models import FicheRow, FicheSnapshot
from bot.settings import Settings, get_settings
from bot.setup.processes import ProcessSpec, process_spec
from bot.setup.readiness import is_ready
from bot.setup.secrets import ensure_secrets
from bot.setup.supervisor import Died, Event, Ready, Supervisor
from bot.storage.engine import Database
from bot.storage.migrate import upgrade
from tests.e2e.browser import free_port

SOAK = os.environ.get("EQUIPIER_SOAK") == "1"
GONE = 60.0 if SOAK else 4.0  # seconds without a service
_UP_WITHIN = 300.0  # seconds, on a busy machine


def wait_for(condition: Callable[[], bool], what: str, *, within: float = _UP_WITHIN, every: float = 0.2) -> None:
    """Waits for what another process does."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"still waiting for {what}"
        time.sleep(every)


def environment(folder: Path, **values: str) -> dict[str, str]:
    """That of an installation in *folder*, with keys and ports of its own.

    Args:
        values: settings by name, in small letters and without ``EQUIPIER_``.
    """
    secrets = folder / "secrets.env"
    ensure_secrets(secrets, environment={})
    port = free_port()
    given = {
        "VAR_DIR": str(folder),
        "GATEWAY_PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "LOG_JSON": "true",
        **{f"{name}_URL": f"http://127.0.0.1:{free_port()}" for name in ("RASA", "ACTIONS", "VOICE")},
    } | {name.upper(): value for name, value in values.items()}
    ours = {key: value for key, value in os.environ.items() if not key.startswith("EQUIPIER_")}
    kept = {name: value or "" for name, value in dotenv_values(secrets).items()}
    return ours | kept | {f"EQUIPIER_{name}": value for name, value in given.items()}


def settings_of(env: Mapping[str, str]) -> Settings:
    """The settings that a process with the environment *env* reads."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("EQUIPIER_")]:
            patch.delenv(name)
        for name, value in env.items():
            if name.startswith("EQUIPIER_"):
                patch.setenv(name, value)
        return Settings(_env_file=None)


def with_the_built_parts(folder: Path) -> None:
    """Gives *folder* the index, the model and the pages of this checkout."""
    for name in ("index", "models", "static"):
        (folder / name).symlink_to(get_settings().var_dir / name)


def with_the_fiches(url: str) -> None:
    """Makes the tables at *url*, with the fiches of this checkout: their index is used as it is."""
    source, target = Database.at(get_settings().sqlalchemy_url), Database.at(url)
    upgrade(target)
    for model in (FicheSnapshot, FicheRow):
        columns = model.__table__.columns.keys()
        with source.unit_of_work() as session:
            rows = [{name: getattr(row, name) for name in columns} for row in session.scalars(select(model))]
        with target.unit_of_work() as session:
            session.execute(insert(model), rows)
    source.close()
    target.close()


def copied_base(folder: Path) -> None:
    """Puts a copy of the base of this checkout in *folder*."""
    shutil.copy(get_settings().var_dir / "equipier.db", folder / "equipier.db")
    database = Database.at(f"sqlite:///{folder / 'equipier.db'}")
    upgrade(database)
    database.close()


class Stack:
    """Processes under a supervisor, in a thread of the test.

    Attributes:
        events: what the supervisor said.
    """

    def __init__(self, folder: Path, env: Mapping[str, str], names: Sequence[str]) -> None:
        self.folder = folder
        self.env = dict(env)
        self.settings = settings_of(env)
        self.events: list[Event] = []
        self.supervisor = Supervisor(
            [self._spec(name) for name in names],
            refresh=lambda spec: self._spec(spec.name),
            log_dir=folder / "log",
            report=self.events.append,
            probe=is_ready,
        )
        self._thread = threading.Thread(target=self.supervisor.run, daemon=True)
        self.client = httpx.Client(base_url=self.url, trust_env=False, timeout=30)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.gateway_port}"

    def start(self) -> None:
        """Starts everything."""
        self._thread.start()

    def wait_until_up(self) -> None:
        """Waits until all is ready."""
        self.wait(lambda: any(isinstance(event, Ready) and event.everything for event in self.events), "the processes")

    def stop(self) -> None:
        """Stops everything as Ctrl-C does."""
        self.supervisor.stop()
        self._thread.join(timeout=60)
        self.client.close()

    def wait(self, condition: Callable[[], bool], what: str, *, within: float = _UP_WITHIN) -> None:
        """As :func:`wait_for`; the logs say why it failed."""
        try:
            wait_for(condition, what, within=within)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.logs()}") from None

    def kill(self, name: str) -> None:
        """kill -9."""
        self.signal(name, signal.SIGKILL)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Sends a signal to the process *name*."""
        os.kill(self.pid(name), number)

    def pid(self, name: str) -> int:
        """The number of the process *name* now."""
        pid = self.supervisor.pid_of(name)
        assert pid is not None, f"{name} does not run"
        return pid

    def deaths(self, name: str) -> int:
        """How many times *name* ended by itself, or was killed."""
        return sum(isinstance(event, Died) and event.spec.name == name for event in self.events)

    def rises(self, name: str) -> int:
        """How many times *name* became ready."""
        return sum(isinstance(event, Ready) and event.spec.name == name for event in self.events)

    def killed_and_back(self, name: str) -> None:
        """Kills *name* and waits until it is ready again."""
        rises = self.rises(name)
        self.kill(name)
        self.wait(lambda: self.rises(name) > rises, f"{name} to be back")

    def checks(self) -> dict[str, bool]:
        """What ``/readyz`` says; every check is false when the gateway does not answer."""
        try:
            checks = self.client.get("/readyz").json()["checks"]
        except (httpx.HTTPError, ValueError):
            return {}
        return {name: check["ok"] for name, check in checks.items()}

    def all_well(self) -> bool:
        """Whether everything works, for ``/readyz``."""
        checks = self.checks()
        return bool(checks) and all(checks.values())

    def figure(self, sample: str, *, missing: float = 0.0) -> float:
        """The value of a sample of ``/metrics`` (a name, and its labels in order); *missing* when it is not there."""
        text = self.client.get("/metrics").text
        found = [line for line in text.splitlines() if line.startswith(f"{sample} ")]
        return float(found[0].rpartition(" ")[2]) if found else missing

    def logs(self) -> str:
        """The last words of everyone."""
        files = sorted((self.folder / "log").glob("*.log"))
        return "\n".join(f"--- {file.name}\n{file.read_text(errors='replace')[-1500:]}" for file in files)

    def _spec(self, name: str) -> ProcessSpec:
        return process_spec(name, self.settings, base=self.env)


@contextmanager
def unready_stack(folder: Path, env: Mapping[str, str], *names: str) -> Iterator[Stack]:
    """One that was started; stopped at the end."""
    running = Stack(folder, env, names)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def stack(folder: Path, env: Mapping[str, str], *names: str) -> Iterator[Stack]:
    """One that is ready; stopped at the end."""
    with unready_stack(folder, env, *names) as running:
        running.wait_until_up()
        yield running
