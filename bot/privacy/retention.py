"""Retention: what has been kept long enough goes, every day, and the journal says how much of it.

Mandates: 3 years in use and 3 in intermediate archive after their end (Aidants Connect, privacy policy and conditions
of use). Conversations: six months. The rest: the lifetimes of the topics that made it.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, Select, and_, case, delete, exists, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.aidants.models import OneTimeToken
from bot.clock import Clock
from bot.conversations.models import Conversation, KeptMessage, LoggedMessage, OutboxEntry
from bot.handover.models import HandoverEntry, HandoverRequest
from bot.journal.actions import Action
from bot.journal.models import JournalEntry
from bot.journal.service import SYSTEM, Journal
from bot.mandats.erasure import erase
from bot.mandats.identity import Usagers
from bot.mandats.models import Draft, Mandat, Usager
from bot.privacy.forgetting import OF_A_CONVERSATION, forget
from bot.privacy.models import VaultEntry
from bot.privacy.shredding import shred, shrink
from bot.privacy.trackers import Trackers
from bot.storage.engine import Base, Database
from bot.storage.sql import changed
from bot.supervision.models import Episode

_log = structlog.get_logger(__name__)
_TOKENS_TOLD_FOR = timedelta(days=30)  # after its end, a link can still be told expired or used


@dataclass(frozen=True, slots=True)
class Report:
    """How much was, or would be, deleted.

    Attributes:
        usagers: persons erased.
        drafts: never sealed, given up after 24 hours.
        originals: entries of the vault past their time.
        tokens: one-time links and codes that ended more than 30 days ago.
        messages: too old, in conversations that go on.
        conversations: silent for too long, with all that they held.
        events: of the dialogue's memory; ``None`` when it could not be reached.
    """

    usagers: int = 0
    drafts: int = 0
    originals: int = 0
    tokens: int = 0
    messages: int = 0
    conversations: int = 0
    events: int | None = 0


class Retention:
    """Applies the durations; may be run at any time, and twice at once.

    Args:
        mandat_years: calendar years for which an usager is kept after the end of their last mandate.
        conversation_days: days for which messages are kept, and a silent conversation.
    """

    def __init__(
        self,
        database: Database,
        journal: Journal,
        usagers: Usagers,
        clock: Clock,
        *,
        trackers: Trackers,
        mandat_years: int,
        conversation_days: int,
    ) -> None:
        self._database = database
        self._journal = journal
        self._usagers = usagers
        self._clock = clock
        self._trackers = trackers
        self._mandat_years = mandat_years
        self._conversation_days = timedelta(days=conversation_days)

    def last_run(self) -> datetime | None:
        """When it was last enforced, on any machine: the journal remembers. ``None`` if it never was."""
        query = select(func.max(JournalEntry.at)).where(
            JournalEntry.organisation_id == SYSTEM, JournalEntry.action == Action.PURGE.value
        )
        with self._database.unit_of_work() as session:
            return session.scalar(query)

    def report(self) -> Report:
        """What :meth:`enforce` would delete now. Changes nothing."""
        now = self._clock.now()
        with self._database.unit_of_work() as session:
            silent = len(session.scalars(_silent(now - self._conversation_days)).all())
            rows = {
                name: sum(_count(session, model, condition) for model, condition in group)
                for name, group in self._expired(now).items()
            }
            usagers = len(session.scalars(self._over(now)).all())
        return Report(usagers=usagers, conversations=silent, events=self._forget_events(now, dry_run=True), **rows)

    def enforce(self, *, by: str | None = None) -> Report:
        """Deletes, and journals how much in the system's chain; each person and conversation is a unit of work.

        Args:
            by: id of the admin who asks for it; ``None`` for the clock.
        """
        now = self._clock.now()
        events = self._forget_events(now, dry_run=False)
        conversations = self._forget_silent(now) if events is not None else 0
        with self._database.unit_of_work() as session:
            shred(session)
            rows = {
                name: sum(changed(session, delete(model).where(condition)) for model, condition in group)
                for name, group in self._expired(now).items()
            }
        report = Report(usagers=self._erase_over(now), conversations=conversations, events=events, **rows)
        with self._database.unit_of_work() as session:
            self._journal.append(session, Action.PURGE, organisation=None, aidant=by, details=asdict(report))
        shrink(self._database)
        return report

    def _expired(self, now: datetime) -> dict[str, list[tuple[type[Base], ColumnElement[bool]]]]:
        """The rows that go by their own date, under the name of their count."""
        old = now - self._conversation_days
        return {
            "drafts": [(Draft, and_(Draft.expires_at <= now, Draft.mandat_id.is_(None)))],
            "originals": [(VaultEntry, VaultEntry.expires_at <= now.replace(tzinfo=None))],
            "tokens": [(OneTimeToken, OneTimeToken.expires_at <= now - _TOKENS_TOLD_FOR)],
            "messages": [
                (Episode, Episode.last_at <= old),
                (HandoverEntry, HandoverEntry.created_at <= old),
                (HandoverRequest, HandoverRequest.closed_at <= old),
                (LoggedMessage, LoggedMessage.created_at <= old),
                (OutboxEntry, OutboxEntry.created_at <= old),
                (KeptMessage, KeptMessage.received_at <= old),
            ],
        }

    def _over(self, now: datetime) -> Select[str]:
        """Ids of the usagers whose mandates all ended too long ago."""
        ended = case((Mandat.revoked_at < Mandat.expires_at, Mandat.revoked_at), else_=Mandat.expires_at)
        return (
            select(Usager.id)
            .join(Mandat, Mandat.usager_id == Usager.id)
            .where(Usager.erased_at.is_(None))
            .group_by(Usager.id)
            .having(func.max(ended) < years_before(now, self._mandat_years))
            .order_by(Usager.id)
        )

    def _erase_over(self, now: datetime) -> int:
        query = select(Usager.id, Usager.organisation_id).where(Usager.id.in_(self._over(now).order_by(None)))
        with self._database.unit_of_work() as session:
            found: Sequence[tuple[str, str]] = [(row.id, row.organisation_id) for row in session.execute(query)]
        erased = 0
        for usager_id, organisation in found:
            with self._database.unit_of_work() as session:
                self._journal.lock(session, organisation)  # a mandate sealed meanwhile is seen
                if usager_id not in session.scalars(self._over(now).where(Usager.id == usager_id)).all():
                    continue
                usager = session.get_one(Usager, usager_id)
                erase(session, self._journal, self._usagers, usager, why="retention")
                erased += 1
        return erased

    def _forget_silent(self, now: datetime) -> int:
        since = now - self._conversation_days
        with self._database.unit_of_work() as session:
            silent = session.scalars(_silent(since)).all()
        return sum(self._forget_one(conversation, since) for conversation in silent)

    def _forget_one(self, conversation: str, since: datetime) -> bool:
        try:
            self._trackers.forget(conversation)
            with self._database.unit_of_work() as session:
                # Someone who writes at this very moment is either before this statement, and kept, or after the end.
                hold = update(Conversation).where(Conversation.id == conversation, Conversation.last_at <= since)
                if not changed(session, hold.values(turn=Conversation.turn)):
                    return False
                shred(session)
                forget(session, conversation)
        except (IntegrityError, sqlite3.Error) as error:
            _log.warning("conversation kept until tomorrow", conversation=conversation, reason=type(error).__name__)
            return False
        return True

    def _forget_events(self, now: datetime, *, dry_run: bool) -> int | None:
        try:
            return self._trackers.forget_before(now - self._conversation_days, dry_run=dry_run)
        except sqlite3.Error as error:
            _log.error("the memory of the dialogue is out of reach", reason=type(error).__name__)
            return None


def years_before(instant: datetime, years: int) -> datetime:
    """The same day of an earlier year, at the same time; 28 February for a 29th that does not exist."""
    try:
        return instant.replace(year=instant.year - years)
    except ValueError:
        return instant.replace(year=instant.year - years, day=28)


def _silent(since: datetime) -> Select[str]:
    """Ids of the conversations without any message since *since*, ours included, that hold something to forget."""
    mine = Conversation.id
    lately = or_(
        exists().where(LoggedMessage.conversation_id == mine, LoggedMessage.created_at > since),
        exists().where(OutboxEntry.conversation_id == mine, OutboxEntry.created_at > since),
    )
    full = or_(*(exists().where(model.conversation_id == mine) for model in OF_A_CONVERSATION))
    free = ~exists().where(Mandat.conversation_id == mine)
    return select(mine).where(Conversation.last_at <= since, ~lately, or_(free, full)).order_by(mine)


def _count(session: Session, model: type[Base], condition: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(model).where(condition)) or 0
