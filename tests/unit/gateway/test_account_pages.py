"""Enrolment, « Mon compte », « Ma structure » and the administration; who may open what: test_authorisation_matrix."""

import re
from pathlib import Path

import pyotp
import pytest

from bot.aidants.models import Role
from bot.demarches import Demarche
from bot.journal.actions import Action
from bot.storage.engine import Database
from tests.unit.aidants.house import PASSWORD
from tests.unit.gateway.office import OTHER, Office
from tests.unit.gateway.site import field, form_of, words


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return Office.over(database, static=tmp_path / "static")


NEW_PASSWORD = "trombone lavande pivert"


def test_what_another_structure_tried_is_journalled_and_looks_like_nothing(office: Office) -> None:
    mandat = office.seal()
    browser = office.signed_in(office.stranger)
    theirs, nothing = browser.get(f"/mandats/{mandat.id}"), browser.get("/mandats/inconnu")
    assert words(theirs) == words(nothing)
    assert "Introuvable dans votre structure" in words(theirs)
    assert office.site.house.actions(office.other).count(Action.REFUSE_ACCESS) == 2
    assert Action.REFUSE_ACCESS not in office.site.house.actions(office.home)


# Enrolment


def enrol(office: Office, secret: str, **values: str):
    browser = office.site.browser()
    page = browser.get(f"/inscription/{secret}")
    assert page.status_code == 200
    totp = field(page, "totp")
    right = {"password": NEW_PASSWORD, "totp": totp, "code": pyotp.TOTP(totp).at(office.site.house.clock.now())}
    return browser, browser.post(f"/inscription/{secret}", data=form_of(page, **(right | values)))


@pytest.fixture
def secret(office: Office) -> str:
    _, secret = office.site.house.aidants.invite("enora@exemple.fr", "Énora Le Gall", organisation=office.home)
    assert secret is not None
    return secret


def test_an_invited_person_enrols_then_signs_in(office: Office, secret: str) -> None:
    browser, answer = enrol(office, secret)
    assert answer.status_code == 200
    assert "Vos codes de secours" in words(answer)
    assert len(re.findall(r"<li>\d{4} \d{4} \d{4} \d{4}</li>", answer.text)) == 10
    assert 'href="/connexion?fin=inscrit"' in answer.text
    assert "Votre compte est prêt" in words(browser.get("/connexion?fin=inscrit"))
    again = browser.get(f"/inscription/{secret}")
    assert again.status_code == 410
    assert "Ce lien a déjà servi" in words(again)


def test_the_page_shows_a_key_in_two_ways(office: Office, secret: str) -> None:
    page = office.site.browser().get(f"/inscription/{secret}")
    totp = field(page, "totp")
    assert " ".join(totp[place : place + 4] for place in range(0, 32, 4)) in words(page)
    assert re.search(r"<svg[^>]*viewBox", page.text)
    assert "12 caractères ou plus" in words(page)
    assert "enora@exemple.fr" in words(page)


def test_opening_the_link_changes_nothing(office: Office, secret: str) -> None:
    for _ in range(3):
        office.site.browser().get(f"/inscription/{secret}")
    assert enrol(office, secret)[1].status_code == 200


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"password": ""}, "Choisissez un mot de passe."),
        ({"password": "court"}, "Ce mot de passe est trop court"),
        ({"password": "a" * 201}, "Ce mot de passe est trop long"),
        ({"password": "motdepasse motdepasse"}, "de ceux que l'on essaie en premier"),
        ({"password": "enora le gall enora"}, "reprend surtout votre nom"),
        ({"password": "trombone\u0007lavande"}, "un signe que l'on ne peut pas retaper"),
        ({"code": ""}, "Saisissez les 6 chiffres"),
        ({"code": "abcdef"}, "Ce code n'est pas le bon."),
        ({"totp": "AAAA"}, "La page a changé"),
    ],
)
def test_a_wrong_choice_is_told_beside_it_and_the_link_stays_good(
    office: Office, secret: str, wrong: dict[str, str], sentence: str
) -> None:
    _, answer = enrol(office, secret, **wrong)
    assert answer.status_code == 422
    assert words(answer).count(sentence) == 2
    assert enrol(office, secret)[1].status_code == 200


def test_the_key_stays_the_same_when_something_is_wrong(office: Office, secret: str) -> None:
    browser = office.site.browser()
    page = browser.get(f"/inscription/{secret}")
    answer = browser.post(f"/inscription/{secret}", data=form_of(page, totp=field(page, "totp"), password="court"))
    assert field(answer, "totp") == field(page, "totp")


@pytest.mark.parametrize("sent", [False, True])
def test_links_that_open_nothing_are_explained(office: Office, secret: str, sent: bool) -> None:
    browser = office.site.browser()
    page = browser.get(f"/inscription/{secret}")

    def answer(address: str):
        return (
            browser.post(address, data=form_of(page, password="x", code="1", totp="A"))
            if sent
            else browser.get(address)
        )

    office.site.house.clock.advance(hours=73)
    expired = answer(f"/inscription/{secret}")
    assert expired.status_code == 410
    assert "72 heures" in words(expired)
    assert browser.get("/inscription/inconnu").status_code == 404


def test_a_reset_gives_another_password(office: Office) -> None:
    secret = office.site.house.aidants.reset(office.aidant.id)
    page = office.site.browser().get(f"/inscription/{secret}")
    assert "Choisir un nouveau mot de passe" in words(page)
    office.site.house.clock.advance(minutes=1)
    assert enrol(office, secret)[1].status_code == 200
    browser = office.site.browser()
    refused = office.send(browser, "/connexion", email=office.aidant.view.email, password=PASSWORD, code="123456")
    assert refused.status_code == 422


# « Mon compte »


def test_the_account_shows_who_one_is(office: Office) -> None:
    page = words(office.signed_in(office.aidant).get("/compte"))
    for expected in ("maiwenn@exemple.fr", "France Services de Guéret", "Conversations reliées Aucune"):
        assert expected in page
    assert "Administration" not in page
    assert "Ma structure" not in page
    assert "Ma structure" in words(office.signed_in(office.supervisor).get("/compte"))
    assert "Administration" in words(office.signed_in(office.admin).get("/compte"))


def test_a_code_ties_a_conversation(office: Office) -> None:
    browser = office.signed_in(office.aidant)
    page = words(office.send(browser, "/compte", "/compte/code"))
    code = re.search(r"lier (\d{4} \d{4})", page)
    assert code is not None
    office.site.house.aidants.link_conversation(office.site.conversation, code[1])
    assert "Conversations reliées 1" in words(browser.get("/compte"))


def test_one_switches_to_another_structure(office: Office) -> None:
    mandat = office.seal()
    office.site.house.aidants.invite(office.aidant.view.email, "Maïwenn", organisation=office.other)
    browser = office.signed_in(office.aidant)
    answer = office.send(browser, "/compte", "/compte/structure", organisation=office.other)
    assert answer.headers["location"] == "/compte?fait=structure"
    assert f"Structure actuelle {OTHER}" in words(browser.get("/compte"))
    assert browser.get(f"/mandats/{mandat.id}").status_code == 404


def test_someone_without_structure_is_told(office: Office) -> None:
    browser = office.signed_in(office.aidant)
    office.site.house.aidants.remove_member(office.aidant.id, office.home)
    assert "Vous n'agissez pour aucune structure" in words(browser.get("/mandats"))
    assert "Vous n'êtes rattaché à aucune structure" in words(browser.get("/compte"))


# « Ma structure »


def structure(office: Office, action: str = "") -> str:
    return f"/structure/{office.home}{action}"


def test_a_supervisor_invites_and_sees_the_link_once(office: Office) -> None:
    browser = office.signed_in(office.supervisor)
    answer = office.send(
        browser, structure(office), structure(office, "/invitations"), email="Enora@exemple.fr", name="Énora Le Gall"
    )
    link = re.search(r"http://testserver/inscription/([\w-]+)", words(answer))
    assert link is not None
    assert office.site.house.aidants.enrolment(link[1]).email == "enora@exemple.fr"
    page = words(browser.get(structure(office)))
    assert "inscription/" not in page
    assert "enora@exemple.fr Aidant, inscription en attente" in page


def test_someone_who_is_enrolled_needs_no_link(office: Office) -> None:
    browser = office.signed_in(office.supervisor)
    answer = office.send(
        browser,
        structure(office),
        structure(office, "/invitations"),
        email=office.stranger.view.email,
        name="Goulven",
        role="superviseur",
    )
    assert "Goulven a maintenant accès" in words(answer)
    assert "inscription/" not in words(answer)
    roles = {one.aidant.id: one.role for one in office.site.house.aidants.people(office.home)}
    assert roles[office.stranger.id] is Role.SUPERVISEUR


def test_an_address_that_another_structure_is_opening_is_refused(office: Office) -> None:
    office.site.house.aidants.invite("enora@exemple.fr", "Énora", organisation=office.other)
    answer = office.send(
        office.signed_in(office.supervisor),
        structure(office),
        structure(office, "/invitations"),
        email="enora@exemple.fr",
        name="Énora",
    )
    assert answer.status_code == 422
    assert "Une autre structure ouvre déjà un compte" in words(answer)
    assert field(answer, "name") == "Énora"


def test_a_supervisor_removes_someone_after_a_page_that_asks(office: Office) -> None:
    browser = office.signed_in(office.supervisor)
    page = structure(office, f"/personnes/{office.aidant.id}/retirer")
    assert "Retirer Maiwenn ?" in words(browser.get(page))
    answer = office.send(browser, page)
    assert answer.headers["location"] == structure(office, "?fait=retrait")
    assert office.aidant.id not in {one.aidant.id for one in office.site.house.aidants.people(office.home)}
    assert browser.get(page).status_code == 404


def test_one_cannot_remove_oneself(office: Office) -> None:
    browser = office.signed_in(office.supervisor)
    answer = office.send(browser, structure(office), structure(office, f"/personnes/{office.supervisor.id}/retirer"))
    assert "Vous ne pouvez pas vous retirer vous-même" in words(answer)
    assert browser.get(structure(office)).status_code == 200


def test_a_new_link_is_refused_for_who_works_elsewhere_too(office: Office) -> None:
    browser = office.signed_in(office.supervisor)
    link = structure(office, f"/personnes/{office.aidant.id}/lien")
    assert "/inscription/" in words(office.send(browser, structure(office), link))
    office.site.house.aidants.invite(office.aidant.view.email, "Maïwenn", organisation=office.other)
    assert "que vous ne supervisez pas" in words(office.send(browser, structure(office), link))
    stranger = structure(office, f"/personnes/{office.stranger.id}/lien")
    assert office.send(browser, structure(office), stranger).status_code == 404


def test_a_deactivated_person_is_shown_as_such(office: Office) -> None:
    office.site.house.aidants.deactivate(office.aidant.id)
    browser = office.signed_in(office.supervisor)
    assert "Aidant, compte désactivé" in words(browser.get(structure(office)))
    link = structure(office, f"/personnes/{office.aidant.id}/lien")
    assert "est désactivé" in words(office.send(browser, structure(office), link))


def test_a_supervisor_chooses_the_scopes(office: Office) -> None:
    browser = office.signed_in(office.supervisor)
    action = structure(office, "/demarches")
    assert "Gardez au moins une démarche." in words(office.send(browser, structure(office), action))
    answer = office.send(browser, structure(office), action, **{"demarche-logement": "oui", "demarche-social": "oui"})
    assert answer.headers["location"] == structure(office, "?fait=demarches")
    assert office.site.house.aidants.organisation(office.home).demarches == (Demarche.SOCIAL, Demarche.LOGEMENT)
    assert Action.UPDATE_ORGANISATION in office.site.house.actions(office.home)


# The administration


def test_an_admin_creates_a_structure_and_invites_its_first_supervisor(office: Office) -> None:
    browser = office.signed_in(office.admin)
    made = office.send(browser, "/admin", "/admin/structures", organisation="Mairie de Plouzané", address="1 place")
    assert made.headers["location"] == "/admin?fait=structure"
    page = browser.get("/admin")
    link = re.search(r'href="(/structure/\w+)">Mairie de Plouzané', page.text)
    assert link is not None
    invited = office.send(
        browser, link[1], f"{link[1]}/invitations", email="enora@exemple.fr", name="Énora", role="superviseur"
    )
    assert "http://testserver/inscription/" in words(invited)


@pytest.mark.parametrize(
    ("organisation", "sentence"),
    [("", "Indiquez le nom de la structure."), (OTHER, "Une structure porte déjà ce nom."), ("a" * 201, "Abrégez")],
)
def test_a_wrong_structure_is_told(office: Office, organisation: str, sentence: str) -> None:
    answer = office.send(
        office.signed_in(office.admin), "/admin", "/admin/structures", organisation=organisation, address="ici"
    )
    assert answer.status_code == 422
    assert words(answer).count(sentence) == 2
    assert field(answer, "address") == "ici"


def test_an_admin_invites_another(office: Office) -> None:
    answer = office.send(
        office.signed_in(office.admin), "/admin", "/admin/invitations", email="enora@exemple.fr", name="Énora"
    )
    assert "http://testserver/inscription/" in words(answer)
    assert office.site.house.aidants.by_email("enora@exemple.fr").admin
