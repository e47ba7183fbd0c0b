"""« Données personnelles » of the administration: retention, the rights of a person, the register."""

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest

from bot.journal.service import SYSTEM
from bot.mandats.views import MandatView
from bot.privacy.dossier import as_json
from bot.privacy.register import Durations, register
from bot.privacy.retention import Report
from bot.storage.engine import Database
from tests.unit.gateway.office import Office
from tests.unit.gateway.protection import protect
from tests.unit.gateway.site import words


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    office = Office.over(database, static=tmp_path / "static")
    protect(office)
    return office


@pytest.fixture
def browser(office: Office):
    return office.signed_in(office.admin)


@pytest.fixture
def mandat(office: Office) -> MandatView:
    return office.seal()


def usager(mandat: MandatView) -> str:
    return f"/admin/donnees/usagers/{mandat.usager_id}"


def test_without_its_services_there_is_no_page(database: Database, tmp_path: Path) -> None:
    bare = Office.over(database, static=tmp_path / "static")
    browser = bare.signed_in(bare.admin)
    assert browser.get("/admin/donnees").status_code == 404
    assert "/admin/donnees" not in browser.get("/admin").text


def test_the_page_says_what_is_kept_and_how_long(browser) -> None:
    page = words(browser.get("/admin/donnees"))
    for expected in ("puis 6 ans après la fin", "183 jours", "30 minutes au plus", "encore jamais été appliquée"):
        assert expected in page


def test_a_dry_run_says_what_would_go_and_erases_nothing(office: Office, browser, mandat: MandatView) -> None:
    office.site.house.clock.advance(days=366 * 8)
    browser = office.signed_in(office.admin)
    shown = words(office.send(browser, "/admin/donnees", "/admin/donnees/essai"))
    assert "Essai : rien n'a été effacé" in shown
    assert "leurs mandats étant finis depuis trop longtemps 1" in shown
    assert browser.get(f"{usager(mandat)}/dossier.json").json()["usager"]["nom_de_naissance"] == "Kervella"


def test_an_admin_need_not_wait_for_the_night(office: Office, mandat: MandatView) -> None:
    office.site.house.clock.advance(days=366 * 8)
    browser = office.signed_in(office.admin)
    shown = words(office.send(browser, "/admin/donnees", "/admin/donnees/purge"))
    assert "La conservation est appliquée" in shown
    assert browser.get(f"{usager(mandat)}/dossier.json").json()["usager"]["nom_de_naissance"] is None
    told = office.site.house.told(SYSTEM)
    assert [(one.aidant, one.details["usagers"]) for one in told if one.action == "purge"] == [(office.admin.id, 1)]
    office.send(browser, "/admin/donnees", "/admin/donnees/purge")
    assert "Demandée par Admin : 1 usager" in words(browser.get("/admin/donnees"))


def test_a_run_of_another_version_is_shown_all_the_same(office: Office, browser) -> None:
    from bot.journal.actions import Action

    with office.site.house.database.unit_of_work() as session:
        office.site.house.journal.append(
            session, Action.PURGE, organisation=None, details={"usagers": 2, "licornes": 7}
        )
    protection = office.site.services.desk.protection
    assert [run.report for run in protection.runs()] == [Report(usagers=2)]
    assert browser.get("/admin/donnees").status_code == 200


@pytest.mark.parametrize("typed", ["{reference}", " {reference} ", "{lower}"])
def test_a_person_is_found_by_the_reference_of_a_mandate(office, browser, mandat, typed: str) -> None:
    text = typed.format(reference=mandat.reference, lower=mandat.reference.lower())
    answer = office.send(browser, "/admin/donnees", "/admin/donnees/usagers", reference=text)
    assert (answer.status_code, answer.headers["location"]) == (303, usager(mandat))
    page = browser.get(usager(mandat))
    assert mandat.reference in words(page)
    assert "Kervella" not in page.text, "the identity is only in what is journalled"


@pytest.mark.parametrize("typed", ["", "M-2026-9999-ZZ", "Kervella"])
def test_nobody_is_found_otherwise(office: Office, browser, mandat, typed: str) -> None:
    answer = office.send(browser, "/admin/donnees", "/admin/donnees/usagers", reference=typed)
    assert answer.status_code == 422
    assert browser.get("/admin/donnees/usagers/personne").status_code == 404


def test_everything_held_is_exported_and_the_structure_knows(office: Office, browser, mandat) -> None:
    shown = browser.get(f"{usager(mandat)}/dossier")
    for expected in ("Kervella", mandat.reference, "Logement", "Mandat signé"):
        assert expected in words(shown)
    answer = browser.get(f"{usager(mandat)}/dossier.json")
    held = answer.json()
    assert held["usager"]["prenoms"] == "Yolande"
    assert [one["reference"] for one in held["mandats"]] == [mandat.reference]
    assert held["mandats"][0]["signature"] == {"maniere": "papier", "image_png_base64": None}
    assert held["mandats"][0]["evenements"]
    assert answer.headers["content-disposition"] == f'attachment; filename="donnees-{mandat.reference}.json"'
    assert office.aidant.view.name not in answer.text
    told = [one for one in office.site.house.told(office.home) if one.action == "export_usager"]
    assert [(one.aidant, one.usager, one.details) for one in told] == [
        (office.admin.id, mandat.usager_id, {"format": "page"}),
        (office.admin.id, mandat.usager_id, {"format": "json"}),
    ]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"why": "request"}, "Écrivez « effacer » pour confirmer."),
        ({"why": "request", "confirmation": "oui"}, "Écrivez « effacer » pour confirmer."),
        ({"confirmation": "effacer"}, "Choisissez le motif de l'effacement."),
        ({"why": "parce que", "confirmation": "effacer"}, "Choisissez le motif de l'effacement."),
    ],
)
def test_an_erasure_wants_a_reason_and_a_confirmation(office, browser, mandat, values, sentence: str) -> None:
    answer = office.send(browser, usager(mandat), f"{usager(mandat)}/effacer", **values)
    assert answer.status_code == 422
    assert words(answer).count(sentence) == 2
    assert office.site.world.register.mandat(office.site.world.actor, mandat.id).usager is not None


def test_a_person_is_erased_and_the_journal_says_by_whom_and_why(office: Office, browser, mandat) -> None:
    answer = office.send(browser, usager(mandat), f"{usager(mandat)}/effacer", why="request", confirmation=" Effacer ")
    assert answer.status_code == 303
    page = words(browser.get(answer.headers["location"]))
    assert "L'usager est effacé" in page
    assert "Effacer cette personne" not in page
    told = next(one for one in office.site.house.told(office.home) if one.action == "erase_usager")
    assert (told.aidant, told.details["why"]) == (office.admin.id, "request")
    dossier = words(browser.get(f"{usager(mandat)}/dossier"))
    assert "L'identité a été effacée" in dossier
    assert "Kervella" not in dossier


def test_the_register_is_printed_and_downloaded(browser) -> None:
    page = words(browser.get("/admin/donnees/registre"))
    for expected in ("Finalité", "Base légale", "Destinataires", "Mesures de sécurité", "Établi le 25 novembre 2026"):
        assert expected in page
    rows = list(csv.reader(io.StringIO(browser.get("/admin/donnees/registre.csv").text), delimiter=";"))
    assert [row[0] for row in rows] == ["\ufeffTraitement", *(one.name for one in register(Durations(6, 183)))]
    assert all(len(row) == 8 and all(row) for row in rows)


def test_the_register_says_the_durations_of_the_settings() -> None:
    mandats, talks, *_ = register(Durations(mandat_years=1, conversation_days=30, telegram=True))
    assert "puis 1 an après" in mandats.kept
    assert "30 jours" in talks.kept
    assert "Telegram" in talks.recipients
    assert "Telegram" not in register(Durations(6, 183))[1].recipients


def test_a_drawn_signature_and_a_draft_are_in_the_dossier(office: Office, mandat: MandatView) -> None:
    from bot.mandats import wording
    from bot.mandats.views import Signature, Wording
    from tests.unit.gateway.site import png
    from tests.unit.mandats.world import ANATOLE

    text, drawn = wording.current(), png()
    signed = office.site.world.sealing.seal(
        office.site.world.page(), ANATOLE, Signature(drawn), Wording(text.version, text.digest)
    )
    office.site.draft(renews=signed.id)
    dossier = office.site.services.desk.protection.dossiers.of(signed.usager_id, "json", by=office.admin.id)
    assert dossier.mandats[0].signature == drawn
    assert dossier.drafts[0] - dossier.made_at == timedelta()
    assert as_json(dossier)["mandats"][0]["signature"]["maniere"] == "écran"
