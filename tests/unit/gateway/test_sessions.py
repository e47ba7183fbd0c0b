"""Signing in, the life of a session, and what a session does not allow."""

from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

from bot.aidants.models import EndedSession
from bot.gateway.desk.access import local_path
from bot.gateway.desk.sessions import COOKIE, LASTS, Sessions
from bot.gateway.pages.security import Cookies
from bot.journal.actions import Action
from bot.storage.engine import Database
from tests.unit.aidants.house import KEYS, PASSWORD, FakeClock
from tests.unit.gateway.office import Office
from tests.unit.gateway.site import form_of, words


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return Office.over(database, static=tmp_path / "static")


def sign_in(office: Office, browser: TestClient, *, page: str = "/connexion", **values: str):
    right = {"email": office.aidant.view.email, "password": PASSWORD, "code": office.aidant.code()}
    return office.send(browser, page, "/connexion", **(right | values))


def test_an_aidant_signs_in_and_out(office: Office) -> None:
    browser = office.site.browser()
    answer = sign_in(office, browser)
    assert (answer.status_code, answer.headers["location"]) == (303, "/mandats")
    assert browser.get("/mandats").status_code == 200
    assert Action.CONNECT_AIDANT in office.site.house.actions(office.home)
    out = office.send(browser, "/compte", "/deconnexion")
    assert (out.status_code, out.headers["location"]) == (303, "/connexion?fin=partie")
    assert COOKIE not in browser.cookies
    assert browser.get("/mandats").status_code == 303


@pytest.mark.parametrize("left", ["/deconnexion", "/compte/deconnexions"])
def test_a_copy_of_the_cookie_of_a_session_that_was_left_opens_nothing_anywhere(office: Office, left: str) -> None:
    browser = office.site.browser()
    sign_in(office, browser)
    copied = browser.cookies[COOKIE]
    office.send(browser, "/compte", left)
    office.site.house.clock.advance(seconds=1)
    elsewhere = office.site.browser()  # another process: it makes its services anew
    elsewhere.cookies.set(COOKIE, copied)
    assert elsewhere.get("/mandats").headers["location"].startswith("/connexion?fin=")


def test_sessions_that_were_left_are_forgotten_once_they_would_have_ended(office: Office, database: Database) -> None:
    house = office.site.house
    for _ in range(2):
        house.aidants.end_session("une", until=house.clock.now() + LASTS)
    house.clock.advance(hours=13)
    house.aidants.end_session("deux", until=house.clock.now() + LASTS)
    with database.unit_of_work() as session:
        assert len(session.scalars(select(EndedSession)).all()) == 1


def test_one_lands_where_one_was_going(office: Office) -> None:
    browser = office.site.browser()
    refused = browser.get("/mandats?etat=termines")
    assert (refused.status_code, refused.headers["location"]) == (303, "/connexion?suite=/mandats%3Fetat%3Dtermines")
    shown = browser.get(refused.headers["location"])
    assert "Connectez-vous pour ouvrir cette page." in words(shown)
    answer = browser.post(
        "/connexion",
        data=form_of(
            shown,
            suite="/mandats?etat=termines",
            email=office.aidant.view.email,
            password=PASSWORD,
            code=office.aidant.code(),
        ),
    )
    assert answer.headers["location"] == "/mandats?etat=termines"


@pytest.mark.parametrize("person", ["admin", "supervisor"])
def test_everyone_lands_on_their_own_page(office: Office, person: str) -> None:
    who = getattr(office, person)
    answer = sign_in(office, office.site.browser(), email=who.view.email, code=who.code())
    assert answer.headers["location"] == {"admin": "/admin", "supervisor": "/mandats"}[person]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://ailleurs.example/",
        "//ailleurs.example/",
        "/\\ailleurs.example/",
        "\\\\ailleurs.example",
        "/\t/ailleurs.example",
        "/ /ailleurs.example",
        "javascript:alert(1)",
        "mandats",
        "",
        "/" + "a" * 600,
        "/a\nSet-Cookie: x",
        "http:/mandats",
    ],
)
def test_nobody_is_sent_elsewhere(office: Office, elsewhere: str) -> None:
    assert local_path(elsewhere) is None
    browser = office.site.browser()
    answer = sign_in(office, browser, suite=elsewhere)
    assert (answer.status_code, answer.headers["location"]) == (303, "/mandats")


@pytest.mark.parametrize("path", ["/mandats", "/mandats/nouveau?x=//y", "/compte"])
def test_one_may_come_back_to_our_own_pages(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "wrong", [{"password": "autre chose"}, {"email": "inconnue@exemple.fr"}, {"email": "x"}, {"code": "wrong"}]
)
def test_what_was_wrong_is_not_told(office: Office, wrong: dict[str, str]) -> None:
    if wrong.get("code"):
        wrong = {"code": office.aidant.wrong_code()}
    answer = sign_in(office, office.site.browser(), **wrong)
    assert answer.status_code == 422
    assert "L'adresse, le mot de passe ou le code ne convient pas." in words(answer)
    assert COOKIE not in answer.cookies
    assert PASSWORD not in answer.text


def test_missing_fields_are_told_beside_them_and_count_as_no_try(office: Office) -> None:
    browser = office.site.browser()
    for _ in range(6):
        answer = sign_in(office, browser, password="", code=" ")
        assert words(answer).count("Saisissez votre mot de passe.") == 2
        assert "Il y a 2 erreurs à corriger" in words(answer)
    assert sign_in(office, browser).status_code == 303


def test_the_fifth_failure_locks_and_says_until_when(office: Office) -> None:
    browser = office.site.browser()
    for _ in range(5):
        answer = sign_in(office, browser, password="autre chose")
    assert "bloquée jusqu'à 12 h 19" in words(answer)
    assert "bloquée" in words(sign_in(office, browser))
    office.site.house.clock.advance(minutes=16)
    assert sign_in(office, browser).status_code == 303


def test_a_code_serves_once(office: Office) -> None:
    code = office.aidant.code()
    assert sign_in(office, office.site.browser(), code=code).status_code == 303
    assert sign_in(office, office.site.browser(), code=code).status_code == 422


def test_too_many_tries_from_one_address_have_to_wait(office: Office) -> None:
    office.site.services.limiter._limit = 2  # type: ignore[attr-defined]
    browser = office.site.browser()
    for _ in range(2):
        sign_in(office, browser, password="")
    assert sign_in(office, browser, password="").status_code == 429


def test_the_cookie_is_out_of_the_reach_of_scripts_and_of_other_sites(office: Office) -> None:
    written = sign_in(office, office.site.browser()).headers["set-cookie"].lower()
    assert "httponly" in written
    assert "samesite=lax" in written
    assert "path=/;" in written
    assert "secure" not in written


def test_over_https_the_cookie_is_secure() -> None:
    answer = Response()
    Sessions(KEYS, FakeClock(), Cookies("https://equipier.example")).open(answer, "a")
    assert "Secure" in answer.headers["set-cookie"]


def test_each_sign_in_has_an_id_of_its_own() -> None:
    sessions = Sessions(KEYS, FakeClock(), Cookies("http://x"))
    assert sessions.open(Response(), "a").id != sessions.open(Response(), "a").id


def test_a_session_ends_after_half_an_hour_without_a_request(office: Office) -> None:
    browser = office.signed_in(office.aidant)
    for _ in range(3):
        office.site.house.clock.advance(minutes=29)
        assert browser.get("/mandats").status_code == 200
    office.site.house.clock.advance(minutes=31)
    ended = browser.get("/mandats")
    assert ended.headers["location"] == "/connexion?fin=ended&suite=/mandats"
    assert COOKIE not in browser.cookies
    assert "Votre session est terminée" in words(browser.get(ended.headers["location"]))


def test_a_session_ends_after_twelve_hours_whatever_is_done(office: Office) -> None:
    browser = office.signed_in(office.aidant)
    for _ in range(35):
        office.site.house.clock.advance(minutes=20)
        assert browser.get("/compte").status_code == 200
    office.site.house.clock.advance(minutes=20)
    assert browser.get("/compte").status_code == 303


def read(clock: FakeClock, cookie: str):
    scope = {"type": "http", "headers": [(b"cookie", f"{COOKIE}={cookie}".encode())]}
    return Sessions(KEYS, clock, Cookies("http://x")).read(Request(scope))


def test_an_altered_cookie_is_none() -> None:
    clock, answer = FakeClock(), Response()
    Sessions(KEYS, clock, Cookies("http://x")).open(answer, "a")
    cookie = answer.headers["set-cookie"].split(";")[0].partition("=")[2]
    assert read(clock, cookie) is not None
    for altered in (cookie[:-1], "x" + cookie, cookie.replace(".", ""), "", "a.b.c.d"):
        assert read(clock, altered) is None


def test_a_deactivated_account_is_refused_at_once(office: Office) -> None:
    browser = office.signed_in(office.aidant)
    assert browser.get("/mandats").status_code == 200
    office.site.house.aidants.deactivate(office.aidant.id)
    refused = browser.get("/mandats")
    assert refused.headers["location"] == "/connexion?fin=closed&suite=/mandats"
    assert COOKIE not in browser.cookies
    assert "Votre compte est fermé" in words(browser.get(refused.headers["location"]))


def test_a_form_of_a_former_session_is_refused(office: Office) -> None:
    browser = office.signed_in(office.aidant)
    page = browser.get("/compte")
    again = office.signed_in(office.aidant)
    again.cookies.update({"equipier_forms": browser.cookies["equipier_forms"]})
    assert again.post("/compte/code", data=form_of(page)).status_code == 403
    assert browser.post("/compte/code", data=form_of(page)).status_code == 200


def test_someone_signed_in_needs_no_sign_in_page(office: Office) -> None:
    browser = office.signed_in(office.aidant)
    assert browser.get("/connexion?suite=/mandats").headers["location"] == "/mandats"
    assert browser.get("/connexion?suite=//x").headers["location"] == "/compte"
