"""What agents may see and do."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.aidants.models import Role
from bot.conversations.models import Conversation
from bot.handover.models import CannedReply, HandoverEntry, HandoverRequest
from bot.handover.views import (
    AlreadyClaimed,
    Closing,
    NoSuchAgent,
    NotInCharge,
    State,
    UnknownRequest,
    WrongText,
)
from bot.privacy.forgetting import forget
from bot.storage.engine import Database
from tests.unit.handover.front import CHAT, Front
from tests.unit.mandats.databases import postgresql_url


def test_a_request_is_seen_by_its_organisation_and_by_admins(front: Front) -> None:
    helper, supervisor = front.agent("nolwenn"), front.agent("enora", role=Role.SUPERVISEUR)
    stranger, admin = front.agent("goulven", front.elsewhere), front.agent("admin", None)
    front.ask()
    for agent in (helper, supervisor, admin):
        assert len(front.desk.listed(agent, "attente")) == 1
    assert front.desk.listed(stranger, "attente") == ()
    with pytest.raises(UnknownRequest):
        front.desk.view(stranger, front.waiting(helper))


def test_a_request_of_nobody_is_for_help_desk_agents_and_admins(front: Front) -> None:
    helper, stranger = front.agent("nolwenn"), front.agent("goulven", front.elsewhere)
    supervisor, admin = front.agent("enora", role=Role.SUPERVISEUR), front.agent("admin", None)
    front.ask(front.anonymous())
    assert [len(front.desk.listed(one, "attente")) for one in (helper, stranger, admin, supervisor)] == [1, 1, 1, 0]


def test_an_aidant_answers_nothing(front: Front) -> None:
    assert front.desk.agent(front.aidant.id) is None
    assert front.desk.agent("inconnu") is None


async def test_an_answer_reaches_the_place_from_which_the_person_last_wrote(front: Front) -> None:
    helper = front.agent("nolwenn")
    await front.say("bonjour", channel="telegram")
    front.pushed()
    front.ask(front.own("telegram"))
    request = front.waiting(helper)
    front.desk.claim(helper, request)
    front.desk.reply(helper, request, "Bonjour, je regarde.")
    assert front.pushed() == [
        (CHAT, "Nolwenn a pris votre demande et vous répond ici. Je me tais pendant ce temps. Pour revenir à "
         "l'assistant, écrivez « annuler »."),
        (CHAT, "**Nolwenn (assistance) :** Bonjour, je regarde."),
    ]  # fmt: skip
    front.clock.advance(seconds=5)
    await front.say("je suis sur l'ordinateur maintenant")
    front.desk.reply(helper, request, "Très bien.")
    assert front.pushed() == []
    assert await front.collect() == ["**Nolwenn (assistance) :** Très bien."]
    line = front.history.page(front.own())[-1]
    assert line.custom == {"type": "human", "name": "Nolwenn"}
    assert line.buttons == ()


def test_the_time_of_the_first_answer_is_kept(front: Front) -> None:
    helper = front.agent("nolwenn")
    front.ask()
    request = front.waiting(helper)
    front.clock.advance(minutes=2)
    front.desk.claim(helper, request)
    front.clock.advance(minutes=1)
    front.desk.reply(helper, request, "Bonjour")
    front.clock.advance(minutes=9)
    front.desk.reply(helper, request, "Encore moi")
    waited = front.desk.view(helper, request).first_reply_after
    assert waited is not None
    assert waited.total_seconds() == 180


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def test_of_agents_who_claim_at_once_exactly_one_wins(kind: str, tmp_path, front: Front) -> None:
    def race(front: Front) -> None:
        helpers = [front.agent(name) for name in ("nolwenn", "enora", "goulven", "soizic")]
        for _ in range(5):
            conversation = front.ask()
            request = front.waiting(helpers[0])
            won, lost = [], []

            def claim(agent, request=request, won=won, lost=lost) -> None:
                try:
                    front.desk.claim(agent, request)
                    won.append(agent)
                except AlreadyClaimed as error:
                    lost.append(error.by)

            with ThreadPoolExecutor(4) as pool:
                list(pool.map(claim, helpers))
            assert len(won) == 1
            assert lost == [won[0].name] * 3
            assert front.house.actions(front.home)[-1] == "claim_handover"
            front.desk.close(won[0], request)
            assert not front.handovers.silent(conversation)

    if kind == "sqlite":
        race(front)
        return
    with postgresql_url() as url:
        database = Database.at(url)
        race(Front.over(database, cipher=front.cipher))
        database.close()


def test_only_who_is_in_charge_answers(front: Front) -> None:
    helper, other = front.agent("nolwenn"), front.agent("enora")
    front.ask()
    request = front.waiting(helper)
    with pytest.raises(NotInCharge):
        front.desk.reply(helper, request, "Bonjour")
    front.desk.claim(helper, request)
    front.desk.claim(helper, request)
    with pytest.raises(AlreadyClaimed):
        front.desk.claim(other, request)
    for act in (
        lambda: front.desk.reply(other, request, "Bonjour"),
        lambda: front.desk.transfer(other, request, other.id),
        lambda: front.desk.close(other, request),
    ):
        with pytest.raises(NotInCharge):
            act()


async def test_a_request_is_handed_to_a_colleague_who_can_see_it(front: Front) -> None:
    helper, other = front.agent("nolwenn"), front.agent("enora")
    stranger = front.agent("goulven", front.elsewhere)
    front.ask()
    request = front.waiting(helper)
    front.desk.claim(helper, request)
    with pytest.raises(NoSuchAgent):
        front.desk.transfer(helper, request, stranger.id)
    assert front.desk.colleagues(front.desk.view(helper, request)) == ((other.id, "Enora"),)
    front.desk.transfer(helper, request, other.id)
    assert "Enora" in (await front.collect())[-1]
    with pytest.raises(NotInCharge):
        front.desk.reply(helper, request, "trop tard")
    front.desk.reply(other, request, "Bonjour")
    entry = front.house.told(front.home)[-1]
    assert (entry.action, entry.details["to"], entry.details["transferred"]) == ("claim_handover", other.id, True)


def test_a_request_goes_back_to_the_queue(front: Front) -> None:
    helper = front.agent("nolwenn")
    front.ask()
    request = front.waiting(helper)
    front.desk.claim(helper, request)
    front.desk.transfer(helper, request, None)
    assert front.desk.view(helper, request).state is State.WAITING
    front.desk.claim(front.agent("enora"), request)


def test_a_supervisor_takes_over_from_who_has_left(front: Front) -> None:
    helper, supervisor = front.agent("nolwenn"), front.agent("enora", role=Role.SUPERVISEUR)
    front.ask()
    request = front.waiting(helper)
    front.desk.claim(helper, request)
    front.desk.transfer(supervisor, request, supervisor.id)
    front.desk.reply(supervisor, request, "Je prends la suite.")
    assert front.desk.view(helper, request).claimed_name == "Enora"


async def test_closing_tells_the_person_and_gives_the_assistant_back(front: Front) -> None:
    helper = front.agent("nolwenn")
    front.ask()
    request = front.waiting(helper)
    front.desk.claim(helper, request)
    front.desk.close(helper, request)
    assert "Nolwenn a terminé cet échange. Je suis de nouveau là" in (await front.collect())[-1]
    assert (await front.say("carte grise"))[0].text == "écho : carte grise"
    one = front.desk.view(helper, request)
    assert (one.state, one.closing) == (State.CLOSED, Closing.AGENT)
    assert [entry.kind for entry in front.desk.thread(one).entries] == ["claimed", "closed"]
    assert front.house.actions(front.home)[-1] == "close_handover"
    with pytest.raises(NotInCharge):
        front.desk.note(helper, request, "trop tard")


async def test_what_is_said_after_the_closing_is_not_the_agents_business(front: Front) -> None:
    helper = front.agent("nolwenn")
    front.ask()
    request = front.waiting(helper)
    await front.say("pendant")
    front.desk.claim(helper, request)
    front.desk.close(helper, request)
    front.clock.advance(seconds=1)
    await front.say("après")
    one = front.desk.view(helper, request)
    assert one.excerpt == "pendant"
    assert "après" not in [line.text for line in front.desk.thread(one).lines]


async def test_a_note_is_masked_and_stays_between_agents(front: Front) -> None:
    helper, other = front.agent("nolwenn"), front.agent("enora")
    front.ask()
    request = front.waiting(helper)
    front.desk.note(helper, request, "Mme Kervella a déjà appelé hier")
    (entry,) = front.desk.thread(front.desk.view(other, request)).entries
    assert (entry.author, entry.text) == ("Nolwenn", "Mme [NOM] a déjà appelé hier")
    assert await front.collect() == []


@pytest.mark.parametrize(
    ("text", "reason"), [("  \n ", "missing"), ("a" * 2001, "too_long"), ("NIR 2 50 01 29 019 044 47", "sensitive")]
)
def test_an_answer_that_cannot_be_sent_is_refused(front: Front, text: str, reason: str) -> None:
    helper = front.agent("nolwenn")
    front.ask()
    request = front.waiting(helper)
    front.desk.claim(helper, request)
    with pytest.raises(WrongText) as refused:
        front.desk.reply(helper, request, text)
    assert refused.value.reason == reason


async def test_an_answer_that_waits_is_shown_as_such(front: Front) -> None:
    helper = front.agent("nolwenn")
    front.ask()
    request = front.waiting(helper)
    front.desk.claim(helper, request)
    front.desk.reply(helper, request, "Bonjour")
    one = front.desk.view(helper, request)
    assert [waiting.human for waiting in front.desk.thread(one).waiting] == [False, True]
    await front.collect()
    thread = front.desk.thread(one)
    assert thread.waiting == ()
    assert len(thread.lines) == 2


def test_someone_who_moved_to_another_conversation_is_told_out_of_reach(front: Front) -> None:
    helper = front.agent("nolwenn")
    conversation = front.anonymous()
    front.ask(conversation)
    one = front.desk.view(helper, front.waiting(helper))
    assert one.reachable
    front.places.open("web", "visiteur", now=front.clock.now(), aidant=front.aidant.id)
    assert not front.desk.view(helper, one.id).reachable


def test_reading_is_journalled_unless_one_is_in_charge(front: Front) -> None:
    helper = front.agent("nolwenn")
    front.ask()
    one = front.desk.view(helper, front.waiting(helper))
    front.desk.opened(helper, one)
    assert front.house.told(front.home)[-1].action == "read_conversation"
    front.desk.claim(helper, one.id)
    before = len(front.house.told(front.home))
    front.desk.opened(helper, front.desk.view(helper, one.id))
    assert len(front.house.told(front.home)) == before
    assert front.house.journal.verify(front.home).broken is None


def said(front: Front, conversation: str, *texts: str) -> None:
    for text in texts:
        front.store.log_incoming(conversation, text, custom=None, channel="web", now=front.clock.now())
        front.clock.advance(minutes=1)


def test_an_agent_reads_what_led_to_the_request_and_one_stretch_more_when_they_ask(front: Front) -> None:
    helper, conversation = front.agent("nolwenn"), front.own()
    for texts in (("un", "deux"), ("trois",), ("quatre", "cinq")):
        said(front, conversation, *texts)
        front.clock.advance(hours=1)
    front.clock.advance(minutes=-30)
    said(front, conversation, "six")
    front.ask(conversation)
    said(front, conversation, "sept")
    one = front.desk.view(helper, front.waiting(helper))
    since, shown = None, []
    for _ in range(3):
        thread = front.desk.thread(one, since=since)
        shown.append([line.text for line in thread.lines])
        since = thread.earlier
    assert shown == [
        ["quatre", "cinq", "six", "sept"],
        ["trois", "quatre", "cinq", "six", "sept"],
        ["un", "deux", "trois", "quatre", "cinq", "six", "sept"],
    ]
    assert since is None


def test_what_was_said_for_another_organisation_is_never_shown(front: Front) -> None:
    conversation = front.own()
    said(front, conversation, "pour Guéret")
    front.house.aidants.invite(front.aidant.view.email, "Maiwenn", organisation=front.elsewhere)
    front.house.aidants.switch(front.aidant.id, front.elsewhere)
    said(front, conversation, "pour Lens")
    stranger = front.agent("goulven", front.elsewhere)
    front.ask(conversation)
    thread = front.desk.thread(front.desk.view(stranger, front.waiting(stranger)))
    assert ([line.text for line in thread.lines], thread.earlier) == (["pour Lens"], None)


async def test_a_beat_changes_with_all_that_is_to_be_shown_and_with_nothing_else(front: Front) -> None:
    helper = front.agent("nolwenn")
    front.ask()
    seen = [front.desk.beats()]
    assert front.desk.beats() == seen[0]

    def moved() -> bool:
        seen.append(front.desk.beats())
        return seen[-1] != seen[-2]

    await front.say("bonjour")
    assert moved()
    request = front.waiting(helper)
    front.desk.claim(helper, request)
    assert moved()
    front.desk.note(helper, request, "à rappeler")
    assert moved()
    front.desk.reply(helper, request, "Bonjour")
    assert moved()
    await front.collect()
    assert moved()
    front.desk.close(helper, request)
    assert moved()
    assert seen[-1] == ()


def test_a_forgotten_conversation_takes_its_requests_along(front: Front) -> None:
    helper = front.agent("nolwenn")
    conversation = front.ask()
    front.desk.note(helper, front.waiting(helper), "à rappeler")
    with front.database.unit_of_work() as session:
        forget(session, conversation)
        assert session.query(HandoverRequest).count() == session.query(HandoverEntry).count() == 0
        assert session.get(Conversation, conversation) is None


def test_canned_replies_are_those_of_the_organisation_and_of_everyone(front: Front) -> None:
    helper, stranger = front.agent("nolwenn"), front.agent("goulven", front.elsewhere)
    admin = front.agent("admin", None)
    mine = front.canned.add(helper, front.home, " Accueil ", "Bonjour,\r\nje regarde votre demande.  ")
    front.canned.add(admin, None, "Horaires", "Nous répondons de 9 h à 17 h 30.")
    assert [(one.title, one.mine) for one in front.canned.listed(helper)] == [("Accueil", True), ("Horaires", False)]
    assert front.canned.listed(helper)[0].text == "Bonjour,\nje regarde votre demande."
    assert [one.title for one in front.canned.listed(stranger)] == ["Horaires"]
    for act in (
        lambda: front.canned.change(stranger, mine, "x", "y"),
        lambda: front.canned.remove(stranger, mine),
        lambda: front.canned.add(helper, front.elsewhere, "x", "y"),
        lambda: front.canned.add(helper, None, "x", "y"),
        lambda: front.canned.one(helper, 999),
    ):
        with pytest.raises(UnknownRequest):
            act()
    front.canned.change(helper, mine, "Bienvenue", "Bonjour !")
    assert front.canned.one(helper, mine).title == "Bienvenue"
    front.canned.remove(helper, mine)
    with front.database.unit_of_work() as session:
        assert session.query(CannedReply).count() == 1
