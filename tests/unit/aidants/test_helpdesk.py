"""Who only answers requests of help: no mandate, nobody else's business."""

import pytest

from bot.aidants.models import Role
from bot.aidants.views import NoMandates, NoOrganisation
from bot.mandats.views import AccessRefused
from tests.unit.aidants.house import House


@pytest.fixture
def answering(house: House):
    return house.enrolled("rozenn@ccas.fr", house.organisation("CCAS de Lens").id, role=Role.HELPDESK)


def test_whoever_only_answers_has_no_mandate(house: House, answering) -> None:
    with pytest.raises(NoMandates):
        house.aidants.actor(answering.id)
    conversation = house.conversation()
    house.aidants.link_conversation(conversation, house.aidants.conversation_code(answering.id))
    with pytest.raises(NoOrganisation):
        house.aidants.actor_of(conversation)


def test_one_may_answer_here_and_be_an_aidant_elsewhere(house: House, answering) -> None:
    town = house.organisation("Mairie de Lens")
    house.aidants.invite("rozenn@ccas.fr", "Rozenn", organisation=town.id)
    house.aidants.switch(answering.id, town.id)
    assert house.aidants.actor(answering.id).organisation == town.id


def test_one_becomes_an_aidant_by_being_invited_as_one(house: House, answering) -> None:
    organisation = answering.view.organisation
    house.aidants.invite("rozenn@ccas.fr", "Rozenn", organisation=organisation, role=Role.AIDANT)
    assert house.aidants.actor(answering.id).organisation == organisation


def test_whoever_answers_supervises_nothing(house: House, answering) -> None:
    with pytest.raises(AccessRefused):
        house.aidants.invite("x@ccas.fr", "Xavier", organisation=answering.view.organisation, by=answering.id)


@pytest.mark.parametrize(
    ("role", "label", "answers", "mandates"),
    [
        (Role.AIDANT, "Aidant", False, True),
        (Role.HELPDESK, "Répond aux demandes d'aide", True, False),
        (Role.SUPERVISEUR, "Supervise la structure", True, True),
    ],
)
def test_what_each_role_is_for(role: Role, label: str, answers: bool, mandates: bool) -> None:
    assert (role.label, role.answers, role.mandates) == (label, answers, mandates)
