"""« Je veux parler à quelqu'un » in a conversation with actions, over the real services."""

from collections.abc import Iterator

import pytest

from bot.fiches.guidance import GuidanceService
from bot.handover.models import HandoverRequest
from bot.storage.engine import Database
from tests.unit.actions import office as offices
from tests.unit.actions.office import Office
from tests.unit.fiches.tiny import tiny_service
from tests.unit.mandats.databases import sqlite_url
from tests.unit.mandats.world import World, assemble


@pytest.fixture(scope="module")
def fiches(tmp_path_factory: pytest.TempPathFactory) -> GuidanceService:
    return tiny_service(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def world(tmp_path) -> Iterator[World]:
    database = Database.at(sqlite_url(tmp_path))
    yield assemble(database)
    database.close()


@pytest.fixture
def office(world: World, fiches: GuidanceService, monkeypatch: pytest.MonkeyPatch) -> Office:
    office = Office.open(world, fiches)
    offices.use(monkeypatch, office.services)
    helper = world.aidant(world.actor.organisation)
    world.sql("UPDATE memberships SET role = 'helpdesk' WHERE aidant_id = :aidant", aidant=helper.aidant)
    world.sql("UPDATE aidants SET password_hash = 'x' WHERE id = :aidant", aidant=helper.aidant)
    return office


def request_of(world: World) -> HandoverRequest:
    with world.database.unit_of_work() as session:
        return session.query(HandoverRequest).one()


@pytest.mark.parametrize(("said", "reason"), [("je veux parler à quelqu'un", "asked"), ("/joindre_humain", "button")])
def test_asking_for_a_human_opens_a_request(office: Office, world: World, said: str, reason: str) -> None:
    assert "Votre demande est transmise" in office.say(said, "joindre_humain")
    assert office.titles == ["Revenir à l'assistant"]
    request = request_of(world)
    assert (request.reason, request.conversation_id, request.organisation_id, request.aidant_id) == (
        reason,
        office.conversation,
        world.actor.organisation,
        world.actor.aidant,
    )


@pytest.mark.parametrize(("said", "intent"), [("oui", "affirmer"), ("/joindre_humain", "joindre_humain")])
def test_yes_after_two_failures_opens_a_request_that_says_so(
    office: Office, world: World, said: str, intent: str
) -> None:
    for _ in range(3):
        office.say("bzz")
    assert "Parler à quelqu'un" in office.titles
    office.say(said, intent)
    assert request_of(world).reason == "not_understood"
    assert (office.slots["proposition"], office.slots["echecs"]) == (None, 0)


def test_in_the_evening_a_ticket_is_kept_and_nothing_leads_back_since_the_assistant_stays(
    office: Office, world: World
) -> None:
    world.fake_clock.advance(hours=9)
    assert "Votre demande est gardée" in office.say("je veux parler à quelqu'un", "joindre_humain")
    assert office.titles == []
    assert request_of(world).ticket


def test_an_open_entry_waits_without_a_reminder_and_goes_on_afterwards(office: Office, world: World) -> None:
    office.say("ouvre un mandat logement pour un mois", "ouvrir_mandat")
    entry = office.saisie
    said = office.say("je veux parler à quelqu'un", "joindre_humain")
    assert "n'est pas terminé" not in said
    assert office.saisie == entry
    assert request_of(world)
    assert "n'est pas terminé" in office.send("/revenir_assistant")


def test_the_button_of_a_request_that_is_over_touches_nothing(office: Office) -> None:
    assert office.send("/revenir_assistant") == "utter_assistant_la"


def test_where_nobody_answers_one_is_told_who_to_call(office: Office, world: World) -> None:
    world.sql("UPDATE memberships SET role = 'aidant'")
    assert office.say("je veux parler à quelqu'un", "joindre_humain") == "utter_joindre_humain"
    assert world.count("handovers") == 0
