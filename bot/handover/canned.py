"""Canned replies: those of each organisation, and those that admins share with everyone."""

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from bot.clock import Clock
from bot.handover.models import CannedReply
from bot.handover.texts import FindsPersonalData, checked, checked_title
from bot.handover.views import Agent, CannedView, UnknownRequest
from bot.storage.engine import Database
from bot.storage.sql import changed


class CannedReplies:
    """Each method is one unit of work.

    Args:
        detector: finds what no reply may hold.
    """

    def __init__(self, database: Database, clock: Clock, *, detector: FindsPersonalData) -> None:
        self._database = database
        self._clock = clock
        self._detector = detector

    def listed(self, agent: Agent) -> tuple[CannedView, ...]:
        """Those that *agent* may use, by title."""
        query = select(CannedReply).where(_usable(agent)).order_by(CannedReply.title, CannedReply.id)
        with self._database.unit_of_work() as session:
            return tuple(_view(agent, row) for row in session.scalars(query))

    def one(self, agent: Agent, reply: int) -> CannedView:
        """One that *agent* may change.

        Raises:
            UnknownRequest: there is none.
        """
        with self._database.unit_of_work() as session:
            return _view(agent, _found(session, agent, reply))

    def add(self, agent: Agent, organisation: str | None, title: str, text: str) -> int:
        """A new one, of *organisation* (``None``: everyone's, which only an admin may add); its id.

        Raises:
            WrongText: one of the texts is empty or too long, or holds a number that identifies someone.
            UnknownRequest: *agent* does not work there.
        """
        if not _may_change(agent, organisation):
            raise UnknownRequest("canned reply")
        row = CannedReply(
            organisation_id=organisation,
            title=checked_title(title),
            text=checked(text, self._detector),
            changed_by=agent.id,
            changed_at=self._clock.now(),
        )
        with self._database.unit_of_work() as session:
            session.add(row)
            session.flush()
            return row.id

    def change(self, agent: Agent, reply: int, title: str, text: str) -> None:
        """Rewrites one.

        Raises:
            WrongText: as above.
            UnknownRequest: there is none that *agent* may change.
        """
        title, text = checked_title(title), checked(text, self._detector)
        with self._database.unit_of_work() as session:
            row = _found(session, agent, reply)
            row.title, row.text, row.changed_by, row.changed_at = title, text, agent.id, self._clock.now()

    def remove(self, agent: Agent, reply: int) -> None:
        """Deletes one.

        Raises:
            UnknownRequest: there is none that *agent* may change.
        """
        with self._database.unit_of_work() as session:
            row = _found(session, agent, reply)
            changed(session, delete(CannedReply).where(CannedReply.id == row.id))


def _usable(agent: Agent) -> ColumnElement[bool]:
    shared = CannedReply.organisation_id.is_(None)
    return or_(shared, CannedReply.organisation_id.in_(agent.organisations))


def _may_change(agent: Agent, organisation: str | None) -> bool:
    return agent.admin if organisation is None else organisation in agent.organisations


def _found(session: Session, agent: Agent, reply: int) -> CannedReply:
    row = session.get(CannedReply, reply)
    if row is None or not _may_change(agent, row.organisation_id):
        raise UnknownRequest("canned reply")
    return row


def _view(agent: Agent, row: CannedReply) -> CannedView:
    return CannedView(row.id, row.organisation_id, row.title, row.text, _may_change(agent, row.organisation_id))
