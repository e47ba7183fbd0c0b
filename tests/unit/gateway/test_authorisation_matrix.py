"""Who may open what: every route of the application against a table, with every role, in and out of the structure.

To add a route: add its row to ``GETS`` or ``POSTS`` (or to ``PUBLIC`` when anyone may ask). A route without a row fails
the test, and so does a row without a route. What its address holds is made by ``OBJECTS``, and belongs to the first
structure, of which ``stranger`` is not: what they get must look like nothing (404), or be reserved (403).
A group of pages that is optional in ``DeskServices`` is put in place by ``EQUIPPED``.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from bot.aidants.models import Role
from bot.gateway.desk.dashboard.script import script_address
from bot.gateway.desk.services import DeskServices
from bot.gateway.desk.sessions import COOKIE
from bot.journal.actions import Action
from bot.journal.models import JournalEntry
from bot.journal.service import SYSTEM
from bot.storage.engine import Database
from tests.unit.aidants.house import PASSWORD, Person
from tests.unit.gateway import helps, reviews
from tests.unit.gateway.boards import put_boards
from tests.unit.gateway.office import Office
from tests.unit.gateway.protection import protect
from tests.unit.gateway.site import SAME_ORIGIN, form_of
from tests.unit.mandats.databases import sqlite_url

PEOPLE = ("nobody", "aidant", "helpdesk", "supervisor", "stranger", "admin")
DOOR = 303  # sent to the sign-in page; 401 is the same for programs
# What each of PEOPLE gets. 409 and 422 are answers to someone who may.
GETS = {
    "/mandats": (DOOR, 200, 403, 200, 200, 403),
    "/mandats/nouveau": (DOOR, 200, 403, 200, 200, 403),
    "/mandats/{mandat_id}": (DOOR, 200, 403, 200, 404, 403),
    "/mandats/{mandat_id}/revoquer": (DOOR, 200, 403, 200, 404, 403),
    "/mandats/{mandat_id}/renouveler": (DOOR, 200, 403, 200, 404, 403),
    "/mandats/{mandat_id}/utilisations.pdf": (DOOR, 200, 403, 200, 404, 403),
    "/mandats/{mandat_id}/attestation.pdf": (DOOR, 200, 403, 200, 404, 403),
    "/mandats/{mandat_id}/revocation.pdf": (DOOR, 404, 403, 404, 404, 403),  # nothing was revoked in it
    "/compte": (DOOR, 200, 200, 200, 200, 200),
    "/structure": (DOOR, 303, 303, 303, 303, 403),
    "/structure/{organisation_id}": (DOOR, 403, 403, 200, 404, 200),
    "/structure/{organisation_id}/connexions": (DOOR, 403, 403, 200, 404, 200),
    "/structure/{organisation_id}/personnes/{aidant_id}/retirer": (DOOR, 403, 403, 200, 404, 200),
    "/admin": (DOOR, 403, 403, 403, 403, 200),
    "/admin/connexions": (DOOR, 403, 403, 403, 403, 200),
    "/admin/donnees": (DOOR, 403, 403, 403, 403, 200),
    "/admin/donnees/registre": (DOOR, 403, 403, 403, 403, 200),
    "/admin/donnees/registre.csv": (DOOR, 403, 403, 403, 403, 200),
    "/admin/donnees/usagers/{usager_id}": (DOOR, 403, 403, 403, 403, 200),
    "/admin/donnees/usagers/{usager_id}/dossier": (DOOR, 403, 403, 403, 403, 200),
    "/admin/donnees/usagers/{usager_id}/dossier.json": (DOOR, 403, 403, 403, 403, 200),
    "/supervision/tableau?structure={organisation_id}": (DOOR, 403, 403, 200, 404, 200),
    "/supervision/tableau/{figures}.csv?structure={organisation_id}": (DOOR, 403, 403, 200, 404, 200),
    "/supervision/comprehension?structure={organisation_id}": (DOOR, 403, 403, 200, 404, 200),
    "/supervision/comprehension/{scores}.csv?structure={organisation_id}": (DOOR, 403, 403, 200, 404, 200),
    "/supervision/journal?chaine={organisation_id}": (DOOR, 403, 403, 200, 404, 200),
    "/supervision/journal/verification?chaine={organisation_id}": (DOOR, 403, 403, 200, 404, 200),
    "/supervision/journal/cle.pem?chaine={organisation_id}": (DOOR, 403, 403, 200, 404, 200),
    "/supervision": (DOOR, 403, 403, 303, 303, 303),
    "/supervision/conversations": (DOOR, 403, 403, 200, 200, 200),
    "/supervision/conversations.csv": (DOOR, 403, 403, 200, 200, 200),
    "/supervision/conversations/{episode}": (DOOR, 403, 403, 200, 404, 200),
    "/supervision/conversations/{episode}/tours/{turn_id}": (DOOR, 403, 403, 200, 404, 200),
    "/supervision/fiches": (DOOR, 403, 403, 200, 200, 200),
    "/supervision/fiches/passages": (DOOR, 403, 403, 200, 200, 200),
    "/supervision/corrections": (DOOR, 403, 403, 200, 200, 200),
    "/supervision/exports": (DOOR, 403, 403, 200, 200, 200),
    "/aide": (DOOR, 403, 200, 200, 200, 200),
    "/aide/liste": (DOOR, 403, 200, 200, 200, 200),
    "/aide/etat": (DOOR, 403, 200, 200, 200, 200),
    "/aide/presence": (DOOR, 403, 200, 200, 200, 200),
    "/aide/fiches": (DOOR, 403, 200, 200, 200, 200),
    "/aide/reponses": (DOOR, 403, 200, 200, 200, 200),
    "/aide/reponses/{reply_id:int}": (DOOR, 403, 200, 200, 404, 404),
    "/aide/{request_id:int}": (DOOR, 403, 200, 200, 404, 200),
    "/aide/{request_id:int}/fil": (DOOR, 403, 200, 200, 404, 200),
    "/api/mandats": (401, 200, 403, 200, 200, 403),
    "/api/mandats.csv": (401, 200, 403, 200, 200, 403),
    "/api/mandats/{reference}": (401, 200, 403, 200, 404, 403),
    "/api/mandats/{reference}/verification?demarche=logement": (401, 200, 403, 200, 404, 403),
}
POSTS = {
    "/deconnexion": (DOOR, 303, 303, 303, 303, 303),
    "/mandats": (DOOR, 303, 403, 303, 303, 403),
    "/mandats/nouveau": (DOOR, 422, 403, 422, 422, 403),
    "/mandats/{mandat_id}/utiliser": (DOOR, 422, 403, 422, 404, 403),
    "/mandats/{mandat_id}/numero": (DOOR, 422, 403, 422, 404, 403),
    "/mandats/{mandat_id}/revoquer": (DOOR, 303, 403, 303, 404, 403),
    "/mandats/{mandat_id}/renouveler": (DOOR, 422, 403, 422, 404, 403),
    "/compte/code": (DOOR, 200, 200, 200, 200, 200),
    "/compte/structure": (DOOR, 404, 404, 404, 404, 404),
    "/compte/codes-de-secours": (DOOR, 422, 422, 422, 422, 422),
    "/compte/deconnexions": (DOOR, 303, 303, 303, 303, 303),
    "/structure/{organisation_id}/invitations": (DOOR, 403, 403, 422, 404, 422),
    "/structure/{organisation_id}/demarches": (DOOR, 403, 403, 422, 404, 422),
    "/structure/{organisation_id}/personnes/{aidant_id}/lien": (DOOR, 403, 403, 200, 404, 200),
    "/structure/{organisation_id}/personnes/{aidant_id}/retirer": (DOOR, 403, 403, 303, 404, 303),
    "/admin/structures": (DOOR, 403, 403, 403, 403, 422),
    "/admin/invitations": (DOOR, 403, 403, 403, 403, 422),
    "/admin/donnees/essai": (DOOR, 403, 403, 403, 403, 200),
    "/admin/donnees/purge": (DOOR, 403, 403, 403, 403, 200),
    "/admin/donnees/usagers": (DOOR, 403, 403, 403, 403, 422),
    "/admin/donnees/usagers/{usager_id}/effacer": (DOOR, 403, 403, 403, 403, 422),
    "/supervision/journal/verifier": (DOOR, 403, 403, 303, 303, 303),
    "/supervision/journal/exporter": (DOOR, 403, 403, 200, 200, 200),
    "/supervision/filtres": (DOOR, 403, 403, 422, 422, 422),
    "/supervision/filtres/{filter_id}/supprimer": (DOOR, 403, 403, 303, 404, 404),  # each has their own
    "/supervision/conversations/{episode}/demasquer": (DOOR, 403, 403, 422, 404, 422),
    "/supervision/conversations/{episode}/etat": (DOOR, 403, 403, 422, 404, 422),
    "/supervision/conversations/{episode}/signalement": (DOOR, 403, 403, 303, 404, 303),
    "/supervision/conversations/{episode}/charge": (DOOR, 403, 403, 303, 404, 303),
    "/supervision/conversations/{episode}/etiquettes": (DOOR, 403, 403, 422, 404, 422),
    "/supervision/conversations/{episode}/etiquettes/retirer": (DOOR, 403, 403, 303, 404, 303),
    "/supervision/conversations/{episode}/notes": (DOOR, 403, 403, 422, 404, 422),
    "/supervision/conversations/{episode}/notes/{note_id}/supprimer": (DOOR, 403, 403, 303, 404, 404),  # likewise
    "/supervision/conversations/{episode}/tours/{turn_id}": (DOOR, 403, 403, 422, 404, 422),
    "/supervision/corrections/tours/{turn_id}/accepter": (DOOR, 403, 403, 303, 404, 303),
    "/supervision/corrections/{correction_id}/valider": (DOOR, 403, 403, 303, 404, 303),
    "/supervision/corrections/{correction_id}/ecarter": (DOOR, 403, 403, 303, 404, 303),
    "/supervision/exports": (DOOR, 403, 403, 200, 200, 200),
    "/aide/reponses": (DOOR, 403, 404, 404, 404, 404),  # of no structure
    "/aide/reponses/{reply_id:int}": (DOOR, 403, 422, 422, 404, 404),
    "/aide/reponses/{reply_id:int}/supprimer": (DOOR, 403, 303, 303, 404, 404),
    "/aide/{request_id:int}/prendre": (DOOR, 403, 303, 303, 404, 303),
    "/aide/{request_id:int}/repondre": (DOOR, 403, 422, 422, 404, 422),
    "/aide/{request_id:int}/noter": (DOOR, 403, 422, 422, 404, 422),
    "/aide/{request_id:int}/transmettre": (DOOR, 403, 303, 303, 404, 303),
    "/aide/{request_id:int}/clore": (DOOR, 403, 303, 303, 404, 303),
}
# What anyone may ask: pages of everyone, doors, pages whose address is itself a secret, and what has a key of its own.
PUBLIC = {
    "GET /",
    "GET /accessibilite",
    "GET /accueil",
    "GET /api/openapi.json",
    "GET /assistant",
    "GET /connexion",
    "POST /connexion",
    "GET /donnees-personnelles",
    "GET /healthz",
    "GET /inscription/{secret}",
    "POST /inscription/{secret}",
    "GET /metrics",  # closed by address or by token, whoever is signed in: tests/unit/observability/test_page.py
    "GET /readyz",
    f"GET {script_address()}",
    "GET /verifier",
    "POST /verifier",
    "GET /mandat/preparer",
    "POST /mandat/preparer",
    "GET /mandat/scelle",
    "GET /mandat/scelle/attestation.pdf",
    "GET /s/{secret}",
    "POST /s/{secret}",
    "GET /v/{token}",
    "GET /widget.js",
    "GET /webhooks/rest/outbox",
    "POST /webhooks/rest/webhook",
}
# An endless stream, which test_helpdesk_pages asks for.
STREAMS = {"GET /aide/evenements"}
# What the addresses hold, made anew for each request: the one before may have used it up.
OBJECTS: dict[str, Callable[[Office], str]] = {
    "mandat_id": lambda office: office.seal().id,
    "reference": lambda office: office.seal().reference,
    "usager_id": lambda office: office.seal().usager_id,
    "organisation_id": lambda office: office.home,
    "aidant_id": lambda office: _back(office).id,
    "episode": reviews.an_episode,
    "turn_id": reviews.a_turn,
    "note_id": reviews.a_note,
    "correction_id": reviews.a_correction,
    "filter_id": reviews.a_filter,
    "figures": lambda office: "volume",
    "request_id": helps.a_request,
    "reply_id": helps.a_canned_reply,
    "scores": lambda office: "corrections-scores",
}
# Puts in place what is optional in DeskServices, by the name of its field.
EQUIPPED: dict[str, Callable[[Office], object]] = {
    "dashboard": put_boards,
    "helpdesk": helps.put,
    "protection": protect,
    "supervision": reviews.Reviews.over,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    method: str
    path: str
    expected: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def route(self) -> str:
        return f"{self.method} {self.path.partition('?')[0]}"

    @property
    def names(self) -> list[str]:
        return re.findall(r"{(\w+)(?::int)?}", self.path)

    def allowed(self) -> str:
        """Someone who may."""
        pairs = list(zip(PEOPLE[1:], self.expected[1:], strict=True))
        refused = next((person for person, status in pairs if status != 403), PEOPLE[1])
        return next((person for person, status in pairs if status not in {403, 404}), refused)


ROWS = [Row("GET", *one) for one in GETS.items()] + [Row("POST", *one) for one in POSTS.items()]
rows = pytest.mark.parametrize("row", ROWS, ids=str)
forms = pytest.mark.parametrize("row", [row for row in ROWS if row.method == "POST"], ids=str)


@dataclass
class Everyone:
    """The structures, and someone of every role."""

    office: Office
    helpdesk: Person
    made: dict[str, str] = field(default_factory=dict)

    def address(self, row: Row, *, anew: bool = False) -> str:
        """The address of *row*, with objects that are there."""
        _back(self.office)
        for name in row.names:
            if anew or name not in self.made:
                self.made[name] = OBJECTS[name](self.office)
        return row.path.replace(":int}", "}").format(**self.made)

    def browser(self, person: str) -> TestClient:
        """A browser of *person*, who has just signed in."""
        self.office.site.house.clock.advance(seconds=1)  # after whatever ended their sessions
        if person == "nobody":
            return self.office.site.browser()
        return self.office.signed_in(self.person(person))

    def person(self, name: str) -> Person:
        who: Person = self.helpdesk if name == "helpdesk" else getattr(self.office, name)
        return who

    def journalled(self, *actions: Action) -> dict[str, int]:
        """How many entries each journal has, of *actions* or in all."""
        query = select(JournalEntry.organisation_id, func.count().label("entries")).group_by(
            JournalEntry.organisation_id
        )
        if actions:
            query = query.where(JournalEntry.action.in_([one.value for one in actions]))
        with self.office.site.house.database.unit_of_work() as session:
            return {row.organisation_id: row.entries for row in session.execute(query)}

    def refusals(self, name: str) -> int:
        """How many are journalled where *name* acts."""
        chain = {"admin": SYSTEM, "stranger": self.office.other}.get(name, self.office.home)
        return self.journalled(Action.REFUSE_ACCESS).get(chain, 0)


@pytest.fixture(scope="module")
def everyone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everyone]:
    """One for all the rows: hundreds of requests, on the same structures."""
    folder = tmp_path_factory.mktemp("matrix")
    database = Database.at(sqlite_url(folder))
    office = Office.over(database, static=folder / "static")
    helpdesk = office.site.house.enrolled("rozenn@exemple.fr", office.home, role=Role.HELPDESK)
    for put_in_place in EQUIPPED.values():
        put_in_place(office)
    app = office.site.app()
    office.site.app = lambda: app  # type: ignore[method-assign]
    yield Everyone(office, helpdesk)
    database.close()


def _back(office: Office) -> Person:
    """The aidant, who works in the first structure even if the request before took them out of it."""
    office.site.house.aidants.invite(office.aidant.view.email, "Maïwenn", organisation=office.home)
    return office.aidant


def routes(app: Any) -> Iterator[str]:
    """Every route of *app*, mounted files apart."""
    for route in app.routes:
        if (included := getattr(route, "original_router", None)) is not None:
            yield from routes(included)
        elif getattr(route, "methods", None):
            yield from (f"{method} {route.path}" for method in sorted(route.methods - {"HEAD"}))


def send(browser: TestClient, row: Row, address: str, **values: str) -> Any:
    if row.method == "GET":
        return browser.get(address)
    page = browser.get("/compte" if COOKIE in browser.cookies else "/connexion")
    return browser.post(address, data=form_of(page, **values))


def test_every_route_has_its_row_and_every_row_its_route(everyone: Everyone) -> None:
    served = set(routes(everyone.office.site.app()))
    told = {row.route for row in ROWS}
    assert served - PUBLIC - STREAMS - told == set(), "add a row for it"
    assert told - served == set(), "no such route"


def test_every_optional_group_of_pages_is_in_place(everyone: Everyone) -> None:
    desk = everyone.office.site.services.desk
    missing = {one.name for one in fields(DeskServices) if getattr(desk, one.name) is None}
    assert missing == set(), "put it in EQUIPPED, and add its rows"


@rows
def test_who_may(everyone: Everyone, row: Row) -> None:
    for name, expected in zip(PEOPLE, row.expected, strict=True):
        address, browser = everyone.address(row, anew=True), everyone.browser(name)
        before = everyone.refusals(name) if name != "nobody" else 0
        answer = send(browser, row, address)
        assert answer.status_code == expected, name
        if name == "nobody" and expected == DOOR:
            assert answer.headers["location"].startswith("/connexion")
        # An admin who acts for no structure is not refused a mandate: they have none to look at.
        told = expected in {403, 404} and name != "nobody" and "revocation.pdf" not in row.path
        if told and not (name == "admin" and "mandats" in row.path) and row.path != "/structure":
            assert everyone.refusals(name) == before + 1, f"{name}: a refusal is journalled, once"


@rows
def test_another_structure_gets_nothing(row: Row) -> None:
    if row.names:
        assert row.expected[PEOPLE.index("stranger")] in {403, 404}


@forms
def test_no_form_passes_without_its_token(everyone: Everyone, row: Row) -> None:
    """From elsewhere, without a token, or with that of nobody: even someone who may is refused."""
    address, browser = everyone.address(row), everyone.browser(row.allowed())
    page = browser.get("/compte")
    for data, headers in (
        ({}, SAME_ORIGIN),
        ({"csrf": "0" * 64}, SAME_ORIGIN),
        (form_of(page), {"sec-fetch-site": "cross-site"}),
        (form_of(page), {"sec-fetch-site": "same-site"}),
        (form_of(page), {"sec-fetch-site": "", "origin": "https://ailleurs.example"}),
    ):
        before = everyone.journalled()
        assert browser.post(address, data=data, headers=headers).status_code == 403
        assert everyone.journalled() == before, "nothing was done"


@forms
def test_the_token_of_another_session_is_none(everyone: Everyone, row: Row) -> None:
    """A page kept from an earlier sign-in, or given by someone else, sends nothing in this one."""
    address, name = everyone.address(row), row.allowed()
    earlier, now = everyone.browser(name), everyone.browser(name)
    kept = form_of(earlier.get("/compte"))
    now.cookies.set("equipier_forms", earlier.cookies["equipier_forms"], domain="testserver.local")
    assert now.post(address, data=kept).status_code == 403


@rows
def test_a_session_that_was_ended_opens_nothing(everyone: Everyone, row: Row) -> None:
    """The cookie is still in the hands of whoever copied it, and its half-hour is not over."""
    name = row.allowed()
    address, browser = everyone.address(row), everyone.browser(name)
    page = browser.get("/compte")
    copied = browser.cookies[COOKIE]
    everyone.office.site.house.aidants.sign_out_everywhere(everyone.person(name).id)
    answer = browser.get(address) if row.method == "GET" else browser.post(address, data=form_of(page))
    assert answer.status_code == row.expected[0]
    thief = everyone.office.site.browser()
    thief.cookies.set(COOKIE, copied, domain="testserver.local")
    assert thief.get("/compte").headers["location"] == "/connexion?fin=everywhere&suite=/compte"


def test_signing_in_never_keeps_the_session_that_the_browser_held(everyone: Everyone) -> None:
    """Session fixation: what someone else put in the browser beforehand gives them nothing."""
    office, attacker = everyone.office, everyone.browser("stranger")
    page = attacker.get("/compte")
    victim = office.site.browser()
    for name in (COOKIE, "equipier_forms"):
        victim.cookies.set(name, attacker.cookies[name], domain="testserver.local")
    victim.post("/deconnexion", data=form_of(page))
    shown = victim.get("/connexion")
    values = {"email": office.aidant.view.email, "password": PASSWORD, "code": office.aidant.code()}
    answer = victim.post("/connexion", data=form_of(shown, **values))
    assert answer.status_code == 303
    assert victim.cookies[COOKIE] != attacker.cookies[COOKIE]
    assert attacker.get("/compte").headers["location"].startswith("/connexion?fin="), "left, wherever its cookie is"
    # The seed of the forms may be the attacker's: their tokens are bound to their own session all the same.
    assert victim.post("/compte/code", data=form_of(page)).status_code == 403
    assert victim.post("/compte/code", data=form_of(victim.get("/compte"))).status_code == 200
