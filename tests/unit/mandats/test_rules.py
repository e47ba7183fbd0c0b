from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.demarches import Demarche
from bot.mandats import rules
from bot.mandats.rules import Duration, Eligibility, MandatRefused, Refusal, Scope, Status

PARIS = ZoneInfo("Europe/Paris")
SEALED = datetime(2026, 11, 25, 11, 2, tzinfo=UTC)
DAY, TICK = timedelta(days=1), timedelta(microseconds=1)

instants = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
durations = st.sampled_from(Duration)
demarches = st.lists(st.sampled_from(Demarche), max_size=6)
eligibilities = st.builds(Eligibility, adult=st.booleans(), protected=st.booleans(), present=st.booleans())


@st.composite
def mandates(draw: st.DrawFn) -> tuple[list[Scope], datetime]:
    """Scopes and the expiry of their mandate: each open, revoked before its end, or closed at its end."""
    expires = draw(instants)
    ends = st.one_of(
        st.none(), st.just(expires), st.integers(1, 400).map(lambda hours: expires - timedelta(hours=hours))
    )
    kinds = draw(st.lists(st.sampled_from(Demarche), min_size=1, max_size=5, unique=True))
    return [Scope(kind, draw(ends)) for kind in kinds], expires


def reason(wanted: Collection[Demarche], eligibility: Eligibility, allowed: Collection[Demarche]) -> Refusal | None:
    try:
        rules.check(wanted, eligibility, allowed=allowed)
    except MandatRefused as refused:
        return refused.reason
    return None


@given(demarches, eligibilities, demarches)
def test_the_first_rule_that_forbids_is_the_one_told(wanted, eligibility, allowed):
    forbidding = [
        (not eligibility.adult, Refusal.MINOR),
        (eligibility.protected, Refusal.PROTECTED),
        (not eligibility.present, Refusal.REMOTE),
        (not wanted, Refusal.NO_SCOPE),
        (not set(wanted) <= set(allowed), Refusal.SCOPE_NOT_ALLOWED),
    ]
    assert reason(wanted, eligibility, allowed) == next((why for forbids, why in forbidding if forbids), None)


@given(demarches.filter(bool), st.randoms())
def test_scopes_come_in_the_usual_order_once_each_however_they_are_given(wanted, random):
    mixed = [*wanted, *wanted]
    random.shuffle(mixed)
    checked = rules.check(mixed, Eligibility(True, False, True), allowed=tuple(Demarche))
    assert list(checked) == [demarche for demarche in Demarche if demarche in wanted]


def test_the_scopes_that_are_not_allowed_are_named():
    with pytest.raises(MandatRefused) as refused:
        rules.check(tuple(Demarche), Eligibility(True, False, True), allowed=tuple(Demarche)[2:])
    assert refused.value.demarches == tuple(Demarche)[:2]


def test_the_durations_are_those_of_aidants_connect():
    assert {duration.value: duration.days for duration in Duration} == {
        "SHORT": 1,
        "MONTH": 31,
        "SEMESTER": 182,
        "LONG": 365,
    }
    assert all(str(duration.days) in duration.label for duration in Duration if duration is not Duration.SHORT)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(PARIS)), durations)
def test_a_mandate_lasts_so_many_times_24_hours_whatever_the_clock_change(sealed_at, duration):
    elapsed = rules.expires_at(sealed_at, duration).astimezone(UTC) - sealed_at.astimezone(UTC)
    assert elapsed == duration.days * timedelta(hours=24)


@pytest.mark.parametrize(
    ("sealed_at", "duration", "there"),
    [
        (datetime(2026, 10, 24, 14, 0, tzinfo=PARIS), Duration.SHORT, "2026-10-25 13:00"),  # a day of 25 hours
        (datetime(2026, 3, 28, 14, 0, tzinfo=PARIS), Duration.SHORT, "2026-03-29 15:00"),  # a day of 23 hours
        (datetime(2026, 3, 15, 14, 0, tzinfo=PARIS), Duration.MONTH, "2026-04-15 15:00"),
        (datetime(2026, 11, 25, 14, 0, tzinfo=PARIS), Duration.LONG, "2027-11-25 14:00"),
        (datetime(2027, 11, 25, 14, 0, tzinfo=PARIS), Duration.LONG, "2028-11-24 14:00"),  # 2028 has 366 days
    ],
)
def test_the_hour_on_the_wall_may_move_with_the_seasons(sealed_at, duration, there):
    assert f"{rules.expires_at(sealed_at, duration).astimezone(PARIS):%Y-%m-%d %H:%M}" == there


@given(mandates(), st.integers(-9_000, 9_000))
def test_a_mandate_is_revoked_when_all_was_ended_before_its_time_else_expired_at_its_time(mandate, hours):
    scopes, expires = mandate
    now = expires + timedelta(hours=hours)
    given_up = all(scope.ended_at and scope.ended_at < expires for scope in scopes)
    expected = Status.REVOKED if given_up else Status.EXPIRED if hours >= 0 else Status.ACTIVE
    assert rules.status_of(scopes, expires=expires, now=now) is expected


@given(mandates())
def test_a_mandate_stops_at_the_very_instant_of_its_end(mandate):
    scopes, expires = mandate
    opened = [Scope(Demarche.PAPIERS, None), *(scope for scope in scopes if scope.demarche is not Demarche.PAPIERS)]
    assert rules.status_of(opened, expires=expires, now=expires - TICK) is Status.ACTIVE
    assert rules.status_of(opened, expires=expires, now=expires) is Status.EXPIRED
    assert rules.covers(opened, Demarche.PAPIERS, expires=expires, now=expires - TICK)
    assert not rules.covers(opened, Demarche.PAPIERS, expires=expires, now=expires)


@given(mandates(), st.integers(-9_000, 9_000), st.sampled_from(Demarche))
def test_what_is_covered_is_an_open_scope_of_an_active_mandate(mandate, hours, demarche):
    scopes, expires = mandate
    now = expires + timedelta(hours=hours)
    covered = rules.covers(scopes, demarche, expires=expires, now=now)
    assert covered == (hours < 0 and Scope(demarche, None) in scopes)
    if covered:
        assert rules.status_of(scopes, expires=expires, now=now) is Status.ACTIVE


@given(instants)
def test_a_mandate_that_ended_is_renewable_for_365_days_to_the_microsecond(expires):
    opened, revoked = [Scope(Demarche.PAPIERS, None)], expires - 10 * DAY
    for scopes, revoked_at, ended in ((opened, None, expires), ([Scope(Demarche.PAPIERS, revoked)], revoked, revoked)):
        last = ended + 365 * DAY
        assert rules.renewable(scopes, expires=expires, revoked_at=revoked_at, now=last)
        assert not rules.renewable(scopes, expires=expires, revoked_at=revoked_at, now=last + TICK)


@given(mandates(), st.integers(1, 9_000))
def test_a_mandate_in_its_time_is_renewable_while_a_scope_is_left(mandate, hours):
    scopes, expires = mandate
    now = expires - timedelta(hours=hours)
    left = any(scope.ended_at is None for scope in scopes)
    assert rules.renewable(scopes, expires=expires, revoked_at=None, now=now) == left


@given(instants, st.integers(0, 400 * 24 * 3600 * 10**6))
def test_days_left_are_rounded_up_and_end_at_zero(expires, before):
    now = expires - timedelta(microseconds=before)
    left = rules.days_left(expires, now)
    assert (left - 1) * DAY < expires - now <= left * DAY
    assert rules.days_left(expires, expires + timedelta(microseconds=before)) == 0


def reminders(duration: Duration, hours: Collection[float]) -> list[int]:
    """Those sent to someone whose worker wakes up so many *hours* after the seal."""
    sent: list[int] = []
    for hour in sorted(hours):
        expires = SEALED + duration.days * DAY
        due = rules.reminder_due(expires, duration, SEALED + timedelta(hours=hour), sent=sent)
        if due is not None:
            sent.append(due)
    return sent


REMINDERS = {Duration.SHORT: [], Duration.MONTH: [7, 1], Duration.SEMESTER: [30, 7, 1], Duration.LONG: [30, 7, 1]}


@pytest.mark.parametrize("duration", Duration)
def test_each_reminder_is_sent_once(duration):
    assert reminders(duration, range(0, 370 * 24, 3)) == REMINDERS[duration]


@given(durations, st.sets(st.floats(0, 366 * 24, allow_nan=False), max_size=60))
def test_no_reminder_comes_twice_or_late_or_out_of_order_however_the_worker_wakes_up(duration, hours):
    sent = reminders(duration, hours)
    assert sent == sorted(set(sent), reverse=True)
    assert set(sent) <= set(REMINDERS[duration])


def test_after_a_week_without_service_the_latest_reminder_alone_is_sent():
    assert reminders(Duration.LONG, [24 * 300, 24 * 364 + 1, 24 * 364 + 2]) == [1]


@given(durations, st.floats(0, 10_000, allow_nan=False))
def test_nothing_is_sent_once_it_is_over(duration, hours):
    expires = SEALED + duration.days * DAY
    assert rules.reminder_due(expires, duration, expires + timedelta(hours=hours), sent=()) is None


@given(st.dates(date(1900, 1, 1), date(2020, 12, 31)), st.integers(-800, 800))
def test_people_are_adults_from_their_eighteenth_birthday(born, days):
    leap_day = (born.month, born.day) == (2, 29)
    birthday = date(born.year + 18, 3, 1) if leap_day else born.replace(year=born.year + 18)
    assume(birthday < date(2038, 1, 1))
    on = birthday + timedelta(days=days)
    assert rules.is_adult(born, on) == (days >= 0)


@pytest.mark.parametrize(
    ("born", "on", "adult"),
    [
        (date(2008, 2, 29), date(2026, 2, 28), False),
        (date(2008, 2, 29), date(2026, 3, 1), True),
        (date(2008, 11, 25), date(2026, 11, 24), False),
        (date(2008, 11, 25), date(2026, 11, 25), True),
        (date(2008, 12, 1), date(2026, 11, 30), False),
        (date(2026, 11, 25), date(2026, 11, 25), False),
    ],
)
def test_a_29_february_turns_18_on_1_march(born, on, adult):
    assert rules.is_adult(born, on) is adult
