"""The socket seen from pages: what they are told, what they may ask, and what is refused."""

import asyncio
import json

import pytest

from bot.conversations.limits import SlidingWindow
from bot.conversations.messages import Button, Reply
from bot.conversations.replies import KEPT
from bot.storage.engine import Database
from tests.unit.web.client import Page, TurnedAway
from tests.unit.web.world import Web

CHOICES = Reply(
    "**Carte d'identité**\n\nQue voulez-vous savoir ?",
    (Button("Pièces à fournir", "/demander_pieces"), Button("Coût", '/demander_cout{"fiche": "F1"}')),
    {"type": "guidance", "fiches": []},
)


async def said(page: Page, text: str, message_id: str | None = None) -> dict[str, object]:
    answer: dict[str, object] = await page.call("user_uttered", {"message": text, "message_id": message_id})
    return answer


async def test_an_answer_comes_as_lines_and_typing_is_told_meanwhile(web: Web) -> None:
    page, session = await web.widget()
    assert session["kind"] == "anonymous"
    assert await said(page, "bonjour", "message-0001") == {"ok": True}
    asked, told = page.all("line")
    assert (asked["direction"], asked["text"], asked["message_id"]) == ("in", "bonjour", "message-0001")
    assert (told["direction"], told["text"], told["channel"]) == ("out", "écho : bonjour", None)
    assert [content["on"] for content in page.all("typing")] == [True, False]
    assert (await page.call("history", {})) == {"lines": [asked, told], "more": False}


async def test_the_session_tells_a_page_all_that_it_needs(web: Web) -> None:
    _, anonymous = await web.widget()
    assert anonymous | {"token": ""} == {
        "kind": "anonymous",
        "name": None,
        "organisation": None,
        "token": "",
        "last_id": 0,
        "preferences": {"voice": False, "brief": False},
        "voice": {"listen": True, "speak": True},
        "max_chars": 2000,
        "sign_in_url": "https://equipier.exemple.fr/connexion?suite=/assistant",
        "reasons": anonymous["reasons"],
        "renewed": False,
    }
    assert ["incomplet", "Il manque une information"] in anonymous["reasons"]
    _, aidant = await web.signed_in()
    assert (aidant["kind"], aidant["name"], aidant["organisation"]) == (
        "aidant",
        "Maiwenn",
        "France Services de Guéret",
    )
    assert aidant["sign_in_url"] is None


async def test_a_button_is_pressed_by_its_opaque_id_and_only_while_it_was_offered_here(web: Web) -> None:
    web.engine.replies["carte"] = (CHOICES,)
    page, _ = await web.widget()
    await said(page, "carte")
    offered = page.all("line")[-1]
    assert offered["custom"] == {"type": "guidance", "fiches": []}
    assert [button["title"] for button in offered["buttons"]] == ["Pièces à fournir", "Coût"]
    stranger, _ = await web.widget()
    await said(stranger, offered["buttons"][0]["payload"])
    assert "n'est plus valable" in stranger.all("line")[-1]["text"]
    await said(page, offered["buttons"][0]["payload"])
    assert web.engine.texts[-1] == "/demander_pieces"
    pressed = page.all("line")[-2]
    assert (pressed["text"], pressed["custom"]) == ("Pièces à fournir", None)


async def test_personal_data_is_shown_as_it_is_kept(web: Web) -> None:
    page, _ = await web.widget()
    await said(page, "mon usager Dupont a perdu son passeport")
    assert page.all("line")[0]["text"] == "mon usager [NOM] a perdu son passeport"


async def test_two_tabs_of_a_visit_show_the_same_lines(web: Web) -> None:
    one, session = await web.widget()
    other, _ = await web.widget(token=session["token"])
    await said(one, "bonjour", "message-0001")
    assert [(await other.next("line"))["text"] for _ in range(2)] == ["bonjour", "écho : bonjour"]
    await said(other, "merci")
    assert [line["text"] for line in one.all("line")][2:] == ["merci", "écho : merci"]
    assert one.all("line") == other.all("line")


async def test_two_devices_and_telegram_hold_the_conversation_of_an_aidant(web: Web) -> None:
    office, _ = await web.signed_in()
    home, _ = await web.signed_in()
    await said(office, "au bureau")
    await home.next("line")
    await web.elsewhere("dans le train")
    await home.next("line")
    lines = [await home.next("line") for _ in range(2)]
    assert [(line["text"], line["channel"]) for line in lines] == [
        ("dans le train", "telegram"),
        ("écho : dans le train", None),
    ]


async def test_what_an_aidant_begins_on_telegram_appears_on_the_page_that_was_already_open(web: Web) -> None:
    page, session = await web.signed_in()
    assert session["last_id"] == 0
    await web.elsewhere("bonjour")
    for connection in web.channel.rooms.everyone():
        await web.channel.look_at(connection)
    assert [line["text"] for line in (await page.call("resume", {"after": 0}))["lines"]] == [
        "bonjour",
        "écho : bonjour",
    ]
    await web.elsewhere("et la suite")
    assert (await page.next("line"))["text"] == "et la suite"


async def test_opening_the_page_does_not_take_replies_away_from_telegram(web: Web) -> None:
    await web.elsewhere("bonjour")
    page, _ = await web.signed_in()
    web.leave_for_later(web.conversation(), "Le mandat est scellé.")
    assert not web.services.late((web.conversation(),)), "it is Telegram's to give"
    await said(page, "merci")
    assert "Le mandat est scellé." in [line["text"] for line in page.all("line")]


@pytest.mark.parametrize("channel", ["web", "telegram"])
async def test_a_late_reply_comes_to_the_page_only_when_the_last_word_was_the_web_s(web: Web, channel: str) -> None:
    page, _ = await web.signed_in()
    await said(page, "bonjour")
    if channel == "telegram":
        await web.elsewhere("je continue ici")
    before = len(web.lines(web.conversation()))
    web.leave_for_later(web.conversation(), "Votre réponse, enfin.")
    if channel == "web":
        while (await page.next("line"))["text"] != "Votre réponse, enfin.":
            pass
    else:
        await web.channel.rooms.fetch_late((web.conversation(),))
        assert len(web.lines(web.conversation())) == before


async def test_what_waited_is_given_to_the_page_that_opens(web: Web) -> None:
    page, session = await web.widget()
    await said(page, "bonjour")
    conversation = web.channel.rooms.everyone()[0].conversation
    assert conversation is not None
    await page.cut()
    web.leave_for_later(conversation, "Votre réponse, enfin.")
    again, _ = await web.widget(token=session["token"])
    lines = (await again.call("resume", {"after": 0}))["lines"]
    assert lines[-1]["text"] == "Votre réponse, enfin."


async def test_an_engine_that_is_down_keeps_the_message_and_says_so(web: Web) -> None:
    web.engine.down = True
    page, _ = await web.widget()
    assert await said(page, "bonjour") == {"ok": True}
    assert page.all("line")[-1]["text"] == KEPT


async def test_the_same_message_sent_again_is_answered_once(web: Web) -> None:
    page, session = await web.widget()
    other, _ = await web.widget(token=session["token"])
    sent = [said(one, "bonjour", "message-0001") for one in (page, other, page)]
    assert await asyncio.gather(*sent) == [{"ok": True}] * 3
    assert web.engine.texts == ["bonjour"]
    assert len((await page.call("history"))["lines"]) == 2


async def test_messages_of_one_page_are_answered_in_their_order(web: Web) -> None:
    page, _ = await web.widget()
    await asyncio.gather(*(said(page, f"message {number}") for number in range(20)))
    assert web.engine.texts == [f"message {number}" for number in range(20)]


async def test_history_is_given_page_by_page(web: Web) -> None:
    page, _ = await web.widget()
    for number in range(5):
        await said(page, f"message {number}")
    last = await page.call("history", {"limit": 4})
    assert last["more"]
    assert last["lines"][0]["text"] == "message 3"
    first = await page.call("history", {"before": last["lines"][0]["id"], "limit": 50})
    assert not first["more"]
    assert first["lines"] + last["lines"] == page.all("line")


async def test_an_opinion_is_kept_once_and_shown_on_the_other_page(web: Web) -> None:
    page, session = await web.widget()
    other, _ = await web.widget(token=session["token"])
    await said(page, "bonjour")
    asked, told = page.all("line")
    opinion = {"id": told["id"], "rating": -1, "reasons": ["incomplet"], "comment": "Dupont attend"}
    assert await page.call("feedback", opinion) == {"ok": True}
    assert await page.call("feedback", opinion | {"rating": 1, "reasons": []}) == {"ok": True}
    rated = [line["rating"] for line in other.all("line") if line["id"] == told["id"]]
    assert rated == [None, -1, 1]
    for wrong in ({"id": asked["id"]}, {"id": 10**9}):
        assert "n'a pas été enregistré" in (await page.call("feedback", opinion | wrong))["error"]
    assert "choisissez un motif" in (await page.call("feedback", opinion | {"reasons": ["bidon"]}))["error"]


async def test_an_answer_of_somebody_else_cannot_be_rated(web: Web) -> None:
    page, _ = await web.widget()
    await said(page, "bonjour")
    stranger, _ = await web.widget()
    await said(stranger, "bonjour")
    answer = await stranger.call("feedback", {"id": page.all("line")[-1]["id"], "rating": -1})
    assert answer["ok"] is False


async def test_preferences_follow_the_conversation_whether_chosen_or_said(web: Web) -> None:
    page, session = await web.widget()
    assert await page.call("preferences", {"voice": True}) == {"voice": True, "brief": False}
    other, told = await web.widget(token=session["token"])
    assert told["preferences"] == {"voice": True, "brief": False}
    await said(page, "réponses courtes")
    assert (await other.next("equipier_session"))["preferences"] == {"voice": True, "brief": True}


async def test_too_many_messages_are_refused_with_the_time_to_wait(database: Database) -> None:
    async with Web.over(database, limit=2).served() as web:
        page, _ = await web.widget()
        answers = [await said(page, "bonjour", f"message-{number:04}") for number in range(3)]
        assert answers[2] == {
            "ok": False,
            "error": "Trop de messages en peu de temps. Réessayez dans 60\u202fs.",
            "retry_after": 60,
        }
        web.house.clock.advance(seconds=60)
        assert await said(page, "bonjour", "message-0002") == {"ok": True}


async def test_too_many_connections_from_one_address_are_refused(database: Database) -> None:
    async with Web.over(database, connections=SlidingWindow(limit=2)).served() as web:
        await web.widget()
        await web.widget()
        with pytest.raises(TurnedAway, match="Trop de connexions") as refused:
            await web.widget()
        assert refused.value.data == {"reason": "too_many", "retry_after": 60}


@pytest.mark.parametrize(
    ("event", "data"),
    [
        ("user_uttered", None),
        ("user_uttered", "bonjour"),
        ("user_uttered", {}),
        ("user_uttered", {"message": 12}),
        ("user_uttered", {"message": None}),
        ("user_uttered", {"message": "x" * 20_001}),
        ("user_uttered", {"message": "bonjour", "message_id": "court"}),
        ("user_uttered", {"message": "bonjour", "message_id": "x" * 65}),
        ("user_uttered", {"message": "bonjour", "message_id": "06 12 34 56 78"}),
        ("history", {"before": "1"}),
        ("history", {"limit": 1000}),
        ("history", []),
        ("resume", None),
        ("resume", {"after": -1}),
        ("resume", {"after": 2**63}),
        ("resume", {"after": 1.5}),
        ("feedback", {"id": 1, "rating": 0}),
        ("feedback", {"id": 1, "rating": 1, "reasons": "incomplet"}),
        ("preferences", {"voice": "oui"}),
        ("preferences", None),
        ("session_request", {"session_id": {"$gt": ""}}),
    ],
)
async def test_an_event_that_makes_no_sense_is_refused_and_the_page_goes_on(web: Web, event: str, data: object) -> None:
    page, _ = await web.widget()
    answer = await page.call(event, data)
    assert answer == {
        "ok": False,
        "error": "Ce message n'a pas pu être compris. Rechargez la page, puis recommencez.",
    }
    assert await said(page, "bonjour") == {"ok": True}


@pytest.mark.parametrize("packet", ["42[", '42{"a":1}', "42[]", "42[1]", "4", "9", "42[[]]", "450-[", "2probe", "43[]"])
async def test_a_packet_that_is_no_event_disturbs_nobody(web: Web, packet: str) -> None:
    page, _ = await web.widget()
    other, _ = await web.widget()
    await page.send_raw(packet)
    assert await said(other, "bonjour") == {"ok": True}


async def test_half_a_character_is_taken_for_a_question_mark(web: Web) -> None:
    page, _ = await web.widget()
    assert await said(page, "bonjour \ud83d") == {"ok": True}
    assert page.all("line")[-1]["text"] == "écho : bonjour ?"


async def test_a_message_over_64_kio_closes_the_page_and_only_it(web: Web) -> None:
    page, _ = await web.widget()
    other, _ = await web.widget()
    await page.send_raw("42" + json.dumps(["user_uttered", {"message": "x" * 70_000}]))
    await page.gone()
    assert await said(other, "bonjour") == {"ok": True}
    assert web.engine.texts == ["bonjour"]


async def test_an_unexpected_error_is_told_in_french_and_not_written_down(
    web: Web, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise RuntimeError("Dupont a dit cela")

    page, _ = await web.widget()
    monkeypatch.setattr(web.engine, "ask", fails)
    assert "erreur inattendue" in str((await said(page, "Dupont"))["error"])
    logged = capsys.readouterr()
    assert "RuntimeError" in logged.out + logged.err
    assert "Dupont" not in logged.out + logged.err


async def test_the_tail_asks_little_of_the_database_when_nothing_happens(web: Web) -> None:
    asked: list[str] = []

    class Counts:
        def new(self, after: int, *, conversations: object) -> tuple[()]:
            asked.append("new")
            return ()

        def last_id(self) -> int:
            asked.append("last_id")
            return 0

    page, _ = await web.widget()
    await said(page, "bonjour")
    tail = web.channel.rooms.tail
    tail._messages = Counts()
    await web.channel.rooms.tail.look()
    assert len(asked) <= 2
    await page.close()
    while web.channel.rooms.everyone():
        await asyncio.sleep(0.01)
    asked.clear()
    await tail.look()
    assert not asked, "nobody is there"
