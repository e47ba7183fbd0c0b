"""The agents' side: to see requests, take one, answer, note, hand on, close."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import ColumnElement, Update, func, literal, update
from sqlalchemy.orm import Session

from bot.clock import Clock
from bot.conversations.history import History, Line
from bot.conversations.messages import Reply
from bot.conversations.outbox import post
from bot.handover import agents, phrases, reading
from bot.handover.models import HandoverEntry, HandoverRequest
from bot.handover.stretches import stretches_before
from bot.handover.texts import checked
from bot.handover.views import (
    HUMAN,
    Agent,
    AlreadyClaimed,
    Beat,
    Closing,
    EntryKind,
    EntryView,
    NoSuchAgent,
    NotInCharge,
    RequestView,
    Waiting,
)
from bot.journal.actions import Action
from bot.journal.service import SYSTEM, Journal
from bot.privacy.pseudonymise import Pseudonymised
from bot.storage.engine import Database
from bot.storage.sql import UtcDateTime, changed

_TRANSCRIPT = 500  # messages at most: what comes before is for those who review conversations
AGAIN = timedelta(minutes=10)  # a thread that follows what happens is told once within it


class HidesPersonalData(Protocol):
    """What keeps names out of notes, and numbers out of answers."""

    def pseudonymise(self, text: str) -> Pseudonymised:
        """*text* with typed placeholders in place of personal data."""
        ...


@dataclass(frozen=True, slots=True)
class Thread:
    """All that an agent reads of a request.

    Attributes:
        lines: the conversation, masked, oldest first: since the request, and the stretch that led to it.
        earlier: the message from which to read to have one stretch more; ``None`` when there is none.
        waiting: the answers that the person has not fetched yet.
        entries: what agents did and noted.
    """

    lines: tuple[Line, ...]
    waiting: tuple[Waiting, ...]
    entries: tuple[EntryView, ...]
    earlier: int | None = None


class HelpDesk:
    """Each method is one unit of work; taking, handing on and closing are journalled in the same one.

    Args:
        pseudonymiser: hides what notes and canned replies say of people.
    """

    def __init__(self, database: Database, journal: Journal, clock: Clock, *, pseudonymiser: HidesPersonalData) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._pseudonymiser = pseudonymiser
        self._history = History(database)

    def agent(self, aidant: str) -> Agent | None:
        """What *aidant* answers; ``None`` when they answer nothing."""
        with self._database.unit_of_work() as session:
            return agents.agent_of(session, aidant)

    def listed(self, agent: Agent, tab: str) -> tuple[RequestView, ...]:
        """The requests of a list: ``attente``, ``miennes``, ``autres`` or ``closes``."""
        with self._database.unit_of_work() as session:
            return reading.listed(session, agent, tab)

    def counts(self, agent: Agent) -> dict[str, int]:
        """How many requests the lists of open ones hold."""
        with self._database.unit_of_work() as session:
            return reading.counts(session, agent)

    def beats(self) -> tuple[Beat, ...]:
        """What changes in the open requests, of everyone."""
        with self._database.unit_of_work() as session:
            return reading.beats(session)

    def view(self, agent: Agent, request: int) -> RequestView:
        """One request.

        Raises:
            UnknownRequest: there is none that *agent* may see.
        """
        with self._database.unit_of_work() as session:
            return reading.views(session, [reading.found(session, agent, request)])[0]

    def thread(self, request: RequestView, *, since: int | None = None) -> Thread:
        """What *request*, which its agent sees, is about.

        Args:
            since: an ``earlier`` that was given: from there on, instead of the stretch that led to the request.
        """
        closed = request.closed_at
        with self._database.unit_of_work() as session:
            before = stretches_before(session, request)
            waiting = reading.waiting_replies(session, request.conversation) if closed is None else ()
            entries = reading.entries(session, request.id)
        wanted = 1 if since is None else 1 + sum(stretch[-1] >= since for stretch in before[1:])
        shown = {line for stretch in before[:wanted] for line in stretch}
        lines = tuple(
            line
            for line in self._history.page(request.conversation, limit=_TRANSCRIPT)
            if line.id in shown or (line.id > request.opened_after and not _is_after(closed, line))
        )
        return Thread(lines, waiting, entries, before[wanted][0] if len(before) > wanted else None)

    def opened(self, agent: Agent, request: RequestView, *, since: int | None = None) -> None:
        """Journals that *agent* reads the conversation of *request*; who is in charge is known to read it.

        What came before, from *since* on, is journalled whoever reads it.
        """
        if request.claimed_by != agent.id or since is not None:
            with self._acting(agent, request.id) as (session, row):
                self._tell(session, Action.READ_CONVERSATION, agent, row, **_told(since))

    def followed(self, agent: Agent, request: RequestView, *, since: int | None = None) -> None:
        """The same, when it is read again by a page that follows what happens: told once within :data:`AGAIN`."""
        if request.claimed_by == agent.id and since is None:
            return
        told = {"handover": request.id, "conversation": request.conversation} | _told(since)
        chain = request.organisation_id or SYSTEM
        if not self._journal.told_since(
            self._clock.now() - AGAIN, Action.READ_CONVERSATION, organisation=chain, aidant=agent.id, details=told
        ):
            self.opened(agent, request, since=since)

    def colleagues(self, request: RequestView) -> tuple[tuple[str, str], ...]:
        """(id, name) of those to whom *request* may be handed."""
        with self._database.unit_of_work() as session:
            others = agents.agents_for(session, request.organisation_id)
        return tuple((one, name) for one, name in others if one != request.claimed_by)

    def claim(self, agent: Agent, request: int) -> None:
        """Takes charge: of two agents who try at once, one does.

        Raises:
            UnknownRequest: there is none that *agent* may see.
            AlreadyClaimed: someone else has.
            NotInCharge: it is closed.
        """
        now = self._clock.now()
        with self._acting(agent, request) as (session, row):
            if row.claimed_by == agent.id and row.closed_at is None:
                return
            free = _open(request, HandoverRequest.claimed_by.is_(None)).values(claimed_by=agent.id, claimed_at=now)
            if not changed(session, free):
                raise self._lost(session, request)
            self._note(session, row, EntryKind.CLAIMED, agent, now)
            self._tell(session, Action.CLAIM_HANDOVER, agent, row)
            post(session, row.conversation_id, [Reply(phrases.taken(agent.first_name))], now=now)

    def reply(self, agent: Agent, request: int, text: str) -> None:
        """Answers the person, where they last wrote from.

        Raises:
            UnknownRequest: there is none that *agent* may see.
            NotInCharge: someone else is, or it is closed.
            WrongText: *text* is empty, too long, or holds a number that identifies someone.
        """
        said = checked(text, self._pseudonymiser)
        now = self._clock.now()
        with self._acting(agent, request) as (session, row):
            first = func.coalesce(HandoverRequest.first_reply_at, literal(now, UtcDateTime()))
            mine = _open(request, HandoverRequest.claimed_by == agent.id)
            if not changed(session, mine.values(first_reply_at=first, last_reply_at=now, reassured_at=None)):
                raise NotInCharge("reply")
            name = agent.first_name
            answer = Reply(phrases.signed(name, said), custom={"type": HUMAN, "name": name})
            post(session, row.conversation_id, [answer], now=now)

    def note(self, agent: Agent, request: int, text: str) -> None:
        """Writes something for the other agents, masked.

        Raises:
            UnknownRequest: there is none that *agent* may see.
            NotInCharge: it is closed.
            WrongText: *text* is empty or too long.
        """
        said = checked(text, None)
        hidden = self._pseudonymiser.pseudonymise(said).text
        with self._acting(agent, request) as (session, row):
            if row.closed_at is not None:
                raise NotInCharge("closed")
            self._note(session, row, EntryKind.NOTE, agent, self._clock.now(), text=hidden)

    def transfer(self, agent: Agent, request: int, to: str | None) -> None:
        """Hands the request to another agent, or back to the queue; a supervisor may do it for someone else.

        Raises:
            UnknownRequest: there is none that *agent* may see.
            NotInCharge: it is someone else's, it has just changed hands, or it is closed.
            NoSuchAgent: *to* could not see it.
        """
        now = self._clock.now()
        with self._acting(agent, request) as (session, row):
            self._require_charge(agent, row)
            known = dict(agents.agents_for(session, row.organisation_id))
            if to is not None and to not in known:
                raise NoSuchAgent("transfer")
            held = _open(request, HandoverRequest.claimed_by == row.claimed_by)
            if not changed(session, held.values(claimed_by=to, claimed_at=now if to else None)):
                raise NotInCharge("transfer")
            self._note(session, row, EntryKind.TRANSFERRED, agent, now, other=to)
            details = {"transferred": True, "from": row.claimed_by, "to": to}
            self._tell(session, Action.CLAIM_HANDOVER, agent, row, **details)
            if to is not None:
                name = known[to].split()[0]
                post(session, row.conversation_id, [Reply(phrases.handed(name))], now=now)

    def close(self, agent: Agent, request: int) -> None:
        """Ends the request: the person is told, and the assistant is back.

        Raises:
            UnknownRequest: there is none that *agent* may see.
            NotInCharge: it is someone else's, or it is closed already.
        """
        now = self._clock.now()
        with self._acting(agent, request) as (session, row):
            self._require_charge(agent, row)
            held = _open(request, HandoverRequest.claimed_by == row.claimed_by)
            if not changed(session, held.values(closed_at=now, closing=Closing.AGENT.value)):
                raise NotInCharge("close")
            self._note(session, row, EntryKind.CLOSED, agent, now)
            self._tell(session, Action.CLOSE_HANDOVER, agent, row, closing=Closing.AGENT.value)
            post(session, row.conversation_id, [Reply(phrases.closed(agent.first_name))], now=now)

    @contextmanager
    def _acting(self, agent: Agent, request: int) -> Iterator[tuple[Session, HandoverRequest]]:
        """A unit of work on a request that *agent* sees, in line for the journal that will tell of it."""
        with self._database.unit_of_work() as session:
            organisation = reading.found(session, agent, request).organisation_id
        with self._database.unit_of_work() as session:
            self._journal.lock(session, organisation or SYSTEM)
            yield session, reading.found(session, agent, request)

    def _require_charge(self, agent: Agent, row: HandoverRequest) -> None:
        if row.closed_at is not None or row.claimed_by is None:
            raise NotInCharge("nobody is")
        if row.claimed_by != agent.id and not agent.may_take_over(row.organisation_id):
            raise NotInCharge("someone else is")

    def _lost(self, session: Session, request: int) -> AlreadyClaimed | NotInCharge:
        """Why a request could not be taken."""
        row = session.get_one(HandoverRequest, request, populate_existing=True)
        if row.closed_at is not None or row.claimed_by is None:
            return NotInCharge("closed")
        return AlreadyClaimed(agents.names_of(session, [row.claimed_by]).get(row.claimed_by, ""))

    def _note(
        self,
        session: Session,
        row: HandoverRequest,
        kind: EntryKind,
        agent: Agent,
        now: datetime,
        *,
        other: str | None = None,
        text: str = "",
    ) -> None:
        session.add(
            HandoverEntry(
                handover_id=row.id,
                conversation_id=row.conversation_id,
                kind=kind.value,
                author_id=agent.id,
                other_id=other,
                text=text,
                created_at=now,
            )
        )

    def _tell(self, session: Session, action: Action, agent: Agent, row: HandoverRequest, **details: object) -> None:
        told = {"handover": row.id, "conversation": row.conversation_id} | details
        self._journal.append(session, action, organisation=row.organisation_id, aidant=agent.id, details=told)


def _open(request: int, condition: ColumnElement[bool]) -> Update:
    return update(HandoverRequest).where(HandoverRequest.id == request, HandoverRequest.closed_at.is_(None), condition)


def _told(since: int | None) -> dict[str, object]:
    return {} if since is None else {"since": since}


def _is_after(closed: datetime | None, line: Line) -> bool:
    """What someone says to the assistant once the request is closed is none of the agents' business."""
    return closed is not None and line.at > closed and (line.custom or {}).get("type") != HUMAN
