"""Verifications of chains that were asked for on a page: each goes on in a thread, one per chain at a time.

How far each went and what it found are in the database: every process that shows pages tells the same.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import structlog
from sqlalchemy import Update, or_, update
from sqlalchemy.exc import DBAPIError

from bot.clock import Clock
from bot.journal.chain import Break, Fault
from bot.journal.checkpoints import Checkpoint, Checkpoints, Verdict, export, read
from bot.journal.models import JournalCheck
from bot.journal.service import Journal, Verified
from bot.storage.engine import Database
from bot.storage.sql import changed, insert_if_absent

_log = structlog.get_logger(__name__)
# Without news for so long, the process that verified is taken for dead: anyone may begin again.
STALE = timedelta(minutes=2)
_OVER = "over"  # the run of a chain that nobody verifies


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
        entries: how many there were to read again when it began; *done*: how many were, so far.
        outcome: ``None`` while it goes on, or when it *failed*: the database or the process did not last to the end.
    """

    started_at: datetime
    entries: int
    done: int
    outcome: Outcome | None
    failed: bool

    @property
    def over(self) -> bool:
        return self.failed or self.outcome is not None


class _TakenOver(Exception):
    """Another process has begun again: this one gave no news for too long."""


class ChainChecks:
    """Starts verifications, and tells how far the last one of each chain is."""

    def __init__(self, database: Database, journal: Journal, checkpoints: Checkpoints, clock: Clock) -> None:
        self._database = database
        self._journal = journal
        self._checkpoints = checkpoints
        self._clock = clock
        self._running: dict[str, threading.Thread] = {}
        self._turn = threading.Lock()  # reading two chains again at once would only make both slower

    def start(self, chain: str, *, patience: float) -> None:
        """Verifies *chain*, unless that is being done, and waits for the end for *patience* seconds at most."""
        run = self._claim(chain)
        if run is not None:
            # A process that stops does not wait for it: without news, another one begins again.
            thread = threading.Thread(target=self._verify, args=(chain, run), name="verify", daemon=True)
            self._running[chain] = thread
            thread.start()
        if (ours := self._running.get(chain)) is not None:
            ours.join(patience)

    def of(self, chain: str) -> ChainCheck | None:
        """The last verification of *chain*; ``None`` when nobody has asked for one yet."""
        with self._database.unit_of_work() as session:
            row = session.get(JournalCheck, chain)
        if row is None:
            return None
        stale = row.run != _OVER and row.heard_at <= self._clock.now() - STALE
        outcome = _read_outcome(chain, row.outcome) if row.outcome is not None else None
        return ChainCheck(row.started_at, row.total, min(row.done, row.total), outcome, row.failed or stale)

    def _claim(self, chain: str) -> str | None:
        """The run that was just begun; ``None`` when *chain* is being verified, here or elsewhere."""
        now, run, total = self._clock.now(), uuid4().hex, self._journal.length(chain)
        free = or_(JournalCheck.run == _OVER, JournalCheck.heard_at <= now - STALE)
        with self._database.unit_of_work() as session:
            begun = {"started_at": now, "heard_at": now, "total": total, "done": 0, "failed": False}
            insert_if_absent(session, JournalCheck, organisation_id=chain, run=_OVER, **begun)
            mine = update(JournalCheck).where(JournalCheck.organisation_id == chain, free)
            return run if changed(session, mine.values(run=run, outcome=None, **begun)) else None

    def _verify(self, chain: str, run: str) -> None:
        try:
            with self._turn:
                self._note(chain, run)
                verified = self._journal.verify(chain, read=lambda done: self._note(chain, run, done=done))
            kept = self._checkpoints.latest(chain)
            verdict = self._checkpoints.check(chain, kept) if kept else None
            outcome = _written(Outcome(verified, kept, verdict, self._clock.now()))
            self._note(chain, run, run=_OVER, done=verified.entries, outcome=outcome)
        except _TakenOver:
            _log.warning("verification taken over", chain=chain)
        except DBAPIError as error:
            _log.error("verification stopped", chain=chain, error=type(error).__name__)
            try:
                self._note(chain, run, run=_OVER, failed=True)
            except (DBAPIError, _TakenOver):  # the page tells so once there was no news for long
                return

    def _note(self, chain: str, mine: str, **values: Any) -> None:
        """Gives news of the run *mine*.

        Raises:
            _TakenOver: it is not ours any more.
        """
        with self._database.unit_of_work() as session:
            if not changed(session, _held(chain, mine).values(heard_at=self._clock.now(), **values)):
                raise _TakenOver


def _held(chain: str, run: str) -> Update:
    return update(JournalCheck).where(JournalCheck.organisation_id == chain, JournalCheck.run == run)


def _written(outcome: Outcome) -> dict[str, Any]:
    verified, broken = outcome.verified, outcome.verified.broken
    return {
        "entries": verified.entries,
        "seq": verified.seq,
        "seal": verified.seal,
        "broken": [broken.seq, broken.fault.value] if broken else None,
        "checkpoint": export(outcome.checkpoint) if outcome.checkpoint else None,
        "verdict": outcome.verdict.value if outcome.verdict else None,
        "ended_at": outcome.ended_at.isoformat(),
    }


def _read_outcome(chain: str, kept: dict[str, Any]) -> Outcome:
    broken = Break(kept["broken"][0], Fault(kept["broken"][1])) if kept["broken"] else None
    return Outcome(
        verified=Verified(chain, kept["entries"], kept["seq"], kept["seal"], broken),
        checkpoint=read(kept["checkpoint"]) if kept["checkpoint"] else None,
        verdict=Verdict(kept["verdict"]) if kept["verdict"] else None,
        ended_at=datetime.fromisoformat(kept["ended_at"]),
    )
