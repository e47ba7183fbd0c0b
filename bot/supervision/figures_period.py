"""The days that figures are about, on the clocks of Paris, and what every query of figures shares."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from math import ceil

from sqlalchemy import ColumnElement, DateTime, String, func
from sqlalchemy.orm import InstrumentedAttribute, Session

from bot.calendar import PARIS

LONGEST = 366  # days


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days in Paris, *first* and *last* included."""

    first: date
    last: date

    @classmethod
    def ending(cls, last: date, *, days: int) -> "Period":
        """The *days* days up to *last*."""
        return cls(last - timedelta(days=days - 1), last)

    @property
    def since(self) -> datetime:
        return _midnight(self.first)

    @property
    def until(self) -> datetime:
        """The first instant after it."""
        return _midnight(self.last + timedelta(days=1))

    @property
    def days(self) -> tuple[date, ...]:
        return tuple(self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))

    def holds(
        self, column: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]
    ) -> ColumnElement[bool]:
        """The condition that *column* is within it; never true of an instant that is ``NULL``."""
        return (column >= self.since) & (column < self.until)


@dataclass(frozen=True, slots=True)
class Part:
    """How many of a whole.

    Attributes:
        share: in [0, 1]; ``None`` of nothing.
    """

    count: int
    whole: int

    @property
    def share(self) -> float | None:
        return self.count / self.whole if self.whole else None


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took, in milliseconds; ``None`` when it never happened."""

    count: int
    p50: int | None
    p95: int | None

    @classmethod
    def of(cls, durations: Iterable[int]) -> "Spread":
        ordered = sorted(durations)
        return cls(len(ordered), percentile(ordered, 50), percentile(ordered, 95))


def percentile(ordered: Sequence[int], rank: int) -> int | None:
    """The smallest value that at least *rank* % of *ordered* do not exceed (nearest rank); ``None`` of nothing."""
    return ordered[max(ceil(len(ordered) * rank / 100), 1) - 1] if ordered else None


def hour_of(session: Session, column: InstrumentedAttribute[datetime]) -> ColumnElement[str | datetime]:
    """The hour of *column*, to group by: no database knows the days of Paris in the same way."""
    if session.get_bind().dialect.name == "postgresql":
        return func.date_trunc("hour", column, type_=DateTime())
    return func.substr(column, 1, len("2026-11-25 11"), type_=String())  # many times as fast as ``strftime``


@lru_cache(maxsize=24 * LONGEST)
def day_of(hour: str | datetime) -> date:
    """The day in Paris of an hour that :func:`hour_of` gave; Paris is whole hours away from UTC."""
    instant = hour if isinstance(hour, datetime) else datetime.strptime(hour, "%Y-%m-%d %H")
    return paris_day(instant.replace(tzinfo=UTC))


def paris_day(instant: datetime) -> date:
    return instant.astimezone(PARIS).date()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS).astimezone(UTC)
