"""Time is passed in: rules and services receive a ``Clock`` and never call ``now()`` themselves."""

from datetime import UTC, date, datetime
from typing import Protocol


class Clock(Protocol):
    """Gives the present instant."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def today(clock: Clock) -> date:
    """The present day in UTC; a day's difference at midnight in Paris does not matter to fiches."""
    return clock.now().date()
