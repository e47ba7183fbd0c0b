"""One conversation, several places: who holds which, and where late replies go."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.conversations.messages import Incoming, Reply
from bot.conversations.models import Place
from bot.conversations.outbox import post
from tests.unit.conversations.conftest import House


def push(house: House, conversation: str, text: str) -> None:
    with house.database.unit_of_work() as session:
        post(session, conversation, [Reply(text)], now=house.clock.now())


async def telegram(house: House, text: str, *, chat: str = "42", message_id: str | None = None) -> tuple[Reply, ...]:
    return await house.router.handle(Incoming("telegram", chat, text, message_id, address=chat))


async def web(house: House, text: str, *, aidant: str = "lea") -> tuple[Reply, ...]:
    return await house.router.handle(Incoming("web", f"aidant:{aidant}", text, aidant=aidant))


def joined(house: House, *, chat: str = "42", aidant: str = "lea") -> str:
    place = house.places.open("telegram", chat, now=house.clock.now(), address=chat)
    return house.places.join(place.id, aidant, conversation=place.conversation, now=house.clock.now()).conversation


def claimed(house: House) -> list[str]:
    """The texts to send on Telegram now, in order."""
    texts = []
    while batch := house.deliveries.claim("telegram", now=house.clock.now()):
        for due in batch:
            texts.append(due.reply.text)
            assert house.deliveries.sent(due, now=house.clock.now())
    return texts


async def test_the_same_aidant_goes_on_elsewhere_with_what_was_begun(house: House) -> None:
    own = joined(house)
    await telegram(house, "carte perdue")
    await web(house, "et le prix ?")
    assert {conversation for conversation, _ in house.engine.asked} == {own}


async def test_the_first_conversation_of_an_aidant_becomes_their_own_and_a_later_place_joins_it(house: House) -> None:
    own = joined(house, chat="42")
    assert house.places.own_of("lea") == own
    assert joined(house, chat="43") == own
    assert house.places.open("web", "aidant:lea", now=house.clock.now(), aidant="lea").conversation == own


async def test_a_place_that_leaves_holds_a_new_conversation_and_the_aidant_keeps_theirs(house: House) -> None:
    own = joined(house)
    place = house.places.open("telegram", "42", now=house.clock.now())
    left = house.places.leave(place.id, now=house.clock.now())
    assert left.aidant is None
    assert left.conversation != own
    assert house.places.own_of("lea") == own


async def test_two_aidants_on_one_browser_have_two_conversations(house: House) -> None:
    await web(house, "bonjour", aidant="lea")
    await web(house, "bonjour", aidant="tom")
    assert len({conversation for conversation, _ in house.engine.asked}) == 2


async def test_message_numbers_of_two_places_are_not_mixed_up(house: House) -> None:
    joined(house)
    await telegram(house, "un", message_id="7")
    assert (await house.router.handle(Incoming("web", "aidant:lea", "deux", "7", aidant="lea")))[
        0
    ].text == "écho : deux"
    assert (await telegram(house, "un", message_id="7"))[0].text == "écho : un"
    assert house.engine.texts == ["un", "deux"]


async def test_a_repeat_is_known_after_the_place_has_changed_conversation(house: House) -> None:
    first = await telegram(house, "lier", message_id="1")
    joined(house)
    assert await telegram(house, "lier", message_id="1") == first
    assert house.engine.texts == ["lier"]


async def test_a_late_reply_goes_where_the_last_message_came_from(house: House) -> None:
    own = joined(house)
    await telegram(house, "un")
    house.clock.advance(seconds=1)
    await web(house, "deux")
    assert claimed(house) == ["écho : un"]
    push(house, own, "mandat scellé")
    assert claimed(house) == []
    assert [reply.text for reply in await house.router.collect("web", "aidant:lea")] == ["mandat scellé"]
    house.clock.advance(seconds=1)
    await telegram(house, "trois")
    push(house, own, "rappel")
    assert claimed(house) == ["écho : trois", "rappel"]


async def test_an_answer_to_push_is_put_down_once_even_when_the_message_comes_twice(house: House) -> None:
    await telegram(house, "un", message_id="1")
    await telegram(house, "un", message_id="1")
    assert claimed(house) == ["écho : un"]


async def test_the_replies_of_one_place_are_sent_in_order_and_one_that_waits_holds_the_next(house: House) -> None:
    await telegram(house, "un")
    await telegram(house, "deux")
    await telegram(house, "trois", chat="43")
    now = house.clock.now()
    batch = house.deliveries.claim("telegram", now=now)
    assert [due.reply.text for due in batch] == ["écho : un", "écho : trois"]
    assert house.deliveries.claim("telegram", now=now) == []  # leased
    assert house.deliveries.later(batch[0], now=now, after=timedelta(seconds=5))
    assert house.deliveries.sent(batch[1], now=now)
    assert house.deliveries.claim("telegram", now=now) == []
    house.clock.advance(seconds=5)
    assert claimed(house) == ["écho : un", "écho : deux"]


async def test_a_sender_that_died_is_replaced_and_has_lost_its_lease(house: House) -> None:
    await telegram(house, "un")
    (dead,) = house.deliveries.claim("telegram", now=house.clock.now())
    assert house.deliveries.part_sent(dead, 1, now=house.clock.now())
    house.clock.advance(seconds=61)
    (alive,) = house.deliveries.claim("telegram", now=house.clock.now())
    assert alive.parts_sent == 1
    assert not house.deliveries.sent(dead, now=house.clock.now())
    assert house.deliveries.sent(alive, now=house.clock.now())


async def test_a_blocked_place_gets_nothing_until_it_writes_again(house: House) -> None:
    own = joined(house)
    await web(house, "bonjour")
    house.clock.advance(seconds=1)
    await telegram(house, "un")
    (due,) = house.deliveries.claim("telegram", now=house.clock.now())
    house.deliveries.blocked(due, now=house.clock.now())
    push(house, own, "mandat scellé")
    assert claimed(house) == []
    assert [reply.text for reply in await house.router.collect("web", "aidant:lea")] == ["mandat scellé"]
    await telegram(house, "deux")
    assert claimed(house) == ["écho : deux"]


async def test_an_address_is_unreadable_in_the_database(house: House) -> None:
    await telegram(house, "un", chat="123456789")
    with house.database.unit_of_work() as session:
        address = session.scalar(select(Place.address))
    assert address is not None
    assert b"123456789" not in address


async def test_a_reply_whose_address_cannot_be_read_is_given_up_and_holds_no_other(house: House) -> None:
    await telegram(house, "un", chat="42")
    await telegram(house, "deux", chat="43")
    with house.database.unit_of_work() as session:
        session.execute(update(Place).where(Place.external_id == "42").values(address=b"damaged"))
    assert claimed(house) == ["écho : deux"]
    assert house.deliveries.waiting("telegram") == 0


@pytest.mark.parametrize("channel", ["rest", "web"])
async def test_a_channel_that_fetches_has_nothing_to_push(house: House, channel: str) -> None:
    await house.router.handle(Incoming(channel, "quelqu'un", "bonjour"))
    assert house.deliveries.claim(channel, now=house.clock.now()) == []
