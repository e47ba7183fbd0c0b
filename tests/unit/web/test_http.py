"""Recordings in, spoken answers out; and who may ask for them from where."""

import pytest

from bot.channels.web.http import MAX_RECORDING
from bot.voice.errors import Reason
from tests.unit.web.world import GUEST, PUBLIC_URL, Web

OGG = b"OggS" + bytes(100)


async def test_a_recording_is_heard_shown_and_answered(web: Web) -> None:
    page, session = await web.widget()
    async with web.http(session["token"]) as http:
        answer = await http.post("/assistant/voix", content=OGG, headers={"X-Message-Id": "message-0001"})
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    lines = [await page.next("line") for _ in range(3)]
    assert [(line["direction"], line["message_id"]) for line in lines] == [
        ("in", "message-0001"),
        ("out", None),
        ("out", None),
    ]
    assert lines[0]["text"] == web.voice.text
    assert lines[1]["text"].startswith("J'ai compris")
    assert lines[2]["text"] == f"écho : {web.voice.text}"
    assert web.voice.heard == [OGG]


async def test_a_recording_that_was_not_well_heard_is_confirmed_before_it_is_answered(web: Web) -> None:
    web.voice.sure = False
    page, session = await web.widget()
    async with web.http(session["token"]) as http:
        await http.post("/assistant/voix", content=OGG)
    lines = [await page.next("line") for _ in range(2)]
    assert [button["title"] for button in lines[1]["buttons"]]
    assert not web.engine.texts


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("off", 503),
        ("busy", 503),
        ("failed", 503),
        ("too_long", 422),
        ("silence", 422),
        ("noise", 422),
        ("truncated", 422),
    ],
)
async def test_a_recording_that_cannot_be_heard_is_refused_with_a_sentence(
    web: Web, reason: Reason, status: int
) -> None:
    web.voice.refuses = reason
    _, session = await web.widget()
    async with web.http(session["token"]) as http:
        answer = await http.post("/assistant/voix", content=OGG)
    assert answer.status_code == status
    assert answer.json()["detail"].endswith(".")


async def test_a_recording_that_is_empty_or_too_heavy_is_not_taken_to_the_voice_service(web: Web) -> None:
    _, session = await web.widget()
    async with web.http(session["token"]) as http:
        assert (await http.post("/assistant/voix", content=b"")).status_code == 422
        assert (await http.post("/assistant/voix", content=bytes(MAX_RECORDING))).status_code == 200
        for size in (MAX_RECORDING + 1, MAX_RECORDING + 100):
            heavy = await http.post("/assistant/voix", content=bytes(size))
            assert heavy.status_code == 413
            assert "10 Mo" in heavy.json()["detail"]
    assert [len(one) for one in web.voice.heard] == [MAX_RECORDING]


async def test_too_many_recordings_are_refused_with_the_time_to_wait(web: Web) -> None:
    _, session = await web.widget()
    async with web.http(session["token"]) as http:
        answers = [await http.post("/assistant/voix", content=OGG) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert answers[-1].headers["retry-after"] == "60"


async def test_an_answer_is_read_aloud_once_and_then_remembered(web: Web) -> None:
    page, session = await web.widget()
    await page.call("user_uttered", {"message": "bonjour"})
    asked, told = page.all("line")
    async with web.http(session["token"]) as http:
        for _ in range(2):
            sound = await http.get(f"/assistant/audio/{told['id']}")
            assert (sound.status_code, sound.headers["content-type"]) == (200, "audio/ogg")
            assert sound.content.decode() == "écho : bonjour"
            assert sound.headers["cache-control"] == "private, no-store"
        mp3 = await http.get(f"/assistant/audio/{told['id']}?format=mp3")
        assert mp3.headers["content-type"] == "audio/mp3"
        assert (await http.get(f"/assistant/audio/{told['id']}?format=wav")).status_code == 422
        for missing in (asked["id"], 10**9, 2**70, -1):
            assert (await http.get(f"/assistant/audio/{missing}")).status_code == 404
    assert web.voice.spoken == [("écho : bonjour", "ogg"), ("écho : bonjour", "mp3")]


async def test_an_answer_of_somebody_else_is_not_read(web: Web) -> None:
    page, _ = await web.widget()
    await page.call("user_uttered", {"message": "bonjour"})
    _, stranger = await web.widget()
    async with web.http(stranger["token"]) as http:
        assert (await http.get(f"/assistant/audio/{page.all('line')[-1]['id']}")).status_code == 404


async def test_when_the_voice_is_off_the_answer_stays_to_read(web: Web) -> None:
    page, session = await web.widget()
    await page.call("user_uttered", {"message": "bonjour"})
    web.voice.refuses = "off"
    async with web.http(session["token"]) as http:
        silent = await http.get(f"/assistant/audio/{page.all('line')[-1]['id']}")
    assert silent.status_code == 503
    assert "reste à lire" in silent.json()["detail"]


@pytest.mark.parametrize("token", ["aucun", "n'importe quoi", "YQ.1.p1.00", "é"])
async def test_without_a_good_token_nothing_is_heard_or_read(web: Web, token: str) -> None:
    async with web.http() as http:
        headers = {"Authorization": f"Bearer {token}".encode()}
        for answer in (
            await http.post("/assistant/voix", content=OGG, headers=headers),  # type: ignore[arg-type]
            await http.get("/assistant/audio/1", headers=headers),  # type: ignore[arg-type]
        ):
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
    assert not web.voice.heard


async def test_a_page_of_ours_is_known_by_its_session_and_no_other_page_is(web: Web) -> None:
    cookie = {"Cookie": f"equipier_session={web.cookie(web.session())}"}
    async with web.http(**cookie) as http:
        ours = await http.post("/assistant/voix", content=OGG, headers={"Origin": PUBLIC_URL})
        assert ours.status_code == 200
        for origin in (GUEST, "https://piege.exemple.com", "null"):
            theirs = await http.post("/assistant/voix", content=OGG, headers={"Origin": origin})
            assert theirs.status_code in {401, 403}
        assert (await http.post("/assistant/voix", content=OGG)).status_code == 401
    assert len(web.voice.heard) == 1


async def test_guests_may_read_our_answers_and_strangers_may_not(web: Web) -> None:
    page, session = await web.widget()
    await page.call("user_uttered", {"message": "bonjour"})
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,x-message-id"}
    async with web.http(session["token"]) as http:
        allowed = await http.options("/assistant/voix", headers=asked | {"Origin": GUEST})
        assert allowed.status_code == 200
        assert allowed.headers["access-control-allow-origin"] == GUEST
        assert "access-control-allow-credentials" not in allowed.headers
        sound = await http.get(f"/assistant/audio/{page.all('line')[-1]['id']}", headers={"Origin": GUEST})
        assert (sound.status_code, sound.headers["access-control-allow-origin"]) == (200, GUEST)
        refused = await http.get("/assistant/audio/999999", headers={"Origin": GUEST})
        assert refused.headers["access-control-allow-origin"] == GUEST, "the reason of a failure can be read too"
        stranger = {"Origin": "https://piege.exemple.com"}
        assert (await http.options("/assistant/voix", headers=asked | stranger)).status_code == 400
        answer = await http.get("/assistant/audio/1", headers=stranger)
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


async def test_the_socket_answers_guests_without_cookies_and_refuses_strangers(web: Web) -> None:
    async with web.http() as http:
        guest = await http.get("/socket.io/?EIO=4&transport=polling", headers={"Origin": GUEST})
        assert (guest.status_code, guest.headers["access-control-allow-origin"]) == (200, GUEST)
        assert "access-control-allow-credentials" not in guest.headers
        assert "set-cookie" not in guest.headers
        assert guest.headers["x-content-type-options"] == "nosniff"
        stranger = await http.get(
            "/socket.io/?EIO=4&transport=polling", headers={"Origin": "https://piege.exemple.com"}
        )
        assert stranger.status_code == 400
        assert "access-control-allow-origin" not in stranger.headers
        heavy = await http.post("/socket.io/?EIO=4&transport=polling&sid=x", content=bytes(70_000))
        assert heavy.status_code in {400, 413}
