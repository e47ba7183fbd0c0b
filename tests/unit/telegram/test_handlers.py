import asyncio

import pytest

from bot.channels.telegram import sentences
from bot.conversations.messages import Spoken
from bot.voice.errors import VoiceRefused
from bot.voice.messages import Heard
from tests.unit.telegram.conftest import Office
from tests.unit.telegram.fakes import (
    CHAT,
    corrected,
    membership,
    said,
    sent_by_person,
    too_many,
    until,
)

pytestmark = pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")  # int seconds of PTB 22


VOICE = {"voice": {"file_id": "n1", "file_unique_id": "n1", "duration": 3, "file_size": 9000}}
GROUP = {"id": -5, "type": "group", "title": "Équipe"}


@pytest.fixture
async def silent(office: Office) -> Office:
    """Where strangers get silence."""
    await office.reopen(unknown="silent")
    office.telegram.calls.clear()
    return office


async def test_a_text_goes_to_the_router_with_what_is_needed_to_answer(office: Office) -> None:
    assert await office.get(said("Mon usager a perdu son passeport", number=12)) == 200
    (heard,) = office.router.heard
    assert (heard.channel, heard.text, heard.message_id) == ("telegram", "Mon usager a perdu son passeport", "12")
    assert heard.address == str(CHAT)
    assert str(CHAT) not in heard.external_id
    assert heard.voice is None
    assert heard.aidant is None


async def test_the_person_sees_that_an_answer_is_being_written(office: Office) -> None:
    await office.get(said("bonjour"))
    assert office.telegram.of("sendChatAction")[0].params == {"chat_id": CHAT, "action": "typing"}


@pytest.mark.parametrize(
    ("typed", "heard"),
    [
        ("/aide", "aide"),
        ("/mandats", "mes mandats"),
        ("/nouveau", "ouvrir un mandat"),
        ("/nouveau logement 1 mois", "ouvrir un mandat logement 1 mois"),
        ("/annuler", "annuler"),
        ("/humain@EquipierTestBot", "parler à quelqu'un"),
        ("/start 48291357", "lier 48291357"),
        ("/start 4829 1357", "lier 48291357"),
    ],
)
async def test_a_command_is_a_sentence_of_the_dialogue(office: Office, typed: str, heard: str) -> None:
    await office.get(said(typed))
    assert office.router.texts == [heard]


async def test_start_alone_says_what_the_bot_is_for_and_how_to_link_an_account(office: Office) -> None:
    await office.get(said("/start"))
    assert office.router.heard == []
    assert sentences.NOT_LINKED.strip() in office.telegram.texts[0]
    assert "/nouveau" in office.telegram.texts[0]
    office.place(aidant="a" * 32)
    await office.get(said("/start", number=2))
    assert sentences.NOT_LINKED.strip() not in office.telegram.texts[1]


async def test_an_unknown_command_gets_the_menu(office: Office) -> None:
    await office.get(said("/meteo"))
    assert office.router.heard == []
    assert "/nouveau" in office.telegram.texts[0]


@pytest.mark.parametrize("after", [5, 600])
async def test_a_corrected_message_is_answered_again_and_it_is_said(office: Office, after: int) -> None:
    await office.get(corrected("son passeport", after=after, number=3))
    (heard,) = office.router.heard
    assert heard.text == "son passeport"
    assert heard.message_id not in (None, "3")
    (notice,) = office.telegram.sent
    assert notice.params["text"] == sentences.CORRECTED
    assert notice.params["reply_parameters"]["message_id"] == 3


async def test_the_edit_of_an_old_message_is_politely_ignored(office: Office) -> None:
    await office.get(corrected("son passeport", after=601))
    assert office.router.heard == []
    assert office.telegram.texts == [sentences.TOO_OLD]


async def test_two_corrections_of_one_message_are_two_messages(office: Office) -> None:
    await office.get(corrected("un", after=5))
    await office.get(corrected("deux", after=9, update_id=51))
    assert len({heard.message_id for heard in office.router.heard}) == 2


@pytest.mark.parametrize("kind", ["voice", "audio"])
async def test_a_voice_note_is_what_was_heard_in_it(office: Office, kind: str) -> None:
    office.telegram.files["n1"] = b"OggS du son"
    await office.get(sent_by_person(**{kind: VOICE["voice"]}, number=8))
    (heard,) = office.router.heard
    assert office.voice.listened == [b"OggS du son"]
    assert heard.text == "mon usager a perdu son passeport"
    assert heard.voice == Spoken(3.0, True)
    assert heard.message_id == "8"


async def test_a_doubt_of_the_transcriber_is_passed_on(office: Office) -> None:
    office.telegram.files["n1"] = b"OggS"
    office.voice.heard = Heard("son passeport", 3.0, False)
    await office.get(sent_by_person(**VOICE))
    assert office.router.heard[0].voice == Spoken(3.0, False)


@pytest.mark.parametrize(
    ("more", "reason"), [({"file_size": 10_000_001}, "too_heavy"), ({"duration": 121}, "too_long")]
)
async def test_a_voice_note_over_the_limits_is_not_even_downloaded(office: Office, more: dict, reason: str) -> None:
    await office.get(sent_by_person(voice=VOICE["voice"] | more))
    assert office.telegram.of("getFile") == []
    assert office.telegram.texts == [VoiceRefused(reason).sentence]


@pytest.mark.parametrize("reason", ["off", "silence", "noise", "truncated"])
async def test_a_voice_note_that_cannot_be_understood_gets_a_sentence(office: Office, reason: str) -> None:
    office.telegram.files["n1"] = b"OggS"
    office.voice.refuses = VoiceRefused(reason)
    assert await office.get(sent_by_person(**VOICE)) == 200
    assert office.router.heard == []
    assert office.telegram.texts == [office.voice.refuses.sentence]


async def test_a_voice_note_that_telegram_lost_gets_a_sentence(office: Office) -> None:
    office.telegram.refuse("getFile", 400, "Bad Request: wrong file_id")
    assert await office.get(sent_by_person(**VOICE)) == 200
    assert office.telegram.texts == [sentences.LOST_VOICE]


async def test_a_voice_note_that_could_not_be_downloaded_comes_again(office: Office) -> None:
    office.telegram.files["n1"] = b"OggS"
    office.telegram.refuse("getFile", 502, "Bad Gateway")
    assert await office.get(sent_by_person(**VOICE)) == 503
    assert await office.get(sent_by_person(**VOICE)) == 200
    assert len(office.router.heard) == 1


async def test_a_voice_note_keeps_its_place_and_holds_back_nobody_else(office: Office) -> None:
    office.telegram.files["n1"] = b"OggS"
    office.voice.free.clear()
    note = asyncio.create_task(office.get(sent_by_person(**VOICE, number=1)))
    await until(lambda: office.voice.listened)
    text = asyncio.create_task(office.get(said("après la note", number=2)))
    other = said("de quelqu'un d'autre", number=3)
    other["message"]["chat"] = {"id": 7, "type": "private"}
    assert await office.get(other) == 200
    assert office.router.texts == ["de quelqu'un d'autre"]
    office.voice.free.set()
    await asyncio.gather(note, text)
    assert office.router.texts[1:] == ["mon usager a perdu son passeport", "après la note"]


async def test_nobody_fills_the_queue_of_voice_notes_alone(office: Office) -> None:
    office.telegram.files["n1"] = b"OggS"
    office.voice.free.clear()
    notes = [asyncio.create_task(office.get(sent_by_person(**VOICE, number=number))) for number in range(1, 6)]
    await until(lambda: len(office.telegram.texts) == 2)
    office.voice.free.set()
    assert await asyncio.gather(*notes) == [200] * 5
    assert office.telegram.texts == [VoiceRefused("busy").sentence] * 2
    assert len(office.router.heard) == 3


FILES = [
    {"photo": [{"file_id": "p", "file_unique_id": "p", "width": 1, "height": 1}], "caption": "sa carte d'identité"},
    {"document": {"file_id": "d", "file_unique_id": "d"}},
    {"video_note": {"file_id": "v", "file_unique_id": "v", "length": 1, "duration": 1}},
    {"location": {"latitude": 46.1, "longitude": 1.8}},
    {"contact": {"phone_number": "0600000000", "first_name": "Odile"}},
]


@pytest.mark.parametrize("content", FILES, ids=lambda content: next(iter(content)))
async def test_files_and_places_are_neither_opened_nor_kept(office: Office, content: dict) -> None:
    await office.get(sent_by_person(**content))
    assert office.telegram.texts == [sentences.NO_FILES]
    assert office.telegram.of("getFile") == []
    assert office.router.heard == []


async def test_an_album_gets_one_answer(office: Office) -> None:
    for number in (1, 2, 3):
        await office.get(sent_by_person(**FILES[0], media_group_id="g", number=number))
    assert office.telegram.texts == [sentences.NO_FILES]


async def test_a_sticker_is_asked_for_words(office: Office) -> None:
    dice = {"dice": {"emoji": "🎲", "value": 4}}
    await office.get(sent_by_person(**dice))
    assert office.telegram.texts == [sentences.ONLY_WORDS]


async def test_a_service_message_is_passed_over(office: Office) -> None:
    assert await office.get(sent_by_person(message_auto_delete_timer_changed={"message_auto_delete_time": 60})) == 200
    assert office.telegram.calls == []


async def test_someone_who_floods_is_told_to_wait(office: Office) -> None:
    office.router.raises.append(too_many())
    assert await office.get(said("encore")) == 200
    assert office.telegram.texts == [sentences.TOO_MANY.format(seconds=7)]


async def test_in_a_group_it_says_once_that_it_is_no_place_to_talk_and_leaves(office: Office) -> None:
    await office.get(membership("member", chat=GROUP))
    await office.get(said("bonjour", chat=GROUP, number=2))
    assert office.telegram.texts == [sentences.PRIVATE_ONLY]
    assert len(office.telegram.of("leaveChat")) == 1
    assert office.router.heard == []


@pytest.mark.parametrize("status", ["kicked", "member"])
async def test_blocking_and_unblocking_need_no_answer(office: Office, status: str) -> None:
    assert await office.get(membership(status)) == 200
    assert office.telegram.calls == []


async def test_a_stranger_gets_one_notice_for_start_and_otherwise_silence(silent: Office) -> None:
    silent.telegram.files["n1"] = b"OggS"
    for number, update in enumerate(
        (
            said("/start"),
            said("/start"),
            said("bonjour"),
            said("/aide"),
            said("/meteo"),
            said("/parametres"),
            sent_by_person(**VOICE),
            sent_by_person(**FILES[0]),
            corrected("bonsoir", after=5),
        )
    ):
        assert await silent.get(update | {"update_id": number + 1}) == 200
    assert silent.telegram.texts == [sentences.RESERVED]
    assert {call.method for call in silent.telegram.calls} == {"sendMessage"}
    assert silent.router.heard == []
    assert silent.voice.listened == []


@pytest.mark.parametrize("typed", ["/start 48291357", "lier 4829 1357", "relier mon compte : 4829-1357"])
async def test_a_stranger_with_a_code_is_heard(silent: Office, typed: str) -> None:
    await silent.get(said(typed))
    assert len(silent.router.heard) == 1


async def test_an_aidant_is_answered_where_strangers_are_not(silent: Office) -> None:
    silent.place(aidant="a" * 32)
    await silent.get(said("bonjour"))
    assert silent.router.texts == ["bonjour"]
