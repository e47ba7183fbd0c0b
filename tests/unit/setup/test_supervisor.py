"""On real processes, small ones: what matters is what the system does with them."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.setup.processes import ProcessSpec
from bot.setup.supervisor import Died, Event, Killed, Ready, Stopping, Supervisor

STEADY = "import time; print('bonjour', flush=True); time.sleep(60)"
STUBBORN = (
    "import signal, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('sourd', flush=True)\n"
    "while True: time.sleep(1)"
)
PARENT = (
    "import subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    "print(child.pid, flush=True)\n"
    "time.sleep(60)"
)


def spec(code: str, name: str = "rasa") -> ProcessSpec:
    return ProcessSpec(
        name=name, label=name, argv=(sys.executable, "-c", code), folder=Path("/"), environment=dict(os.environ)
    )


class Run:
    """A supervisor in a thread, and what it said."""

    def __init__(self, log_dir: Path, *specs: ProcessSpec, grace: float = 5.0) -> None:
        self.log_dir = log_dir
        self.events: list[Event] = []
        self.supervisor = Supervisor(
            specs,
            refresh=lambda one: one,
            log_dir=log_dir,
            report=self.events.append,
            probe=lambda one: bool(self.log(one.name)),
            grace=grace,
        )
        self.thread = threading.Thread(target=self.supervisor.run, daemon=True)
        self.thread.start()

    def log(self, name: str) -> str:
        path = self.log_dir / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def wait_for(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, self.events
            time.sleep(0.05)

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    def end(self, *, times: int = 1) -> None:
        for _ in range(times):
            self.supervisor.stop()
        self.thread.join(20)
        assert not self.thread.is_alive()


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def start(*specs: ProcessSpec, grace: float = 5.0) -> Run:
        runs.append(Run(tmp_path, *specs, grace=grace))
        return runs[-1]

    yield start
    for run in runs:
        run.end(times=2)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that ended and that nobody waited for still has a number.
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_each_process_is_said_to_be_ready_once_and_the_last_one_closes_the_list(started: Callable[..., Run]) -> None:
    run = started(spec(STEADY, "rasa"), spec(STEADY, "actions"))
    run.wait_for(lambda: len(run.of(Ready)) == 2)
    run.end()
    ready = [event for event in run.events if isinstance(event, Ready)]
    assert {event.spec.name for event in ready} == {"rasa", "actions"}
    assert [event.everything for event in ready] == [False, True]
    assert isinstance(run.events[-1], Stopping)
    assert run.log("rasa") == "bonjour\n"


def test_a_process_that_dies_is_said_and_started_again_later_and_later(started: Callable[..., Run]) -> None:
    run = started(spec("print('aïe'); raise SystemExit(3)"), spec(STEADY, "actions"))
    run.wait_for(lambda: len(run.of(Died)) == 2)
    run.end()
    died = [event for event in run.events if isinstance(event, Died)]
    assert [event.code for event in died] == [3, 3]
    assert died[0].delay < died[1].delay
    assert died[0].tail == ("aïe",)
    assert died[0].log.name == "rasa.log"


def test_a_program_that_does_not_exist_is_reported_like_any_death(started: Callable[..., Run]) -> None:
    absent = ProcessSpec(name="rasa", label="rasa", argv=("/nulle/part",), folder=Path("/"), environment={})
    nowhere = ProcessSpec(name="actions", label="a", argv=("true",), folder=Path("/nulle/part"), environment={})
    run = started(absent, nowhere)
    run.wait_for(lambda: len(run.of(Died)) >= 2)
    run.end()
    assert {event.code for event in run.events if isinstance(event, Died)} == {127}


def test_a_process_that_does_not_listen_is_killed_after_the_grace(started: Callable[..., Run]) -> None:
    run = started(spec(STUBBORN), grace=0.5)
    run.wait_for(lambda: "sourd" in run.log("rasa"))
    run.end()
    assert run.of(Killed)


def test_a_second_request_does_not_wait(started: Callable[..., Run]) -> None:
    run = started(spec(STUBBORN), grace=60)
    run.wait_for(lambda: "sourd" in run.log("rasa"))
    before = time.monotonic()
    run.end(times=2)
    assert time.monotonic() - before < 10


def test_the_children_of_a_process_end_with_it(started: Callable[..., Run]) -> None:
    run = started(spec(PARENT))
    run.wait_for(lambda: bool(run.log("rasa")))
    grandchild = int(run.log("rasa"))
    run.end()
    run.wait_for(lambda: not is_running(grandchild))


def test_what_a_dead_process_leaves_behind_is_swept_away(started: Callable[..., Run]) -> None:
    run = started(spec(PARENT.rpartition("time.sleep")[0] + "raise SystemExit(1)"))
    run.wait_for(lambda: bool(run.of(Died)))
    grandchild = int(run.log("rasa").split()[0])
    run.wait_for(lambda: not is_running(grandchild))


def test_stopping_while_everything_starts_leaves_nothing_running(started: Callable[..., Run]) -> None:
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    run = started(*(spec(code, f"p{number}") for number in range(4)))
    run.end()
    pids = [int(run.log(f"p{number}") or 0) for number in range(4)]
    assert not [pid for pid in pids if pid and is_running(pid)]


def test_a_signal_stops_everything(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from bot.setup.processes import ProcessSpec\n"
        "from bot.setup.supervisor import Supervisor\n"
        "code = 'import os, time; print(os.getpid(), flush=True); time.sleep(60)'\n"
        "argv = (sys.executable, '-c', code)\n"
        "spec = ProcessSpec(name='rasa', label='r', argv=argv, folder=Path('/'), environment={})\n"
        "folder = Path(sys.argv[1])\n"
        "say = lambda event: print(type(event).__name__, flush=True)\n"
        "Supervisor([spec], refresh=lambda s: s, log_dir=folder, report=say,\n"
        "    probe=lambda s: bool((folder / 'rasa.log').read_text())).run()\n"
    )
    import subprocess

    process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "Ready\n"
    child = int((tmp_path / "rasa.log").read_text())
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=20)[0] == "Stopping\n"
    assert process.returncode == 0
    assert not is_running(child)
