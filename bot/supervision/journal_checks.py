"""Verifications of chains that were asked for on a page: they go on in a thread, one per chain at a time."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from bot.clock import Clock
from bot.journal.checkpoints import Checkpoint, Checkpoints, Verdict
from bot.journal.service import Journal, Verified
from bot.supervision.journal_reading import JournalReader


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a verification found.

    Attributes:
        checkpoint: the furthest one that is kept in the database, and what it says; ``None`` when there is none.
    """

    verified: Verified
    checkpoint: Checkpoint | None
    verdict: Verdict | None
    ended_at: datetime

    @property
    def whole(self) -> bool:
        return self.verified.broken is None and self.verdict in {None, Verdict.OK}


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """A verification.

    Attributes:
        entries: how many there were to read again when it began.
        outcome: ``None`` while it goes on, or when it *failed*: the database did not answer to the end.
    """

    started_at: datetime
    entries: int
    outcome: Outcome | None
    failed: bool


@dataclass(frozen=True, slots=True)
class _Run:
    started_at: datetime
    entries: int
    future: Future[Outcome]


class ChainChecks:
    """Starts verifications, and keeps the last one of each chain until the process ends."""

    def __init__(self, journal: Journal, checkpoints: Checkpoints, reader: JournalReader, clock: Clock) -> None:
        self._journal = journal
        self._checkpoints = checkpoints
        self._reader = reader
        self._clock = clock
        self._lock = threading.Lock()
        self._runs: dict[str, _Run] = {}
        # One thread: reading two chains again at once would only make both slower.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="verify")

    def start(self, chain: str, *, patience: float) -> None:
        """Verifies *chain*, unless that is being done, and waits for the end for *patience* seconds at most."""
        with self._lock:
            run = self._runs.get(chain)
            if run is None or run.future.done():
                entries = self._reader.length(chain)
                run = _Run(self._clock.now(), entries, self._thread.submit(self._verify, chain))
                self._runs[chain] = run
        try:
            run.future.exception(timeout=patience)
        except TimeoutError:
            return

    def of(self, chain: str) -> ChainCheck | None:
        """The last verification of *chain*; ``None`` when nobody has asked for one yet."""
        run = self._runs.get(chain)
        if run is None:
            return None
        over = run.future.done()
        failed = over and run.future.exception() is not None
        return ChainCheck(run.started_at, run.entries, run.future.result() if over and not failed else None, failed)

    def _verify(self, chain: str) -> Outcome:
        verified = self._journal.verify(chain)
        kept = self._checkpoints.latest(chain)
        verdict = self._checkpoints.check(chain, kept) if kept else None
        return Outcome(verified, kept, verdict, self._clock.now())
