"""Recovery codes, the end of every session, and the page that tells who signed in and who was refused."""

import re
from pathlib import Path

import pytest

from bot.aidants.models import Role
from bot.journal.actions import Action
from bot.storage.engine import Database
from tests.unit.aidants.house import PASSWORD
from tests.unit.gateway.office import Office
from tests.unit.gateway.site import form_of, words


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return Office.over(database, static=tmp_path / "static")


def sign_in(office: Office, code: str, *, password: str = PASSWORD):
    browser = office.site.browser()
    values = {"email": office.aidant.view.email, "password": password, "code": code}
    return browser, office.send(browser, "/connexion", **values)


def spare_codes(office: Office) -> list[str]:
    """Those that « Mon compte » shows, once."""
    shown = office.send(
        office.signed_in(office.aidant), "/compte", "/compte/codes-de-secours", code=office.aidant.code()
    )
    assert shown.status_code == 200
    office.site.house.clock.advance(seconds=30)
    return re.findall(r"<li>(\d{4} \d{4} \d{4} \d{4})</li>", shown.text)


def test_a_recovery_code_signs_in_and_the_page_tells_how_many_are_left(office: Office) -> None:
    codes = spare_codes(office)
    browser, answer = sign_in(office, codes[0])
    assert (answer.status_code, answer.headers["location"]) == (303, "/compte?fait=secours")
    assert "Vous venez d'utiliser un code de secours. Il vous en reste 9." in words(browser.get("/compte?fait=secours"))
    assert sign_in(office, codes[0])[1].status_code == 422
    assert sign_in(office, codes[1])[1].status_code == 303


def test_few_codes_left_are_told_on_every_visit(office: Office) -> None:
    codes = spare_codes(office)
    for code in codes[:7]:
        browser, _ = sign_in(office, code)
    page = words(browser.get("/compte"))
    assert "Il vous reste 3 codes de secours. Demandez-en de nouveaux" in page
    for code in codes[7:]:
        sign_in(office, code)
    assert "Vous n'avez plus aucun code de secours" in words(browser.get("/compte"))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Saisissez les 6 chiffres"),
        ("wrong", "Essais restants : 4."),
        ("1234 5678 1234 5678", "Ce code ne convient"),
    ],
)
def test_new_codes_want_a_fresh_code(office: Office, typed: str, sentence: str) -> None:
    browser = office.signed_in(office.aidant)
    code = office.aidant.wrong_code() if typed == "wrong" else typed
    answer = office.send(browser, "/compte", "/compte/codes-de-secours", code=code)
    assert answer.status_code == 422
    assert words(answer).count(sentence) == 2


def test_too_many_wrong_codes_are_told_until_when(office: Office) -> None:
    browser = office.signed_in(office.aidant)
    for _ in range(5):
        answer = office.send(browser, "/compte", "/compte/codes-de-secours", code=office.aidant.wrong_code())
    assert "attendez jusqu'à 12 h 19" in words(answer)


def test_leaving_everywhere_closes_every_browser(office: Office) -> None:
    here, there, colleague = (office.signed_in(who) for who in (office.aidant, office.aidant, office.supervisor))
    answer = office.send(here, "/compte", "/compte/deconnexions")
    assert answer.headers["location"] == "/connexion?fin=partout"
    assert "Toutes vos sessions sont fermées" in words(here.get("/connexion?fin=partout"))
    ended = there.get("/mandats")
    assert ended.headers["location"] == "/connexion?fin=everywhere&suite=/mandats"
    assert "Cette session a été fermée" in words(there.get(ended.headers["location"]))
    assert colleague.get("/mandats").status_code == 200


def test_a_new_password_closes_every_session(office: Office) -> None:
    open_elsewhere, house = office.signed_in(office.aidant), office.site.house
    house.clock.advance(minutes=1)
    house.aidants.enrol(house.aidants.reset(office.aidant.id), PASSWORD, office.aidant.totp, office.aidant.code())
    assert open_elsewhere.get("/mandats").headers["location"].startswith("/connexion?fin=everywhere")


def test_the_page_tells_who_signed_in_and_who_was_refused(office: Office) -> None:
    sign_in(office, office.aidant.code())
    sign_in(office, office.aidant.code())
    sign_in(office, office.aidant.code(), password="mauvais mot de passe")
    office.signed_in(office.aidant).get(f"/structure/{office.home}")
    page = words(office.signed_in(office.supervisor).get(f"/structure/{office.home}/connexions"))
    for expected in (
        "Maiwenn Connexion",
        "Connexion refusée : code faux, ou déjà utilisé",
        "Connexion refusée : mot de passe faux",
        "Page refusée : /structure/{organisation_id}",
    ):
        assert expected in page
    refusals = words(office.signed_in(office.supervisor).get(f"/structure/{office.home}/connexions?etat=refus"))
    assert "Maiwenn Connexion refusée" in refusals
    assert "Inscription" not in refusals


def test_the_page_tells_neither_passwords_nor_addresses(office: Office) -> None:
    browser = office.site.browser()
    office.send(browser, "/connexion", email="inconnue@exemple.fr", password="secret à moi", code="123456")
    page = office.signed_in(office.admin).get("/admin/connexions")
    assert "Connexion refusée : adresse sans compte" in words(page)
    for hidden in ("inconnue@exemple.fr", "secret à moi", "123456"):
        assert hidden not in page.text


def test_a_supervisor_sees_only_their_structure(office: Office) -> None:
    sign_in(office, office.aidant.code())
    page = words(office.signed_in(office.stranger).get(f"/structure/{office.other}/connexions"))
    assert "Maiwenn" not in page
    assert "Goulven Inscription" in page


@pytest.mark.parametrize("page", ["0", "-1", "x", "99", "9" * 30])
def test_a_page_number_that_is_none_shows_a_page(office: Office, page: str) -> None:
    answer = office.signed_in(office.admin).get(f"/admin/connexions?page={page}")
    assert answer.status_code == 200


def test_many_lines_have_pages(office: Office) -> None:
    house = office.site.house
    for _ in range(60):
        house.aidants.refused(office.aidant.id, tried="GET /admin")
    browser = office.signed_in(office.supervisor)
    address = f"/structure/{office.home}/connexions?etat=refus"
    assert "Page 1 sur 2 Plus anciennes" in words(browser.get(address))
    assert "Plus récentes Page 2 sur 2" in words(browser.get(f"{address}&page=2"))


def test_whoever_only_answers_is_told_that_mandates_are_not_theirs(office: Office) -> None:
    rozenn = office.site.house.enrolled("rozenn@exemple.fr", office.home, role=Role.HELPDESK)
    browser = office.signed_in(rozenn)
    refused = browser.get("/mandats")
    assert refused.status_code == 403
    assert "Les mandats ne vous sont pas ouverts" in words(refused)
    assert "Vous y répondez aux demandes d'aide" in words(browser.get("/compte"))
    assert 'href="/mandats"' not in browser.get("/compte").text
    assert office.site.house.actions(office.home)[-1] == Action.REFUSE_ACCESS


def test_a_supervisor_invites_someone_to_answer(office: Office) -> None:
    browser = office.signed_in(office.supervisor)
    page = browser.get(f"/structure/{office.home}")
    values = {"email": "rozenn@exemple.fr", "name": "Rozenn Le Bihan", "role": "helpdesk"}
    browser.post(f"/structure/{office.home}/invitations", data=form_of(page, **values))
    people = {one.aidant.email: one.role for one in office.site.house.aidants.people(office.home)}
    assert people["rozenn@exemple.fr"] is Role.HELPDESK
    assert "Répond aux demandes d'aide" in words(browser.get(f"/structure/{office.home}"))
