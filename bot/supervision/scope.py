"""Who may review what: supervisors their organisations', admins everything. The command line acts as nobody (``None``).

The condition is part of every query: nothing is read first and sorted out later.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, false, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from bot.aidants.models import Aidant, Membership, Organisation, Role
from bot.mandats.views import AccessRefused


@dataclass(frozen=True, slots=True)
class Reach:
    """What someone may review.

    Attributes:
        organisations: ids; ``None`` means all of them, and the conversations of nobody too.
    """

    organisations: frozenset[str] | None

    @property
    def anything(self) -> bool:
        return self.organisations is None or bool(self.organisations)

    def covers(self, organisation: str | None) -> bool:
        """Whether what belongs to *organisation* (``None``: to nobody) may be read."""
        return self.organisations is None or (organisation is not None and organisation in self.organisations)

    def within(self, column: InstrumentedAttribute[str | None], *, only: str | None = None) -> ColumnElement[bool]:
        """The condition on a column of organisations, narrowed to *only* when it is given."""
        if only is not None:
            return column == only if self.covers(only) else false()
        return true() if self.organisations is None else column.in_(self.organisations)


def reach_of(session: Session, by: str | None) -> Reach:
    """What *by* may review now: roles and accounts are read each time.

    Raises:
        AccessRefused: they review nothing, or their account is closed.
    """
    if by is None:
        return Reach(None)
    account = session.get(Aidant, by)
    if account is None or not account.active:
        raise AccessRefused("closed account")
    if account.admin:
        return Reach(None)
    supervised = (
        select(Membership.organisation_id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Membership.aidant_id == by, Membership.role == Role.SUPERVISEUR.value)
    )
    reach = Reach(frozenset(session.scalars(supervised)))
    if not reach.anything:
        raise AccessRefused("reserved to supervisors")
    return reach
