"""The figures of the dashboard: one period, one organisation or all of them, read at one instant."""

from dataclasses import dataclass

from bot.clock import Clock
from bot.storage.engine import Database
from bot.supervision.figures_activity import Activity, activity
from bot.supervision.figures_answers import Answers, answers
from bot.supervision.figures_period import Period, paris_day
from bot.supervision.figures_service import Handovers, Mandats, handovers, mandats
from bot.supervision.figures_understanding import Understanding, understanding


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that the dashboard shows."""

    period: Period
    activity: Activity
    answers: Answers
    handovers: Handovers
    mandats: Mandats


class Dashboards:
    """Reads the figures; it changes nothing."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def last(self, days: int) -> Period:
        """The last *days* days, today included."""
        return Period.ending(paris_day(self._clock.now()), days=days)

    def figures(self, period: Period, organisation: str | None) -> Figures:
        """The figures of *organisation*; ``None``: of everyone, those whom nobody recognised included."""
        with self._database.unit_of_work() as session:
            return Figures(
                period=period,
                activity=activity(session, period, organisation),
                answers=answers(session, period, organisation),
                handovers=handovers(session, period, organisation),
                mandats=mandats(session, period, organisation, now=self._clock.now()),
            )

    def understanding(self, period: Period, organisation: str | None) -> Understanding:
        """What the reviewers of *organisation* (``None``: all) thought of what was understood."""
        with self._database.unit_of_work() as session:
            return understanding(session, period, organisation)
