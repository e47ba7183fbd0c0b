"""What humans did: requests to speak to someone, and mandates."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from bot.handover.models import HandoverRequest
from bot.mandats.models import Autorisation, Mandat
from bot.supervision.figures_period import Period, Spread, paris_day

SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class DayHandovers:
    """Requests of one day, and how many of them a human has answered since."""

    day: date
    asked: int
    answered: int


@dataclass(frozen=True, slots=True)
class Handovers:
    """Requests to speak to someone that were made in the period.

    Attributes:
        reasons: value of ``bot.handover.views.Reason`` and how many times, the most frequent first.
        first_reply: from the request to the first answer of a human, of those that got one.
        unanswered: those that nobody answered, and that are closed.
        waiting: those that nobody has answered yet, and that are open.
    """

    asked: int
    reasons: tuple[tuple[str, int], ...]
    first_reply: Spread
    unanswered: int
    waiting: int
    by_day: tuple[DayHandovers, ...]


@dataclass(frozen=True, slots=True)
class DayMandats:
    """Mandates sealed, and mandates wholly revoked, in one day."""

    day: date
    opened: int
    revoked: int


@dataclass(frozen=True, slots=True)
class Mandats:
    """Mandates.

    Attributes:
        active: in force now; ``expiring`` those of them that end within :data:`SOON`. Not of the period.
    """

    opened: int
    revoked: int
    active: int
    expiring: int
    by_day: tuple[DayMandats, ...]


def handovers(session: Session, period: Period, organisation: str | None) -> Handovers:
    """The requests of *organisation*; ``None``: of everyone."""
    query = select(HandoverRequest).where(period.holds(HandoverRequest.opened_at))
    if organisation:
        query = query.where(HandoverRequest.organisation_id == organisation)
    found = session.scalars(query).all()
    asked = _days(one.opened_at for one in found)
    replied = _days(one.opened_at for one in found if one.first_reply_at)
    silent = [one for one in found if one.first_reply_at is None]
    reasons = Counter(one.reason for one in found)
    return Handovers(
        asked=len(found),
        reasons=tuple(sorted(reasons.items(), key=lambda one: (-one[1], one[0]))),
        first_reply=Spread.of(
            (one.first_reply_at - one.opened_at) // timedelta(milliseconds=1) for one in found if one.first_reply_at
        ),
        unanswered=sum(one.closed_at is not None for one in silent),
        waiting=sum(one.closed_at is None for one in silent),
        by_day=tuple(DayHandovers(day, asked[day], replied[day]) for day in period.days),
    )


def mandats(session: Session, period: Period, organisation: str | None, *, now: datetime) -> Mandats:
    """The mandates of *organisation*; ``None``: of every one."""
    mine = (Mandat.organisation_id == organisation,) if organisation else ()
    opened = _days(_instants(session, Mandat.sealed_at, period, mine))
    revoked = _days(_instants(session, Mandat.revoked_at, period, mine))
    # A mandate whose every scope was revoked or replaced is over, even if its time is not.
    in_force = (
        Mandat.revoked_at.is_(None)
        & (Mandat.expires_at > now)
        & exists().where(Autorisation.mandat_id == Mandat.id, Autorisation.ended_at.is_(None))
    )
    active, expiring = session.execute(
        select(func.count(), func.count().filter(Mandat.expires_at <= now + SOON))
        .select_from(Mandat)
        .where(in_force, *mine)
    ).one()
    return Mandats(
        opened=opened.total(),
        revoked=revoked.total(),
        active=active,
        expiring=expiring,
        by_day=tuple(DayMandats(day, opened[day], revoked[day]) for day in period.days),
    )


def _instants(
    session: Session,
    column: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None],
    period: Period,
    mine: tuple[ColumnElement[bool], ...],
) -> Iterable[datetime]:
    return session.scalars(select(column).where(period.holds(column), *mine)).all()  # type: ignore[return-value]  # NULL is not within


def _days(instants: Iterable[datetime]) -> Counter[date]:
    return Counter(map(paris_day, instants))
