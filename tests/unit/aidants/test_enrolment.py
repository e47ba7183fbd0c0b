import hashlib

import pytest
from sqlalchemy import select

from bot.aidants import codes
from bot.aidants.models import OneTimeToken, Role
from bot.aidants.views import SignInRefused, TokenRefused, WrongField
from bot.mandats.views import AccessRefused
from tests.unit.aidants.house import PASSWORD


@pytest.fixture
def ccas(house):
    return house.organisation("CCAS")


def enrol(house, secret, *, password=PASSWORD, totp=None):
    totp = totp or codes.new_secret()
    house.aidants.enrol(secret, password, totp, house.code(totp))
    return totp


def test_an_invitation_makes_an_account_that_cannot_sign_in_yet(house, ccas):
    view, secret = house.aidants.invite(" Lea.Martin@CCAS.fr", " Léa  Martin ", organisation=ccas.id)
    assert (view.email, view.name, view.enrolled, view.organisation) == (
        "lea.martin@ccas.fr",
        "Léa Martin",
        False,
        ccas.id,
    )
    assert house.aidants.enrolment(secret) == view
    with pytest.raises(SignInRefused):
        house.aidants.sign_in("lea.martin@ccas.fr", "", "")
    assert house.actions(ccas.id)[1:] == ["invite_aidant", "add_membership"]


def test_only_the_digest_of_a_secret_is_kept(house, ccas):
    _, secret = house.aidants.invite("lea@ccas.fr", "Léa", organisation=ccas.id)
    with house.database.unit_of_work() as session:
        kept = session.scalars(select(OneTimeToken.digest)).all()
    assert kept == [hashlib.sha256(secret.encode()).hexdigest()]
    assert len(secret) == 43


@pytest.mark.parametrize(
    "email",
    [
        "lea",
        "lea@",
        "@ccas.fr",
        "lea@ccas",
        "lea @ccas.fr",
        "lea@ccas..fr",
        "lea@-ccas.fr",
        "léa@ccas.fr",
        "a@b@c.fr",
        "lea@ccas.fr\nBcc: x@y.fr",
        "x" * 65 + "@ccas.fr",
        "lea@" + "x" * 250 + ".fr",
        "lea@ccas.fr\x00",
        "<lea@ccas.fr>",
    ],
)
def test_what_is_no_address_is_refused(house, ccas, email):
    with pytest.raises(WrongField, match="email: malformed"):
        house.aidants.invite(email, "Léa", organisation=ccas.id)
    assert house.aidants.everyone() == ()


def test_an_address_or_a_name_or_an_organisation_may_not_be_missing(house, ccas):
    for email, name, organisation, told in (
        (" ", "Léa", ccas.id, "email: missing"),
        ("lea@ccas.fr", " ", ccas.id, "name: missing"),
        ("lea@ccas.fr", "Léa", None, "organisation: needed"),
    ):
        with pytest.raises(WrongField, match=told):
            house.aidants.invite(email, name, organisation=organisation)


def test_whoever_enrols_can_sign_in(house, ccas):
    _, secret = house.aidants.invite("lea@ccas.fr", "Léa", organisation=ccas.id)
    totp = enrol(house, secret)
    house.clock.advance(seconds=30)
    assert house.aidants.sign_in("lea@ccas.fr", PASSWORD, house.code(totp)).enrolled
    assert house.actions(ccas.id)[-2:] == ["enrol_aidant", "connect_aidant"]


def test_the_code_of_the_enrolment_does_not_serve_to_sign_in(house, ccas):
    _, secret = house.aidants.invite("lea@ccas.fr", "Léa", organisation=ccas.id)
    totp = enrol(house, secret)
    with pytest.raises(SignInRefused):
        house.aidants.sign_in("lea@ccas.fr", PASSWORD, house.code(totp))


def test_neither_the_password_nor_the_secret_is_kept_in_clear(house, ccas):
    lea = house.enrolled("lea@ccas.fr", ccas.id)
    row = house.row(lea.id)
    assert row.password_hash.startswith("$argon2id$")
    assert lea.totp.encode() not in row.totp_secret


def test_a_link_serves_once(house, ccas):
    _, secret = house.aidants.invite("lea@ccas.fr", "Léa", organisation=ccas.id)
    enrol(house, secret)
    for again in (lambda: house.aidants.enrolment(secret), lambda: enrol(house, secret)):
        with pytest.raises(TokenRefused) as caught:
            again()
        assert caught.value.reason == "used"


@pytest.mark.parametrize(("hours", "good"), [(71.99, True), (72, False)])
def test_a_link_is_good_for_72_hours(house, ccas, hours, good):
    _, secret = house.aidants.invite("lea@ccas.fr", "Léa", organisation=ccas.id)
    house.clock.advance(hours=hours)
    if good:
        enrol(house, secret)
        return
    with pytest.raises(TokenRefused) as caught:
        enrol(house, secret)
    assert caught.value.reason == "expired"


@pytest.mark.parametrize("secret", ["", "x", "é\ud800", "0" * 10_000, "\x00"])
def test_a_link_that_was_never_given_is_unknown(house, secret):
    with pytest.raises(TokenRefused) as caught:
        house.aidants.enrolment(secret)
    assert caught.value.reason == "unknown"


def test_a_code_of_conversation_is_no_link(house, ccas):
    lea = house.enrolled("lea@ccas.fr", ccas.id)
    code = house.aidants.conversation_code(lea.id)
    for typed in (code, code.replace(" ", "")):
        with pytest.raises(TokenRefused):
            house.aidants.enrolment(typed)


def test_what_is_badly_chosen_leaves_the_link_good(house, ccas):
    _, secret = house.aidants.invite("lea@ccas.fr", "Léa", organisation=ccas.id)
    totp = codes.new_secret()
    for password, shared, code, field in (
        ("court", totp, house.code(totp), "password"),
        ("lea@ccas.fr!", totp, house.code(totp), "password"),
        (PASSWORD, totp, "12", "code"),
        (PASSWORD, totp, house.code(totp, steps=-3), "code"),
        (PASSWORD, "court", house.code(totp), "code"),
    ):
        with pytest.raises(WrongField) as caught:
            house.aidants.enrol(secret, password, shared, code)
        assert caught.value.field == field
    assert not house.aidants.enrolment(secret).enrolled
    enrol(house, secret, totp=totp)


def test_another_invitation_replaces_the_former_link(house, ccas):
    view, first = house.aidants.invite("lea@ccas.fr", "Léa", organisation=ccas.id)
    again, second = house.aidants.invite("LEA@ccas.fr", "Autre nom", organisation=ccas.id)
    assert (again.id, again.name) == (view.id, "Léa")
    with pytest.raises(TokenRefused) as caught:
        enrol(house, first)
    assert caught.value.reason == "expired"
    enrol(house, second)
    assert house.actions(ccas.id).count("add_membership") == 1


def test_whoever_has_enrolled_only_joins_the_other_organisation(house, ccas):
    town = house.organisation("Mairie")
    lea = house.enrolled("lea@ccas.fr", ccas.id)
    view, secret = house.aidants.invite("lea@ccas.fr", "Léa", organisation=town.id)
    assert (view.id, view.organisation, secret) == (lea.id, ccas.id, None)
    assert [one.organisation.name for one in house.aidants.memberships(lea.id)] == ["CCAS", "Mairie"]
    assert house.actions(town.id) == ["create_organisation", "add_membership"]


def test_inviting_again_with_another_role_changes_it(house, ccas):
    lea = house.enrolled("lea@ccas.fr", ccas.id)
    house.aidants.invite("lea@ccas.fr", "Léa", organisation=ccas.id, role=Role.SUPERVISEUR)
    assert house.aidants.memberships(lea.id)[0].role is Role.SUPERVISEUR
    assert house.told(ccas.id)[-1].details == {"aidant": lea.id, "role": "superviseur"}


def test_an_account_that_another_organisation_is_opening_gives_no_link_to_this_one(house, ccas):
    """It would let a supervisor enrol in somebody's name, and read the other organisation's mandates."""
    town = house.organisation("Mairie")
    chief = house.enrolled("chef@mairie.fr", town.id, role=Role.SUPERVISEUR)
    lea, _ = house.aidants.invite("lea@ccas.fr", "Léa", organisation=ccas.id)
    with pytest.raises(WrongField, match="email: pending"):
        house.aidants.invite("lea@ccas.fr", "Léa", organisation=town.id, by=chief.id)
    assert [one.organisation.id for one in house.aidants.memberships(lea.id)] == [ccas.id]


def test_an_admin_who_has_not_enrolled_gives_no_link_to_a_supervisor(house, ccas):
    chief = house.enrolled("chef@ccas.fr", ccas.id, role=Role.SUPERVISEUR)
    house.aidants.first_admin("admin@region.fr", "Ada Min")
    with pytest.raises(WrongField, match="email: pending"):
        house.aidants.invite("admin@region.fr", "Ada Min", organisation=ccas.id, by=chief.id)


def test_a_supervisor_resets_nobody_who_left_every_organisation(house, ccas):
    chief, lea = house.enrolled("c@ccas.fr", ccas.id, role=Role.SUPERVISEUR), house.enrolled("lea@ccas.fr", ccas.id)
    house.aidants.remove_member(lea.id, ccas.id)
    with pytest.raises(AccessRefused):
        house.aidants.reset(lea.id, chief.id)


def test_a_supervisor_sends_again_the_link_of_their_own_people(house, ccas):
    chief = house.enrolled("chef@ccas.fr", ccas.id, role=Role.SUPERVISEUR)
    house.aidants.invite("lea@ccas.fr", "Léa", organisation=ccas.id, by=chief.id)
    _, secret = house.aidants.invite("lea@ccas.fr", "Léa", organisation=ccas.id, by=chief.id)
    enrol(house, secret)
    assert house.told(ccas.id)[-2].aidant == chief.id


def test_an_invited_person_who_was_taken_out_can_be_invited_elsewhere(house, ccas):
    town = house.organisation("Mairie")
    chief = house.enrolled("chef@mairie.fr", town.id, role=Role.SUPERVISEUR)
    lea, first = house.aidants.invite("lea@ccas.fr", "Léa", organisation=ccas.id)
    house.aidants.remove_member(lea.id, ccas.id)
    _, secret = house.aidants.invite("lea@ccas.fr", "Léa", organisation=town.id, by=chief.id)
    with pytest.raises(TokenRefused):
        enrol(house, first)
    enrol(house, secret)


def test_a_reset_replaces_password_and_generator_and_lifts_the_lock(house, ccas):
    lea = house.enrolled("lea@ccas.fr", ccas.id)
    for _ in range(5):
        with pytest.raises(SignInRefused):
            lea.sign_in("mauvais mot de passe")
    secret = house.aidants.reset(lea.id)
    totp = enrol(house, secret, password="une autre longue phrase")
    house.clock.advance(seconds=30)
    with pytest.raises(SignInRefused):
        lea.sign_in()
    house.aidants.sign_in("lea@ccas.fr", "une autre longue phrase", house.code(totp))
    assert [entry.details["purpose"] for entry in house.told(ccas.id) if entry.action == "enrol_aidant"] == [
        "enrolment",
        "reset",
    ]


def test_until_the_reset_serves_the_former_password_is_good(house, ccas):
    lea = house.enrolled("lea@ccas.fr", ccas.id)
    house.aidants.reset(lea.id)
    assert lea.sign_in().id == lea.id


def test_a_supervisor_resets_their_own_people_but_not_who_works_elsewhere_too(house, ccas):
    town = house.organisation("Mairie")
    chief = house.enrolled("chef@ccas.fr", ccas.id, role=Role.SUPERVISEUR)
    lea = house.enrolled("lea@ccas.fr", ccas.id)
    assert house.aidants.reset(lea.id, chief.id)
    house.aidants.invite("lea@ccas.fr", "Léa", organisation=town.id)
    with pytest.raises(AccessRefused):
        house.aidants.reset(lea.id, chief.id)
    assert house.actions(ccas.id)[-1] == "refuse_access"


def test_inviting_a_deactivated_person_opens_the_account_without_its_former_password(house, ccas):
    lea, conversation = house.enrolled("lea@ccas.fr", ccas.id, admin=True), house.conversation()
    house.aidants.link_conversation(conversation, house.aidants.conversation_code(lea.id))
    house.aidants.deactivate(lea.id)
    view, secret = house.aidants.invite("lea@ccas.fr", "Léa", organisation=ccas.id)
    assert (view.id, view.active, view.enrolled, view.admin) == (lea.id, True, False, False)
    with pytest.raises(SignInRefused):
        lea.sign_in()
    enrol(house, secret)
    assert house.aidants.actor_of(conversation) is None


def test_the_first_admin_chooses_their_password_themselves(house):
    secret = house.aidants.first_admin("Admin@region.fr", "Ada Min")
    assert house.aidants.enrolment(secret).admin
    assert house.aidants.first_admin("autre@region.fr", "Autre") is None
    enrol(house, secret)
    assert house.aidants.first_admin("autre@region.fr", "Autre") is None
    assert [one.email for one in house.aidants.everyone()] == ["admin@region.fr"]
    assert house.actions() == ["invite_aidant", "enrol_aidant"]


def test_when_every_admin_left_there_is_a_first_one_again(house, ccas):
    boss = house.enrolled("admin@region.fr", None, admin=True)
    lea = house.enrolled("lea@ccas.fr", ccas.id)
    house.aidants.deactivate(boss.id)
    assert house.aidants.first_admin("lea@ccas.fr", "Léa")
    assert house.aidants.view(lea.id).admin


def test_an_aidant_may_be_made_admin_and_keeps_their_password(house, ccas):
    lea = house.enrolled("lea@ccas.fr", ccas.id)
    view, secret = house.aidants.invite("lea@ccas.fr", "Léa", organisation=None, admin=True)
    assert (view.admin, secret) == (True, None)
    assert house.told()[-1].details == {"aidant": lea.id, "admin": True, "link": False}


def test_tokens_are_forgotten_a_month_after_their_end(house, ccas):
    _, secret = house.aidants.invite("lea@ccas.fr", "Léa", organisation=ccas.id)
    house.clock.advance(days=40)
    house.aidants.invite("tom@ccas.fr", "Tom", organisation=ccas.id)
    with pytest.raises(TokenRefused) as caught:
        house.aidants.enrolment(secret)
    assert caught.value.reason == "unknown"


def test_what_the_journal_cannot_take_changes_nothing(house, ccas, monkeypatch):
    """A change and its journal entry commit together or not at all."""
    _, secret = house.aidants.invite("lea@ccas.fr", "Léa", organisation=ccas.id)

    def fails(*args, **kwargs):
        raise RuntimeError("disk full")

    monkeypatch.setattr(house.journal, "append", fails)
    with pytest.raises(RuntimeError):
        enrol(house, secret)
    with pytest.raises(RuntimeError):
        house.aidants.invite("tom@ccas.fr", "Tom", organisation=ccas.id)
    assert [(one.email, one.enrolled) for one in house.aidants.everyone()] == [("lea@ccas.fr", False)]
    assert house.aidants.enrolment(secret)
