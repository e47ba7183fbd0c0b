"""The mandates of a structure: list, search, detail, use, papers, revocation, renewal, and a new one."""

from datetime import date
from pathlib import Path

import pytest

from bot.demarches import Demarche
from bot.gateway.desk.mandat import wrong_note
from bot.journal.actions import Action
from bot.mandats.identity import Identity
from bot.mandats.rules import Duration, Status
from bot.storage.engine import Database
from tests.unit.gateway.office import Office
from tests.unit.gateway.site import field, form_of, words
from tests.unit.mandats.world import ANATOLE, YOLANDE

NEW = {"demarche-logement": "oui", "duration": "MONTH", "present": "oui", "adult": "oui", "protected": "non"}


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return Office.over(database, static=tmp_path / "static")


def search(office: Office, browser, text: str):
    answer = office.send(browser, "/mandats", recherche=text)
    assert answer.status_code == 303
    return browser.get(answer.headers["location"])


# The list


def test_an_empty_list_says_what_to_do(office: Office) -> None:
    browser = office.signed_in(office.aidant)
    assert "Votre structure n'a aucun mandat en cours. Préparez un mandat" in words(browser.get("/mandats"))
    assert "Aucun mandat terminé." in words(browser.get("/mandats?etat=termines"))


def test_mandates_are_under_the_tab_of_their_state(office: Office) -> None:
    office.seal(YOLANDE, duration=Duration.SHORT)
    office.site.house.clock.advance(days=2)
    revoked = office.seal(ANATOLE)
    office.site.world.register.revoke(office.site.world.actor, revoked.id)
    office.seal(Identity("Morvan", "Gwenaël", date(1960, 1, 1)), duration=Duration.LONG)
    browser = office.signed_in(office.aidant)
    active, over = words(browser.get("/mandats")), words(browser.get("/mandats?etat=termines"))
    assert "En cours (1) Terminés (2)" in active
    assert "Gwenaël Morvan" in active
    assert "En cours Encore 365 jours, jusqu'au 27 novembre 2027" in active
    assert "Yolande Kervella" not in active
    assert "Expiré Depuis le 26 novembre 2026" in over
    assert "Révoqué Depuis le 27 novembre 2026" in over


@pytest.mark.parametrize(
    ("days", "badge"),
    [(334, "En cours Encore 31 jours"), (335, "Bientôt expiré Encore 30 jours"), (364, "Dernier jour")],
)
def test_the_last_thirty_days_are_told_in_words(office: Office, days: int, badge: str) -> None:
    office.seal()
    office.site.house.clock.advance(days=days)
    assert badge in words(office.signed_in(office.aidant).get("/mandats"))


def test_another_structure_sees_nothing(office: Office) -> None:
    mandat = office.seal()
    page = words(office.signed_in(office.stranger).get("/mandats"))
    assert mandat.reference not in page
    assert "Kervella" not in page


@pytest.mark.parametrize("text", ["kervella", "KERVELLA yolande", "  Yolande  "])
def test_a_name_is_found_whatever_its_case_and_stays_out_of_the_address(office: Office, text: str) -> None:
    office.seal()
    office.seal(ANATOLE)
    page = search(office, office.signed_in(office.aidant), text)
    assert str(page.url).endswith("/mandats?recherche")
    assert "Yolande Kervella" in words(page)
    assert "Anatole" not in words(page)
    assert f"1 résultat pour « {text.strip()} »" in words(page)


def test_a_reference_opens_its_mandate(office: Office) -> None:
    mandat = office.seal()
    answer = office.send(
        office.signed_in(office.aidant), "/mandats", recherche=mandat.reference.lower().replace("-", " ")
    )
    assert answer.headers["location"] == f"/mandats/{mandat.id}"


def test_a_mistyped_reference_suggests_the_near_ones(office: Office) -> None:
    mandat = office.seal()
    wrong = mandat.reference[:-1] + ("1" if mandat.reference[-1] != "1" else "2")
    browser = office.signed_in(office.aidant)
    page = search(office, browser, wrong)
    assert "Cherchiez-vous l'une de celles-ci" in words(page)
    assert mandat.reference in words(page)
    assert office.send(browser, "/mandats", recherche=mandat.reference).headers["location"].endswith(mandat.id)


def test_the_reference_of_another_structure_is_unknown_and_journalled(office: Office) -> None:
    mandat = office.seal()
    page = search(office, office.signed_in(office.stranger), mandat.reference)
    assert "0 résultat" in words(page)
    assert "Kervella" not in words(page)
    assert Action.REFUSE_ACCESS in office.site.house.actions(office.other)


def test_an_empty_search_shows_everything(office: Office) -> None:
    office.seal()
    page = search(office, office.signed_in(office.aidant), "  ")
    assert "Yolande Kervella" in words(page)


def test_a_search_is_escaped(office: Office) -> None:
    page = search(office, office.signed_in(office.aidant), '"><script>alert(1)</script>')
    assert "<script>alert" not in page.text


def test_a_long_list_has_pages(office: Office) -> None:
    for letter in "abcdefghijklmnopqrstuvwxyz":
        office.seal(Identity(f"Nom{letter}", "Jean", date(1950, 1, 1)))
    browser = office.signed_in(office.aidant)
    for page, number, count in (("1", 1, 25), ("2", 2, 1), ("99", 2, 1), ("0", 1, 25), ("-1", 1, 25), ("²", 1, 25)):
        shown = browser.get(f"/mandats?page={page}")
        assert f"Page {number} sur 2" in words(shown)
        assert shown.text.count('<li class="eq-card">') == count


# One mandate


def test_a_mandate_tells_everything_of_itself(office: Office) -> None:
    mandat = office.seal()
    page = words(office.signed_in(office.aidant).get(f"/mandats/{mandat.id}"))
    for expected in (
        mandat.reference,
        "Yolande Kervella",
        "2 janvier 1950, à Brest",
        "par Maiwenn",
        "un an (365 jours)",
        "Sur papier",
        "Papiers - Citoyenneté - Élections En vigueur jusqu'au",
        "Ce mandat n'a pas encore été utilisé.",
        "Mandat signé",
        "Mandat consulté par la structure",
    ):
        assert expected in page
    assert Action.READ_MANDAT in office.site.house.actions(office.home)


def test_a_use_is_written_in_the_journal_and_shown_with_who_did_it(office: Office) -> None:
    mandat, browser = office.seal(), office.signed_in(office.aidant)
    page = f"/mandats/{mandat.id}"
    answer = office.send(browser, page, f"{page}/utiliser", demarche="logement", note="F1341")
    assert answer.headers["location"] == f"{page}?fait=utilisation"
    shown = words(browser.get(answer.headers["location"]))
    assert "L'utilisation est inscrite" in shown
    assert "Logement : fiche F1341 de service-public (Maiwenn)" in shown
    entry = next(one for one in office.site.house.told(office.home) if one.action == Action.USE_AUTORISATION)
    assert (entry.demarche, entry.details) == ("logement", {"note": "F1341"})


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"note": "aide"}, "Choisissez la démarche pour laquelle vous agissez."),
        ({"demarche": "papier"}, "Choisissez la démarche pour laquelle vous agissez."),
        ({"demarche": "papiers", "note": "pour Mme kervella"}, "N'écrivez pas le nom de l'usager"),
        ({"demarche": "papiers", "note": "06 12 34 56 78"}, "ni numéro, ni adresse"),
        ({"demarche": "papiers", "note": "a" * 61}, "Abrégez : 60 caractères au plus."),
    ],
)
def test_a_wrong_use_is_told_and_not_written(office: Office, sent: dict[str, str], sentence: str) -> None:
    mandat, browser = office.seal(), office.signed_in(office.aidant)
    answer = office.send(browser, f"/mandats/{mandat.id}", f"/mandats/{mandat.id}/utiliser", **sent)
    assert answer.status_code == 422
    assert words(answer).count(sentence) == 2
    assert field(answer, "note") == sent.get("note", "")
    assert Action.USE_AUTORISATION not in office.site.house.actions(office.home)


@pytest.mark.parametrize("note", ["", "F1341", "demande d'APL", "Attestation de droits (ameli)", "CAF 2026"])
def test_notes_that_say_only_the_procedure_pass(note: str) -> None:
    assert wrong_note(note, YOLANDE) is None


@pytest.mark.parametrize(
    "note", ["yolande@exemple.fr", "n° 123456", "<b>", "=1+1", "dossier 12 34 56", "Yolande", "https://caf.fr"]
)
def test_notes_that_may_name_someone_do_not(note: str) -> None:
    assert wrong_note(note, YOLANDE)


def test_a_mandate_that_is_over_can_be_neither_used_nor_revoked(office: Office) -> None:
    mandat, browser = office.seal(duration=Duration.SHORT), office.signed_in(office.aidant)
    office.site.house.clock.advance(days=1)
    browser = office.signed_in(office.aidant)
    page = browser.get(f"/mandats/{mandat.id}")
    assert "Inscrire cette utilisation" not in words(page)
    assert "Révoquer" not in words(page)
    assert browser.post(f"/mandats/{mandat.id}/utiliser", data=form_of(page, demarche="papiers")).status_code == 409
    assert browser.post(f"/mandats/{mandat.id}/revoquer", data=form_of(page)).status_code == 409
    assert browser.get(f"/mandats/{mandat.id}/revoquer").status_code == 409


@pytest.mark.parametrize(("kind", "entries"), [("attestation", 1), ("utilisations", 1)])
def test_the_papers_are_named_after_the_mandate_and_journalled(office: Office, kind: str, entries: int) -> None:
    mandat = office.seal()
    answer = office.signed_in(office.aidant).get(f"/mandats/{mandat.id}/{kind}.pdf")
    assert answer.content.startswith(b"%PDF")
    assert answer.headers["content-disposition"] == f'attachment; filename="{kind}-{mandat.reference}.pdf"'
    assert answer.headers["cache-control"] == "no-store"
    assert office.site.house.actions(office.home).count(Action.PRINT_ATTESTATION) == entries


def test_the_official_number_is_kept(office: Office) -> None:
    mandat, browser = office.seal(), office.signed_in(office.aidant)
    page = f"/mandats/{mandat.id}"
    wrong = office.send(browser, page, f"{page}/numero", number="<b>")
    assert wrong.status_code == 422
    office.send(browser, page, f"{page}/numero", number=" 123 456 ")
    assert "Aidants Connect 123456" in words(browser.get(page))
    assert office.site.world.register.mandat(office.site.world.actor, mandat.id).official_number == "123456"


# Revocation


def test_one_scope_is_revoked_after_a_page_that_asks(office: Office) -> None:
    mandat, browser = office.seal(), office.signed_in(office.aidant)
    page = f"/mandats/{mandat.id}/revoquer"
    asked = words(browser.get(f"{page}?demarche=logement"))
    assert "Révoquer cette démarche ?" in asked
    assert "Restera en vigueur Papiers" in asked
    answer = office.send(browser, f"{page}?demarche=logement", page, demarche="logement")
    assert answer.headers["location"] == f"/mandats/{mandat.id}?fait=revocation"
    after = office.site.world.register.mandat(office.site.world.actor, mandat.id)
    assert after.open_demarches == (Demarche.PAPIERS,)
    assert "Logement Révoquée le" in words(browser.get(f"/mandats/{mandat.id}"))
    paper = browser.get(f"/mandats/{mandat.id}/revocation.pdf")
    assert paper.headers["content-disposition"] == f'attachment; filename="revocation-{mandat.reference}.pdf"'


def test_the_whole_mandate_is_revoked(office: Office) -> None:
    mandat, browser = office.seal(), office.signed_in(office.aidant)
    page = f"/mandats/{mandat.id}/revoquer"
    assert "Révoquer tout le mandat ?" in words(browser.get(page))
    office.send(browser, page)
    assert office.site.world.register.mandat(office.site.world.actor, mandat.id).status is Status.REVOKED
    assert browser.get(page).status_code == 409


@pytest.mark.parametrize("demarche", ["inconnue", "argent", "logement,papiers"])
def test_a_wrong_scope_never_revokes_the_whole(office: Office, demarche: str) -> None:
    mandat, browser = office.seal(), office.signed_in(office.aidant)
    page = f"/mandats/{mandat.id}/revoquer"
    assert browser.get(f"{page}?demarche={demarche}").status_code == 409
    assert office.send(browser, page, page, demarche=demarche).status_code == 409
    assert office.site.world.register.mandat(office.site.world.actor, mandat.id).status is Status.ACTIVE


# A new mandate


def test_a_mandate_starts_here_and_goes_on_at_the_secure_page(office: Office) -> None:
    browser = office.signed_in(office.aidant)
    answer = office.send(browser, "/mandats/nouveau", **NEW)
    assert answer.status_code == 303
    landing = browser.get(answer.headers["location"])
    assert "un mois (31 jours)" in words(landing)
    entry = office.site.house.told(office.home)[-1]
    assert (entry.action, entry.details["demarches"]) == (Action.CREATE_DRAFT, ["logement"])
    assert entry.details["answers"] == {"adult": True, "protected": False, "present": True}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"demarche-logement": ""}, "Choisissez au moins une démarche."),
        ({"duration": "EVER"}, "Choisissez la durée du mandat."),
        ({"present": ""}, "Dites si l'usager est avec vous."),
        ({"adult": ""}, "Dites si l'usager est majeur."),
        ({"protected": "peut-être"}, "Dites si l'usager a une mesure de protection."),
        ({"present": "non"}, "L'usager doit être avec vous pour signer"),
        ({"adult": "non"}, "Un mandat ne peut être signé que par une personne majeure."),
        ({"protected": "oui"}, "Adressez-vous à la personne chargée de la mesure"),
    ],
)
def test_what_the_rules_refuse_is_told_beside_the_question(
    office: Office, wrong: dict[str, str], sentence: str
) -> None:
    answer = office.send(office.signed_in(office.aidant), "/mandats/nouveau", **(NEW | wrong))
    assert answer.status_code == 422
    assert words(answer).count(sentence) == 2
    assert Action.CREATE_DRAFT not in office.site.house.actions(office.home)


def test_scopes_that_the_structure_does_not_open_are_not_offered(office: Office) -> None:
    office.site.house.aidants.update_demarches(office.home, [Demarche.PAPIERS])
    browser = office.signed_in(office.aidant)
    page = browser.get("/mandats/nouveau")
    assert 'name="demarche-logement"' not in page.text
    assert "Votre structure n'ouvre pas de mandat pour : Famille" in words(page)
    answer = office.send(browser, "/mandats/nouveau", **NEW)
    assert answer.status_code == 422
    assert "n'ouvre pas de mandat pour : Logement" in words(answer)


def test_the_warning_on_money_is_beside_its_scope(office: Office) -> None:
    page = words(office.signed_in(office.aidant).get("/mandats/nouveau"))
    assert "Surendettement : vous pouvez seulement saisir les informations." in page


# Renewal


def test_a_renewal_asks_everything_again_and_keeps_the_usager(office: Office) -> None:
    mandat, browser = office.seal(), office.signed_in(office.aidant)
    page = f"/mandats/{mandat.id}/renouveler"
    shown = browser.get(page)
    assert "Yolande Kervella" in words(shown)
    assert shown.text.count("checked") == 2
    assert browser.post(page, data=form_of(shown, **{"demarche-logement": "oui"})).status_code == 422
    answer = office.send(browser, page, **NEW)
    assert answer.headers["location"].startswith("/s/")
    browser.post(answer.headers["location"], data=form_of(browser.get(answer.headers["location"])))
    secure = browser.get("/mandat/preparer")
    assert "Kervella" in words(secure)
    office.site.send(browser, secure)
    renewal = office.site.mandats()[0]
    assert (renewal.renews, renewal.usager) == (mandat.id, YOLANDE)
    assert f"Renouvelle {mandat.reference}" in words(browser.get(f"/mandats/{renewal.id}"))
    assert "Logement Remplacée par un mandat plus récent le" in words(browser.get(f"/mandats/{mandat.id}"))


def test_a_mandate_given_up_cannot_be_renewed(office: Office) -> None:
    mandat, browser = office.seal(), office.signed_in(office.aidant)
    office.site.world.register.revoke(office.site.world.actor, mandat.id)
    assert "Renouveler ce mandat" not in words(browser.get(f"/mandats/{mandat.id}"))
    refused = browser.get(f"/mandats/{mandat.id}/renouveler")
    assert refused.status_code == 409
    assert "ne peut pas être renouvelé" in words(refused)
    page = browser.get("/compte")
    assert browser.post(f"/mandats/{mandat.id}/renouveler", data=form_of(page, **NEW)).status_code == 409


def test_a_mandate_taken_over_by_another_is_replaced_not_revoked(office: Office) -> None:
    office.seal()
    office.site.house.clock.advance(days=1)
    office.seal()
    page = words(office.signed_in(office.aidant).get("/mandats?etat=termines"))
    assert "Remplacé Depuis le 26 novembre 2026" in page
    assert "Révoqué" not in page
