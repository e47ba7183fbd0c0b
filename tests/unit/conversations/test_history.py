"""What is shown again of a conversation, and what people thought of its answers."""

import pytest

from bot.conversations.feedback import MAX_COMMENT, Feedback, UnknownMessage, WrongFeedback
from bot.conversations.history import History
from bot.conversations.models import Rating
from tests.unit.conversations.conftest import House
from tests.unit.conversations.fakes import FOLLOW_UPS, HidesDupont


@pytest.fixture
def history(house: House) -> History:
    return History(house.database)


@pytest.fixture
def feedback(house: House) -> Feedback:
    return Feedback(house.database, pseudonymiser=HidesDupont())


async def test_history_shows_both_sides_hidden_names_and_buttons_that_work(house: House, history: History) -> None:
    house.engine.replies["[NOM] a perdu sa carte"] = FOLLOW_UPS
    (reply,) = await house.say("Dupont a perdu sa carte", message_id="m1")
    asked, answered = history.page(house.conversation())
    assert (asked.direction, asked.text, asked.channel, asked.message_id) == (
        "in",
        "[NOM] a perdu sa carte",
        "rest",
        "m1",
    )
    assert answered.id == reply.id
    assert answered.buttons == reply.buttons
    await house.say(answered.buttons[0].payload)
    assert house.engine.texts[-1] == "/demander_pieces"


async def test_history_comes_page_by_page_and_goes_on_after_a_line(house: House, history: History) -> None:
    for n in range(5):
        await house.say(f"message {n}")
    conversation = house.conversation()
    last = history.page(conversation, limit=4)
    before = history.page(conversation, before=last[0].id, limit=100)
    assert [line.id for line in (*before, *last)] == sorted(line.id for line in (*before, *last))
    assert len(before) == 6
    assert history.since(conversation, before[-1].id) == last
    assert history.since(conversation, before[-1].id, limit=2) == last[:2]
    assert history.last_id() == history.last_id(conversation) == last[-1].id


async def test_history_is_that_of_one_conversation(house: House, history: History) -> None:
    await house.say("bonjour")
    (other,) = await house.say("bonjour", sender="autre")
    assert other.id is not None
    assert history.line(house.conversation(), other.id) is None
    assert {conversation for conversation, _ in history.new(0, conversations=[house.conversation()])} == {
        house.conversation()
    }
    assert history.new(0, conversations=[]) == ()


async def test_an_answer_is_rated_once_and_the_last_word_counts(
    house: House, history: History, feedback: Feedback
) -> None:
    (reply,) = await house.say("bonjour")
    assert reply.id is not None
    here, now = house.conversation(), house.clock.now()
    feedback.give(here, reply.id, 1, now=now)
    feedback.give(here, reply.id, -1, reasons=["perime", "autre"], comment=" Dupont  n'est pas né là ", now=now)
    with house.database.unit_of_work() as session:
        row = session.get_one(Rating, reply.id)
        assert (row.rating, row.reasons, row.comment) == (-1, ["autre", "perime"], "[NOM] n'est pas né là")
    assert history.page(here)[-1].rating == -1


async def test_only_an_answer_of_that_conversation_can_be_rated(house: House, feedback: Feedback) -> None:
    (reply,) = await house.say("bonjour")
    asked, now = History(house.database).page(house.conversation())[0].id, house.clock.now()
    assert reply.id is not None
    for conversation, message in ((house.conversation(sender="autre"), reply.id), (house.conversation(), asked)):
        with pytest.raises(UnknownMessage):
            feedback.give(conversation, message, 1, now=now)
    with pytest.raises(UnknownMessage):
        feedback.give(house.conversation(), 999, 1, now=now)


@pytest.mark.parametrize(
    ("rating", "reasons", "comment"), [(0, [], ""), (2, [], ""), (-1, ["vexant"], ""), (1, [], "x" * (MAX_COMMENT + 1))]
)
async def test_a_rating_that_makes_no_sense_is_refused(
    house: House, feedback: Feedback, rating: int, reasons: list[str], comment: str
) -> None:
    (reply,) = await house.say("bonjour")
    assert reply.id is not None
    with pytest.raises(WrongFeedback):
        feedback.give(house.conversation(), reply.id, rating, reasons=reasons, comment=comment, now=house.clock.now())
