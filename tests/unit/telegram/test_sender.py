import asyncio

import pytest

from bot.channels.telegram.sender import Sender
from bot.channels.telegram.services import CHANNEL
from bot.conversations.doorstep import heard
from bot.conversations.messages import Button, Reply
from bot.voice.errors import VoiceRefused
from tests.unit.telegram.conftest import Office
from tests.unit.telegram.fakes import CHAT, until

pytestmark = pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")  # int seconds of PTB 22


LONG = "Une phrase de plus pour remplir la page. " * 250  # three messages


@pytest.fixture
def sender(office: Office) -> Sender:
    """Not the one of the channel: it sends when it is told to."""
    services = office.services
    return Sender(
        services.deliveries, services.bot, clock=office.clock, preferences=services.preferences, voice=services.voice
    )


@pytest.fixture(autouse=True)
async def only_one_sender(office: Office) -> None:
    await office.channel.stop()
    await office.services.bot.initialize()
    office.telegram.calls.clear()


async def rounds(sender: Sender, *, most: int = 10) -> int:
    """Goes round until there is nothing left to send now; how many replies were tried."""
    tried = 0
    for _ in range(most):
        if not (started := await sender.round()):
            return tried
        tried += started
    return tried


async def test_replies_leave_in_order_with_their_buttons_and_no_preview(office: Office, sender: Sender) -> None:
    office.leave(Reply("**Un** & deux"), Reply("trois", (Button("Coût", "/demander_cout"),)))
    assert await rounds(sender) == 2
    first, second = office.telegram.sent
    assert (first.params["text"], second.params["text"]) == ("<b>Un</b> &amp; deux", "trois")
    assert first.params["parse_mode"] == "HTML"
    assert first.params["chat_id"] == str(CHAT)
    assert second.keys[0][0]["text"] == "Coût"
    assert second.keys[0][0]["callback_data"].startswith("b_")
    assert all(call.params["link_preview_options"] == {"is_disabled": True} for call in office.telegram.sent)
    assert office.waiting == 0


async def test_people_are_served_side_by_side(office: Office, sender: Sender) -> None:
    for chat in range(5):
        office.leave(Reply("bonjour"), chat=chat)
    assert await sender.round() == 5


async def test_a_long_answer_leaves_in_several_messages(office: Office, sender: Sender) -> None:
    office.leave(Reply(LONG, (Button("Coût", "/cout"),)))
    await rounds(sender)
    assert [bool(call.keys) for call in office.telegram.sent] == [False, False, True]


async def test_a_long_answer_that_was_interrupted_resumes_where_it_was(office: Office, sender: Sender) -> None:
    office.leave(Reply(LONG))
    whole = office.services.deliveries.claim(CHANNEL, now=office.clock.now())[0]
    office.services.deliveries.part_sent(whole, 1, now=office.clock.now())  # then its sender died
    office.clock.advance(seconds=61)
    office.telegram.calls.clear()
    await rounds(sender)
    assert len(office.telegram.sent) == 2
    assert office.waiting == 0


async def test_when_telegram_asks_to_wait_nobody_is_sent_anything(office: Office, sender: Sender) -> None:
    office.leave(Reply("un"))
    office.telegram.refuse("sendMessage", 429, "Too Many Requests: retry after 7", retry_after=7)
    await rounds(sender)
    office.leave(Reply("deux"), chat=7)
    office.clock.advance(seconds=6)
    assert await rounds(sender) == 0
    office.clock.advance(seconds=2)
    assert await rounds(sender) == 2
    assert office.waiting == 0


async def test_someone_who_blocked_the_bot_gets_nothing_until_they_write(office: Office, sender: Sender) -> None:
    office.leave(Reply("un"), Reply("deux"))
    office.telegram.refuse("sendMessage", 403, "Forbidden: bot was blocked by the user")
    await rounds(sender)
    assert office.waiting == 0
    office.leave(Reply("trois"))  # which takes a message from them
    await rounds(sender)
    assert office.telegram.texts[-1] == "trois"


async def test_a_chat_that_telegram_does_not_know_is_not_insisted_upon(office: Office, sender: Sender) -> None:
    office.leave(Reply("un"))
    office.telegram.refuse("sendMessage", 400, "Bad Request: chat not found")
    await rounds(sender)
    assert len(office.telegram.sent) == 1
    assert office.waiting == 0


async def test_what_telegram_does_not_take_as_html_is_sent_as_plain_text(office: Office, sender: Sender) -> None:
    secure = {"type": "mandat", "secure_url": "https://equipier.exemple.fr/m/x"}
    office.leave(Reply("**Prêt** : [page](https://exemple.fr)", (Button("Annuler", "/annuler"),), secure))
    office.telegram.refuse("sendMessage", 400, "Bad Request: can't parse entities")
    await rounds(sender)
    refused, taken = office.telegram.sent
    assert len(refused.keys) == 2
    assert taken.params["text"] == "Prêt : page (https://exemple.fr)"
    assert "parse_mode" not in taken.params
    assert [[key["text"] for key in row] for row in taken.keys] == [["Annuler"]]


async def test_what_telegram_takes_in_no_form_does_not_hold_back_the_rest(office: Office, sender: Sender) -> None:
    office.leave(Reply("un"), Reply("deux"))
    for _ in range(3):
        office.telegram.refuse("sendMessage", 400, "Bad Request: message is not acceptable")
    await rounds(sender)
    assert office.telegram.texts == ["un", "un", "un", "deux"]
    assert office.waiting == 0


@pytest.mark.parametrize("attempts", [1, 3])
async def test_a_network_that_fails_is_tried_again_later_and_later(
    office: Office, sender: Sender, attempts: int
) -> None:
    office.leave(Reply("un"))
    office.telegram.down = True
    for attempt in range(attempts):
        assert await rounds(sender) == 1
        assert await rounds(sender) == 0  # not before its time
        office.clock.advance(seconds=2**attempt)
    office.telegram.down = False
    await rounds(sender)
    assert office.telegram.texts == ["un"]


async def test_a_reply_for_programs_only_is_done_without_a_word(office: Office, sender: Sender) -> None:
    office.leave(Reply(custom={"type": "mandat"}))
    await rounds(sender)
    assert office.telegram.sent == []
    assert office.waiting == 0


async def test_an_answer_is_also_spoken_to_who_wants_it(office: Office, sender: Sender) -> None:
    place = office.place()
    office.leave(Reply("**Coût** : 86 €"))
    await rounds(sender)
    assert office.telegram.of("sendVoice") == []
    office.services.preferences.change(place.conversation, voice=True, now=office.clock.now())
    office.leave(Reply("**Coût** : 86 €"))
    await rounds(sender)
    (spoken,) = office.telegram.of("sendVoice")
    assert office.voice.spoken == ["**Coût** : 86 €"]
    assert spoken.params["duration"] == 3
    assert spoken.params["reply_parameters"]["message_id"] == 102
    assert office.waiting == 0


async def test_what_was_heard_is_not_read_back(office: Office, sender: Sender) -> None:
    office.services.preferences.change(office.place().conversation, voice=True, now=office.clock.now())
    office.leave(heard("bonjour"), Reply("Bonjour !"))
    await rounds(sender)
    assert office.voice.spoken == ["Bonjour !"]


async def test_an_answer_of_telegram_that_makes_no_sense_is_not_sent_for_ever(
    office: Office, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nonsense(*_given: object) -> str:
        return "sent, perhaps"

    monkeypatch.setattr(office.telegram, "_result", nonsense)
    office.leave(Reply("un"))
    await rounds(sender)
    assert len(office.telegram.sent) == 1
    assert office.waiting == 0


@pytest.mark.parametrize("reason", ["off", "busy", "too_long_text"])
async def test_a_voice_that_fails_never_holds_back_the_text(office: Office, sender: Sender, reason: str) -> None:
    place = office.place()
    office.services.preferences.change(place.conversation, voice=True, now=office.clock.now())
    office.voice.refuses = VoiceRefused(reason, speaking=True)
    office.leave(Reply("un"), Reply("deux"))
    await rounds(sender)
    assert office.telegram.texts == ["un", "deux"]
    assert office.waiting == 0


async def test_a_slow_voice_holds_back_no_text(office: Office, sender: Sender) -> None:
    place = office.place()
    office.services.preferences.change(place.conversation, voice=True, now=office.clock.now())
    office.voice.free.clear()
    office.leave(Reply("un"), Reply("deux"))
    stop = asyncio.Event()
    running = asyncio.create_task(sender.run(stop))
    await until(lambda: office.telegram.texts == ["un", "deux"])
    office.voice.free.set()
    await until(lambda: len(office.telegram.of("sendVoice")) == 2)
    stop.set()
    sender.nudge()
    await running


async def test_a_nudge_wakes_the_sender_at_once(office: Office) -> None:
    services = office.services
    sender = Sender(
        services.deliveries,
        services.bot,
        clock=office.clock,
        preferences=services.preferences,
        voice=services.voice,
        idle=3600,
    )
    stop = asyncio.Event()
    running = asyncio.create_task(sender.run(stop))
    await asyncio.sleep(0.05)
    office.leave(Reply("un"))
    sender.nudge()
    await until(lambda: office.telegram.texts == ["un"])
    stop.set()
    sender.nudge()
    await asyncio.wait_for(running, timeout=5)


async def test_what_is_being_sent_when_it_stops_is_ended(office: Office, sender: Sender) -> None:
    office.leave(Reply("un"))
    office.telegram.hold.clear()
    stop = asyncio.Event()
    running = asyncio.create_task(sender.run(stop))
    await until(lambda: len(office.telegram.sent) == 1)
    stop.set()
    sender.nudge()
    office.telegram.hold.set()
    await running
    assert office.waiting == 0
