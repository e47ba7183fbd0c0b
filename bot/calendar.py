"""Dates and hours as people read them in France: in words, and on the clocks of Paris."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
_MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()


def short_day(day: date) -> str:
    """« 1er août »."""
    return f"{'1er' if day.day == 1 else day.day} {_MONTHS[day.month - 1]}"


def french_day(day: date) -> str:
    """« 1er août 2026 »."""
    return f"{short_day(day)} {day.year}"


def french_hour(instant: datetime) -> str:
    """« 14 h 05 », in Paris."""
    there = instant.astimezone(PARIS)
    return f"{there.hour}\u00a0h\u00a0{there.minute:02}"


def french_moment(instant: datetime) -> str:
    """« 1er août 2026 à 14 h 05 », in Paris."""
    return f"{french_day(instant.astimezone(PARIS).date())} à {french_hour(instant)}"
