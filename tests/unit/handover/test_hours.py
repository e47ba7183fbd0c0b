from datetime import date, datetime

import pytest

from bot.calendar import PARIS
from bot.errors import SettingsError
from bot.handover.hours import USUAL, Hours, easter, is_holiday


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("moment", "there"),
    [
        ("2026-11-25 12:02", True),
        ("2026-11-25 09:00", True),
        ("2026-11-25 08:59", False),
        ("2026-11-25 17:30", False),
        ("2026-11-28 12:00", False),  # a Saturday
        ("2026-11-11 12:00", False),  # Armistice, a Wednesday
        ("2026-05-14 12:00", False),  # Ascension
    ],
)
def test_someone_is_there_on_working_days_within_hours(moment: str, there: bool) -> None:
    assert Hours.parse(USUAL).is_open(paris(moment)) is there


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-11-25 07:00", "2026-11-25 09:00"),
        ("2026-11-25 18:00", "2026-11-26 09:00"),
        ("2026-11-27 18:00", "2026-11-30 09:00"),
        ("2026-12-24 18:00", "2026-12-28 09:00"),  # Christmas is a Friday
        ("2026-03-27 18:00", "2026-03-30 09:00"),  # the clocks change on the Sunday
        ("2026-11-25 12:00", "2026-11-25 12:00"),
    ],
)
def test_the_next_opening_is_told_in_paris(moment: str, opening: str) -> None:
    assert Hours.parse(USUAL).next_opening(paris(moment)) == paris(opening)


def test_a_pause_at_noon_is_two_periods() -> None:
    hours = Hours.parse("lun-ven 9:00-12:00, lun-ven 14:00-18:00")
    assert not hours.is_open(paris("2026-11-25 12:30"))
    assert hours.next_opening(paris("2026-11-25 12:30")) == paris("2026-11-25 14:00")
    assert (
        hours.label.replace("\u00a0", " ")
        == "du lundi au vendredi de 9 h à 12 h et du lundi au vendredi de 14 h à 18 h"
    )


def test_always_is_always_even_on_a_holiday() -> None:
    hours = Hours.parse("toujours")
    assert hours.is_open(paris("2026-12-25 03:00"))
    assert hours.next_opening(paris("2026-12-25 03:00")) == paris("2026-12-25 03:00")


def test_one_day_is_named_alone() -> None:
    assert Hours.parse("sam 9h30-12h00").label.replace("\u00a0", " ") == "le samedi de 9 h 30 à 12 h"


@pytest.mark.parametrize("written", ["", "lundi 9-17", "ven-lun 9:00-17:00", "lun 17:00-9:00", "lun 9:00-25:00"])
def test_what_cannot_be_read_names_the_setting(written: str) -> None:
    with pytest.raises(SettingsError, match="EQUIPIER_HANDOVER_HOURS"):
        Hours.parse(written)


@pytest.mark.parametrize(("year", "day"), [(2024, (3, 31)), (2025, (4, 20)), (2026, (4, 5)), (2038, (4, 25))])
def test_easter_is_where_the_calendar_has_it(year: int, day: tuple[int, int]) -> None:
    assert easter(year) == date(year, *day)


def test_a_year_has_eleven_holidays() -> None:
    days = [date.fromordinal(date(2026, 1, 1).toordinal() + n) for n in range(365)]
    assert sum(map(is_holiday, days)) == 11
