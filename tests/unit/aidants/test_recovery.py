"""Recovery codes: given once, hashed, each good once; and the end of every session."""

import pytest
from sqlalchemy import select

from bot.aidants import codes, recovery
from bot.aidants.models import RecoveryCode
from bot.aidants.views import ClosedAccount, Locked, SignInRefused, WrongCode
from tests.unit.aidants.house import PASSWORD, House


@pytest.fixture
def lea(house: House):
    return house.enrolled("lea@ccas.fr", house.organisation("CCAS de Lens").id)


@pytest.fixture
def spare(house: House, lea) -> tuple[str, ...]:
    made = house.aidants.new_recovery_codes(lea.id, lea.code())
    house.clock.advance(seconds=30)
    return made


def refused(lea, code: str) -> str:
    with pytest.raises(SignInRefused) as caught:
        lea.sign_in(code=code)
    return caught.value.reason


def test_whoever_enrols_is_given_ten_codes(house: House) -> None:
    view, secret = house.aidants.invite("tom@ccas.fr", "Tom", organisation=house.organisation().id)
    totp = codes.new_secret()
    enrolled = house.aidants.enrol(secret, PASSWORD, totp, house.code(totp))
    assert len(set(enrolled.codes)) == 10
    assert all(len(code) == 16 and code.isdigit() for code in enrolled.codes)
    assert house.aidants.recovery_codes_left(view.id) == 10
    assert house.aidants.sign_in("tom@ccas.fr", PASSWORD, enrolled.codes[3]).id == view.id


def test_no_code_is_kept_in_clear(house: House, spare) -> None:
    with house.database.unit_of_work() as session:
        rows = session.scalars(select(RecoveryCode)).all()
    assert len(rows) == 10
    assert all(row.hash.startswith("$argon2id$") for row in rows)
    assert not any(code[2:] in row.hash for row in rows for code in spare)


def test_a_code_serves_once_and_the_journal_tells_how_many_are_left(house: House, lea, spare) -> None:
    lea.sign_in(code=spare[0])
    told = house.told(lea.view.organisation)[-2:]
    assert [(one.action, one.details) for one in told] == [
        ("use_recovery_code", {"origin": "", "left": 9}),
        ("connect_aidant", {"origin": ""}),
    ]
    assert house.aidants.recovery_codes_left(lea.id) == 9
    assert refused(lea, spare[0]) == "wrong"
    lea.sign_in(code=spare[1])


@pytest.mark.parametrize("shape", ["{0} {1} {2} {3}", "{0}-{1}-{2}-{3}", " {0}{1}{2}{3}\n"])
def test_a_code_may_be_typed_with_spaces_or_hyphens(lea, spare, shape: str) -> None:
    assert lea.sign_in(code=shape.format(*recovery.shown(spare[0]).split())).id == lea.id


def test_a_code_with_a_wrong_password_does_not_serve(house: House, lea, spare) -> None:
    with pytest.raises(SignInRefused):
        lea.sign_in("mauvais mot de passe", spare[0])
    lea.sign_in(code=spare[0])


def test_new_codes_replace_the_former_ones(house: House, lea, spare) -> None:
    newer = house.aidants.new_recovery_codes(lea.id, lea.code())
    assert refused(lea, spare[0]) == "wrong"
    lea.sign_in(code=newer[0])
    assert house.actions(lea.view.organisation).count("new_recovery_codes") == 2


def test_new_codes_want_the_generator_and_nothing_else(house: House, lea, spare) -> None:
    with pytest.raises(WrongCode):
        house.aidants.new_recovery_codes(lea.id, spare[0])
    with pytest.raises(WrongCode):
        house.aidants.new_recovery_codes(lea.id, lea.wrong_code())
    assert house.aidants.recovery_codes_left(lea.id) == 10
    code = lea.code()
    house.aidants.new_recovery_codes(lea.id, code)
    with pytest.raises(WrongCode):
        house.aidants.new_recovery_codes(lea.id, code)


def test_wrong_codes_lock_the_account(house: House, lea, spare) -> None:
    for _ in range(4):
        assert refused(lea, spare[0][:-1] + str((int(spare[0][-1]) + 1) % 10)) == "wrong"
    assert refused(lea, "0" * 16) == "locked"
    assert refused(lea, spare[0]) == "locked"
    with pytest.raises(Locked):
        house.aidants.new_recovery_codes(lea.id, lea.code())


def test_the_codes_of_a_colleague_open_nothing(house: House, lea, spare) -> None:
    tom = house.enrolled("tom@ccas.fr", lea.view.organisation)
    assert refused(tom, spare[0]) == "wrong"


def test_a_wrong_code_is_answered_after_the_same_work_whether_the_account_exists_or_not(house: House, lea, spare):
    verified = []
    for email in ("lea@ccas.fr", "personne@ccas.fr"):
        before = house.hasher.verified
        with pytest.raises(SignInRefused):
            house.aidants.sign_in(email, PASSWORD, "1" * 16)
        verified.append(house.hasher.verified - before)
    assert verified == [2, 2]


def test_a_new_link_replaces_the_codes_and_a_closed_account_has_none(house: House, lea, spare) -> None:
    secret = house.aidants.reset(lea.id)
    again = house.aidants.enrol(secret, PASSWORD, lea.totp, lea.code())
    house.clock.advance(seconds=30)
    assert refused(lea, spare[0]) == "wrong"
    house.aidants.deactivate(lea.id)
    assert refused(lea, again.codes[0]) == "wrong"
    house.aidants.invite("lea@ccas.fr", "Léa", organisation=lea.view.organisation)
    assert house.aidants.recovery_codes_left(lea.id) == 0


def test_the_names_of_ten_codes_differ() -> None:
    numbers = iter([7, 7, *range(10, 19), *range(100)])
    made = recovery.new_codes(lambda _: next(numbers))
    assert [code[:2] for code in made] == ["07", *map(str, range(10, 19))]


def test_leaving_everywhere_ends_what_was_open_until_then(house: House, lea) -> None:
    house.aidants.sign_out_everywhere(lea.id)
    assert house.aidants.view(lea.id).signed_out_at == house.clock.now()
    assert house.actions(lea.view.organisation)[-1] == "sign_out_everywhere"
    house.aidants.deactivate(lea.id)
    with pytest.raises(ClosedAccount):
        house.aidants.sign_out_everywhere(lea.id)


def test_a_new_password_ends_what_was_open(house: House, lea) -> None:
    house.clock.advance(minutes=5)
    house.aidants.enrol(house.aidants.reset(lea.id), PASSWORD, lea.totp, lea.code())
    assert house.aidants.view(lea.id).signed_out_at == house.clock.now()
