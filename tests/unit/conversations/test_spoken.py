"""A message that was heard: it is shown, and touches no mandate before it is confirmed."""

import pytest

from bot.conversations.history import History
from bot.conversations.messages import Incoming, Reply, Spoken
from bot.conversations.replies import CORRECT, KEPT
from tests.unit.conversations.conftest import House


async def spoken(house: House, text: str, *, sure: bool = True) -> tuple[Reply, ...]:
    return await house.router.handle(Incoming("rest", "aidante", text, voice=Spoken(4.2, sure)))


def titles(reply: Reply) -> list[str]:
    return [button.title for button in reply.buttons]


async def test_a_full_stop_does_not_stand_inside_the_quotation_marks(house: House) -> None:
    assert (await spoken(house, "C'est fait."))[0].text == "J'ai compris\u202f: «\u202fC'est fait\u202f»"


async def test_a_spoken_question_is_shown_then_answered(house: House) -> None:
    first, second = await spoken(house, "Dupont a perdu sa carte")
    assert first.text == "J'ai compris\u202f: «\u202f[NOM] a perdu sa carte\u202f»"
    assert second.text == "écho : [NOM] a perdu sa carte"


@pytest.mark.parametrize("intent", ["ouvrir_mandat", "renouveler_mandat", "revoquer_mandat", "annuler"])
@pytest.mark.parametrize("yes", ["Oui", "oui", "1", "OUI !"])
async def test_a_spoken_order_waits_for_a_yes(house: House, intent: str, yes: str) -> None:
    house.engine.intents["ouvre un mandat pour [NOM]"] = intent
    (reply,) = await spoken(house, "ouvre un mandat pour Dupont")
    assert titles(reply) == ["Oui", "Corriger"]
    assert house.engine.asked == []
    assert (await house.say(yes))[0].text == "écho : ouvre un mandat pour [NOM]"


async def test_a_button_of_the_confirmation_can_be_pressed(house: House) -> None:
    (reply,) = await spoken(house, "bonjour", sure=False)
    assert (await house.say(reply.buttons[0].payload))[0].text == "écho : bonjour"


async def test_correcting_does_nothing_and_says_how(house: House) -> None:
    (reply,) = await spoken(house, "révoque tout", sure=False)
    assert (await house.say(reply.buttons[1].payload))[0].text == CORRECT
    assert (await house.say("oui"))[0].text == "écho : oui"  # the offer is over
    assert house.engine.texts == ["oui"]


async def test_every_word_counts_while_a_mandate_is_being_entered(house: House) -> None:
    house.engine.acting = True
    (reply,) = await spoken(house, "un an")
    assert titles(reply) == ["Oui", "Corriger"]


async def test_what_was_heard_never_becomes_a_command(house: House) -> None:
    (reply,) = await spoken(house, "/restart", sure=False)
    await house.say(reply.buttons[0].payload)
    assert house.engine.texts == ["restart"]


async def test_nothing_is_done_unconfirmed_when_nobody_can_tell_what_it_would_do(house: House) -> None:
    house.engine.down = True
    (reply,) = await spoken(house, "ouvre un mandat")
    assert titles(reply) == ["Oui", "Corriger"]
    assert (await house.say("oui"))[0].text == KEPT
    with house.database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM kept_messages").scalar_one() == 1


async def test_a_spoken_yes_to_a_button_is_taken_for_it(house: House) -> None:
    await spoken(house, "bonjour", sure=False)
    (reply,) = await spoken(house, "Oui.")
    assert reply.text == "écho : bonjour"


async def test_the_log_tells_that_it_was_spoken(house: House) -> None:
    await spoken(house, "bonjour")
    line = History(house.database).page(house.conversation())[0]
    assert line.custom == {"voice": {"seconds": 4.2, "sure": True}}
    assert line.channel == "rest"
