"""Reminders: a mandate that is about to end is told to those who can renew it, at 30, 7 and 1 days, once each."""

from collections.abc import Collection
from datetime import datetime, timedelta

import structlog
from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.aidants.models import Aidant, LinkedConversation, Membership, Organisation
from bot.clock import Clock
from bot.conversations.outbox import post
from bot.journal.actions import Action
from bot.journal.service import Journal
from bot.mandats import rules
from bot.mandats.identity import Usagers
from bot.mandats.models import Autorisation, Mandat, Reminder
from bot.mandats.notices import reminder
from bot.mandats.reading import mandat_view
from bot.mandats.rules import Duration, Status
from bot.privacy.envelope import Sealed
from bot.storage.engine import Database

_log = structlog.get_logger(__name__)
_HORIZON = timedelta(days=max(rules.REMINDED_AT))


class Reminders:
    """Sends what is due; any number of workers may do it at the same time."""

    def __init__(self, database: Database, journal: Journal, usagers: Usagers, clock: Clock) -> None:
        self._database = database
        self._journal = journal
        self._usagers = usagers
        self._clock = clock

    def send_due(self) -> int:
        """Sends the reminders that are due now; how many mandates were told of.

        A mandate that has nobody to tell stays due: it is told of as soon as someone of its organisation links a
        conversation. One that cannot be read (its master key is gone) is logged, and holds nobody back.
        """
        now, sent = self._clock.now(), 0
        for mandat_id, organisation in self._due(now):
            try:
                sent += self._send(mandat_id, organisation, now)
            except IntegrityError:
                continue  # another worker was faster, on this reminder or in this outbox: the next round will tell
            except Sealed as error:
                _log.error("reminder impossible", mandat=mandat_id, reason=str(error))
        return sent

    def _due(self, now: datetime) -> list[tuple[str, str]]:
        """(mandate, organisation) of what seems due: read without a lock, judged again under it."""
        still_open = exists().where(Autorisation.mandat_id == Mandat.id, Autorisation.ended_at.is_(None))
        near = (
            select(Mandat)
            .where(Mandat.expires_at > now, Mandat.expires_at <= now + _HORIZON, still_open)
            .order_by(Mandat.expires_at, Mandat.id)
        )
        with self._database.unit_of_work() as session:
            return [
                (row.id, row.organisation_id)
                for row in session.scalars(near)
                if _days_due(session, row, now) is not None and _recipients(session, row)
            ]

    def _send(self, mandat_id: str, organisation: str, now: datetime) -> bool:
        with self._database.unit_of_work() as session:
            self._journal.lock(session, organisation)  # a revocation or another worker goes before or after, not along
            row = session.get_one(Mandat, mandat_id)
            days = _days_due(session, row, now)
            recipients = _recipients(session, row)
            view = mandat_view(session, row, self._usagers, now=now)
            if days is None or not recipients or view.status is not Status.ACTIVE:
                return False
            session.add(Reminder(mandat_id=row.id, days=days, sent_at=now))
            session.flush()
            for conversation in recipients:
                post(session, conversation, [reminder(view)], now=now)
            self._journal.append(
                session,
                Action.SEND_REMINDER,
                organisation=organisation,
                mandat=row.id,
                usager=row.usager_id,
                details={"days": days, "conversations": len(recipients)},
            )
            return True


def _days_due(session: Session, mandat: Mandat, now: datetime) -> int | None:
    sent = session.scalars(select(Reminder.days).where(Reminder.mandat_id == mandat.id)).all()
    return rules.reminder_due(mandat.expires_at, Duration(mandat.duration), now, sent=sent)


def _recipients(session: Session, mandat: Mandat) -> Collection[str]:
    """The conversation that prepared the mandate, else every one of the organisation.

    Only those tied to an active aidant who belongs to the organisation now; none when it is closed.
    """
    linked = session.scalars(
        select(LinkedConversation.conversation_id)
        .join(Aidant, Aidant.id == LinkedConversation.aidant_id)
        .join(Membership, Membership.aidant_id == Aidant.id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Membership.organisation_id == mandat.organisation_id, Aidant.active, Organisation.active)
        .order_by(LinkedConversation.linked_at, LinkedConversation.conversation_id)
    ).all()
    return [one for one in linked if one == mandat.conversation_id] or linked
