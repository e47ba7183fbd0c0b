import json
from collections.abc import Callable

import httpx
import pytest

from bot.voice.client import Heard, VoiceClient, VoiceRefused
from bot.voice.errors import REASONS

Answer = Callable[[httpx.Request], httpx.Response]


def client(answer: Answer) -> VoiceClient:
    return VoiceClient(httpx.AsyncClient(transport=httpx.MockTransport(answer)), url="http://voix.invalid/")


def raising(error: Exception) -> Answer:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise error

    return answer


def replying(status: int, **content: object) -> Answer:
    return lambda _request: httpx.Response(status, **content)  # type: ignore[arg-type]


async def test_a_note_is_sent_as_it_is_and_comes_back_as_text() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert (request.method, request.url.path, request.content) == ("POST", "/transcribe", b"OggS\x00")
        return httpx.Response(200, json={"text": "Bonjour.", "seconds": 2.5, "sure": False})

    assert await client(answer).transcribe(b"OggS\x00") == Heard("Bonjour.", 2.5, sure=False)


async def test_a_text_comes_back_as_a_recording_with_its_duration() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert json.loads(request.content) == {"text": "**Bonjour**", "format": "mp3"}
        return httpx.Response(200, content=b"ID3", headers={"X-Seconds": "1.20"})

    speech = await client(answer).speak("**Bonjour**", format="mp3")
    assert (speech.data, speech.media_type, speech.seconds) == (b"ID3", "audio/mpeg", 1.2)


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("speaking", [False, True])
async def test_every_refusal_keeps_its_reason_and_has_a_sentence_that_says_what_to_do(
    reason: str, speaking: bool
) -> None:
    voice = client(replying(422, json={"reason": reason}))
    with pytest.raises(VoiceRefused) as caught:
        await (voice.speak("bonjour") if speaking else voice.transcribe(b"OggS"))
    refusal = caught.value
    assert (refusal.reason, refusal.speaking) == (reason, speaking)
    assert refusal.sentence.endswith(".")
    assert "'" not in refusal.sentence
    assert len(refusal.sentence) > 40


def test_the_sentences_differ() -> None:
    for speaking in (False, True):
        sentences = [VoiceRefused(reason, speaking=speaking).sentence for reason in REASONS]
        assert len(set(sentences)) == len(REASONS)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (raising(httpx.ConnectError("refused")), "off"),
        (raising(httpx.ConnectTimeout("slow")), "off"),
        (raising(httpx.ReadTimeout("slow")), "busy"),
        (raising(httpx.ReadError("cut")), "failed"),
        (raising(httpx.RemoteProtocolError("cut")), "failed"),
        (replying(500, text="Internal Server Error"), "failed"),
        (replying(502, content=b"\xff\xfe"), "failed"),
        (replying(422, json=["silence"]), "failed"),
        (replying(422, json={"reason": "inconnue"}), "failed"),
        (replying(200, text="ok"), "failed"),
        (replying(200, json={"text": "Bonjour."}), "failed"),
    ],
)
@pytest.mark.parametrize("speaking", [False, True])
async def test_whatever_happens_to_the_service_is_a_refusal(answer: Answer, reason: str, speaking: bool) -> None:
    voice = client(answer)
    with pytest.raises(VoiceRefused) as caught:
        await (voice.speak("bonjour") if speaking else voice.transcribe(b"OggS"))
    assert caught.value.reason == reason


async def test_what_is_too_big_is_not_even_sent() -> None:
    voice = client(raising(AssertionError("sent")))
    with pytest.raises(VoiceRefused) as caught:
        await voice.transcribe(bytes(10_000_001))
    assert caught.value.reason == "too_heavy"
    with pytest.raises(VoiceRefused) as caught:
        await voice.speak("a" * 20_001)
    assert caught.value.reason == "too_long_text"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (replying(200, json={"listen": True, "speak": False}), (True, False)),
        (replying(503), (False, False)),
        (replying(200, text="ok"), (False, False)),
        (replying(200, json=[]), (False, False)),
        (raising(httpx.ConnectError("refused")), (False, False)),
        (raising(httpx.ReadTimeout("slow")), (False, False)),
    ],
)
async def test_what_the_service_can_do_is_known_even_when_it_is_absent(
    answer: Answer, expected: tuple[bool, bool]
) -> None:
    assert await client(answer).available() == expected
