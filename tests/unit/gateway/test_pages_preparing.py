"""The secure page of a draft, from the link to the seal."""

from datetime import date

import pytest
from starlette.testclient import TestClient

from bot.demarches import Demarche
from bot.mandats import wording
from bot.mandats.identity import Identity
from bot.mandats.rules import Status
from bot.privacy.spans import PiiType
from tests.unit.gateway.site import DECLARED, Site, data_url, field, form_of, png, words


def errors_of(page) -> str:
    return words(page).partition("à corriger")[2]


def test_a_mandate_is_sealed_from_the_link_to_the_attestation(site: Site, browser: TestClient) -> None:
    site.say((PiiType.NOM, "Yolande Kervella"))
    page = site.opened(browser)
    answer = site.send(browser, page)
    assert (answer.status_code, answer.headers["location"]) == (303, "/mandat/scelle")
    (mandat,) = site.mandats()
    assert mandat.usager == Identity("Kervella", "Yolande Anne", date(1950, 1, 2), "Brest")
    assert (mandat.status, mandat.signature) == (Status.ACTIVE, "paper")
    sealed = browser.get("/mandat/scelle")
    assert mandat.reference in words(sealed)
    assert "Faites signer les deux exemplaires" in words(sealed)
    pdf = browser.get("/mandat/scelle/attestation.pdf")
    assert pdf.content.startswith(b"%PDF")
    assert pdf.headers["content-disposition"] == f'attachment; filename="mandat-{mandat.reference}.pdf"'
    assert site.printed == [mandat.id]


def test_the_seal_closes_the_page_and_forgets_what_the_conversation_said(site: Site, browser: TestClient) -> None:
    site.say((PiiType.NOM, "Yolande Kervella"))
    page = site.opened(browser)
    site.send(browser, page)
    assert not site.vault.get(site.conversation)
    assert "equipier_page" not in browser.cookies
    again = site.send(browser, page)
    assert again.status_code == 410
    assert "n'est plus ouverte" in words(again)
    assert len(site.mandats()) == 1


def test_the_text_that_was_read_is_the_one_that_is_sealed(site: Site, browser: TestClient) -> None:
    site.send(browser, site.opened(browser))
    text = wording.current()
    sealed = site.world.scalar("SELECT sealed FROM mandats")
    assert text.version in sealed
    assert text.digest in sealed


def test_a_drawn_signature_is_kept_with_the_mandate(site: Site, browser: TestClient) -> None:
    drawn = png()
    site.send(browser, site.opened(browser), signed="screen", drawing=data_url(drawn))
    (mandat,) = site.mandats()
    assert mandat.signature == "screen"
    assert site.world.register.signature(site.world.actor, mandat.id) == drawn
    assert "Faites signer les deux exemplaires" not in words(browser.get("/mandat/scelle"))


def test_a_large_drawing_passes_here_and_nowhere_else(site: Site, browser: TestClient) -> None:
    page = site.opened(browser)
    large = data_url(png(extra=b"")) + "A" * 200_000
    assert site.send(browser, page, signed="screen", drawing=large).status_code == 422
    huge = site.send(browser, page, signed="screen", drawing="A" * 600_000)
    assert huge.status_code == 413
    assert "choisissez la signature sur papier" in words(huge)
    assert browser.post("/verifier", data={"code": "A" * 70_000}).status_code == 413


def test_the_page_says_what_is_being_signed(site: Site, browser: TestClient) -> None:
    page = words(site.opened(browser, site.draft([Demarche.PAPIERS, Demarche.ARGENT])[1]))
    for expected in (
        "France Services de Guéret",
        "Maiwenn",
        "Papiers - Citoyenneté - Élections, Argent - Impôts - Consommation",
        "du 25 novembre 2026 au 25 novembre 2027",
        "R. 721-2 et R. 761-1",
    ):
        assert expected in page


def test_what_the_conversation_said_fills_the_form(site: Site, browser: TestClient) -> None:
    site.say((PiiType.NOM, "Mme Yolande KERVELLA"), (PiiType.DATE_NAISSANCE, "2 janvier 1950"))
    page = site.opened(browser)
    assert (field(page, "family_name"), field(page, "given_names")) == ("KERVELLA", "Yolande")
    assert field(page, "birth_date") == "02/01/1950"


def test_another_conversation_fills_nothing(site: Site, browser: TestClient) -> None:
    site.vault.put(site.house.conversation("poste-2"), [(PiiType.NOM, "Anatole Le Bihan")])
    assert field(site.opened(browser), "family_name") == ""


def test_for_a_renewal_the_identity_is_shown_and_kept_whatever_is_sent(site: Site, browser: TestClient) -> None:
    former = site.seal()
    page = site.opened(browser, site.draft(renews=former.id)[1])
    assert "2 janvier 1950" in words(page)
    assert 'name="family_name"' not in page.text
    site.send(browser, page, family_name="Autre")
    newest = site.mandats()[0]
    assert (newest.renews, newest.usager) == (former.id, former.usager)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"family_name": " "}, "Indiquez le nom de naissance de l'usager."),
        ({"given_names": "a" * 101}, "Abrégez le ou les prénoms de l'usager : 100 caractères au plus."),
        ({"family_name": "<b>x</b>"}, "Vérifiez le nom de naissance de l'usager"),
        ({"birth_place": "12345"}, "Vérifiez le lieu de naissance"),
        ({"birth_date": ""}, "Indiquez la date de naissance de l'usager, par exemple 05/02/1950."),
        ({"birth_date": "31/02/1950"}, "Écrivez la date de naissance sous la forme JJ/MM/AAAA"),
        ({"birth_date": "02/01/2027"}, "Cette date de naissance est dans le futur"),
        ({"birth_date": "02/01/1850"}, "Cette date de naissance est avant 1900"),
        ({"birth_date": "26/11/2008"}, "L'usager a moins de 18 ans : le mandat n'est pas possible."),
        ({"informed": ""}, "une fois que l'usager a lu le mandat"),
        ({"verified": ""}, "une fois que vous avez vérifié l'identité"),
        ({"signed": ""}, "Choisissez comment l'usager signe : sur l'écran ou sur papier."),
        ({"signed": "autrement"}, "Choisissez comment l'usager signe : sur l'écran ou sur papier."),
        ({"signed": "screen"}, "L'usager n'a pas signé dans le cadre"),
        ({"signed": "screen", "drawing": data_url(png(ink=0))}, "L'usager n'a pas signé dans le cadre"),
        ({"signed": "screen", "drawing": "data:text/html,<b>"}, "Cette signature n'a pas pu être lue"),
        ({"code": ""}, "Saisissez les 6 chiffres affichés par votre application de codes."),
        ({"code": "12345"}, "Saisissez les 6 chiffres affichés par votre application de codes."),
        ({"code": "١٢٣٤٥٦"}, "Saisissez les 6 chiffres affichés par votre application de codes."),
    ],
)
def test_a_wrong_field_is_told_beside_it_and_at_the_top(
    site: Site, browser: TestClient, wrong: dict[str, str], sentence: str
) -> None:
    page = site.opened(browser)
    answer = site.send(browser, page, **wrong)
    assert answer.status_code == 422
    assert words(answer).count(sentence) >= 2
    assert "<title>Erreur" in answer.text
    assert not site.mandats()
    # The code was not spent: the corrected form passes with it.
    assert site.send(browser, answer).status_code == 303


def test_all_errors_are_told_at_once_and_what_was_typed_is_kept(site: Site, browser: TestClient) -> None:
    page = site.opened(browser)
    answer = browser.post(
        "/mandat/preparer", data=form_of(page, family_name="Kervella", birth_place="Le Conquet", code="12")
    )
    assert "Il y a 6 erreurs à corriger" in words(answer)
    assert (field(answer, "family_name"), field(answer, "birth_place")) == ("Kervella", "Le Conquet")
    assert field(answer, "code") == ""


def test_a_good_signature_is_kept_when_something_else_is_wrong(site: Site, browser: TestClient) -> None:
    drawn = data_url(png())
    answer = site.send(browser, site.opened(browser), signed="screen", drawing=drawn, informed="")
    assert field(answer, "drawing") == drawn


def test_a_wrong_code_says_how_many_tries_are_left_then_locks(site: Site, browser: TestClient) -> None:
    page = site.opened(browser)
    first = site.send(browser, page, code=site.person.wrong_code())
    assert "Il vous reste 4 essais." in errors_of(first)
    for _ in range(2):
        site.send(browser, page, code=site.person.wrong_code())
    assert "Il vous reste un essai." in errors_of(site.send(browser, page, code=site.person.wrong_code()))
    locked = site.send(browser, page, code=site.person.wrong_code())
    assert "votre compte est bloqué jusqu'au 25 novembre 2026 à 12 h 17" in errors_of(locked)
    assert "bloqué" in errors_of(site.send(browser, page))
    site.house.clock.advance(minutes=16)
    assert site.send(browser, page).status_code == 303


def test_scopes_that_the_organisation_withdrew_meanwhile_are_named(site: Site, browser: TestClient) -> None:
    page = site.opened(browser)
    site.house.aidants.update_demarches(site.world.actor.organisation, [Demarche.PAPIERS])
    answer = site.send(browser, page)
    assert answer.status_code == 422
    assert "ne permet plus ces démarches : Logement" in errors_of(answer)


def test_an_aidant_who_left_meanwhile_cannot_seal(site: Site, browser: TestClient) -> None:
    page = site.opened(browser)
    site.world.leave(site.world.actor)
    assert site.send(browser, page).status_code == 403
    site.house.aidants.deactivate(site.person.id)
    closed = site.send(browser, page)
    assert closed.status_code == 403
    assert "Votre compte est fermé" in words(closed)


def test_names_are_escaped_wherever_they_are_shown(site: Site, browser: TestClient) -> None:
    hostile = '"><script>alert(1)</script>'
    answer = site.send(browser, site.opened(browser), family_name=hostile)
    assert "<script>alert" not in answer.text
    assert field(answer, "family_name") == hostile


def test_the_page_closes_after_thirty_minutes(site: Site, browser: TestClient) -> None:
    site.opened(browser)
    site.house.clock.advance(minutes=31)
    closed = browser.get("/mandat/preparer")
    assert closed.status_code == 410
    assert "demandez un nouveau lien" in words(closed)


def test_a_newer_link_closes_the_page(site: Site, browser: TestClient) -> None:
    draft, secret = site.draft()
    page = site.opened(browser, secret)
    site.world.drafts.new_link(site.world.actor, draft.id)
    assert site.send(browser, page).status_code == 410


def test_the_page_of_one_draft_cannot_be_sent_once_another_is_open(site: Site, browser: TestClient) -> None:
    first = site.opened(browser)
    site.opened(browser)
    answer = site.send(browser, first)
    assert answer.status_code == 409
    assert "Un autre mandat est ouvert" in words(answer)
    assert not site.mandats()


def test_without_the_cookie_nothing_opens(site: Site, browser: TestClient) -> None:
    page = site.opened(browser)
    other = site.browser()
    assert other.get("/mandat/preparer").status_code == 410
    assert site.send(other, page).status_code == 410
    other.cookies.set("equipier_page", "n'importe quoi", path="/mandat/preparer")
    assert other.get("/mandat/preparer").status_code == 410
    assert other.get("/mandat/scelle").status_code == 410
    assert other.get("/mandat/scelle/attestation.pdf").status_code == 410
    assert not site.printed


def test_a_renewal_needs_the_same_declarations(site: Site, browser: TestClient) -> None:
    former = site.seal()
    page = site.opened(browser, site.draft(renews=former.id)[1])
    assert site.send(browser, page, **dict.fromkeys(DECLARED, "")).status_code == 422
