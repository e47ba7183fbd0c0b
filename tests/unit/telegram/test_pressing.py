import asyncio

import pytest
from sqlalchemy import select

from bot.channels.telegram import sentences
from bot.channels.telegram.api import to_markup
from bot.channels.telegram.render import CHOSEN, Key, rows, thumbs
from bot.conversations.feedback import REASONS
from bot.conversations.messages import Button, Reply
from bot.conversations.models import Rating
from bot.conversations.preferences import Preferences
from tests.unit.telegram.conftest import Office
from tests.unit.telegram.fakes import Call, Json, pressed, said

COST, DELAY = "b_" + "c" * 22, "b_" + "d" * 22
KEYS = to_markup(rows([Key("Coût", callback=COST), Key("Délai", callback=DELAY)])).to_dict()["inline_keyboard"]


def labels(call: Call) -> list[str]:
    return [key["text"] for row in call.keys for key in row]


def answers(office: Office) -> list[str]:
    return [call.params.get("text", "") for call in office.telegram.of("answerCallbackQuery")]


async def test_a_button_of_the_dialogue_goes_to_the_router_and_is_ticked(office: Office) -> None:
    assert await office.get(pressed(COST, keys=KEYS, query="q7")) == 200
    (heard,) = office.router.heard
    assert (heard.text, heard.message_id) == (COST, "cb:q7")
    assert answers(office) == [""]
    (edit,) = office.telegram.of("editMessageReplyMarkup")
    assert labels(edit) == ["✓ Coût", "Délai"]
    assert edit.keys[0][0]["callback_data"] == CHOSEN


async def test_a_button_pressed_twice_in_a_row_is_pressed_once(office: Office) -> None:
    await asyncio.gather(
        office.get(pressed(COST, keys=KEYS, query="q1", update_id=1)),
        office.get(pressed(COST, keys=KEYS, query="q2", update_id=2)),
    )
    assert office.router.texts == [COST]
    assert sorted(answers(office)) == ["", sentences.ALREADY_CHOSEN]


async def test_a_press_that_failed_is_taken_when_it_comes_again(office: Office) -> None:
    office.router.raises.append(TimeoutError())
    assert await office.get(pressed(COST, keys=KEYS)) == 500
    assert await office.get(pressed(COST, keys=KEYS)) == 200
    assert office.router.texts == [COST]


async def test_a_press_is_taken_even_if_telegram_no_longer_waits_for_it(office: Office) -> None:
    office.telegram.refuse("answerCallbackQuery", 400, "Bad Request: query is too old")
    office.telegram.refuse("editMessageReplyMarkup", 400, "Bad Request: message is not modified")
    assert await office.get(pressed(COST, keys=KEYS)) == 200
    assert office.router.texts == [COST]


async def test_the_button_of_a_message_too_old_to_be_changed_is_taken(office: Office) -> None:
    update = pressed(COST)
    update["callback_query"]["message"] = {
        "message_id": 60,
        "date": 0,
        "chat": update["callback_query"]["message"]["chat"],
    }
    await office.get(update)
    assert office.router.texts == [COST]
    assert office.telegram.of("editMessageReplyMarkup") == []


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (CHOSEN, sentences.ALREADY_CHOSEN),
        ("n'importe quoi", sentences.STALE_BUTTON),
        ("/restart", sentences.STALE_BUTTON),
    ],
)
async def test_what_is_no_button_of_the_dialogue_never_reaches_it(office: Office, data: str, sentence: str) -> None:
    await office.get(pressed(data))
    assert answers(office) == [sentence]
    assert office.router.heard == []


def answered(office: Office) -> tuple[int, list[list[Json]]]:
    """A guidance answer was sent to Odile: its id, and its buttons."""
    (reply,) = office.leave(Reply("Voici.", (Button("Coût", "/cout"),), {"type": "guidance"}))
    assert reply.id is not None
    keyboard = (*rows([Key("Coût", callback=COST)]), thumbs(reply.id))
    return reply.id, to_markup(keyboard).to_dict()["inline_keyboard"]


def rating(office: Office) -> tuple[int, list[str]] | None:
    with office.database.unit_of_work() as session:
        row = session.scalar(select(Rating))
        return (row.rating, row.reasons) if row else None


async def test_a_thumb_up_is_kept_and_the_thumbs_go(office: Office) -> None:
    number, keys = answered(office)
    await office.get(pressed(f"f+{number}", keys=keys))
    assert rating(office) == (1, [])
    assert answers(office) == [sentences.THANKS]
    assert labels(office.telegram.of("editMessageReplyMarkup")[0]) == ["Coût"]


async def test_a_thumb_down_counts_at_once_then_asks_why(office: Office) -> None:
    number, keys = answered(office)
    await office.get(pressed(f"f-{number}", keys=keys, update_id=1))
    assert rating(office) == (-1, [])
    asked = office.telegram.of("editMessageReplyMarkup")[0]
    assert labels(asked) == ["Coût", *REASONS.values()]
    await office.get(pressed(f"fperime:{number}", keys=asked.keys, query="q2", update_id=2))
    assert rating(office) == (-1, ["perime"])
    assert labels(office.telegram.of("editMessageReplyMarkup")[1]) == ["Coût"]
    assert answers(office) == [sentences.WHY, sentences.NOTED]


@pytest.mark.parametrize("data", ["f+999", "f-999", "finvente:1"])
async def test_what_was_not_answered_to_this_person_cannot_be_judged(office: Office, data: str) -> None:
    answered(office)
    await office.get(pressed(data))
    assert rating(office) is None
    assert answers(office) == [sentences.NOT_RATED]


async def test_the_settings_are_changed_by_buttons(office: Office) -> None:
    await office.get(said("/parametres"))
    (panel,) = office.telegram.sent
    assert labels(panel) == [sentences.VOICE_KEY[False], sentences.BRIEF_KEY[False]]
    await office.get(pressed("p:voice:1", update_id=2))
    await office.get(pressed("p:brief:1", update_id=3))
    wishes = office.services.preferences.of(office.place().conversation)
    assert wishes == Preferences(voice=True, brief=True)
    shown = office.telegram.of("editMessageText")[-1]
    assert labels(shown) == [sentences.VOICE_KEY[True], sentences.BRIEF_KEY[True]]
    assert "voix haute\u202f: oui" in shown.params["text"]
    assert office.router.heard == []


async def test_an_account_is_untied_from_the_settings(office: Office) -> None:
    office.place(aidant="a" * 32)
    await office.get(said("/parametres"))
    assert sentences.UNLINK_KEY in labels(office.telegram.sent[0])
    await office.get(pressed("p:unlink", update_id=2))
    assert office.router.texts == ["délier"]
