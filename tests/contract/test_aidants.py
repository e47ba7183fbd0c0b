"""What the database must guarantee to people, asked of SQLite and of PostgreSQL."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from uuid import uuid4

import pytest

from bot.aidants import codes
from bot.aidants.models import Role
from bot.aidants.views import Locked, SignInRefused, TokenRefused, WrongCode, WrongField
from bot.errors import EquipierError
from bot.mandats.views import AccessRefused, Actor
from bot.storage.engine import Database
from tests.unit.aidants.house import PASSWORD, House
from tests.unit.mandats.databases import postgresql_url, sqlite_url


@pytest.fixture(scope="module")
def schema() -> Iterator[str]:
    """The address of a PostgreSQL database of our own, migrated, and removed at the end."""
    with postgresql_url() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    if request.param == "sqlite":
        database = Database.at(sqlite_url(tmp_path))
    else:
        database = Database.at(request.getfixturevalue("schema"))
    yield House.over(database)
    database.close()


def unique(name: str) -> str:
    """The schema of PostgreSQL is shared by the tests of this module: its names must differ."""
    return f"{name} {uuid4().hex[:8]}"


def address() -> str:
    return f"a{uuid4().hex[:10]}@ccas.fr"


def at_once(*attempts: Callable[[], object]) -> list[object]:
    """What each attempt gave, all started together: a value, or the error that it raised on purpose."""
    start = Barrier(len(attempts))

    def run(attempt: Callable[[], object]) -> object:
        start.wait(timeout=10)
        try:
            return attempt()
        except EquipierError as error:
            return error

    with ThreadPoolExecutor(len(attempts)) as pool:
        return list(pool.map(run, attempts))


def test_a_whole_life(house):
    ccas, town = house.organisation(unique("CCAS")), house.organisation(unique("Mairie"))
    chief = house.enrolled(address(), ccas.id, role=Role.SUPERVISEUR)
    view, secret = house.aidants.invite(address(), "Léa Martin", organisation=ccas.id, by=chief.id)
    totp = codes.new_secret()
    house.aidants.enrol(secret, PASSWORD, totp, house.code(totp))
    house.clock.advance(seconds=30)
    assert house.aidants.sign_in(view.email, PASSWORD, house.code(totp)).enrolled
    conversation = house.conversation(uuid4().hex)
    house.aidants.link_conversation(conversation, house.aidants.conversation_code(view.id))
    assert house.aidants.invite(view.email, "Léa", organisation=town.id)[1] is None
    house.aidants.switch(view.id, town.id)
    assert house.aidants.actor_of(conversation) == Actor(view.id, town.id, conversation)
    with pytest.raises(AccessRefused):
        house.aidants.reset(view.id, chief.id)
    house.aidants.remove_member(view.id, ccas.id, chief.id)
    assert [one.organisation for one in house.aidants.memberships(view.id)] == [town]
    assert [one.aidant.id for one in house.aidants.people(ccas.id)] == [chief.id]
    house.aidants.deactivate(view.id)
    assert house.aidants.actor_of(conversation) is None
    assert house.actions(ccas.id) == [
        *("create_organisation", "invite_aidant", "add_membership", "enrol_aidant"),
        *("invite_aidant", "add_membership", "enrol_aidant", "connect_aidant", "link_conversation"),
        *("switch_organisation", "refuse_access", "remove_membership"),
    ]
    assert house.actions(town.id) == [
        *("create_organisation", "add_membership", "switch_organisation", "deactivate_aidant")
    ]
    assert all(house.journal.verify(chain).broken is None for chain in (ccas.id, town.id))


@pytest.mark.parametrize("typed", ["\x00", "é\ud800", "' OR 1=1 --", "x" * 5_000])
def test_what_no_one_should_type_is_only_wrong(house, typed):
    with pytest.raises(SignInRefused, match="wrong"):
        house.aidants.sign_in(typed, typed, typed)
    with pytest.raises(TokenRefused, match="unknown"):
        house.aidants.enrolment(typed)
    with pytest.raises(TokenRefused, match="unknown"):
        house.aidants.link_conversation(house.conversation(uuid4().hex), typed)
    with pytest.raises(WrongField):
        house.aidants.invite(typed, "Léa", organisation=None, admin=True)


def test_failures_survive_the_refusal_and_the_process(house):
    lea = house.enrolled(address(), house.organisation(unique("CCAS")).id)
    for _ in range(4):
        with pytest.raises(WrongCode):
            house.aidants.check_code(lea.id, lea.wrong_code())
    with pytest.raises(Locked):
        house.with_().check_code(lea.id, lea.wrong_code())
    with pytest.raises(SignInRefused, match="locked"):
        lea.sign_in()
    house.clock.advance(minutes=15)
    lea.sign_in()


def test_of_two_uses_of_one_code_at_the_same_instant_one_is_refused(house):
    lea = house.enrolled(address(), house.organisation(unique("CCAS")).id)
    code = lea.code()
    given = at_once(*[lambda: house.aidants.check_code(lea.id, code)] * 4)
    assert sorted(map(type, given), key=str) == sorted([type(None), *[WrongCode] * 3], key=str)


def test_guesses_made_all_at_once_are_all_counted(house):
    lea = house.enrolled(address(), house.organisation(unique("CCAS")).id)
    wrong = lea.wrong_code()
    given = at_once(*[lambda: house.aidants.check_code(lea.id, wrong)] * 8)
    assert sorted(one.left for one in given if isinstance(one, WrongCode)) == [1, 2, 3, 4]
    assert sum(isinstance(one, Locked) for one in given) == 4


def test_of_two_enrolments_by_one_link_one_is_refused(house):
    ccas = house.organisation(unique("CCAS"))
    _, secret = house.aidants.invite(address(), "Léa", organisation=ccas.id)
    totps = [codes.new_secret() for _ in range(3)]
    given = at_once(
        *[lambda t=totp: house.aidants.enrol(secret, PASSWORD, t, house.code(t)) for totp in totps],
    )
    assert sorted(getattr(one, "reason", "enrolled") for one in given) == ["enrolled", "used", "used"]


def test_of_two_conversations_that_type_one_code_one_is_tied(house):
    lea = house.enrolled(address(), house.organisation(unique("CCAS")).id)
    code = house.aidants.conversation_code(lea.id)
    conversations = [house.conversation(uuid4().hex) for _ in range(3)]
    given = at_once(*[lambda c=one: house.aidants.link_conversation(c, code) for one in conversations])
    assert sorted(getattr(one, "reason", "tied") for one in given) == ["tied", "used", "used"]
    assert sum(house.aidants.actor_of(one) is not None for one in conversations) == 1


def test_one_address_invited_by_two_organisations_at_once_is_one_account(house):
    organisations, email = [house.organisation(unique("CCAS")) for _ in range(2)], address()
    at_once(*[lambda o=one: house.aidants.invite(email, "Léa", organisation=o.id) for one in organisations])
    assert len(house.aidants.memberships(house.aidants.by_email(email).id)) == 2


def test_two_first_admins_at_once_are_one(house):
    for one in house.aidants.everyone():
        house.aidants.deactivate(one.id)
    given = at_once(*[lambda: house.aidants.first_admin(address(), "Ada Min")] * 3)
    assert sum(isinstance(one, str) for one in given) == 1
    assert sum(one.admin and one.active for one in house.aidants.everyone()) == 1
