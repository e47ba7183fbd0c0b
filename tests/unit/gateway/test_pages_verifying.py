"""The public verification of an attestation."""

import pytest
from starlette.testclient import TestClient

from bot.demarches import Demarche
from bot.mandats.rules import Duration
from bot.storage.engine import Database
from tests.unit.gateway.site import Site, field, form_of, words


def test_the_code_of_a_mandate_in_force_shows_what_to_compare(site: Site, browser: TestClient) -> None:
    mandat = site.seal()
    page = browser.get(f"/v/{mandat.public_token}")
    assert page.status_code == 200
    for expected in (
        "Ce mandat est valable",
        mandat.reference,
        "France Services de Guéret",
        "Papiers - Citoyenneté - Élections",
        "25 novembre 2027 à 12 h 02",
        mandat.fingerprint[:4] + " " + mandat.fingerprint[4:8],
    ):
        assert expected in words(page)


def test_nothing_personal_is_shown(site: Site, browser: TestClient) -> None:
    page = browser.get(f"/v/{site.seal().public_token}").text
    for personal in ("Kervella", "Yolande", "1950", "Brest", "Maiwenn"):
        assert personal not in page


def test_a_mandate_past_its_end_has_expired(site: Site, browser: TestClient) -> None:
    mandat = site.seal(duration=Duration.SHORT)
    site.house.clock.advance(days=1)
    page = browser.get(f"/v/{mandat.public_token}")
    assert page.status_code == 200
    assert "Ce mandat a expiré" in words(page)
    assert "A expiré le 26 novembre 2026 à 12 h 02" in words(page)


def test_a_revoked_scope_is_not_shown_and_a_revoked_mandate_is_told(site: Site, browser: TestClient) -> None:
    mandat = site.seal()
    site.world.register.revoke(site.world.actor, mandat.id, (Demarche.LOGEMENT,))
    assert "Logement" not in words(browser.get(f"/v/{mandat.public_token}"))
    site.world.register.revoke(site.world.actor, mandat.id)
    assert "Ce mandat a été révoqué" in words(browser.get(f"/v/{mandat.public_token}"))


def test_of_an_altered_mandate_nothing_is_confirmed(site: Site, browser: TestClient) -> None:
    mandat = site.seal()
    site.world.sql("UPDATE mandats SET expires_at = '2030-01-01 00:00:00'")
    page = words(browser.get(f"/v/{mandat.public_token}"))
    assert "Ce mandat ne peut pas être confirmé" in page
    assert "2030" not in page
    assert "Logement" not in page


def test_an_unknown_code_is_not_found(site: Site, browser: TestClient) -> None:
    page = browser.get("/v/inconnu")
    assert page.status_code == 404
    assert "Ce mandat est inconnu" in words(page)


def verify(browser: TestClient, **values: str):
    return browser.post("/verifier", data=form_of(browser.get("/verifier"), **values))


@pytest.mark.parametrize("written", ["{token}", "  {token} ", "https://mandats.exemple.fr/v/{token}"])
def test_the_code_may_be_typed_or_be_a_whole_address(site: Site, browser: TestClient, written: str) -> None:
    page = verify(browser, code=written.format(token=site.seal().public_token))
    assert (page.status_code, "Ce mandat est valable" in words(page)) == (200, True)


def test_the_printed_fingerprint_is_compared_however_it_is_spaced(site: Site, browser: TestClient) -> None:
    mandat = site.seal()
    printed = f"{mandat.fingerprint[:4].upper()} {mandat.fingerprint[4:8]}"
    assert "Ce mandat est valable" in words(verify(browser, code=mandat.public_token, fingerprint=printed))
    other = "0000" if mandat.fingerprint[:4] != "0000" else "1111"
    wrong = verify(browser, code=mandat.public_token, fingerprint=other)
    assert "Ce mandat ne peut pas être confirmé" in words(wrong)
    assert "L'empreinte saisie n'est pas celle de ce mandat" in words(wrong)
    assert field(wrong, "fingerprint") == other


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"code": " "}, "Saisissez l'adresse écrite à côté du code QR"),
        ({"code": "<script>alert(1)</script>"}, "Ce n'est pas une adresse de vérification"),
        ({"code": "inconnu-inconnu", "fingerprint": "abc"}, "au moins les 4 premiers caractères"),
        ({"code": "inconnu-inconnu", "fingerprint": "----"}, "au moins les 4 premiers caractères"),
    ],
)
def test_what_cannot_be_verified_is_told(
    site: Site, browser: TestClient, values: dict[str, str], sentence: str
) -> None:
    page = verify(browser, **values)
    assert page.status_code == 422
    assert sentence in words(page)
    assert "<script>alert" not in page.text


def test_an_unknown_code_that_was_typed_is_kept_for_correction(site: Site, browser: TestClient) -> None:
    page = verify(browser, code="inconnu-inconnu")
    assert page.status_code == 404
    assert field(page, "code") == "inconnu-inconnu"


def test_one_address_cannot_try_codes_without_end(database: Database, tmp_path) -> None:
    browser = Site.over(database, static=tmp_path, limit=3).browser()
    assert [browser.get(f"/v/essai-{n}").status_code for n in range(4)] == [404, 404, 404, 429]
    refused = browser.get("/verifier")
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "60"
    assert "Attendez 60 s" in words(refused)
