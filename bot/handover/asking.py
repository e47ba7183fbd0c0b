"""The person's side: to ask for a human, to be heard while waiting, to have the assistant back."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Update, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.clock import Clock
from bot.conversations.handing import Answer
from bot.conversations.messages import Button, Reply
from bot.conversations.models import LoggedMessage
from bot.conversations.outbox import post
from bot.handover import agents, phrases
from bot.handover.hearing import BACK_BUTTON, wants_assistant
from bot.handover.hours import USUAL, Hours
from bot.handover.models import HandoverEntry, HandoverRequest
from bot.handover.presence import Presence, open_request, silences
from bot.handover.views import Closing, EntryKind, Reason
from bot.journal.actions import Action
from bot.journal.service import SYSTEM, Journal
from bot.storage.engine import Database
from bot.storage.sql import changed

PATIENCE = timedelta(minutes=5)
IDLE = timedelta(hours=12)


class Outcome(StrEnum):
    """What became of a request to speak to someone."""

    OPEN = "open"
    TICKET = "ticket"
    NOBODY = "nobody"


class Handovers:
    """Each method is one unit of work, with its journal entry.

    While a request is open the assistant is silent, except for a ticket (asked while nobody is there) that no agent has
    taken yet: nobody should lose the assistant for a night.

    Args:
        hours: when agents are there; the usual ones by default.
        patience: how long the person waits before they are told, once, that their message has arrived.
        idle: how long nobody says anything before the assistant comes back by itself.
    """

    def __init__(
        self,
        database: Database,
        journal: Journal,
        clock: Clock,
        *,
        hours: Hours | None = None,
        patience: timedelta = PATIENCE,
        idle: timedelta = IDLE,
    ) -> None:
        self._database = database
        self._presence = Presence(database)
        self._journal = journal
        self._clock = clock
        self._hours = Hours.parse(USUAL) if hours is None else hours
        self._patience = patience
        self._idle = idle

    def ask(self, conversation: str, reason: Reason) -> Outcome:
        """Opens a request, unless one is open already; ``NOBODY`` where no one is there to answer any."""
        for _ in range(2):
            with self._database.unit_of_work() as session:
                aidant, organisation = agents.speaker_of(session, conversation)
                if not agents.anyone_for(session, organisation):
                    return Outcome.NOBODY
                pending = open_request(session, conversation)
            if pending is not None:
                return self._ask_again(pending)
            try:
                return self._open(conversation, reason, aidant, organisation)
            except IntegrityError:  # asked twice at once: the second time it is there
                continue
        return Outcome.OPEN

    def told(self, outcome: Outcome) -> str:
        """What the person is told of *outcome*, unless it is ``NOBODY``."""
        return phrases.ticket(self._hours, now=self._clock.now()) if outcome is Outcome.TICKET else phrases.ASKED

    def silent(self, conversation: str) -> bool:
        """Whether a human, not the assistant, answers there now."""
        return self._presence.silent(conversation)

    def hear(self, conversation: str, said: str) -> Answer | None:
        """What to say to a message while a request is open, mostly nothing; ``None`` when the assistant answers it.

        Args:
            said: pseudonymised, or what a button stands for.
        """
        if not self._presence.asked(conversation):
            return None
        with self._database.unit_of_work() as session:
            request = open_request(session, conversation)
        if request is None:
            return None
        silent = silences(request)
        if wants_assistant(said, silent=silent):
            return (Reply(phrases.GIVEN_UP),) if self._end(request, Closing.PERSON) else None
        return self._heard(request, silent=silent)

    def _heard(self, request: HandoverRequest, *, silent: bool) -> Answer | None:
        now = self._clock.now()
        if silent and request.claimed_by is None and not self._hours.is_open(now):
            later = self._keep_for_later(request.id, now)
            return (Reply(phrases.kept_for_later(self._hours, now=now)),) if later else ()
        with self._database.unit_of_work() as session:
            still_open = changed(session, _still_open(request.id).values(heard_at=now))
            if not (still_open and silent):
                return None
            return (_still_there(),) if self._reassured(session, request.id, now) else ()

    def tidy(self) -> int:
        """Gives the assistant back where nobody answers any more; how many requests that was.

        A request that nobody took before closing time becomes a ticket; one without a word for long is closed.
        """
        now = self._clock.now()
        last = func.coalesce(HandoverRequest.heard_at, HandoverRequest.opened_at)
        answered = func.coalesce(HandoverRequest.last_reply_at, HandoverRequest.claimed_at, HandoverRequest.opened_at)
        before = now - self._idle
        quiet = (last <= before) & (answered <= before)
        waiting = HandoverRequest.claimed_by.is_(None) & HandoverRequest.ticket.is_(False)
        late = waiting & (quiet if self._hours.is_open(now) else HandoverRequest.closed_at.is_(None))
        query = select(HandoverRequest).where(
            HandoverRequest.closed_at.is_(None), or_(late, HandoverRequest.claimed_by.is_not(None) & quiet)
        )
        with self._database.unit_of_work() as session:
            found = session.scalars(query).all()
        done = 0
        for request in found:
            if request.claimed_by is None:
                done += self._keep_for_later(request.id, now, tell=request.conversation_id)
            else:
                done += self._end(request, Closing.SILENCE, tell=phrases.SILENT_TOO_LONG)
        return done

    def _open(self, conversation: str, reason: Reason, aidant: str | None, organisation: str | None) -> Outcome:
        now = self._clock.now()
        ticket = not self._hours.is_open(now)
        with self._database.unit_of_work() as session:
            self._journal.lock(session, organisation or SYSTEM)
            last = session.scalar(
                select(func.max(LoggedMessage.id)).where(LoggedMessage.conversation_id == conversation)
            )
            request = HandoverRequest(
                conversation_id=conversation,
                organisation_id=organisation,
                aidant_id=aidant,
                reason=reason.value,
                ticket=ticket,
                opened_at=now,
                opened_after=last or 0,
            )
            session.add(request)
            session.flush()
            details = {"handover": request.id, "conversation": conversation, "reason": reason.value, "ticket": ticket}
            self._journal.append(
                session, Action.ASK_HANDOVER, organisation=organisation, aidant=aidant, details=details
            )
        return Outcome.TICKET if ticket else Outcome.OPEN

    def _ask_again(self, request: HandoverRequest) -> Outcome:
        """A ticket asked for again when someone is there is a request like the others."""
        if request.ticket and request.claimed_by is None:
            if not self._hours.is_open(self._clock.now()):
                return Outcome.TICKET
            with self._database.unit_of_work() as session:
                changed(session, _still_open(request.id).values(ticket=False, heard_at=self._clock.now()))
        return Outcome.OPEN

    def _reassured(self, session: Session, request: int, now: datetime) -> bool:
        """Whether the person has waited long enough to be told, once, that they are heard."""
        before = now - self._patience
        waited = func.coalesce(HandoverRequest.last_reply_at, HandoverRequest.claimed_at, HandoverRequest.opened_at)
        first = _still_open(request).where(HandoverRequest.reassured_at.is_(None), waited <= before)
        return changed(session, first.values(reassured_at=now)) == 1

    def _keep_for_later(self, request: int, now: datetime, *, tell: str | None = None) -> bool:
        """Makes a ticket of a request that nobody took; false if someone just has.

        Args:
            tell: the conversation to which to say so; ``None`` when the caller does.
        """
        with self._database.unit_of_work() as session:
            unclaimed = _still_open(request).where(
                HandoverRequest.claimed_by.is_(None), HandoverRequest.ticket.is_(False)
            )
            if not changed(session, unclaimed.values(ticket=True)):
                return False
            if tell is not None:
                post(session, tell, [Reply(phrases.kept_for_later(self._hours, now=now))], now=now)
        return True

    def _end(self, request: HandoverRequest, closing: Closing, *, tell: str | None = None) -> bool:
        now = self._clock.now()
        with self._database.unit_of_work() as session:
            self._journal.lock(session, request.organisation_id or SYSTEM)
            if not changed(session, _still_open(request.id).values(closed_at=now, closing=closing.value)):
                return False
            session.add(
                HandoverEntry(
                    handover_id=request.id,
                    conversation_id=request.conversation_id,
                    kind=EntryKind.CLOSED.value,
                    text="",
                    created_at=now,
                )
            )
            self._journal.append(
                session,
                Action.CLOSE_HANDOVER,
                organisation=request.organisation_id,
                aidant=request.aidant_id if closing is Closing.PERSON else None,
                details={
                    "handover": request.id,
                    "conversation": request.conversation_id,
                    "closing": closing.value,
                },
            )
            if tell is not None:
                post(session, request.conversation_id, [Reply(tell)], now=now)
        return True


def _still_open(request: int) -> Update:
    return update(HandoverRequest).where(HandoverRequest.id == request, HandoverRequest.closed_at.is_(None))


def _still_there() -> Reply:
    return Reply(phrases.STILL_THERE, (Button(phrases.BACK_TITLE, BACK_BUTTON),))
