import asyncio

import pytest
from sqlalchemy import select, text

from bot.conversations.buttons import is_button_id
from bot.conversations.intake import Reason
from bot.conversations.limits import TooManyMessages
from bot.conversations.messages import Reply
from bot.conversations.models import LoggedMessage
from bot.conversations.replies import KEPT, REFUSED, UNKNOWN_BUTTON
from tests.unit.conversations.conftest import House
from tests.unit.conversations.fakes import FOLLOW_UPS


def everything_written(house: House) -> str:
    """All the cells of all the tables, as one text."""
    with house.database.engine.connect() as connection:
        tables = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        rows = [row for table in tables for row in connection.execute(text(f"SELECT * FROM {table}")).all()]
    assert rows
    return repr(rows)


async def test_a_message_is_pseudonymised_and_answered(house: House) -> None:
    assert await house.say("Madame Dupont a perdu sa carte") == (Reply("écho : Madame [NOM] a perdu sa carte"),)
    assert "Dupont" not in everything_written(house)


async def test_the_engine_knows_people_by_our_id_only(house: House) -> None:
    await house.say("bonjour", sender="+33600000000")
    await house.say("merci", sender="+33600000000")
    ids = {conversation for conversation, _ in house.engine.asked}
    assert len(ids) == 1
    assert len(ids.pop()) == 32


@pytest.mark.parametrize("typed", ["/restart", " ／restart", "\u200b/restart", "∕restart", "<br>/restart", "//restart"])
async def test_a_typed_command_reaches_the_engine_as_words(house: House, typed: str) -> None:
    await house.say(typed)
    assert house.engine.texts == ["restart"]


async def test_a_refused_message_stays_at_the_door(house: House) -> None:
    assert (await house.say("👍"))[0].text == REFUSED[Reason.EMOJI_ONLY]
    assert house.engine.asked == []


async def test_a_button_goes_out_as_an_id_and_comes_back_as_its_command(house: House) -> None:
    house.engine.replies["carte"] = FOLLOW_UPS
    (reply,) = await house.say("carte")
    assert reply.custom == {"type": "guidance"}
    assert all(is_button_id(button.payload) for button in reply.buttons)
    await house.say(reply.buttons[1].payload)
    assert house.engine.texts[-1] == '/demander_cout{"fiche": "F1"}'


@pytest.mark.parametrize(
    ("typed", "command"), [("2", '/demander_cout{"fiche": "F1"}'), ("pieces a fournir", "/demander_pieces")]
)
async def test_a_button_can_be_typed(house: House, typed: str, command: str) -> None:
    house.engine.replies["carte"] = FOLLOW_UPS
    await house.say("carte")
    await house.say(typed)
    assert house.engine.texts[-1] == command


async def test_only_the_last_answer_can_be_typed(house: House) -> None:
    house.engine.replies["carte"] = FOLLOW_UPS
    await house.say("carte")
    await house.say("merci")
    assert (await house.say("2"))[0].text == REFUSED[Reason.NO_LETTERS]


async def test_the_button_of_someone_else_is_refused(house: House) -> None:
    house.engine.replies["carte"] = FOLLOW_UPS
    (reply,) = await house.say("carte")
    assert await house.say(reply.buttons[0].payload, sender="autre") == (Reply(UNKNOWN_BUTTON),)
    assert await house.say("b_" + "x" * 22) == (Reply(UNKNOWN_BUTTON),)
    house.clock.advance(hours=24, seconds=1)
    assert await house.say(reply.buttons[0].payload) == (Reply(UNKNOWN_BUTTON),)
    assert house.engine.texts == ["carte"]


async def test_the_same_message_id_gets_the_same_answer_and_the_engine_is_asked_once(house: House) -> None:
    house.engine.replies["carte"] = FOLLOW_UPS
    house.engine.delay = 0.02
    first, second = await asyncio.gather(house.say("carte", message_id="m1"), house.say("carte", message_id="m1"))
    assert first == second == await house.say("carte", message_id="m1")
    assert house.engine.texts == ["carte"]
    await house.say("carte", message_id="m1", sender="autre")
    assert len(house.engine.asked) == 2


async def test_a_claim_left_by_a_dead_process_is_taken_over(house: House) -> None:
    conversation = house.store.open("rest", "aidante", now=house.clock.now())
    assert house.store.claim(conversation, "m1", now=house.clock.now())
    assert not house.store.claim(conversation, "m1", now=house.clock.now())
    house.clock.advance(seconds=61)
    assert await house.say("bonjour", message_id="m1") == (Reply("écho : bonjour"),)


async def test_a_message_that_failed_for_good_can_be_sent_again(house: House) -> None:
    class Broken(Exception):
        pass

    async def broken(*_args: object, **_options: object) -> tuple[Reply, ...]:
        raise Broken

    working, house.engine.ask = house.engine.ask, broken  # type: ignore[method-assign]
    with pytest.raises(Broken):
        await house.say("bonjour", message_id="m1")
    house.engine.ask = working  # type: ignore[method-assign]
    assert await house.say("bonjour", message_id="m1") == (Reply("écho : bonjour"),)


async def test_one_conversation_is_answered_one_message_after_the_other(house: House) -> None:
    house.engine.delay = 0.02
    await asyncio.gather(*(house.say(f"message {n}") for n in range(4)))
    assert house.engine.most_running == 1
    await asyncio.gather(*(house.say("bonjour", sender=f"s{n}") for n in range(4)))
    assert house.engine.most_running > 1


async def test_too_many_messages_are_refused_but_a_repeat_is_free(house: House) -> None:
    for n in range(20):
        await house.say("bonjour", message_id=f"m{n}")
    with pytest.raises(TooManyMessages):
        await house.say("bonjour", message_id="m20")
    assert await house.say("bonjour", message_id="m3") == (Reply("écho : bonjour"),)


async def test_when_the_engine_is_down_the_message_is_kept_encrypted(house: House) -> None:
    house.engine.down = True
    assert await house.say("Dupont a perdu sa carte grise") == (Reply(KEPT),)
    with house.database.engine.connect() as connection:
        kept = connection.execute(text("SELECT ciphertext FROM kept_messages")).scalar_one()
    assert b"grise" not in kept


async def test_the_log_holds_both_sides_pseudonymised_with_the_time_to_answer(house: House) -> None:
    await house.say("Dupont est là")
    await house.say("👍")
    with house.database.unit_of_work() as session:
        lines = session.scalars(select(LoggedMessage).order_by(LoggedMessage.id)).all()
    assert [(line.direction, line.text) for line in lines[:3]] == [
        ("in", "[NOM] est là"),
        ("out", "écho : [NOM] est là"),
        ("in", ""),
    ]
    assert lines[1].latency_ms == 0
    assert lines[2].custom == {"refused": "emoji_only"}
