"""The journal as those who supervise read it: by page, filtered, and as a signed file."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select

from bot.journal.actions import Action
from bot.journal.chain import Entry
from bot.journal.checkpoints import Checkpoint, Checkpoints, export
from bot.journal.models import JournalEntry
from bot.journal.service import SYSTEM, Journal
from bot.mandats.models import Mandat
from bot.storage.engine import Database

_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Line:
    """One entry; ``entry`` is ``None`` when it was damaged so much that it cannot even be read."""

    seq: int
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class JournalPage:
    """Some entries, newest first.

    Attributes:
        older: the number before which the next page begins; ``newer`` after which the one before does; ``None`` when
            there is none.
    """

    lines: tuple[Line, ...]
    older: int | None
    newer: int | None


class JournalReader:
    """Reads chains; it writes one entry for each export."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database = database
        self._journal = journal

    def length(self, chain: str) -> int:
        """Number of the newest entry of *chain*; 0 when there is none."""
        return self._journal.length(chain)

    def actions(self, chain: str) -> tuple[str, ...]:
        """What was ever done in *chain*."""
        query = select(JournalEntry.action).where(JournalEntry.organisation_id == chain).distinct()
        with self._database.unit_of_work() as session:
            return tuple(sorted(session.scalars(query)))

    def page(
        self,
        chain: str,
        *,
        action: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        before: int | None = None,
        after: int | None = None,
        limit: int = 50,
    ) -> JournalPage:
        """The newest entries of *chain*, or those next to a number: below *before*, or else above *after*.

        Args:
            until: the first instant that is not wanted.
        """
        query = select(JournalEntry.seq).where(JournalEntry.organisation_id == chain)
        if action:
            query = query.where(JournalEntry.action == action)
        if since:
            query = query.where(JournalEntry.at >= since)
        if until:
            query = query.where(JournalEntry.at < until)
        upwards = after is not None and before is None
        near = query
        if before is not None:
            near = near.where(JournalEntry.seq < before)
        elif after is not None:
            near = near.where(JournalEntry.seq > after)
        order = JournalEntry.seq if upwards else JournalEntry.seq.desc()
        with self._database.unit_of_work() as session:
            found = sorted(session.scalars(near.order_by(order).limit(limit)), reverse=True)
            older = newer = None
            if found:
                older = session.scalar(query.where(JournalEntry.seq < found[-1]).limit(1))
                newer = session.scalar(query.where(JournalEntry.seq > found[0]).limit(1))
        return JournalPage(
            tuple(Line(seq, self._readable(chain, seq)) for seq in found),
            found[-1] if older is not None else None,
            found[0] if newer is not None else None,
        )

    def references(self, mandats: set[str]) -> dict[str, str]:
        """The reference of each of *mandats*, by id."""
        with self._database.unit_of_work() as session:
            rows = session.execute(select(Mandat.id, Mandat.reference).where(Mandat.id.in_(mandats)))
            return {row.id: row.reference for row in rows}

    def exported(self, chain: str, checkpoints: Checkpoints, *, by: str) -> tuple[Checkpoint, Iterator[str]]:
        """A checkpoint of *chain*, signed, and the lines of its export: every entry up to it, then the checkpoint.

        Each line is JSON; ``equipier journal verify --checkpoint`` reads the last one. The export is journalled before
        it is signed, so that it is in it.

        Raises:
            ChainBroken: the chain does not hold: it is not signed.
        """
        with self._database.unit_of_work() as session:
            organisation = None if chain == SYSTEM else chain
            self._journal.append(session, Action.EXPORT_JOURNAL, organisation=organisation, aidant=by)
        signed = checkpoints.sign(chain)
        return signed, self._lines(signed)

    def _lines(self, signed: Checkpoint) -> Iterator[str]:
        """Read by batches, each in its own transaction: a slow download must not keep one open."""
        for start in range(1, signed.seq + 1, _BATCH):
            query = select(JournalEntry).where(
                JournalEntry.organisation_id == signed.organisation,
                JournalEntry.seq.between(start, min(start + _BATCH - 1, signed.seq)),
            )
            with self._database.unit_of_work() as session:
                lines = [_written(row) for row in session.scalars(query.order_by(JournalEntry.seq))]
            yield from lines
        yield f"{export(signed)}\n"

    def _readable(self, chain: str, seq: int) -> Entry | None:
        try:
            return self._journal.entry(chain, seq)
        except (ValueError, TypeError):  # it holds what is no date or no JSON
            return None


def _written(row: JournalEntry) -> str:
    """The line of one entry, as ``equipier journal export`` writes it."""
    line = {
        "seq": row.seq,
        "organisation": row.organisation_id,
        "action": row.action,
        "at": row.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "aidant": row.aidant_id,
        "mandat": row.mandat_id,
        "usager": row.usager_id,
        "demarche": row.demarche,
        "details": row.details,
        "previous": row.previous,
        "seal": row.seal,
    }
    return f"{json.dumps(line, ensure_ascii=False, sort_keys=True)}\n"
