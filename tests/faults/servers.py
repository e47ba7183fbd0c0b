"""PostgreSQL and RabbitMQ of a test's own, on ports of their own: they are killed and started again at will."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pika
import psycopg
from pika.exceptions import AMQPError

from tests.e2e.browser import free_port
from tests.required import missing

_START_WITHIN = 120  # seconds, on a busy machine
_POSTGRES = ("postgres", "initdb")
_RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


class OwnPostgres:
    """A server without password, for this machine alone."""

    def __init__(self, folder: Path) -> None:
        self._data = folder / "data"
        self._log = folder / "postgres.log"
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._run("initdb", "--pgdata", self._data, "--username", "postgres", "--auth", "trust", "--no-sync")

    def url(self, database: str, *, driver: str = "postgresql+psycopg") -> str:
        return f"{driver}://postgres@127.0.0.1:{self.port}/{database}"

    def create(self, database: str) -> None:
        """Makes an empty database."""
        with psycopg.connect(self.url("postgres", driver="postgresql"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}"')

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        arguments = ["-D", str(self._data), "-p", str(self.port), "-k", "", "-c", "listen_addresses=127.0.0.1"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(_as_postgres("postgres", *arguments), stdout=log, stderr=log)
        _wait(self._answers, "PostgreSQL")

    def kill(self) -> None:
        """It is gone, in the middle of whatever it was doing; what it had promised to keep is on its disk."""
        if self._process is not None:
            pid = int((self._data / "postmaster.pid").read_text().split()[0])
            os.kill(pid, 9)
            self._process.wait()
            self._process = None
            _wait(lambda: not _processes_in(self._data), "the end of PostgreSQL")
            (self._data / "postmaster.pid").unlink(missing_ok=True)

    def freeze(self) -> None:
        """It answers no more, nor says so: as behind a network that loses everything."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on where it was."""
        self._signal_all(signal.SIGCONT)
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)  # runuser stops with what it runs

    def _signal_all(self, number: signal.Signals) -> None:
        for pid in _processes_in(self._data):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url("postgres", driver="postgresql"), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def _run(self, program: str, *arguments: object) -> None:
        command = _as_postgres(program, *map(str, arguments))
        subprocess.run(command, check=True, capture_output=True, cwd="/")


class OwnRabbit:
    """A node without plugins."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self._name = f"equipier-{self.port}@localhost"
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "plugins").write_text("[].\n")
        (folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{self.port}\n")

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}/%2F"

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        names = {
            "NODENAME": self._name,
            "DIST_PORT": str(free_port()),
            "CONFIG_FILE": str(self._folder / "rabbitmq"),
            "ENABLED_PLUGINS_FILE": str(self._folder / "plugins"),
            "MNESIA_BASE": str(self._folder / "data"),
            "LOG_BASE": str(self._folder / "log"),
            "PID_FILE": str(self._folder / "pid"),
        }
        environment = os.environ | {f"RABBITMQ_{name}": value for name, value in names.items()}
        environment["HOME"] = str(self._folder)  # its cookie
        self._process = subprocess.Popen(
            [_RABBITMQ], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        _wait(self._answers, "RabbitMQ")

    def kill(self) -> None:
        """It is gone; what it had promised to keep is on its disk."""
        if self._process is not None:
            os.killpg(self._process.pid, 9)
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            pika.BlockingConnection(pika.URLParameters(self.url)).close()
        except (AMQPError, OSError):
            return False
        return True


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    """One for this test, running; skipped where there is none, failing where it is required."""
    if not all(shutil.which(program) for program in _POSTGRES):
        missing("postgres and initdb")
    folder = Path(tempfile.mkdtemp(prefix="equipier-postgres-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")  # it refuses to run as root
    server = OwnPostgres(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def own_rabbit() -> Iterator[OwnRabbit]:
    """The same for RabbitMQ."""
    if not _RABBITMQ.exists():
        missing("rabbitmq-server")
    folder = Path(tempfile.mkdtemp(prefix="equipier-rabbitmq-"))
    server = OwnRabbit(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _as_postgres(program: str, *arguments: str) -> list[str]:
    path = shutil.which(program)
    assert path is not None
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    return [*prefix, path, *arguments]


def _processes_in(data: Path) -> list[int]:
    """The processes that work in *data*; while there is one, a new server would refuse to start."""
    found = []
    for cwd in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            if cwd.readlink() == data:
                found.append(int(cwd.parent.name))
    return found


def _wait(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _START_WITHIN
    while not condition():
        assert time.monotonic() < deadline, f"still waiting for {what}"
        time.sleep(0.1)
