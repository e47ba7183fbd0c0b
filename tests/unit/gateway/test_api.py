"""The API of the help desk, and its spreadsheet."""

import csv
import io
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.demarches import Demarche
from bot.gateway.desk.sheet import safe, sheet
from bot.journal.actions import Action
from bot.mandats.identity import Identity
from bot.mandats.rules import Duration
from bot.storage.engine import Database
from tests.unit.gateway.office import Office
from tests.unit.mandats.world import ANATOLE

_PARIS = ZoneInfo("Europe/Paris")
PROGRAM = {"accept": "application/json"}


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return Office.over(database, static=tmp_path / "static")


def rows(text: str) -> list[list[str]]:
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:]), delimiter=";"))


def test_a_mandate_has_its_dates_scopes_and_name(office: Office) -> None:
    mandat = office.seal()
    (found,) = office.signed_in(office.aidant).get("/api/mandats").json()
    assert found == {
        "reference": mandat.reference,
        "status": "active",
        "demarches": [
            {"demarche": one.value, "titre": one.titre, "ended_at": None, "ended_by": None}
            for one in (Demarche.PAPIERS, Demarche.LOGEMENT)
        ],
        "sealed_at": mandat.sealed_at.isoformat().replace("+00:00", "Z"),
        "expires_at": mandat.expires_at.isoformat().replace("+00:00", "Z"),
        "revoked_at": None,
        "days_left": 365,
        "official_number": None,
        "usager": {"family_name": "Kervella", "given_names": "Yolande"},
    }


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 2),
        ("status=active", 1),
        ("status=expired", 1),
        ("status=revoked", 0),
        ("name=le+bihan", 1),
        ("name=inconnu", 0),
        ("since=2026-11-27", 1),
        ("since=2026-11-28", 0),
        ("since=2026-11-25&status=expired", 1),
    ],
)
def test_the_list_is_filtered_and_journalled_with_its_count(office: Office, query: str, count: int) -> None:
    office.seal(duration=Duration.SHORT)
    office.site.house.clock.advance(days=2)
    office.seal(ANATOLE)
    browser = office.signed_in(office.aidant)
    assert len(browser.get(f"/api/mandats?{query}").json()) == count
    assert len(rows(browser.get(f"/api/mandats.csv?{query}").text)) == count + 1
    entries = [one for one in office.site.house.told(office.home) if one.action == Action.EXPORT_MANDATS]
    assert [(one.aidant, one.details["count"], one.details["format"]) for one in entries] == [
        (office.aidant.id, count, "json"),
        (office.aidant.id, count, "csv"),
    ]
    assert "bihan" not in str([one.details for one in entries])


@pytest.mark.parametrize("query", ["status=parti", "since=hier", "name=" + "a" * 201])
def test_a_wrong_filter_is_told_in_french(office: Office, query: str) -> None:
    answer = office.signed_in(office.aidant).get(f"/api/mandats?{query}", headers=PROGRAM)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("Le champ «")
    assert Action.EXPORT_MANDATS not in office.site.house.actions(office.home)


def test_one_mandate_is_read_however_its_reference_is_written(office: Office) -> None:
    mandat = office.seal()
    browser = office.signed_in(office.aidant)
    assert browser.get(f"/api/mandats/{mandat.reference.lower()}").json()["reference"] == mandat.reference
    assert Action.READ_MANDAT in office.site.house.actions(office.home)
    for wrong in ("M-2026-0001-A0", "inconnue"):
        assert browser.get(f"/api/mandats/{wrong}", headers=PROGRAM).status_code == 404


@pytest.mark.parametrize(("demarche", "covered"), [("logement", True), ("argent", False), ("papiers", False)])
def test_a_mandate_is_checked_for_a_scope(office: Office, demarche: str, covered: bool) -> None:
    mandat = office.seal()
    office.site.world.register.revoke(office.site.world.actor, mandat.id, (Demarche.PAPIERS,))
    answer = office.signed_in(office.aidant).get(f"/api/mandats/{mandat.reference}/verification?demarche={demarche}")
    assert (answer.json()["covered"], answer.json()["demarche"]) == (covered, demarche)
    assert office.site.house.actions(office.home)[-1] == Action.CHECK_MANDAT


def test_nobody_is_told_in_json(office: Office) -> None:
    answer = office.site.browser().get("/api/mandats")
    assert answer.status_code == 401
    assert "Connectez-vous" in answer.json()["detail"]


def test_another_structure_gets_nothing(office: Office) -> None:
    mandat = office.seal()
    browser = office.signed_in(office.stranger)
    assert browser.get("/api/mandats").json() == []
    assert browser.get(f"/api/mandats/{mandat.reference}").status_code == 404
    assert Action.REFUSE_ACCESS in office.site.house.actions(office.other)


def test_another_site_cannot_have_the_browser_ask(office: Office) -> None:
    browser = office.signed_in(office.aidant)
    for site in ("cross-site", "same-site"):
        assert browser.get("/api/mandats.csv", headers={"sec-fetch-site": site}).status_code == 403
    assert Action.EXPORT_MANDATS not in office.site.house.actions(office.home)


def test_the_document_describes_the_api_in_french_and_nothing_else(office: Office) -> None:
    document = office.site.browser().get("/api/openapi.json").json()
    assert set(document["paths"]) == {
        "/api/mandats",
        "/api/mandats.csv",
        "/api/mandats/{reference}",
        "/api/mandats/{reference}/verification",
    }
    assert document["paths"]["/api/mandats"]["get"]["summary"] == "Lister les mandats de la structure"
    assert document["components"]["securitySchemes"]["session"]["name"] == "equipier_session"


def test_the_spreadsheet_opens_in_a_french_excel(office: Office) -> None:
    mandat = office.seal()
    answer = office.signed_in(office.aidant).get("/api/mandats.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "\r\n" in answer.text
    headers, row = rows(answer.text)
    assert headers[:4] == ["Référence", "Statut", "Nom de naissance", "Prénoms"]
    assert row[:4] == [mandat.reference, "en cours", "Kervella", "Yolande"]
    assert row[6] == f"{mandat.sealed_at.astimezone(_PARIS):%d/%m/%Y %H:%M}"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])
def test_no_cell_is_a_formula(start: str) -> None:
    assert safe(f'{start}HYPERLINK("http://x")') == f'\'{start}HYPERLINK("http://x")'


def test_a_name_that_looks_like_a_formula_is_only_a_name(office: Office) -> None:
    office.seal(Identity("=cmd|' /C calc'!A0", '@SUM;"1"', date(1950, 1, 1)))
    mandat = office.site.mandats()[0]
    office.site.world.register.attach_official_number(office.site.world.actor, mandat.id, "-1+1")
    _, row = rows(sheet(office.site.mandats()))
    assert (row[2], row[3], row[-1]) == ("'=cmd|' /C calc'!A0", '\'@SUM;"1"', "'-1+1")
