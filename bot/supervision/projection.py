"""From the events of Rasa and from our own tables to the tables of the review, exactly once.

How far a source was read, or the ids of what it gave, is written in the same transaction as what came of it. A worker
killed at any instant leaves all of a batch or nothing; the source gives the batch again, and what is in already is
recognised.

Ratings, mandates and requests for a human are read again from their own tables, by the worker too, rather than joined
at each listing: the lists of 100,000 conversations are then filtered on one table.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from bot.clock import Clock
from bot.conversations.models import LoggedMessage, Rating
from bot.mandats.models import Mandat
from bot.storage.engine import Database
from bot.storage.sql import changed, insert_if_absent
from bot.supervision.episodes import Episodes, asked_at
from bot.supervision.events import Event, read_event
from bot.supervision.models import Correction, Episode, EpisodeLine, ProjectedEvent, ProjectionMark
from bot.supervision.owners import Owners
from bot.supervision.search import forget_deleted_words
from bot.supervision.sources import EventSource, Received
from bot.supervision.summaries import Handovers, NoHandovers, summarise, to_summarise
from bot.supervision.turns import TurnWriter

BATCH = 200
# SQLite lets one write at a time: people's messages wait for a batch, and come in between two full ones.
_SHORT_BATCH = 60
_ROUND = 20  # batches of a source, when much is waiting, before what they are about is summarised
_ROOM = 0.01  # seconds
# Transactions of PostgreSQL may end in another order than their numbers and instants: what is new is looked for a
# little before the mark too.
_OVERLAP_ROWS = 100
_OVERLAP = timedelta(minutes=1)
_REMEMBERED = timedelta(days=7)  # a queue gives back what was not acknowledged within minutes
_STILL_CHANGING = timedelta(days=3)  # a mandate is sealed within a day, a request for a human answered within a few
_KEPT_SINCE = timedelta(days=1)  # how long a message may have waited for the dialogue
_FACTS = {"ratings": Rating.created_at, "mandats": Mandat.sealed_at}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Projection:
    """Brings the tables of the review up to date.

    Args:
        batch: events, or messages of the log, in one transaction; by default as many as the database bears well.
    """

    def __init__(
        self,
        database: Database,
        source: EventSource,
        clock: Clock,
        *,
        handovers: Handovers | None = None,
        batch: int | None = None,
    ) -> None:
        self._database = database
        self._source = source
        self._clock = clock
        self._handovers = handovers or NoHandovers()
        self._batch = batch or (_SHORT_BATCH if database.engine.dialect.name == "sqlite" else BATCH)

    def catch_up(self) -> int:
        """Takes in all that is new; how many events and messages that was.

        Raises:
            SourceUnavailable: the events cannot be read now; what our own tables have is in nevertheless.
        """
        taken, more = 0, True
        while more:
            try:
                lines, more_lines = self._some_of(self.take_lines)
                facts = self.take_facts()
                events, more_events = self._some_of(self.take_events)
            finally:
                while self._some_of(self.summarise)[1]:
                    pass
            taken += lines + facts + events
            more = more_lines or more_events
        return taken

    def _some_of(self, take: Callable[[], int]) -> tuple[int, bool]:
        """Batch after batch while they are full: what came meanwhile is for the next time, with what comes after it.

        Returns:
            How much was taken, and whether there may be more.
        """
        taken = 0
        for _ in range(_ROUND):
            batch = take()
            taken += batch
            if batch < self._batch:
                return taken, False
            time.sleep(_ROOM)
        return taken, True

    def step(self) -> None:
        """The same, for the clock of the worker: nothing to say when all is well.

        Raises:
            SourceUnavailable: as above.
        """
        self.catch_up()

    def take_events(self) -> int:
        """One batch of the source; how many were given, known ones included."""
        with self._database.unit_of_work() as session:
            after = _mark(session, self._source.name)
        received = self._source.read(after, limit=self._batch)
        if not received:
            return 0
        with self._database.unit_of_work() as session:
            # Another worker may have been at it since: nothing that it took in is new any more.
            _alone(session)
            position = _take_mark(session, self._source.name)
            new = self._new(session, received, after=after, position=position)
            events = sorted((event for one in new if (event := read_event(one.raw)) is not None), key=_instant)
            if events:
                owners = Owners(session, since=events[0].at - _KEPT_SINCE)
                to_summarise(session, TurnWriter(session, Episodes(session, owners), owners).write(events))
            if new and new[-1].position:
                _set_mark(session, self._source.name, new[-1].position)
        self._source.done(received)
        return len(received)

    def take_lines(self) -> int:
        """One batch of the message log; how many were new."""
        with self._database.unit_of_work() as session:
            # First without a lock: most of the time there is nothing.
            if (session.scalar(select(func.max(LoggedMessage.id))) or 0) <= _mark(session, "message_log"):
                return 0
        with self._database.unit_of_work() as session:
            _alone(session)
            mark = _take_mark(session, "message_log")
            overlap = _overlap(session)
            query = select(LoggedMessage).where(LoggedMessage.id > mark - overlap).order_by(LoggedMessage.id)
            lines = session.scalars(query.limit(self._batch + overlap)).all()
            if not lines:  # another worker has been faster
                return 0
            # In the order of what was asked: an episode is begun by its question.
            lines = sorted(lines, key=lambda line: (asked_at(line), line.id))
            episodes = Episodes(session, Owners(session, since=asked_at(lines[0])))
            episodes.look_up([line.id for line in lines])
            placed = [episodes.place(line) for line in lines]
            to_summarise(session, {episode for episode, new in placed if new})
            last = max(line.id for line in lines)
            _set_mark(session, "message_log", last)
            return sum(line.id > mark for line in lines)

    def take_facts(self) -> int:
        """What ratings, mandates and the help desk have new; how many episodes it is about."""
        with self._database.unit_of_work() as session:
            position = _mark(session, "handover")
            if not any(_is_new(session, name, column) for name, column in _FACTS.items()) and (
                self._handovers.since(session, position)[0] == position
            ):
                return 0
        with self._database.unit_of_work() as session:
            _alone(session)
            touched: set[int] = set()
            if (since := _since(session, "ratings", Rating.created_at)) is not None:
                rated = select(EpisodeLine.episode_id).join(Rating, Rating.message_id == EpisodeLine.line_id)
                touched.update(session.scalars(rated.where(Rating.created_at > since)))
            conversations: set[str | None] = set()
            if (since := _since(session, "mandats", Mandat.sealed_at)) is not None:
                conversations.update(session.scalars(select(Mandat.conversation_id).where(Mandat.sealed_at > since)))
            position = _take_mark(session, "handover")
            reached, asked_in = self._handovers.since(session, position)
            if reached != position:
                _set_mark(session, "handover", reached)
            if conversations := conversations | asked_in:
                lately = Episode.last_at >= self._clock.now() - _STILL_CHANGING
                touched.update(
                    session.scalars(select(Episode.id).where(Episode.conversation_id.in_(conversations), lately))
                )
            to_summarise(session, touched)
        return len(touched)

    def summarise(self) -> int:
        """One batch of the episodes that have something new; how many."""
        with self._database.unit_of_work() as session:
            if session.scalar(select(Episode.id).where(Episode.stale).limit(1)) is None:
                return 0
        with self._database.unit_of_work() as session:
            _alone(session)
            return summarise(session, self._handovers, limit=self._batch)

    def tidy(self) -> int:
        """Forgets what is of no more use: ids of events, undecided corrections of forgotten turns; how many rows."""
        with self._database.unit_of_work() as session:
            old = ProjectedEvent.at <= self._clock.now() - _REMEMBERED
            gone = changed(session, delete(ProjectedEvent).where(old))
            orphan = Correction.turn_id.is_(None) & (Correction.progress != "validee")
            gone += changed(session, delete(Correction).where(orphan))
        forget_deleted_words(self._database)
        return gone

    def close(self) -> None:
        self._source.close()

    def _new(self, session: Session, received: Sequence[Received], *, after: int, position: int) -> list[Received]:
        """Those that no other worker, and no earlier life of this one, has taken in."""
        if received[-1].position:
            if received[-1].restarted:
                return list(received) if position == after else []
            return [one for one in received if one.position > position]
        named = {one.id: one for one in received}
        known = set(session.scalars(select(ProjectedEvent.id).where(ProjectedEvent.id.in_(named))))
        fresh = [one for key, one in named.items() if key not in known]
        session.add_all(ProjectedEvent(id=one.id, at=self._clock.now()) for one in fresh)
        return fresh


def _is_new(session: Session, name: str, column: InstrumentedAttribute[datetime]) -> bool:
    newest = session.scalar(select(func.max(column)))
    return newest is not None and _microseconds(newest) > _mark(session, name)


def _since(session: Session, name: str, column: InstrumentedAttribute[datetime]) -> datetime | None:
    """From when rows of *column* may be new, the mark being moved to the newest; ``None`` when there is none."""
    mark = _take_mark(session, name)
    newest = session.scalar(select(func.max(column)))
    if newest is None or _microseconds(newest) <= mark:
        return None
    _set_mark(session, name, _microseconds(newest))
    return _EPOCH + timedelta(microseconds=mark) - _OVERLAP if mark else _EPOCH


def _instant(event: Event) -> datetime:
    return event.at


def _mark(session: Session, name: str) -> int:
    return session.scalar(select(ProjectionMark.position).where(ProjectionMark.name == name)) or 0


def _overlap(session: Session) -> int:
    """How many rows before the mark may be new: none in SQLite, which has one writer."""
    return 0 if session.get_bind().dialect.name == "sqlite" else _OVERLAP_ROWS


def _alone(session: Session) -> None:
    """Workers project one after the other: events and messages of the log make the same episodes."""
    _take_mark(session, "projection")


def _take_mark(session: Session, name: str) -> int:
    """The position of *name*; whoever else asks waits for the end of this unit of work.

    The first statement of the transaction is a write, so that SQLite waits its turn instead of failing later.
    """
    hold = update(ProjectionMark).where(ProjectionMark.name == name).values(position=ProjectionMark.position)
    if not changed(session, hold):
        insert_if_absent(session, ProjectionMark, name=name, position=0)
        changed(session, hold)
    return _mark(session, name)


def _set_mark(session: Session, name: str, position: int) -> None:
    changed(session, update(ProjectionMark).where(ProjectionMark.name == name).values(position=position))


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
