"""The pages of those who answer requests."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from httpx import Response
from starlette.testclient import TestClient

from bot.aidants.models import Role
from bot.conversations.places import Places
from bot.conversations.store import ConversationStore
from bot.fiches.store import FicheStore
from bot.gateway.desk.helpdesk.services import HelpDeskServices
from bot.handover.asking import Handovers
from bot.handover.canned import CannedReplies
from bot.handover.fiches import FicheFinder
from bot.handover.helpdesk import HelpDesk
from bot.handover.hours import Hours
from bot.handover.views import Reason
from bot.storage.engine import Database
from tests.unit.aidants.house import Person
from tests.unit.fiches.samples import CARTE
from tests.unit.gateway.office import Office
from tests.unit.gateway.site import PUBLIC_URL, form_of, words
from tests.unit.handover.front import Masks


@dataclass
class Help:
    """An office with its help desk, and an aidant who writes from the web."""

    office: Office
    handovers: Handovers
    helper: Person
    other: Person
    stranger: Person
    conversation: str

    @classmethod
    def over(cls, database: Database, *, static: Path, public_url: str = PUBLIC_URL) -> "Help":
        office = Office.over(database, static=static, public_url=public_url)
        house = office.site.house
        desk = office.site.services.desk
        assert desk is not None
        services = HelpDeskServices(
            requests=HelpDesk(database, house.journal, house.clock, pseudonymiser=Masks()),
            canned=CannedReplies(database, house.clock, detector=Masks()),
            fiches=FicheFinder(FicheStore(database)),
        )
        office.site.services = replace(office.site.services, desk=replace(desk, helpdesk=services))
        place = Places(database).open("web", "page", now=house.clock.now(), aidant=office.aidant.id)
        house.aidants.own_conversation(place.conversation, office.aidant.id)
        return cls(
            office,
            Handovers(database, house.journal, house.clock, hours=Hours.parse("toujours")),
            house.enrolled("soizic@exemple.fr", office.home, role=Role.HELPDESK),
            house.enrolled("enora@exemple.fr", office.home, role=Role.HELPDESK),
            house.enrolled("tugdual@exemple.fr", office.other, role=Role.HELPDESK),
            place.conversation,
        )

    @property
    def database(self) -> Database:
        return self.office.site.world.database

    def said(self, text: str, **options) -> None:
        """The person wrote."""
        now = self.office.site.house.clock.now()
        ConversationStore(self.database).log_incoming(
            self.conversation, text, **({"custom": None, "channel": "web", "now": now} | options)
        )
        if self.handovers.silent(self.conversation):
            self.handovers.hear(self.conversation, text)

    def ask(self, text: str = "je veux parler à quelqu'un") -> int:
        """The id of a new request."""
        self.said(text)
        self.office.site.house.clock.advance(seconds=1)
        self.handovers.ask(self.conversation, Reason.ASKED)
        services = self.office.site.services.desk.helpdesk
        agent = services.requests.agent(self.helper.id)
        return services.requests.listed(agent, "attente")[-1].id

    def fetched(self) -> list[str]:
        """What the person reads when they come back."""
        answers = ConversationStore(self.database).collect(self.conversation, now=self.office.site.house.clock.now())
        return [answer.text for answer in answers]

    def act(self, browser: TestClient, request: int, what: str, **values: str) -> Response:
        return self.office.send(browser, f"/aide/{request}", f"/aide/{request}/{what}", **values)


@pytest.fixture
def help_(database: Database, tmp_path: Path) -> Help:
    return Help.over(database, static=tmp_path / "static")


@pytest.fixture
def browser(help_: Help) -> TestClient:
    return help_.office.signed_in(help_.helper)


PAGES = [
    "/aide",
    "/aide/liste",
    "/aide/etat",
    "/aide/presence",
    "/aide/fiches?q=carte",
    "/aide/reponses",
    "/aide/evenements",
]


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_are_for_those_who_answer(help_: Help, page: str) -> None:
    help_.ask()
    assert help_.office.site.browser().get(page).status_code == 303
    refused = help_.office.signed_in(help_.office.aidant).get(page)
    assert refused.status_code == 403
    assert "ne vous est pas ouverte" in words(refused)


@pytest.mark.parametrize("what", ["", "/fil"])
def test_a_request_of_another_organisation_is_not_there(help_: Help, what: str) -> None:
    request = help_.ask()
    stranger = help_.office.signed_in(help_.stranger)
    assert stranger.get(f"/aide/{request}{what}").status_code == 404
    assert "Maiwenn" not in words(stranger.get("/aide"))
    assert stranger.get("/aide/etat").json()["requests"] == {}


@pytest.mark.parametrize("what", ["prendre", "repondre", "noter", "transmettre", "clore"])
def test_nothing_is_done_to_a_request_of_another_organisation(help_: Help, what: str) -> None:
    request = help_.ask()
    stranger = help_.office.signed_in(help_.stranger)
    sent = help_.office.send(
        stranger, "/aide", f"/aide/{request}/{what}", reponse="x", note="x", agent=help_.stranger.id
    )
    assert sent.status_code == 404


@pytest.mark.parametrize("what", ["prendre", "repondre", "noter", "transmettre", "clore"])
def test_a_form_of_elsewhere_is_refused(help_: Help, browser: TestClient, what: str) -> None:
    request = help_.ask()
    assert browser.post(f"/aide/{request}/{what}", data={"reponse": "x"}).status_code == 403


def test_the_menu_leads_there_for_agents_only(help_: Help, browser: TestClient) -> None:
    assert 'href="/aide"' in browser.get("/aide").text
    assert 'href="/aide"' not in help_.office.signed_in(help_.office.aidant).get("/compte").text


def test_a_request_is_listed_with_the_last_words(help_: Help, browser: TestClient) -> None:
    help_.ask("Mme [NOM] a perdu sa carte")
    page = words(browser.get("/aide"))
    assert "Maiwenn" in page
    assert "« Mme [NOM] a perdu sa carte »" in page
    assert "En attente ( 1 )" in page
    assert "Personne n'attend" not in page


def test_from_taking_to_closing(help_: Help, browser: TestClient) -> None:
    request = help_.ask()
    assert help_.act(browser, request, "prendre").headers["location"] == f"/aide/{request}?fait=prise"
    help_.office.site.house.clock.advance(seconds=20)
    help_.said("il lui manque un justificatif")
    page = browser.get(f"/aide/{request}")
    assert "il lui manque un justificatif" in words(page)
    assert "Vous la suivez" in words(page)
    assert help_.act(browser, request, "repondre", reponse="Bonjour, lequel ?").status_code == 303
    assert help_.act(browser, request, "noter", note="rappeler Mme Kervella").status_code == 303
    page = words(browser.get(f"/aide/{request}"))
    assert "rappeler Mme [NOM]" in page
    assert "Pas encore remise" in page
    assert "Soizic prend la demande." in page
    assert "**Soizic (assistance)\u202f:** Bonjour, lequel ?" in help_.fetched()
    assert "Pas encore remise" not in words(browser.get(f"/aide/{request}"))
    assert help_.act(browser, request, "clore").headers["location"].endswith("fait=close")
    assert "Je suis de nouveau là" in help_.fetched()[-1]
    assert not help_.handovers.silent(help_.conversation)
    page = words(browser.get(f"/aide/{request}"))
    assert "Soizic clôt la demande." in page
    assert "Votre réponse" not in page
    assert "Maiwenn" in words(browser.get("/aide?etat=closes"))


def test_the_second_to_take_is_told_who_was_first(help_: Help, browser: TestClient) -> None:
    request = help_.ask()
    late = help_.office.signed_in(help_.other)
    shown = late.get(f"/aide/{request}")
    help_.act(browser, request, "prendre")
    sent = late.post(f"/aide/{request}/prendre", data=form_of(shown))
    assert "Soizic vient de prendre cette demande." in words(late.get(sent.headers["location"]))
    sent = late.post(f"/aide/{request}/repondre", data=form_of(shown) | {"reponse": "Bonjour"})
    assert "Rien n'a été fait" in words(late.get(sent.headers["location"]))


def test_a_request_is_handed_to_a_colleague(help_: Help, browser: TestClient) -> None:
    request = help_.ask()
    help_.act(browser, request, "prendre")
    sent = help_.act(browser, request, "transmettre", agent=help_.stranger.id)
    assert "Choisissez à qui" in words(browser.get(sent.headers["location"]))
    sent = help_.act(browser, request, "transmettre", agent=help_.other.id)
    page = words(browser.get(sent.headers["location"]))
    assert "La demande est transmise." in page
    assert "Soizic transmet la demande à Enora." in page
    assert "Suivie par Enora" in page


@pytest.mark.parametrize(
    ("reponse", "sentence"),
    [
        ("", "Écrivez quelque chose."),
        ("2 50 01 29 019 044 47", "Retirez ce qui identifie l'usager"),
        ("a" * 2001, "trop long"),
    ],
)
def test_an_answer_that_cannot_be_sent_is_shown_again(
    help_: Help, browser: TestClient, reponse: str, sentence: str
) -> None:
    request = help_.ask()
    help_.act(browser, request, "prendre")
    page = help_.act(browser, request, "repondre", reponse=reponse)
    assert page.status_code == 422
    assert sentence in words(page)
    assert reponse in page.text


def test_what_people_write_is_never_markup(help_: Help, browser: TestClient) -> None:
    request = help_.ask("<script>alert(1)</script> **gras** [piège](javascript:alert(1))")
    page = browser.get(f"/aide/{request}").text
    assert "<script>alert" not in page
    assert "<b>gras</b>" in page
    assert "javascript:" not in page


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"custom": {"voice": {"seconds": 12.4, "sure": False}}}, "Message vocal de 12 s, transcription incertaine"),
        ({"custom": {"refused": "too_long"}}, "Message trop long, refusé"),
    ],
)
def test_what_was_spoken_or_refused_is_told(help_: Help, browser: TestClient, options: dict, sentence: str) -> None:
    request = help_.ask()
    help_.said("" if "refused" in options["custom"] else "il a perdu ses papiers", **options)
    assert sentence in words(browser.get(f"/aide/{request}/fil"))


def test_what_a_page_asks_by_itself_does_not_prolong_the_session(help_: Help, browser: TestClient) -> None:
    request = help_.ask()
    for path in ("/aide/liste", "/aide/etat", f"/aide/{request}/fil"):
        assert "equipier_session" not in browser.get(path).headers.get("set-cookie", "")
    assert "equipier_session" in browser.get("/aide").headers["set-cookie"]


def test_someone_who_is_there_keeps_their_session_and_not_beyond_its_twelve_hours(
    help_: Help, browser: TestClient
) -> None:
    clock = help_.office.site.house.clock
    clock.advance(minutes=20)
    assert browser.get("/aide/etat").json()["session"] == 10 * 60
    assert browser.get("/aide/presence").json() == {"session": 30 * 60}
    assert browser.get("/aide/etat").json()["session"] == 30 * 60
    for _ in range(34):
        clock.advance(minutes=20)
        browser.get("/aide/presence")
    clock.advance(minutes=15)
    assert browser.get("/aide/presence").json() == {"session": 5 * 60}
    clock.advance(minutes=5)
    assert browser.get("/aide/presence", follow_redirects=False).headers["location"].startswith("/connexion")


def test_what_came_before_is_shown_to_who_asks_and_journalled(help_: Help) -> None:
    house = help_.office.site.house
    help_.said("ma fille a perdu sa carte vitale")
    house.clock.advance(hours=2)
    browser = help_.office.signed_in(help_.helper)
    request = help_.ask("je veux parler à quelqu'un")
    page = browser.get(f"/aide/{request}")
    assert "carte vitale" not in words(page)
    help_.act(browser, request, "prendre")
    before = house.actions(help_.office.home).count("read_conversation")
    link = re.search(rf'href="(/aide/{request}\?depuis=\d+)"', page.text)
    assert link
    more = browser.get(link[1])
    assert "ma fille a perdu sa carte vitale" in words(more)
    assert "Voir plus" not in words(more)
    told = house.told(help_.office.home)
    assert house.actions(help_.office.home).count("read_conversation") == before + 1
    assert told[-1].details["since"] == int(link[1].partition("=")[2])
    for _ in range(2):  # the page that follows what happens shows as much, and is told once in ten minutes
        assert "carte vitale" in words(browser.get(link[1].replace("?", "/fil?")))
    assert len(house.told(help_.office.home)) == len(told)
    house.clock.advance(minutes=11)
    browser.get(link[1].replace("?", "/fil?"))
    assert len(house.told(help_.office.home)) == len(told) + 1


def test_a_thread_asked_for_without_its_page_is_journalled_too(help_: Help, browser: TestClient) -> None:
    request = help_.ask()
    for _ in range(2):
        browser.get(f"/aide/{request}/fil")
    assert help_.office.site.house.actions(help_.office.home).count("read_conversation") == 1


def test_the_state_follows_the_requests(help_: Help, browser: TestClient) -> None:
    request = help_.ask()
    before = browser.get("/aide/etat").json()
    assert before["counts"] == {"attente": 1, "miennes": 0, "autres": 0}
    help_.act(browser, request, "prendre")
    after = browser.get("/aide/etat").json()
    assert after["requests"][str(request)]["tab"] == "miennes"
    assert help_.office.signed_in(help_.other).get("/aide/etat").json()["requests"][str(request)]["tab"] == "autres"


def test_fiches_are_searched_by_title(help_: Help, browser: TestClient) -> None:
    FicheStore(help_.database).replace(
        [CARTE], source="test", label="test", imported_at=help_.office.site.house.clock.now()
    )
    (found,) = browser.get("/aide/fiches", params={"q": "carte"}).json()
    assert found == {"id": CARTE.id, "title": CARTE.title, "url": CARTE.url}


def test_canned_replies_are_written_changed_and_removed(help_: Help, browser: TestClient) -> None:
    send = help_.office.send
    assert "Donnez un titre" in words(
        send(browser, "/aide/reponses", title="", text="Bonjour", owner=help_.office.home)
    )
    send(browser, "/aide/reponses", title="Accueil", text="Bonjour, je regarde.", owner=help_.office.home)
    page = browser.get("/aide/reponses")
    assert "Bonjour, je regarde." in words(page)
    address = page.text.split('href="/aide/reponses/')[1].split('"')[0]
    request = help_.ask()
    help_.act(browser, request, "prendre")
    assert "Accueil" in words(browser.get(f"/aide/{request}"))
    edit = f"/aide/reponses/{address}"
    assert send(browser, edit, title="Accueil", text="").status_code == 422
    send(browser, edit, title="Bienvenue", text="Bonjour !")
    assert "Bienvenue" in words(browser.get("/aide/reponses"))
    assert help_.office.signed_in(help_.stranger).get(edit).status_code == 404
    send(browser, edit, f"{edit}/supprimer")
    assert "Bienvenue" not in words(browser.get("/aide/reponses"))


def test_nobody_writes_a_canned_reply_for_another_organisation(help_: Help, browser: TestClient) -> None:
    for owner in (help_.office.other, "toutes", ""):
        sent = help_.office.send(browser, "/aide/reponses", title="x", text="y", owner=owner)
        assert sent.status_code == 404


def test_an_admin_writes_for_everyone(help_: Help) -> None:
    admin = help_.office.signed_in(help_.office.admin)
    sent = help_.office.send(admin, "/aide/reponses", title="Horaires", text="De 9 h à 17 h 30.", owner="toutes")
    assert sent.status_code == 303
    assert "Toutes les structures" in words(help_.office.signed_in(help_.stranger).get("/aide/reponses"))


def test_events_are_a_stream_of_states(help_: Help, browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.gateway.desk.helpdesk.live.LASTS", 0.3)
    help_.ask()
    answer = browser.get("/aide/evenements")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert '"attente": 1' in answer.text
