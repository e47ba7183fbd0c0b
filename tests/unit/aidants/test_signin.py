from datetime import timedelta

import pytest

from bot.aidants.views import Locked, SignInRefused, UnknownAidant, WrongCode
from bot.privacy.envelope import KeyRing
from tests.unit.aidants.house import PASSWORD, CountingHasher


@pytest.fixture
def ccas(house):
    return house.organisation("CCAS")


@pytest.fixture
def lea(house, ccas):
    return house.enrolled("lea@ccas.fr", ccas.id)


def refusal(attempt) -> tuple[str, timedelta | None]:
    with pytest.raises(SignInRefused) as caught:
        attempt()
    return caught.value.reason, caught.value.until


def test_signing_in_is_told_by_the_journal_of_the_current_organisation(house, ccas, lea):
    assert house.aidants.sign_in(" LEA@ccas.fr ", PASSWORD, f"{lea.code()[:3]} {lea.code()[3:]}").id == lea.id
    assert (house.told(ccas.id)[-1].action, house.told(ccas.id)[-1].aidant) == ("connect_aidant", lea.id)


def test_an_admin_without_organisation_is_told_by_the_system(house):
    house.enrolled("admin@region.fr", None, admin=True).sign_in()
    assert house.actions()[-1] == "connect_aidant"


def test_a_code_serves_once_and_an_older_one_not_after_it(house, lea):
    code, older = lea.code(), lea.code(steps=-1)
    lea.sign_in(code=code)
    assert refusal(lambda: lea.sign_in(code=code)) == ("wrong", None)
    assert refusal(lambda: lea.sign_in(code=older)) == ("wrong", None)
    house.clock.advance(seconds=30)
    assert refusal(lambda: lea.sign_in(code=code)) == ("wrong", None)
    lea.sign_in()


def test_all_that_is_wrong_is_answered_alike_after_the_same_work(house, ccas, lea):
    house.aidants.invite("invite@ccas.fr", "Invitée", organisation=ccas.id)
    gone = house.enrolled("partie@ccas.fr", ccas.id)
    house.aidants.deactivate(gone.id)
    answers = set()
    for email, password, code in (
        ("lea@ccas.fr", "mauvais mot de passe", lea.code()),
        ("lea@ccas.fr", PASSWORD, lea.wrong_code()),
        ("personne@ccas.fr", PASSWORD, lea.code()),
        ("invite@ccas.fr", PASSWORD, lea.code()),
        ("partie@ccas.fr", PASSWORD, gone.code()),
        ("pas une adresse", PASSWORD, lea.code()),
        ("lea@ccas.fr\x00", PASSWORD, lea.code()),
    ):
        before = house.hasher.verified
        answers.add(refusal(lambda e=email, p=password, c=code: house.aidants.sign_in(e, p, c)))
        assert house.hasher.verified == before + 1
    assert answers == {("wrong", None)}


@pytest.mark.parametrize("email", ["lea@ccas.fr", "personne@ccas.fr", "pas une adresse"])
def test_the_fifth_failure_locks_for_15_minutes_whether_the_account_exists_or_not(house, lea, email):
    wrong = lambda: house.aidants.sign_in(email, "mauvais mot de passe", lea.code())  # noqa: E731
    until = house.clock.now() + timedelta(minutes=15)
    assert [refusal(wrong) for _ in range(5)] == [("wrong", None)] * 4 + [("locked", until)]
    house.clock.advance(minutes=14, seconds=59)
    assert refusal(wrong) == ("locked", until)
    house.clock.advance(seconds=1)
    assert refusal(wrong) == ("wrong", None)


def test_a_locked_account_refuses_even_what_is_right(house, ccas, lea):
    for _ in range(5):
        refusal(lambda: lea.sign_in("mauvais mot de passe"))
    assert refusal(lea.sign_in)[0] == "locked"
    told = house.told(ccas.id)[-1]
    assert (told.action, told.aidant, told.details["reason"]) == ("refuse_sign_in", lea.id, "password")
    assert told.details["locked_until"].startswith("2026-11-25T11:17:30")
    assert house.actions(ccas.id).count("refuse_sign_in") == 5, (
        "what is locked already may be tried any number of times"
    )
    house.clock.advance(minutes=15)
    lea.sign_in()


def test_only_failures_in_a_row_count(house, lea):
    for _ in range(3):
        for _ in range(4):
            refusal(lambda: lea.sign_in("mauvais mot de passe"))
        lea.sign_in()
        house.clock.advance(seconds=30)


def test_wrong_codes_lock_as_wrong_passwords_do(house, lea):
    answers = [refusal(lambda: lea.sign_in(code=lea.wrong_code()))[0] for _ in range(5)]
    assert answers == ["wrong"] * 4 + ["locked"]


def test_a_password_is_hashed_anew_when_the_settings_changed(house, lea):
    former = house.row(lea.id).password_hash
    newer = house.with_(hasher=CountingHasher(time_cost=2))
    with pytest.raises(SignInRefused):
        newer.sign_in("lea@ccas.fr", PASSWORD, lea.wrong_code())
    assert house.row(lea.id).password_hash == former
    newer.sign_in("lea@ccas.fr", PASSWORD, lea.code())
    assert house.row(lea.id).password_hash != former
    house.clock.advance(seconds=30)
    newer.sign_in("lea@ccas.fr", PASSWORD, lea.code())


def test_the_secret_of_the_generator_goes_under_the_new_key(house, lea):
    both = KeyRing("p2", {"p2": b"n" * 32, "p1": b"k" * 32})
    house.with_(keys=both).sign_in("lea@ccas.fr", PASSWORD, lea.code())
    house.clock.advance(seconds=30)
    alone = house.with_(keys=KeyRing("p2", {"p2": b"n" * 32}))
    assert alone.sign_in("lea@ccas.fr", PASSWORD, lea.code()).id == lea.id


def test_a_password_changed_while_the_former_was_verified_does_not_open(house, lea):
    class SlowHasher(CountingHasher):
        def verify(self, hash, password):
            right = super().verify(hash, password)
            secret = house.aidants.reset(lea.id)
            house.aidants.enrol(secret, "une autre longue phrase", lea.totp, lea.code(steps=-1))
            return right

    with pytest.raises(SignInRefused):
        house.with_(hasher=SlowHasher()).sign_in("lea@ccas.fr", PASSWORD, lea.code())


def test_a_code_before_the_seal_serves_once(house, lea):
    code = lea.code()
    house.aidants.check_code(lea.id, code)
    with pytest.raises(WrongCode) as caught:
        house.aidants.check_code(lea.id, code)
    assert caught.value.left == 4
    with pytest.raises(SignInRefused):
        lea.sign_in(code=code)


def test_wrong_codes_before_the_seal_say_how_many_are_left_then_lock(house, ccas, lea):
    left = []
    for _ in range(4):
        with pytest.raises(WrongCode) as caught:
            house.aidants.check_code(lea.id, lea.wrong_code())
        left.append(caught.value.left)
    assert left == [4, 3, 2, 1]
    with pytest.raises(Locked) as locked:
        house.aidants.check_code(lea.id, "pas un code")
    assert locked.value.until == house.clock.now() + timedelta(minutes=15)
    with pytest.raises(Locked):
        house.aidants.check_code(lea.id, lea.code())
    assert house.told(ccas.id)[-1].details["tried"] == "check_code"
    house.clock.advance(minutes=15)
    house.aidants.check_code(lea.id, lea.code())
    with pytest.raises(WrongCode) as caught:
        house.aidants.check_code(lea.id, "")
    assert caught.value.left == 4


def test_the_code_of_a_colleague_is_wrong(house, ccas, lea):
    tom = house.enrolled("tom@ccas.fr", ccas.id)
    with pytest.raises(WrongCode):
        house.aidants.check_code(lea.id, tom.code())


def test_whoever_has_no_generator_has_no_code(house, ccas):
    view, _ = house.aidants.invite("tom@ccas.fr", "Tom", organisation=ccas.id)
    with pytest.raises(WrongCode):
        house.aidants.check_code(view.id, "123456")
    with pytest.raises(UnknownAidant):
        house.aidants.check_code("nobody", "123456")
