import asyncio
from collections.abc import Iterable
from datetime import datetime

import pytest
from sqlalchemy import select, text

from bot.conversations.buttons import is_button_id
from bot.conversations.intake import Reason
from bot.conversations.limits import TooManyMessages
from bot.conversations.messages import Button, Reply
from bot.conversations.models import LoggedMessage
from bot.conversations.places import PlaceView
from bot.conversations.replies import KEPT, REFUSED, UNKNOWN_BUTTON
from bot.privacy.pseudonymise import Pseudonymised
from bot.privacy.spans import PiiType
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
    place = house.places.open("rest", "aidante", now=house.clock.now())
    assert house.store.claim(place.conversation, f"{place.id}:m1", now=house.clock.now())
    assert not house.store.claim(place.conversation, f"{place.id}:m1", now=house.clock.now())
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
    with house.database.unit_of_work() as session:
        assert [line.text for line in session.scalars(select(LoggedMessage))] == ["bonjour", "écho : bonjour"]


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


class FindsDupont:
    """Knows one name, and gives it to the vault."""

    def pseudonymise(self, text: str) -> Pseudonymised:
        found = ((PiiType.NOM, "Dupont"),) * text.count("Dupont")
        return Pseudonymised(text.replace("Dupont", "[NOM]"), found)


class Vault:
    """Remembers what it was given."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, tuple[tuple[PiiType, str], ...]]] = []

    def put(self, conversation: str, found: Iterable[tuple[PiiType, str]]) -> None:
        self.kept.append((conversation, tuple(found)))


class Linking:
    """Answers to « lier », and remembers who said what."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    def answer(self, place: PlaceView, text: str, *, now: datetime) -> str | None:
        self.heard.append((place.conversation, text))
        return "C'est fait." if text.startswith("lier") else None

    def holds(self, place: PlaceView) -> bool:
        return True


@pytest.fixture
def vault() -> Vault:
    return Vault()


@pytest.fixture
def linking() -> Linking:
    return Linking()


@pytest.fixture
def linked_house(house: House, vault: Vault, linking: Linking) -> House:
    house.furnish(pseudonymiser=FindsDupont(), vault=vault, linking=linking)
    return house


async def test_what_was_hidden_goes_to_the_vault_of_that_conversation(linked_house: House, vault: Vault) -> None:
    await linked_house.say("Dupont a perdu sa carte")
    await linked_house.say("rien à cacher")
    conversation = linked_house.conversation()
    assert vault.kept == [(conversation, ((PiiType.NOM, "Dupont"),))]
    assert "Dupont" not in everything_written(linked_house)


async def test_a_button_puts_nothing_in_the_vault(linked_house: House, vault: Vault) -> None:
    linked_house.engine.replies["carte"] = (Reply("Qui ?", (Button("Dupont", "/choisir"),)),)
    await linked_house.say("carte")
    await linked_house.say("Dupont")
    assert linked_house.engine.texts[-1] == "/choisir"
    assert vault.kept == []


async def test_a_linking_code_reaches_neither_the_engine_nor_the_log(linked_house: House, vault: Vault) -> None:
    assert await linked_house.say("lier 4829 1357") == (Reply("C'est fait."),)
    assert linked_house.engine.asked == []
    assert vault.kept == []
    assert "4829" not in everything_written(linked_house)
    assert "1357" not in everything_written(linked_house)


async def test_a_linking_code_works_when_the_engine_is_down(linked_house: House) -> None:
    linked_house.engine.down = True
    assert await linked_house.say("lier 4829 1357") == (Reply("C'est fait."),)


async def test_a_repeated_linking_message_is_heard_once(linked_house: House, linking: Linking) -> None:
    first = await linked_house.say("lier 4829 1357", message_id="m1")
    assert await linked_house.say("lier 4829 1357", message_id="m1") == first
    assert len(linking.heard) == 1


async def test_linking_hears_the_conversation_by_our_id(linked_house: House, linking: Linking) -> None:
    await linked_house.say("bonjour", sender="+33600000000")
    ((conversation, text),) = linking.heard
    assert text == "bonjour"
    assert len(conversation) == 32


async def test_a_typed_button_is_no_linking_message(linked_house: House, linking: Linking) -> None:
    linked_house.engine.replies["compte"] = (Reply("Que faire ?", (Button("lier 1", "/aide"),)),)
    await linked_house.say("compte")
    linking.heard.clear()
    await linked_house.say("lier 1")
    assert linked_house.engine.texts[-1] == "/aide"
    assert linking.heard == []
