"""Locks: twice as long each time, the same for whom there is, and for whom there is not, and kept across a restart."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.aidants import attempts
from bot.aidants.models import Attempt
from bot.aidants.origins import coarse, followed
from bot.aidants.views import Locked, SignInRefused
from tests.unit.aidants.house import KEYS, PASSWORD, House

LEA, NOBODY = "lea@ccas.fr", "personne@ccas.fr"


@pytest.fixture
def lea(house: House):
    return house.enrolled(LEA, house.organisation("CCAS de Lens").id)


def refused(house: House, email: str, *, origin: str = "", aidants=None) -> SignInRefused:
    with pytest.raises(SignInRefused) as caught:
        (aidants or house.aidants).sign_in(email, "mauvais mot de passe", "000000", origin=origin)
    return caught.value


def lock(house: House, email: str) -> timedelta:
    """Fails until it locks; for how long."""
    until = None
    while until is None:
        until = refused(house, email).until
    return until - house.clock.now()


@pytest.mark.parametrize("email", [LEA, NOBODY])
def test_each_lock_lasts_twice_as_long_up_to_four_hours(house: House, lea, email: str) -> None:
    lasted = []
    for _ in range(6):
        lasted.append(lock(house, email))
        house.clock.instant += lasted[-1]
    assert [one.total_seconds() / 60 for one in lasted] == [15, 30, 60, 120, 240, 240]


def test_signing_in_forgives(house: House, lea) -> None:
    for _ in range(2):
        house.clock.instant += lock(house, LEA)
    lea.sign_in()
    house.clock.advance(seconds=30)
    assert lock(house, LEA) == timedelta(minutes=15)


def test_a_day_without_failure_forgives(house: House, lea) -> None:
    house.clock.instant += lock(house, LEA) + timedelta(hours=24)
    assert lock(house, LEA) == timedelta(minutes=15)


@pytest.mark.parametrize("email", [LEA, NOBODY])
def test_a_restart_forgets_nothing(house: House, lea, email: str) -> None:
    for _ in range(4):
        refused(house, email)
    restarted = house.with_()
    assert refused(house, email, aidants=restarted).reason == "locked"
    assert refused(house, email, aidants=house.with_()).reason == "locked"


def test_a_new_link_lifts_the_lock_once_it_has_served(house: House, lea) -> None:
    lock(house, LEA)
    secret = house.aidants.reset(lea.id)
    house.aidants.enrol(secret, PASSWORD, lea.totp, lea.code())
    house.clock.advance(seconds=30)
    assert lea.sign_in().id == lea.id


def test_one_password_tried_on_many_accounts_locks_the_network(house: House, lea) -> None:
    for number in range(29):
        assert refused(house, f"agent{number}@ccas.fr", origin="192.0.2.7").reason == "wrong"
    locked = refused(house, "agent29@ccas.fr", origin="192.0.2.7")
    assert locked.until == house.clock.now() + timedelta(minutes=1)
    with pytest.raises(SignInRefused):
        house.aidants.sign_in(LEA, PASSWORD, lea.code(), origin="192.0.2.7")
    house.aidants.sign_in(LEA, PASSWORD, lea.code(), origin="192.0.2.8")  # a neighbour may


def test_a_locked_network_counts_nothing_against_the_accounts(house: House, lea) -> None:
    for number in range(30):
        refused(house, f"agent{number}@ccas.fr", origin="192.0.2.7")
    for _ in range(10):
        assert refused(house, LEA, origin="192.0.2.7").reason == "locked"
    lea.sign_in()


def test_the_table_names_nobody(house: House, lea) -> None:
    refused(house, LEA, origin="192.0.2.7")
    refused(house, NOBODY, origin="192.0.2.7")
    with house.database.unit_of_work() as session:
        rows = session.scalars(select(Attempt)).all()
    assert len(rows) == 3
    assert all(len(row.subject) == 64 and row.subject.isalnum() for row in rows)


def test_what_is_over_leaves_the_table(house: House, lea) -> None:
    for number in range(3):
        refused(house, f"agent{number}@ccas.fr", origin=f"192.0.2.{number}")
    house.clock.advance(hours=25)
    refused(house, NOBODY, origin="192.0.2.9")
    with house.database.unit_of_work() as session:
        assert len(session.scalars(select(Attempt)).all()) == 2


def test_a_lock_of_the_future_never_overflows(house: House) -> None:
    who = attempts.subject(attempts.ACCOUNT, NOBODY, keys=KEYS)
    refusal = None
    for _ in range(5 * 40):
        with house.database.unit_of_work() as session:
            refusal = attempts.fail(session, who, now=house.clock.now())
        if isinstance(refusal, Locked):
            house.clock.instant = refusal.until
    assert isinstance(refusal, Locked)
    assert refusal.until == house.clock.now()


@pytest.mark.parametrize(
    ("address", "network", "counted"),
    [
        ("192.0.2.77", "192.0.2.0/24", "192.0.2.77/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.77", "192.0.2.0/24", "192.0.2.77/32"),
        ("fe80::1%eth0", "fe80::/48", "fe80::/64"),
        ("127.0.0.1", "127.0.0.0/24", "127.0.0.1/32"),
        ("testclient", "", ""),
        ("", "", ""),
    ],
)
def test_only_the_network_is_told(address: str, network: str, counted: str) -> None:
    assert (coarse(address), followed(address)) == (network, counted)


def test_the_journal_tells_why_and_from_which_network(house: House, lea) -> None:
    organisation = lea.view.organisation
    refused(house, LEA, origin="192.0.2.77")
    with pytest.raises(SignInRefused):
        house.aidants.sign_in(LEA, PASSWORD, lea.wrong_code(), origin="2001:db8:1:2::9")
    refused(house, NOBODY, origin="192.0.2.77")
    house.aidants.sign_in(LEA, PASSWORD, lea.code(), origin="192.0.2.77")
    told = [(one.action, one.aidant, one.details) for one in house.told(organisation)[-3:]]
    assert told == [
        ("refuse_sign_in", lea.id, {"reason": "password", "origin": "192.0.2.0/24", "locked_until": None}),
        ("refuse_sign_in", lea.id, {"reason": "code", "origin": "2001:db8:1::/48", "locked_until": None}),
        ("connect_aidant", lea.id, {"origin": "192.0.2.0/24"}),
    ]
    last = house.told()[-1]
    assert (last.aidant, last.details["reason"]) == (None, "unknown")
    assert NOBODY not in str(last)
