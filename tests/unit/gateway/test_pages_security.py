"""Headers, cookies, signed values, forms of other sites, and the pages of errors."""

from datetime import timedelta
from pathlib import Path

import pytest
from starlette.responses import Response
from starlette.testclient import TestClient

from bot.gateway.pages.security import Cookies, Signer
from bot.privacy.envelope import KeyRing
from tests.unit.aidants.house import KEYS, FakeClock
from tests.unit.gateway.site import Site, form_of, words

PAGES = ("/accueil", "/verifier", "/v/inconnu", "/s/inconnu", "/mandat/preparer", "/accessibilite", "/nulle-part")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_runs_only_our_own_files_and_stays_nowhere(browser: TestClient, path: str) -> None:
    page = browser.get(path)
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    for directive in ("script-src 'self'", "style-src 'self'", "form-action 'self'", "frame-ancestors 'none'"):
        assert directive in policy
    assert "unsafe" not in policy
    assert page.headers["cache-control"] == "no-store"
    assert "<style" not in page.text
    assert " style=" not in page.text
    assert "<script>" not in page.text
    assert '<html lang="fr">' in page.text
    assert "<main" in page.text


def test_what_programs_get_keeps_its_stricter_policy(site: Site) -> None:
    health = site.browser().get("/healthz", headers={"accept": "*/*"})
    assert health.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert health.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "", "origin": "https://ailleurs.exemple"},
    ],
)
def test_a_form_sent_by_another_site_is_refused(site: Site, browser: TestClient, headers: dict[str, str]) -> None:
    page = site.opened(browser)
    answer = browser.post("/mandat/preparer", data=form_of(page), headers=headers)
    assert answer.status_code == 403
    assert "Rien n'a été enregistré" in words(answer)


@pytest.mark.parametrize("origin", [None, "http://testserver"])
def test_a_browser_without_fetch_metadata_is_judged_by_its_origin(site: Site, origin: str | None) -> None:
    browser = site.browser()
    del browser.headers["sec-fetch-site"]
    headers = {"origin": origin} if origin else {}
    page = browser.get("/verifier")
    assert browser.post("/verifier", data=form_of(page), headers=headers).status_code == 422
    assert browser.post("/verifier", data=form_of(page), headers={"origin": "null"}).status_code == 403


def test_a_form_without_its_token_or_with_another_one_is_refused(site: Site, browser: TestClient) -> None:
    _, secret = site.draft()
    landing = browser.get(f"/s/{secret}")
    other = browser.get("/verifier")
    for data in ({}, {"csrf": ""}, {"csrf": "é"}, form_of(other)):
        assert browser.post(f"/s/{secret}", data=data).status_code == 403
    assert browser.post(f"/s/{secret}", data=form_of(landing)).status_code == 303


def test_the_token_of_another_browser_is_refused(site: Site, browser: TestClient) -> None:
    _, secret = site.draft()
    landing = browser.get(f"/s/{secret}")
    other = site.browser()
    assert other.post(f"/s/{secret}", data=form_of(landing)).status_code == 403
    other.get(f"/s/{secret}")
    assert other.post(f"/s/{secret}", data=form_of(landing)).status_code == 403


def test_cookies_are_secure_when_the_site_is(site: Site) -> None:
    response = Response()
    Cookies("https://mandats.exemple.fr").put(response, "nom", "valeur")
    assert "Secure" in response.headers["set-cookie"]


def test_a_signed_value_cannot_be_changed_moved_or_kept(site: Site) -> None:
    clock = FakeClock()
    signer = Signer(KEYS, clock, purpose="essai", valid_for=timedelta(minutes=1))
    signed = signer.sign("valeur é")
    assert signer.read(signed) == "valeur é"
    assert Signer(KEYS, clock, purpose="autre", valid_for=timedelta(minutes=1)).read(signed) is None
    for wrong in (None, "", "a", "a.b.c.d", signed[:-1], "A" + signed, signed.replace(".p1.", ".p2."), "é" + signed):
        assert signer.read(wrong) is None
    clock.advance(minutes=1)
    assert signer.read(signed) is None


def test_a_signed_value_survives_a_change_of_key() -> None:
    clock, valid_for = FakeClock(), timedelta(minutes=1)
    signed = Signer(KEYS, clock, purpose="essai", valid_for=valid_for).sign("valeur")
    renewed = KeyRing("p2", {"p2": b"n" * 32, **KEYS.keys})
    assert Signer(renewed, clock, purpose="essai", valid_for=valid_for).read(signed) == "valeur"


def test_browsers_get_pages_of_errors_and_programs_get_json(site: Site, browser: TestClient) -> None:
    page = browser.get("/nulle-part")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "Cette page n'existe pas" in words(page)
    assert browser.get("/nulle-part", headers={"accept": "*/*"}).json()["detail"].startswith("Cette adresse")
    assert browser.delete("/verifier").status_code == 405


def test_an_unexpected_error_shows_its_number_and_nothing_else(site: Site, browser: TestClient, monkeypatch) -> None:
    def broken(_self: object, _token: str) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(type(site.world.verification), "check", broken)
    page = browser.get("/v/inconnu")
    assert page.status_code == 500
    assert page.headers["x-request-id"] in words(page)
    assert "secret" not in page.text


def test_the_home_page_is_for_browsers(browser: TestClient) -> None:
    assert browser.get("/").headers["location"] == "/accueil"
    assert browser.get("/", headers={"accept": "*/*"}).json()["nom"] == "Équipier"


def test_static_files_are_kept_for_ever_and_only_theirs_are_served(site: Site, browser: TestClient) -> None:
    folder = site.services.static / "dsfr" / "1.14.4"
    folder.mkdir(parents=True)
    (folder / "dsfr.min.css").write_text("a{}")
    (site.services.static / "secret.txt").write_text("x")
    for path in ("/static/dsfr/1.14.4/dsfr.min.css", "/static/equipier/abc/equipier.css"):
        answer = browser.get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    for path in ("/static/dsfr/..%2Fsecret.txt", "/static/equipier/abc/..%2F..%2Fapp.py", "/static/dsfr/rien.css"):
        missing = browser.get(path)
        assert missing.status_code == 404
        assert missing.headers["cache-control"] == "no-store"


def test_without_the_design_system_pages_still_answer(site: Site, browser: TestClient) -> None:
    assert not Path(site.services.static).exists()
    assert browser.get("/verifier").status_code == 200


def test_a_request_of_another_type_than_a_form_is_refused_as_one(site: Site, browser: TestClient) -> None:
    assert browser.post("/verifier", json={"code": "x"}).status_code == 403
    assert browser.post("/verifier", files={"code": ("x.txt", b"x")}).status_code == 403
