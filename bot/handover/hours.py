"""When someone is there to answer: opening hours in Paris, public holidays left out. Pure.

Public holidays: Code du travail, article L3133-1; those of Alsace-Moselle and of the overseas territories are not kept.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot.calendar import PARIS
from bot.errors import SettingsError

USUAL = "lun-ven 9:00-17:30"
ALWAYS = "toujours"
_DAYS = ("lun", "mar", "mer", "jeu", "ven", "sam", "dim")
_NAMES = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_PERIOD = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? (\d{1,2})[:h](\d{2})-(\d{1,2})[:h](\d{2})")
_FIXED = frozenset({(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)})
_MOVING = (1, 39, 50)  # days after Easter: Easter Monday, Ascension, Whit Monday
_LOOK_AHEAD = 31  # days: no opening is further than that


@dataclass(frozen=True, slots=True)
class Period:
    """Some days of the week (0 is Monday), from one hour to another."""

    days: tuple[int, ...]
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening hours; without any period, someone is always there."""

    periods: tuple[Period, ...] = ()

    @classmethod
    def parse(cls, written: str) -> "Hours":
        """Hours written « lun-ven 9:00-17:30, sam 9:00-12:00 », or « toujours ».

        Raises:
            SettingsError: they cannot be read; the message names ``EQUIPIER_HANDOVER_HOURS``.
        """
        if written.strip().lower() == ALWAYS:
            return cls()
        return cls(tuple(_period(part.strip().lower()) for part in written.split(",")))

    def is_open(self, at: datetime) -> bool:
        """Whether someone is there at that instant."""
        if not self.periods:
            return True
        there = at.astimezone(PARIS)
        return any(period.start <= there.time() < period.end for period in self._of(there.date()))

    def next_opening(self, at: datetime) -> datetime:
        """The first instant from *at* on when someone is there, in Paris; *at* itself while someone is."""
        there = at.astimezone(PARIS)
        if self.is_open(at):
            return there
        return next(opening for opening in self._openings(there.date()) if opening > there)

    @property
    def label(self) -> str:
        """« du lundi au vendredi de 9 h à 17 h 30 »."""
        if not self.periods:
            return "tous les jours, à toute heure"
        return " et ".join(f"{_days_label(one.days)} de {hour(one.start)} à {hour(one.end)}" for one in self.periods)

    def _of(self, day: date) -> list[Period]:
        return [] if is_holiday(day) else [one for one in self.periods if day.weekday() in one.days]

    def _openings(self, first: date) -> Iterator[datetime]:
        for ahead in range(_LOOK_AHEAD):
            day = first + timedelta(days=ahead)
            for period in sorted(self._of(day), key=lambda one: one.start):
                yield datetime.combine(day, period.start, PARIS)


def hour(moment: time) -> str:
    """« 9 h », « 17 h 30 »."""
    return f"{moment.hour}\u00a0h" + (f"\u00a0{moment.minute:02}" if moment.minute else "")


def day_name(day: date) -> str:
    """« lundi »."""
    return _NAMES[day.weekday()]


def is_holiday(day: date) -> bool:
    """Whether *day* is a public holiday in metropolitan France."""
    return (day.month, day.day) in _FIXED or (day - easter(day.year)).days in _MOVING


def easter(year: int) -> date:
    """Easter Sunday.

    Source: Meeus, *Astronomical Algorithms*, chapter 8 (Butcher's rule for the Gregorian calendar).
    """
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), (i, k) = divmod(b, 4), divmod(c, 4)
    f = (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    el = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * el) // 451
    month, day = divmod(h + el - 7 * m + 114, 31)
    return date(year, month, day + 1)


def _period(written: str) -> Period:
    match = _PERIOD.fullmatch(written)
    try:
        if match is None:
            raise ValueError(written)
        first, last = _DAYS.index(match[1]), _DAYS.index(match[2] or match[1])
        start, end = time(int(match[3]), int(match[4])), time(int(match[5]), int(match[6]))
        if last < first or end <= start:
            raise ValueError(written)
    except ValueError as error:
        raise SettingsError(
            f"EQUIPIER_HANDOVER_HOURS est illisible : « {written} »",
            hint=f"Écrivez par exemple « {USUAL} », « lun-ven 9:00-12:00, lun-ven 14:00-18:00 » ou « {ALWAYS} ».",
        ) from error
    return Period(tuple(range(first, last + 1)), start, end)


def _days_label(days: tuple[int, ...]) -> str:
    return f"le {_NAMES[days[0]]}" if len(days) == 1 else f"du {_NAMES[days[0]]} au {_NAMES[days[-1]]}"
