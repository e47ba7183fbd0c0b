"""The journal in the database: append within a unit of work, read, verify."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.clock import Clock
from bot.journal.actions import Action
from bot.journal.chain import GENESIS, Break, Entry, Fault, canonical, first_break, seal_of
from bot.journal.models import JournalEntry, JournalHead
from bot.observability.requests import current_request
from bot.storage.engine import Database
from bot.storage.sql import changed, insert_if_absent

SYSTEM = "*"  # the chain of what concerns no organisation
_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Verified:
    """The outcome of a verification.

    Attributes:
        entries: how many were read.
        seq: number of the newest entry, and *seal* its seal.
        broken: the first broken entry; ``None`` when the chain holds.
    """

    organisation: str
    entries: int
    seq: int
    seal: str
    broken: Break | None


class Journal:
    """Appends and reads. Appending takes the caller's session: the entry lives or dies with what it tells."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def lock(self, session: Session, organisation: str) -> None:
        """Puts the caller in line for *organisation*'s chain, until its unit of work ends.

        To be called before anything is read that the act depends on: an update of the head's row is the first
        statement of the transaction, so that SQLite waits its turn instead of failing, and PostgreSQL locks the row.
        """
        take = update(JournalHead).where(JournalHead.organisation_id == organisation).values(seq=JournalHead.seq)
        if not changed(session, take):
            insert_if_absent(session, JournalHead, organisation_id=organisation, seq=0, seal=GENESIS)
            changed(session, take)

    def append(
        self,
        session: Session,
        action: Action,
        *,
        organisation: str | None,
        aidant: str | None = None,
        mandat: str | None = None,
        usager: str | None = None,
        demarche: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> Entry:
        """Adds one entry to the chain of *organisation* (``None``: the system's own).

        *details* must hold no personal data, in any form.

        Raises:
            TypeError: *details* has no canonical form.
        """
        chain = organisation or SYSTEM
        self.lock(session, chain)
        head = session.get_one(JournalHead, chain, populate_existing=True)
        unsealed = Entry(
            seq=head.seq + 1,
            organisation=chain,
            action=action.value,
            at=self._clock.now(),
            aidant=aidant,
            mandat=mandat,
            usager=usager,
            demarche=demarche,
            details=json.loads(canonical(details or {})),  # as it will be read back
            previous=head.seal,
        )
        seal = seal_of(unsealed)
        row = _row(unsealed, seal)
        row.request_id = current_request()
        session.add(row)
        head.seq, head.seal = unsealed.seq, seal
        session.flush()
        return entry_of(row)

    def entries(self, organisation: str, *, mandat: str | None = None, limit: int | None = None) -> tuple[Entry, ...]:
        """The newest entries of a chain, newest first; only those of *mandat* when it is given."""
        query = select(JournalEntry).where(JournalEntry.organisation_id == organisation)
        if mandat:
            query = query.where(JournalEntry.mandat_id == mandat)
        with self._database.unit_of_work() as session:
            rows = session.scalars(query.order_by(JournalEntry.seq.desc()).limit(limit))
            return tuple(entry_of(row) for row in rows)

    def told_since(
        self,
        instant: datetime,
        action: Action,
        *,
        organisation: str,
        aidant: str,
        details: Mapping[str, Any],
    ) -> bool:
        """Whether the chain of *organisation* has had since *instant* an entry that tells just this."""
        query = select(JournalEntry.details).where(
            JournalEntry.organisation_id == organisation,
            JournalEntry.at >= instant,
            JournalEntry.aidant_id == aidant,
            JournalEntry.action == action.value,
        )
        with self._database.unit_of_work() as session:
            return dict(details) in session.scalars(query).all()

    def chains(self) -> tuple[str, ...]:
        """The organisations that have a journal."""
        heads = select(JournalHead.organisation_id)
        with self._database.unit_of_work() as session:  # entries whose head was removed are to be verified too
            return tuple(sorted(session.scalars(heads.union(select(JournalEntry.organisation_id)))))

    def verify(self, organisation: str, *, read: Callable[[int], None] | None = None) -> Verified:
        """Reads the whole chain of *organisation* again and checks every seal, and that the head is its end.

        Args:
            read: told how many entries were read so far, every thousand of them; what it raises ends the verification.
        """
        count, seq, seal, missing = 0, 0, GENESIS, False
        while True:
            batch, unreadable = self._batch(organisation, after=seq if count else None)
            if broken := first_break(batch, organisation=organisation, after=seq, seal=seal):
                return Verified(organisation, count + len(batch), broken.seq, seal, broken)
            if batch:
                count, seq, seal, missing = count + len(batch), batch[-1].seq, batch[-1].seal, False
                if read is not None:
                    read(count)
            if unreadable is not None:
                return Verified(organisation, count, seq, seal, Break(unreadable, Fault.ALTERED))
            if batch:
                continue
            head = self._head(organisation)
            if head == (seq, seal):
                return Verified(organisation, count, seq, seal, None)
            if head[0] <= seq or missing:
                return Verified(organisation, count, seq, seal, Break(seq + 1, Fault.GAP))
            missing = True  # unless it was appended since the last read: one more tells

    def length(self, organisation: str) -> int:
        """Number of the newest entry of the chain of *organisation*; 0 when there is none."""
        return self._head(organisation)[0]

    def entry(self, organisation: str, seq: int) -> Entry | None:
        """One entry; ``None`` when the chain is shorter."""
        with self._database.unit_of_work() as session:
            row = session.get(JournalEntry, (organisation, seq))
            return entry_of(row) if row else None

    def _head(self, organisation: str) -> tuple[int, str]:
        with self._database.unit_of_work() as session:
            head = session.get(JournalHead, organisation)
            return (head.seq, head.seal) if head else (0, GENESIS)

    def _batch(self, organisation: str, *, after: int | None) -> tuple[list[Entry], int | None]:
        """The next entries, and the number of the one behind them when it cannot even be read.

        Args:
            after: ``None`` for the first ones, whatever their numbers: a forged one may be 0 or less.
        """
        mine = JournalEntry.organisation_id == organisation
        wanted = mine if after is None else mine & (JournalEntry.seq > after)
        with self._database.unit_of_work() as session:
            try:
                query = select(JournalEntry).where(wanted).order_by(JournalEntry.seq).limit(_BATCH)
                return [entry_of(row) for row in session.scalars(query)], None
            except (ValueError, TypeError):  # one holds what is no date or no JSON, which SQLite lets in: which one?
                batch: list[Entry] = []
                numbers = select(JournalEntry.seq).where(wanted).order_by(JournalEntry.seq).limit(_BATCH)
                for seq in session.scalars(numbers).all():
                    try:
                        batch.append(entry_of(session.get_one(JournalEntry, (organisation, seq))))
                    except (ValueError, TypeError):
                        return batch, seq
                return batch, None


def _row(entry: Entry, seal: str) -> JournalEntry:
    return JournalEntry(
        organisation_id=entry.organisation,
        seq=entry.seq,
        action=entry.action,
        at=entry.at,
        aidant_id=entry.aidant,
        mandat_id=entry.mandat,
        usager_id=entry.usager,
        demarche=entry.demarche,
        details=dict(entry.details),
        previous=entry.previous,
        seal=seal,
    )


def entry_of(row: JournalEntry) -> Entry:
    """The entry that *row* keeps."""
    return Entry(
        seq=row.seq,
        organisation=row.organisation_id,
        action=row.action,
        at=row.at,
        aidant=row.aidant_id,
        mandat=row.mandat_id,
        usager=row.usager_id,
        demarche=row.demarche,
        details=row.details,
        previous=row.previous,
        seal=row.seal,
    )
