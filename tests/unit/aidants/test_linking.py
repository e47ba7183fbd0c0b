"""« lier 4829 1357 »: what a conversation hears before the dialogue does."""

import time

import pytest

from bot.aidants.linking import ChatLinking
from bot.aidants.models import Role
from tests.unit.aidants.house import House


@pytest.fixture
def organisation(house: House):
    return house.organisation("CCAS de Guéret")


@pytest.fixture
def lea(house: House, organisation):
    return house.enrolled("lea@exemple.fr", organisation.id, role=Role.AIDANT)


@pytest.fixture
def chat(house: House) -> ChatLinking:
    return ChatLinking(house.aidants)


@pytest.mark.parametrize(
    "form",
    [
        "lier {} {}",
        "Lier {}{}",
        "/lier {} {}",
        "LIER : {}-{}.",
        "relier {} {} !",
        "lier mon compte {} {}",
        "lier avec le code {} {}",
        "lier le code {}{}",
        "  lier\u00a0: {}\u202f{} ",
        "lier {} – {}",
    ],
)
def test_a_code_links_the_conversation_however_it_is_typed(house, lea, chat, form) -> None:
    conversation = house.conversation()
    code = house.aidants.conversation_code(lea.id).split()
    answer = chat.answer(conversation, form.format(*code))
    assert answer is not None
    assert "pour la structure «\u202fCCAS de Guéret\u202f»" in answer
    actor = house.aidants.actor_of(conversation)
    assert actor is not None
    assert actor.aidant == lea.id


@pytest.mark.parametrize("text", ["lier 00000000", "lier 12", "lier 123456789", "lier 0000 0000"])
def test_a_wrong_code_is_said_to_be_wrong_and_goes_no_further(house, lea, chat, text) -> None:
    assert "n'est pas valable" in chat.answer(house.conversation(), text)


def test_each_refusal_says_what_to_do(house, lea, chat) -> None:
    first, second = house.conversation("a"), house.conversation("b")
    code = house.aidants.conversation_code(lea.id)
    chat.answer(first, f"lier {code}")
    assert "déjà servi" in chat.answer(second, f"lier {code}")
    late = house.aidants.conversation_code(lea.id)
    house.clock.advance(minutes=15)
    assert "15 minutes" in chat.answer(second, f"lier {late}")
    for _ in range(5):
        chat.answer(second, "lier 0000 0000")
    assert "Trop d'essais" in chat.answer(second, f"lier {house.aidants.conversation_code(lea.id)}")


@pytest.mark.parametrize("text", ["lier", "Lier !", "/lier", "relier mon compte", "lier cette conversation"])
def test_without_a_code_it_is_said_how_to_get_one(house, chat, text) -> None:
    assert "demandez un code sur la page" in chat.answer(house.conversation(), text)


def test_without_an_organisation_it_is_said_too(house, chat) -> None:
    alone = house.enrolled("seul@exemple.fr", None, admin=True)
    answer = chat.answer(house.conversation(), f"lier {house.aidants.conversation_code(alone.id)}")
    assert "rattaché à aucune structure" in answer


@pytest.mark.parametrize(
    "text", ["délier", "DÉLIER", "delier", "/délier", "délier la conversation", "délier mon compte."]
)
def test_a_conversation_is_untied(house, lea, chat, text) -> None:
    conversation = house.conversation()
    chat.answer(conversation, f"lier {house.aidants.conversation_code(lea.id)}")
    assert "n'est plus reliée" in chat.answer(conversation, text)
    assert house.aidants.actor_of(conversation) is None
    assert "n'est reliée à aucun compte" in chat.answer(conversation, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bonjour",
        "je veux lier 4829 1357",
        "lierre grimpant",
        "lier un contrat de location",
        "elle veut se lier",
        "délier les deux dossiers",
        "4829 1357",
        "allié 4829 1357",
    ],
)
def test_everything_else_is_left_to_the_dialogue(house, chat, text) -> None:
    assert chat.answer(house.conversation(), text) is None


@pytest.mark.parametrize("text", ["lier " + "1 " * 1000, "lier 1" + " " * 3000 + "a", " " * 3000 + "a", "." * 3000])
def test_a_long_message_is_judged_at_once(house, chat, text) -> None:
    before = time.perf_counter()
    assert chat.answer(house.conversation(), text) is None
    assert time.perf_counter() - before < 1
