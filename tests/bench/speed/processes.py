"""Starting and stopping what is measured, and what each process uses."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

_TICKS = os.sysconf("SC_CLK_TCK")
_START_UP = 600.0  # seconds


@dataclass(frozen=True, slots=True)
class Command:
    """One process to start.

    Attributes:
        ready: says whether it answers.
    """

    name: str
    argv: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    ready: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Started:
    """Processes that run, by name, with their logs."""

    pids: Mapping[str, int]
    logs: Path

    def cpu_seconds(self) -> dict[str, float]:
        """Processor time that each process, with its children, has used so far."""
        return {name: sum(_cpu(one) for one in family(pid)) for name, pid in self.pids.items()}

    def memory_mib(self) -> dict[str, float]:
        """Resident memory of each process with its children; pages that several share are counted once each share."""
        return {name: sum(_pss(one) for one in family(pid)) / 1024 for name, pid in self.pids.items()}


@contextmanager
def started(commands: Sequence[Command], logs: Path) -> Iterator[Started]:
    """Runs *commands* for the time of the block, once each of them is ready.

    Raises:
        RuntimeError: one of them ended, or is not ready after ten minutes.
    """
    logs.mkdir(parents=True, exist_ok=True)
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for command in commands:
            with (logs / f"{command.name}.log").open("wb") as log:
                running[command.name] = subprocess.Popen(
                    command.argv,
                    cwd=command.folder,
                    env=dict(command.environment),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        deadline = time.monotonic() + _START_UP
        for command in commands:
            _wait(command, running[command.name], deadline, logs)
        yield Started({name: process.pid for name, process in running.items()}, logs)
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)  # a session of its own: its children, and nothing else
                process.wait()


def answers(url: str) -> bool:
    """Whether *url* answers 200 now."""
    try:
        return httpx.get(url, timeout=1.5, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def family(pid: int) -> list[int]:
    """*pid* and all that descends from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += children.get(one, [])
    return found


def copied_base(source: Path, target: Path, links: Sequence[str]) -> None:
    """An installation of its own under *target*: a copy of the base of *source*, its heavy folders by links."""
    target.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source / "equipier.db", target / "equipier.db")
    for name in links:
        (target / name).symlink_to((source / name).resolve())


def _wait(command: Command, process: subprocess.Popen[bytes], deadline: float, logs: Path) -> None:
    while not command.ready():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = (logs / f"{command.name}.log").read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{command.name} is not ready:\n{tail}")
        time.sleep(0.3)


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
