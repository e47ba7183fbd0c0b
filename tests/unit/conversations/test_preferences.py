"""How someone wants to be answered, said in their own words."""

import pytest

from bot.conversations.messages import Incoming
from bot.conversations.preferences import Preferences
from tests.unit.conversations.conftest import House


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Réponds à voix haute", Preferences(voice=True)),
        ("réponds-moi à voix haute s'il te plaît", Preferences(voice=True)),
        ("peux-tu me répondre à voix haute ?", Preferences(voice=True)),
        ("Active la lecture à voix haute", Preferences(voice=True)),
        ("lis tes réponses à haute voix", Preferences(voice=True)),
        ("réponses courtes", Preferences(brief=True)),
        ("Fais-moi des réponses plus courtes", Preferences(brief=True)),
        ("réponds plus brièvement", Preferences(brief=True)),
    ],
)
async def test_a_wish_is_heard_and_kept(house: House, said: str, expected: Preferences) -> None:
    assert (await house.say(said))[0].text.startswith("C'est noté")
    assert house.preferences.of(house.conversation()) == expected
    assert house.engine.asked == []


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("réponds à voix haute", "arrête de parler"),
        ("réponds à voix haute", "réponds par écrit"),
        ("réponds à voix haute", "plus de voix stp"),
        ("réponds à voix haute", "désactive la lecture à voix haute"),
        ("réponses courtes", "réponses complètes"),
        ("réponses courtes", "réponds en entier"),
    ],
)
async def test_a_wish_can_be_taken_back(house: House, first: str, then: str) -> None:
    await house.say(first)
    await house.say(then)
    assert house.preferences.of(house.conversation()) == Preferences()


@pytest.mark.parametrize(
    "said",
    [
        "elle doit répondre à l'oral à un entretien de naturalisation",
        "il ne peut pas lire, il lui faut une aide à la lecture",
        "le courrier demande une réponse par écrit, comment faire ?",
        "il a perdu la voix, quelle aide ?",
        "parler à quelqu'un",
        "arrête",
        "lis la fiche",
    ],
)
async def test_a_question_is_no_wish(house: House, said: str) -> None:
    await house.say(said)
    assert len(house.engine.asked) == 1
    assert house.preferences.of(house.conversation()) == Preferences()


async def test_short_answers_are_asked_of_the_dialogue(house: House) -> None:
    await house.say("bonjour")
    await house.say("réponses courtes")
    await house.say("bonjour")
    assert [told["brief"] for told in house.engine.told] == [False, True]


async def test_wishes_follow_the_aidant_from_one_place_to_the_other(house: House) -> None:
    place = house.places.open("telegram", "42", now=house.clock.now(), address="42")
    house.places.join(place.id, "lea", conversation=place.conversation, now=house.clock.now())
    await house.router.handle(Incoming("telegram", "42", "réponses courtes", address="42"))
    await house.router.handle(Incoming("web", "aidant:lea", "bonjour", aidant="lea"))
    assert house.engine.told[-1]["brief"] is True
