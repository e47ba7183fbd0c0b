"""Starts the processes, says when each is ready, restarts the one that dies, stops them all.

honcho brings the process itself (its own session, its output line by line); its ``Manager`` stops everything as soon
as one process ends, which is not what a service desk wants: hence this loop.
"""

import logging
import logging.handlers
import queue
import shlex
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from honcho.compat import ProcessManager
from honcho.printer import Message
from honcho.process import Process

from bot.errors import EquipierError
from bot.setup.processes import ProcessSpec
from bot.setup.readiness import Probe

GRACE = 10.0  # seconds left to a process to end by itself before it is killed
SETTLED = 5.0  # seconds of life after which a process that serves nothing counts as started
SLOW = 180.0  # seconds after which a process that is not ready is mentioned
STEADY = 60.0  # seconds of life after which the next death counts as the first again
_DELAYS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)  # seconds before the first, second… restart in a row
_TICK = 0.2


@dataclass(frozen=True, slots=True)
class Ready:
    """A process is ready, *seconds* after its start; *everything*: it was the last one."""

    spec: ProcessSpec
    seconds: float
    everything: bool


@dataclass(frozen=True, slots=True)
class Slow:
    """A process is still not ready."""

    spec: ProcessSpec
    seconds: float
    log: Path


@dataclass(frozen=True, slots=True)
class Died:
    """A process ended by itself and starts again in *delay* seconds; *tail*: the last lines it wrote."""

    spec: ProcessSpec
    code: int
    delay: float
    log: Path
    tail: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stopping:
    """The processes were asked to end."""


@dataclass(frozen=True, slots=True)
class Killed:
    """A process did not end by itself and was killed."""

    spec: ProcessSpec


Event = Ready | Slow | Died | Stopping | Killed


class _Process(Process):  # type: ignore[misc]  # honcho has no types
    """honcho's process, which can also be asked whether it ended.

    Its own message comes when its output closes, which a child that outlives it may hold open for ever.
    """

    def has_ended(self) -> bool:
        return self._child is not None and self._child.poll() is not None


class _Child:
    """One process and what is known of its present life."""

    def __init__(self, spec: ProcessSpec, log: Path) -> None:
        self.spec = spec
        self.log = log
        self.live = False  # launched and not ended; its pid comes a moment later
        self.pid: int | None = None
        self.process: _Process | None = None
        self.started = 0.0
        self.ready = False
        self.slow = False
        self.failures = 0
        self.restart_at: float | None = None
        self.tail: list[str] = []
        log.parent.mkdir(parents=True, exist_ok=True)
        self._handler = logging.handlers.RotatingFileHandler(log, maxBytes=5_000_000, backupCount=2, encoding="utf-8")
        self._logger = logging.Logger(spec.name)
        self._logger.addHandler(self._handler)

    def write(self, line: str) -> None:
        self._logger.info("%s", line)
        self.tail = [*self.tail[-4:], line]

    def close(self) -> None:
        self._handler.close()


class Supervisor:
    """Keeps the processes running until it is told to stop.

    Args:
        specs: what to start.
        refresh: gives the specification anew before a restart (another model may have been trained meanwhile).
        log_dir: each process writes to ``<name>.log`` in it.
        report: receives the events, in order.
        probe: says whether a process is ready.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        specs: Sequence[ProcessSpec],
        *,
        refresh: Callable[[ProcessSpec], ProcessSpec],
        log_dir: Path,
        report: Callable[[Event], None],
        probe: Probe,
        clock: Callable[[], float] = time.monotonic,
        grace: float = GRACE,
    ) -> None:
        self._refresh = refresh
        self._report = report
        self._probe = probe
        self._clock = clock
        self._grace = grace
        self._children = {spec.name: _Child(spec, log_dir / f"{spec.name}.log") for spec in specs}
        self._events: queue.Queue[Message] = queue.Queue()
        self._processes = ProcessManager()
        self._stop_requests = 0
        self._announced = False

    def stop(self) -> None:
        """Asks for the end; a second call kills at once. Safe from a signal handler or another thread."""
        self._stop_requests += 1

    def pid_of(self, name: str) -> int | None:
        """The number of the process *name*; ``None`` while it does not run."""
        return self._children[name].pid

    def run(self) -> None:
        """Starts everything; returns once every process has ended after ``stop`` or a signal."""
        with self._signals():
            try:
                for child in self._children.values():
                    self._start(child)
                while not self._stop_requests:
                    self._take_events()
                    self._look_at_children()
            finally:
                self._end()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread may set handlers; whoever runs it elsewhere calls ``stop``
            return

        def on_signal(_number: int, _frame: FrameType | None) -> None:
            self.stop()

        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, on_signal) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _start(self, child: _Child) -> None:
        child.started = self._clock()
        child.live = True
        child.ready = child.slow = False
        child.restart_at = None
        spec = child.spec
        if spec.alive:
            spec.alive.unlink(missing_ok=True)  # the mark of an earlier life
        # `exec`: the process replaces honcho's shell, so that signals reach it and its exit code is its own.
        command = f"exec {shlex.join(spec.argv)} </dev/null"
        child.process = _Process(command, name=spec.name, env=dict(spec.environment), cwd=str(spec.folder))
        threading.Thread(target=self._follow, args=(child.process, spec.name), name=spec.name, daemon=True).start()

    def _follow(self, process: _Process, name: str) -> None:
        try:
            process.run(self._events)
        except OSError as error:  # the shell itself could not be started
            self._events.put(Message("line", str(error).encode(), None, name, None))
            self._events.put(Message("stop", {"returncode": 127}, None, name, None))

    def _take_events(self, timeout: float = _TICK) -> None:
        with suppress(queue.Empty):
            message = self._events.get(timeout=timeout)
            while True:
                self._take(message)
                message = self._events.get_nowait()

    def _take(self, message: Message) -> None:
        child = self._children[message.name]
        if message.type == "line":
            child.write(message.data.decode("utf-8", "replace").rstrip("\n"))
        elif message.type == "start":
            child.pid = message.data["pid"]
        elif message.type == "stop":
            if child.pid is not None:
                self._processes.kill(child.pid)  # whatever it left behind in its session
            child.pid = None
            child.live = False
            if not self._stop_requests:
                self._on_death(child, message.data["returncode"])

    def _on_death(self, child: _Child, code: int) -> None:
        lived = self._clock() - child.started
        child.failures = 1 if lived > STEADY else child.failures + 1
        delay = _DELAYS[min(child.failures, len(_DELAYS)) - 1]
        child.restart_at = self._clock() + delay
        child.ready = False
        self._report(Died(child.spec, code, delay, child.log, tuple(child.tail)))

    def _look_at_children(self) -> None:
        now = self._clock()
        for child in self._children.values():
            if child.pid is not None and child.process is not None and child.process.has_ended():
                self._processes.kill(child.pid)  # its orphans, which hold its output open
            if child.restart_at is not None:
                if now >= child.restart_at:
                    self._restart(child)
            elif not child.ready and child.pid is not None:
                self._look_at(child, now)

    def _restart(self, child: _Child) -> None:
        # If nothing better can be said of it than before (the model folder was emptied…), start what we know.
        with suppress(EquipierError):
            child.spec = self._refresh(child.spec)
        self._start(child)

    def _look_at(self, child: _Child, now: float) -> None:
        seconds = now - child.started
        settled = child.spec.url is None and seconds >= SETTLED
        if self._probe(child.spec) or settled:
            child.ready = True
            everything = not self._announced and all(other.ready for other in self._children.values())
            self._announced = self._announced or everything
            self._report(Ready(child.spec, seconds, everything))
        elif seconds > SLOW and not child.slow:
            child.slow = True
            self._report(Slow(child.spec, seconds, child.log))

    def _end(self) -> None:
        self._stop_requests = max(self._stop_requests, 1)
        self._report(Stopping())
        signalled: set[int] = set()
        deadline = self._clock() + self._grace
        while running := [child for child in self._children.values() if child.live]:
            kill = self._clock() > deadline or self._stop_requests > 1
            for child in running:
                if child.pid is None:
                    continue
                if kill:
                    self._report(Killed(child.spec))
                    self._processes.kill(child.pid)
                elif child.pid not in signalled:
                    signalled.add(child.pid)
                    self._processes.terminate(child.pid)
            if kill:
                deadline = self._clock() + self._grace
                self._stop_requests = 1
            self._take_events()
        for child in self._children.values():
            child.close()
