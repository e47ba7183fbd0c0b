"""From « je veux parler à quelqu'un » to the assistant back again, seen by the person."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from bot.aidants.models import Role
from bot.conversations.messages import Spoken
from bot.handover.asking import Outcome
from bot.handover.hearing import BACK_BUTTON
from bot.handover.views import Closing, Reason, State
from tests.unit.handover.front import CHAT, Front, plain

EVENING = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)


def test_where_nobody_answers_nobody_is_promised(front: Front) -> None:
    assert front.handovers.ask(front.own(), Reason.ASKED) is Outcome.NOBODY
    front.house.enrolled("admin@exemple.fr", None, admin=True)
    assert front.handovers.ask(front.own(), Reason.ASKED) is Outcome.NOBODY


def test_an_admin_answers_where_others_have_a_help_desk(front: Front) -> None:
    front.agent("goulven", front.elsewhere, role=Role.SUPERVISEUR)
    assert front.handovers.ask(front.own(), Reason.ASKED) is Outcome.NOBODY
    admin = front.agent("admin", None)
    assert front.handovers.ask(front.own(), Reason.ASKED) is Outcome.OPEN
    assert front.waiting(admin)


def test_a_request_carries_who_asks_why_and_where_the_conversation_was(front: Front) -> None:
    helper = front.agent("nolwenn")
    conversation = front.own()
    front.store.log_incoming(conversation, "et pour [NOM] ?", custom=None, channel="web", now=front.clock.now())
    assert front.handovers.ask(conversation, Reason.NOT_UNDERSTOOD) is Outcome.OPEN
    (one,) = front.desk.listed(helper, "attente")
    assert (one.person, one.organisation, one.reason) == (
        "Maiwenn",
        "France Services de Guéret",
        Reason.NOT_UNDERSTOOD,
    )
    assert (one.excerpt, one.channel, one.state) == ("et pour [NOM] ?", "web", State.WAITING)
    assert one.opened_after == front.history.last_id(conversation)
    entry = front.house.told(front.home)[-1]
    assert (entry.action, entry.aidant) == ("ask_handover", front.aidant.id)
    assert entry.details["reason"] == "not_understood"


def test_asking_twice_is_asking_once(front: Front) -> None:
    helper, conversation = front.agent("nolwenn"), front.own()
    with ThreadPoolExecutor(4) as pool:
        outcomes = set(pool.map(lambda _: front.handovers.ask(conversation, Reason.ASKED), range(4)))
    assert outcomes == {Outcome.OPEN}
    assert len(front.desk.listed(helper, "attente")) == 1
    assert front.house.actions(front.home).count("ask_handover") == 1


async def test_a_message_kept_during_an_outage_waits_for_the_end_of_the_request(front: Front) -> None:
    helper = front.agent("nolwenn")
    front.engine.down = True
    await front.say("carte grise")
    front.engine.down = False
    conversation = front.ask()
    worker = front.worker()
    front.clock.instant += timedelta(seconds=10)
    await worker.round()
    assert await front.collect() == []
    front.desk.claim(helper, front.waiting(helper))
    front.handovers.hear(conversation, BACK_BUTTON)
    front.clock.instant += timedelta(minutes=1)
    await worker.round()
    assert (await front.collect())[-1] == "écho : carte grise"


async def test_a_message_kept_during_an_outage_is_left_to_the_human_who_answered(front: Front) -> None:
    helper = front.agent("nolwenn")
    front.engine.down = True
    await front.say("carte grise")
    front.engine.down = False
    front.ask()
    front.clock.instant += timedelta(seconds=10)
    request = front.waiting(helper)
    front.desk.claim(helper, request)
    front.desk.reply(helper, request, "Bonjour, c'est à la préfecture.")
    front.desk.close(helper, request)
    await front.collect()
    front.clock.instant += timedelta(minutes=1)
    await front.worker().round()
    assert await front.collect() == []


async def test_while_a_request_is_open_the_assistant_is_silent_and_the_agent_reads(front: Front) -> None:
    helper = front.agent("nolwenn")
    front.ask()
    assert await front.say("vous êtes là ?") == ()
    assert front.engine.asked == []
    one = front.desk.view(helper, front.waiting(helper))
    assert [line.text for line in front.desk.thread(one).lines] == ["vous êtes là ?"]
    assert one.heard_at == front.clock.now()


@pytest.mark.parametrize("said", ["3", "👍", "O", "1"])
async def test_what_the_assistant_would_refuse_reaches_the_human(front: Front, said: str) -> None:
    helper = front.agent("nolwenn")
    front.ask()
    assert await front.say(said) == ()
    assert front.desk.view(helper, front.waiting(helper)).excerpt == said
    assert front.engine.asked == []


def test_a_list_shows_the_question_rather_than_the_wish_for_a_human(front: Front) -> None:
    helper, conversation = front.agent("nolwenn"), front.own()
    for said in ("sa carte Vitale ne marche plus", "passez-moi quelqu'un"):
        front.store.log_incoming(conversation, said, custom=None, channel="web", now=front.clock.now())
    front.ask(conversation)
    assert front.desk.view(helper, front.waiting(helper)).excerpt == "sa carte Vitale ne marche plus"


async def test_a_voice_note_goes_to_the_agent_as_text(front: Front) -> None:
    helper = front.agent("nolwenn")
    front.ask()
    assert await front.say("il a perdu ses papiers", voice=Spoken(12.4, sure=False)) == ()
    (line,) = front.desk.thread(front.desk.view(helper, front.waiting(helper))).lines
    assert (line.text, line.custom) == ("il a perdu ses papiers", {"voice": {"seconds": 12.4, "sure": False}})


@pytest.mark.parametrize("said", ["annuler", "revenir à l'assistant", BACK_BUTTON])
async def test_the_person_has_the_assistant_back_when_they_want(front: Front, said: str) -> None:
    helper = front.agent("nolwenn")
    conversation = front.ask()
    one = front.desk.view(helper, front.waiting(helper))
    if said == BACK_BUTTON:
        assert front.handovers.hear(conversation, said)
    else:
        (told,) = await front.say(said)
        assert "Je suis de nouveau là" in told.text
    assert front.desk.view(helper, one.id).closing is Closing.PERSON
    assert await front.say("carte grise perdue")
    assert front.engine.texts == ["carte grise perdue"]
    last = front.house.told(front.home)[-1]
    assert (last.action, last.aidant) == ("close_handover", front.aidant.id)


async def test_who_waits_for_long_is_reassured_once_for_each_silence(front: Front) -> None:
    helper = front.agent("nolwenn")
    front.ask()
    front.clock.advance(minutes=4)
    assert await front.say("allô ?") == ()
    front.clock.advance(minutes=1)
    (told,) = await front.say("allô ??")
    assert "bien arrivé" in told.text
    front.clock.advance(minutes=10)
    assert await front.say("toujours personne") == ()
    request = front.waiting(helper)
    front.desk.claim(helper, request)
    front.desk.reply(helper, request, "Bonjour !")
    assert await front.say("merci") != ()
    front.clock.advance(minutes=6)
    assert "bien arrivé" in (await front.say("et donc ?"))[-1].text


async def test_in_the_evening_a_ticket_is_kept_and_the_assistant_goes_on(front: Front) -> None:
    helper = front.agent("nolwenn")
    front.clock.instant = EVENING
    conversation = front.own()
    assert front.handovers.ask(conversation, Reason.ASKED) is Outcome.TICKET
    told = plain(front.handovers.told(Outcome.TICKET))
    assert "du lundi au vendredi de 9 h à 17 h 30" in told
    assert "jeudi 26 novembre à partir de 9 h" in told
    assert not front.handovers.silent(conversation)
    await front.say("annuler")
    assert front.engine.texts == ["annuler"]
    (one,) = front.desk.listed(helper, "attente")
    assert one.ticket
    assert one.excerpt == "annuler"
    front.desk.claim(helper, one.id)
    assert front.handovers.silent(conversation)


async def test_a_ticket_is_withdrawn_by_its_name(front: Front) -> None:
    front.agent("nolwenn")
    front.clock.instant = EVENING
    front.ask()
    (told,) = await front.say("annuler ma demande")
    assert "retirée" in told.text


def test_a_ticket_asked_for_again_in_the_morning_waits_like_the_others(front: Front) -> None:
    front.agent("nolwenn")
    front.clock.instant = EVENING
    conversation = front.ask()
    assert front.handovers.ask(conversation, Reason.ASKED) is Outcome.TICKET
    front.clock.advance(hours=14)
    assert front.handovers.ask(conversation, Reason.ASKED) is Outcome.OPEN
    assert front.handovers.silent(conversation)


async def test_at_closing_time_what_nobody_took_becomes_a_ticket(front: Front) -> None:
    helper = front.agent("nolwenn")
    front.ask()
    front.clock.instant = EVENING
    (told,) = await front.say("il y a quelqu'un ?")
    assert "Personne n'a encore pu vous répondre" in told.text
    assert "jeudi 26 novembre" in told.text
    assert front.desk.view(helper, front.waiting(helper)).ticket
    await front.say("carte grise")
    assert front.engine.texts == ["carte grise"]


async def test_the_worker_tells_it_too_where_they_last_wrote_from(front: Front) -> None:
    front.agent("nolwenn")
    front.ask(front.own("telegram"))
    front.clock.instant = EVENING
    assert front.handovers.tidy() == 1
    assert front.handovers.tidy() == 0
    ((address, text),) = front.pushed()
    assert address == CHAT
    assert "gardée" in text


def test_a_request_that_is_forgotten_does_not_silence_the_assistant_for_ever(front: Front) -> None:
    front.with_hours("toujours")
    helper = front.agent("nolwenn")
    conversation = front.ask()
    request = front.waiting(helper)
    front.desk.claim(helper, request)
    front.clock.advance(hours=11)
    assert front.handovers.tidy() == 0
    front.clock.advance(hours=2)
    assert front.handovers.tidy() == 1
    assert front.desk.view(helper, request).closing is Closing.SILENCE
    assert not front.handovers.silent(conversation)
    assert front.house.told(front.home)[-1].details["closing"] == "silence"


def test_an_anonymous_request_is_in_the_journal_of_no_organisation(front: Front) -> None:
    front.agent("nolwenn")
    front.ask(front.anonymous())
    assert front.house.told()[-1].action == "ask_handover"
