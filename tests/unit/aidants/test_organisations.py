import pytest

from bot.aidants.models import Organisation, Role
from bot.aidants.views import (
    ClosedAccount,
    NoOrganisation,
    TokenRefused,
    UnknownAidant,
    UnknownOrganisation,
    WrongField,
)
from bot.demarches import Demarche
from bot.mandats.views import AccessRefused, Actor


def test_an_organisation_begins_its_journal(house):
    made = house.aidants.create_organisation(
        "  CCAS   de Lens ", address="3 rue de la Paix\n62300 Lens", demarches=(Demarche.LOGEMENT, Demarche.PAPIERS)
    )
    assert (made.name, made.address) == ("CCAS de Lens", "3 rue de la Paix 62300 Lens")
    assert made.demarches == (Demarche.PAPIERS, Demarche.LOGEMENT)
    assert house.aidants.organisations() == (made,)
    assert house.actions(made.id) == ["create_organisation"]


def test_every_scope_is_allowed_unless_told_otherwise(house):
    assert house.organisation().demarches == tuple(Demarche)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "missing"),
        ("   ", "missing"),
        ("x" * 201, "too_long"),
        ("1234", "not_a_name"),
        ("CCAS <b>", "not_a_name"),
        ("CCAS\u202e", "not_a_name"),
        ("CCAS\x00", "not_a_name"),
    ],
)
def test_a_name_that_is_none_is_refused(house, name, reason):
    with pytest.raises(WrongField) as caught:
        house.organisation(name)
    assert (caught.value.field, caught.value.reason) == ("organisation", reason)


def test_a_name_serves_once(house):
    house.organisation("CCAS de Lens")
    with pytest.raises(WrongField, match="organisation: taken"):
        house.organisation("CCAS  de  Lens")
    assert len(house.aidants.organisations()) == 1


@pytest.mark.parametrize(("address", "reason"), [("x" * 301, "too_long"), ("<script>", "not_an_address")])
def test_an_address_that_is_none_is_refused(house, address, reason):
    with pytest.raises(WrongField, match=f"address: {reason}"):
        house.aidants.create_organisation("CCAS de Lens", address=address)


def test_an_organisation_without_scope_is_refused(house):
    with pytest.raises(WrongField, match="demarches: missing"):
        house.aidants.create_organisation("CCAS de Lens", demarches=())


def test_its_supervisor_changes_the_scopes(house):
    ccas = house.organisation()
    chief = house.enrolled("chef@ccas.fr", ccas.id, role=Role.SUPERVISEUR)
    changed = house.aidants.update_demarches(ccas.id, [Demarche.ARGENT], chief.id)
    assert changed.demarches == (Demarche.ARGENT,)
    last = house.told(ccas.id)[-1]
    assert (last.action, last.aidant) == ("update_organisation", chief.id)
    assert last.details["demarches"] == ["argent"]


def test_a_change_that_changes_nothing_is_not_journalled(house):
    ccas = house.organisation()
    house.aidants.update_demarches(ccas.id, tuple(Demarche))
    assert house.actions(ccas.id) == ["create_organisation"]


@pytest.mark.parametrize("act", ["create", "update", "remove", "deactivate", "reset", "invite", "invite_admin"])
def test_the_supervisor_of_another_organisation_may_do_nothing_here_and_it_is_told(house, act):
    ccas, town = house.organisation("CCAS"), house.organisation("Mairie")
    chief = house.enrolled("chef@mairie.fr", town.id, role=Role.SUPERVISEUR)
    lea = house.enrolled("lea@ccas.fr", ccas.id)
    acts = {
        "create": lambda: house.aidants.create_organisation("Médiathèque", by=chief.id),
        "update": lambda: house.aidants.update_demarches(ccas.id, [Demarche.ARGENT], chief.id),
        "remove": lambda: house.aidants.remove_member(lea.id, ccas.id, chief.id),
        "deactivate": lambda: house.aidants.deactivate(lea.id, chief.id),
        "reset": lambda: house.aidants.reset(lea.id, chief.id),
        "invite": lambda: house.aidants.invite("x@ccas.fr", "X", organisation=ccas.id, by=chief.id),
        "invite_admin": lambda: house.aidants.invite("x@mairie.fr", "X", organisation=town.id, admin=True, by=chief.id),
    }
    before = house.actions(ccas.id)
    with pytest.raises(AccessRefused):
        acts[act]()
    assert house.actions(ccas.id) == before
    assert house.aidants.view(lea.id).active
    assert len(house.aidants.everyone()) == 2
    assert (house.told(town.id)[-1].action, house.told(town.id)[-1].aidant) == ("refuse_access", chief.id)


def test_an_aidant_supervises_nobody_and_a_deactivated_supervisor_neither(house):
    ccas = house.organisation()
    lea, chief = house.enrolled("lea@ccas.fr", ccas.id), house.enrolled("c@ccas.fr", ccas.id, role=Role.SUPERVISEUR)
    with pytest.raises(AccessRefused):
        house.aidants.remove_member(chief.id, ccas.id, lea.id)
    house.aidants.deactivate(chief.id)
    with pytest.raises(AccessRefused):
        house.aidants.remove_member(lea.id, ccas.id, chief.id)


def test_an_admin_acts_everywhere(house):
    ccas, boss = house.organisation(), house.enrolled("admin@region.fr", None, admin=True)
    view, secret = house.aidants.invite("lea@ccas.fr", "Léa", organisation=ccas.id, by=boss.id)
    assert secret
    house.aidants.remove_member(view.id, ccas.id, boss.id)
    assert house.actions(ccas.id)[-3:] == ["invite_aidant", "add_membership", "remove_membership"]


def test_who_leaves_an_organisation_sees_its_mandates_no_more(house):
    ccas, town = house.organisation("CCAS"), house.organisation("Mairie")
    lea = house.enrolled("lea@ccas.fr", ccas.id)
    house.aidants.invite("lea@ccas.fr", "Léa", organisation=town.id)
    house.aidants.remove_member(lea.id, ccas.id)
    assert [one.organisation.name for one in house.aidants.memberships(lea.id)] == ["Mairie"]
    with pytest.raises(NoOrganisation):
        house.aidants.actor(lea.id)
    with pytest.raises(UnknownAidant):
        house.aidants.remove_member(lea.id, ccas.id)


def test_leaving_one_that_is_not_the_current_changes_nothing_else(house):
    ccas, town = house.organisation("CCAS"), house.organisation("Mairie")
    lea = house.enrolled("lea@ccas.fr", ccas.id)
    house.aidants.invite("lea@ccas.fr", "Léa", organisation=town.id)
    house.aidants.remove_member(lea.id, town.id)
    assert house.aidants.actor(lea.id) == Actor(lea.id, ccas.id)


def test_people_are_listed_by_organisation_with_their_role(house):
    ccas, town = house.organisation("CCAS"), house.organisation("Mairie")
    house.enrolled("zoe@ccas.fr", ccas.id)
    house.enrolled("ana@ccas.fr", ccas.id, role=Role.SUPERVISEUR)
    house.enrolled("tom@mairie.fr", town.id)
    assert [(one.aidant.name, one.role) for one in house.aidants.people(ccas.id)] == [
        ("Ana", Role.SUPERVISEUR),
        ("Zoe", Role.AIDANT),
    ]
    assert house.aidants.people("nowhere") == ()


def test_a_closed_account_can_do_nothing_any_more(house):
    ccas, town = house.organisation("CCAS"), house.organisation("Mairie")
    lea, conversation = house.enrolled("lea@ccas.fr", ccas.id), house.conversation()
    house.aidants.invite("lea@ccas.fr", "Léa", organisation=town.id)
    house.aidants.link_conversation(conversation, house.aidants.conversation_code(lea.id))
    link, code = house.aidants.reset(lea.id), house.aidants.conversation_code(lea.id)
    house.aidants.deactivate(lea.id)
    house.aidants.deactivate(lea.id)  # again: nothing more to tell

    assert house.aidants.actor_of(conversation) is None
    for refused in (
        lambda: house.aidants.actor(lea.id),
        lambda: house.aidants.check_code(lea.id, lea.code()),
        lambda: house.aidants.conversation_code(lea.id),
        lambda: house.aidants.reset(lea.id),
        lambda: house.aidants.switch(lea.id, town.id),
    ):
        with pytest.raises(ClosedAccount):
            refused()
    with pytest.raises(TokenRefused):
        house.aidants.enrolment(link)
    with pytest.raises(TokenRefused):
        house.aidants.link_conversation(conversation, code)
    assert house.actions(ccas.id).count("deactivate_aidant") == house.actions(town.id).count("deactivate_aidant") == 1


def test_a_supervisor_closes_the_accounts_of_their_own_people_only(house):
    ccas, town = house.organisation("CCAS"), house.organisation("Mairie")
    chief = house.enrolled("chef@ccas.fr", ccas.id, role=Role.SUPERVISEUR)
    own, shared = house.enrolled("lea@ccas.fr", ccas.id), house.enrolled("tom@ccas.fr", ccas.id)
    house.aidants.invite("tom@ccas.fr", "Tom", organisation=town.id)
    admin = house.enrolled("admin@ccas.fr", ccas.id, admin=True)
    house.aidants.deactivate(own.id, chief.id)
    assert not house.aidants.view(own.id).active
    for other in (shared, admin):
        with pytest.raises(AccessRefused):
            house.aidants.deactivate(other.id, chief.id)


def test_an_account_of_no_organisation_is_closed_in_the_journal_of_the_system(house):
    boss = house.enrolled("admin@region.fr", None, admin=True)
    house.aidants.deactivate(boss.id)
    assert house.actions()[-1] == "deactivate_aidant"


def test_switching_is_told_by_both_organisations(house):
    ccas, town = house.organisation("CCAS"), house.organisation("Mairie")
    lea = house.enrolled("lea@ccas.fr", ccas.id)
    house.aidants.invite("lea@ccas.fr", "Léa", organisation=town.id)
    assert house.aidants.switch(lea.id, town.id).organisation == town.id
    assert house.aidants.actor(lea.id) == Actor(lea.id, town.id)
    assert [one.current for one in house.aidants.memberships(lea.id)] == [False, True]
    for organisation in (ccas, town):
        last = house.told(organisation.id)[-1]
        assert (last.action, last.details) == ("switch_organisation", {"from": ccas.id, "to": town.id})
    house.aidants.switch(lea.id, town.id)  # already there
    assert house.actions(town.id).count("switch_organisation") == 1


def test_nobody_switches_to_an_organisation_that_is_not_theirs(house):
    ccas, town = house.organisation("CCAS"), house.organisation("Mairie")
    lea = house.enrolled("lea@ccas.fr", ccas.id)
    with pytest.raises(AccessRefused):
        house.aidants.switch(lea.id, town.id)
    assert house.aidants.actor(lea.id).organisation == ccas.id
    assert house.actions(ccas.id)[-1] == "refuse_access"
    assert house.actions(town.id) == ["create_organisation"]


def test_nobody_switches_to_a_closed_organisation(house):
    ccas, town = house.organisation("CCAS"), house.organisation("Mairie")
    lea = house.enrolled("lea@ccas.fr", ccas.id)
    house.aidants.invite("lea@ccas.fr", "Léa", organisation=town.id)
    with house.database.unit_of_work() as session:
        session.get_one(Organisation, town.id).active = False
    with pytest.raises(AccessRefused):
        house.aidants.switch(lea.id, town.id)


def test_what_is_unknown_is_said_to_be(house):
    lea = house.enrolled("lea@ccas.fr", house.organisation().id)
    for refused in (
        lambda: house.aidants.view("nobody"),
        lambda: house.aidants.memberships("nobody"),
        lambda: house.aidants.deactivate("nobody"),
        lambda: house.aidants.by_email("personne@ccas.fr"),
    ):
        with pytest.raises(UnknownAidant):
            refused()
    for refused in (
        lambda: house.aidants.switch(lea.id, "nowhere"),
        lambda: house.aidants.remove_member(lea.id, "nowhere"),
        lambda: house.aidants.update_demarches("nowhere", [Demarche.ARGENT]),
        lambda: house.aidants.invite("x@y.fr", "X", organisation="nowhere"),
    ):
        with pytest.raises(UnknownOrganisation):
            refused()
    assert "nowhere" not in house.journal.chains()


def test_an_address_is_found_however_it_is_written(house):
    lea = house.enrolled("lea@ccas.fr", house.organisation().id)
    assert house.aidants.by_email(" LEA@ccas.FR ").id == lea.id


def test_no_address_and_no_name_of_a_person_goes_into_a_journal(house):
    ccas = house.organisation()
    lea = house.enrolled("lea.martin@ccas.fr", ccas.id)
    lea.sign_in()
    house.aidants.link_conversation(house.conversation(), house.aidants.conversation_code(lea.id))
    house.aidants.reset(lea.id)
    house.aidants.deactivate(lea.id)
    told = str([(entry.aidant, entry.details) for chain in house.journal.chains() for entry in house.told(chain)])
    assert "martin" not in told.lower()
    assert all(house.journal.verify(chain).broken is None for chain in house.journal.chains())
