"""The queue, the service over it, and its HTTP face."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Generator
from pathlib import Path
from threading import Event

import httpx
import numpy as np
import pytest

from bot.settings import ROOT
from bot.voice.app import create_app, serve, voice_service
from bot.voice.audio import RATE, decode
from bot.voice.engines import Engine
from bot.voice.errors import VoiceRefused
from bot.voice.messages import MAX_BYTES, MAX_TEXT
from bot.voice.queue import Steps, WorkQueue
from bot.voice.service import Listener, VoiceService
from bot.voice.speakable import MAX_CHARS, REST_ON_SCREEN
from bot.voice.synthesis import Speaker
from tests.unit.voice.fakes import FakeListener, FakeSpeaker
from tests.unit.voice.sounds import recording, silence, tone

ADDRESS = "http://127.0.0.1"


def steps(name: str, count: int, done: list[str], *, gate: Event | None = None) -> Steps[str]:
    if gate:
        gate.wait(10)
    for number in range(count):
        done.append(f"{name}{number}")
        yield
    return name


@pytest.fixture
async def queue() -> AsyncIterator[WorkQueue]:
    made = WorkQueue(waiting=2, clock=lambda: 0.0)
    yield made
    made.close()


async def started(*tasks: "asyncio.Task[str]") -> None:
    for _ in range(5 * len(tasks)):
        await asyncio.sleep(0)


async def test_a_short_job_overtakes_two_long_ones_between_their_steps(queue: WorkQueue) -> None:
    done: list[str] = []
    gate = Event()
    long = asyncio.create_task(queue.run(steps("a", 4, done, gate=gate), seconds=24))
    other = asyncio.create_task(queue.run(steps("b", 4, done), seconds=24))
    await started(long, other)
    short = asyncio.create_task(queue.run(steps("c", 1, done), seconds=2))
    await started(short)
    gate.set()
    assert await asyncio.gather(long, other, short) == ["a", "b", "c"]
    assert done == ["a0", "c0", "a1", "a2", "a3", "b0", "b1", "b2", "b3"]


async def test_short_jobs_that_keep_coming_do_not_starve_a_long_one() -> None:
    now = 0.0
    queue = WorkQueue(waiting=8, clock=lambda: now)
    done: list[str] = []
    gate = Event()
    first = asyncio.create_task(queue.run(steps("p", 1, done, gate=gate), seconds=1))
    long = asyncio.create_task(queue.run(steps("long", 1, done), seconds=20))
    await started(first, long)
    now = 100.0
    late = asyncio.create_task(queue.run(steps("late", 1, done), seconds=2))
    await started(late)
    gate.set()
    await asyncio.gather(first, long, late)
    queue.close()
    assert done == ["p0", "long0", "late0"]


async def test_the_queue_is_bounded_and_takes_more_once_it_has_room(queue: WorkQueue) -> None:
    gate = Event()
    jobs = [asyncio.create_task(queue.run(steps("x", 1, [], gate=gate), seconds=1)) for _ in range(3)]
    await started(*jobs)
    with pytest.raises(VoiceRefused) as caught:
        await queue.run(steps("y", 1, []), seconds=1)
    assert caught.value.reason == "busy"
    gate.set()
    await asyncio.gather(*jobs)
    assert await queue.run(steps("z", 1, []), seconds=1) == "z"


async def test_a_job_whose_caller_has_left_leaves_its_place(queue: WorkQueue) -> None:
    done: list[str] = []
    gate = Event()
    first = asyncio.create_task(queue.run(steps("a", 2, done, gate=gate), seconds=1))
    second = asyncio.create_task(queue.run(steps("b", 2, done), seconds=1))
    third = asyncio.create_task(queue.run(steps("c", 1, done), seconds=1))
    await started(first, second, third)
    second.cancel()
    first.cancel()  # at work: its step ends, the next is not done
    await started(first, second)
    gate.set()
    assert await third == "c"
    assert done == ["a0", "c0"]


async def test_an_error_reaches_its_caller_and_only_it(queue: WorkQueue) -> None:
    def fails() -> Generator[None, None, str]:
        yield
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await queue.run(fails(), seconds=1)
    assert await queue.run(steps("a", 1, []), seconds=1) == "a"


async def test_closing_refuses_what_waits(queue: WorkQueue) -> None:
    gate = Event()
    at_work = asyncio.create_task(queue.run(steps("a", 1, [], gate=gate), seconds=1))
    waiting = asyncio.create_task(queue.run(steps("b", 1, []), seconds=1))
    await started(at_work, waiting)
    queue.close()
    with pytest.raises(VoiceRefused) as caught:
        await waiting
    assert caught.value.reason == "off"
    gate.set()
    with pytest.raises(VoiceRefused):
        await at_work
    with pytest.raises(VoiceRefused):
        await queue.run(steps("c", 1, []), seconds=1)


class House:
    """The service with obedient models, and a client of its HTTP face."""

    def __init__(self, listener: FakeListener | None, speaker: FakeSpeaker | None, *, waiting: int = 8) -> None:
        self.listening: FakeListener | None = listener
        self.speaking = speaker
        listens: Engine[Listener] = Engine(lambda: self.listening, speaking=False)
        speaks: Engine[Speaker] = Engine(lambda: self.speaking, speaking=True)
        self.service = VoiceService(listener=listens, speaker=speaks, queue=WorkQueue(waiting=waiting))
        transport = httpx.ASGITransport(create_app(self.service))
        self.client = httpx.AsyncClient(transport=transport, base_url=ADDRESS)

    async def __aenter__(self) -> "House":
        await self.service.warm()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.service.close()
        await self.client.aclose()

    async def transcribe(self, data: bytes) -> httpx.Response:
        return await self.client.post("/transcribe", content=data)


async def test_without_models_it_answers_that_it_is_off() -> None:
    async with House(None, None) as house:
        assert (await house.client.get("/health")).json() == {"listen": False, "speak": False}
        heard = await house.transcribe(b"OggS")
        said = await house.client.post("/speak", json={"text": "bonjour"})
        for response in (heard, said):
            assert response.status_code == 503
            assert response.json() == {"reason": "off"}


def test_without_the_optional_packages_it_starts_and_answers_that_it_is_off() -> None:
    command = [sys.executable, "-m", "tests.unit.voice.without_packages"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    *_, last = result.stdout.splitlines()
    assert json.loads(last) == [{"listen": False, "speak": False}, {"reason": "off"}, {"reason": "off"}]


async def test_what_is_installed_while_it_runs_is_taken_without_a_restart() -> None:
    async with House(None, None) as house:
        await house.client.get("/health")
        house.listening, house.speaking = FakeListener(), FakeSpeaker()
        await house.client.get("/health")
        await house.service.warm()
        assert (await house.client.get("/health")).json() == {"listen": True, "speak": True}


@pytest.mark.voice
@pytest.mark.usefixtures("voice_packages")
class TestListening:
    async def test_a_note_becomes_text(self) -> None:
        async with House(FakeListener(says="Mon usager a déménagé."), None) as house:
            response = await house.transcribe(recording(tone(3)))
            assert response.json() == {"text": "Mon usager a déménagé.", "seconds": 3.0, "sure": True}

    @pytest.mark.parametrize(
        ("data", "status", "reason"),
        [
            (b"Bonjour", 415, "wrong_format"),
            (b"", 415, "wrong_format"),
            (recording, 422, "truncated"),
            (silence, 413, "too_long"),
            (b"OggS" + bytes(11_000_000), 413, "too_heavy"),
        ],
        ids=["texte", "rien", "tronqué", "trois minutes", "11 Mo"],
    )
    async def test_a_wrong_file_is_refused_before_it_queues(self, data: object, status: int, reason: str) -> None:
        if data is recording:
            data = recording(tone(3))[:-50]
        elif data is silence:
            data = recording(silence(180))
        assert isinstance(data, bytes)
        listener = FakeListener()
        async with House(listener, None) as house:
            response = await house.transcribe(data)
            assert (response.status_code, response.json()) == (status, {"reason": reason})
        assert not listener.started

    async def test_a_file_without_announced_length_is_not_read_past_the_limit(self) -> None:
        sent = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal sent
            while sent < 3 * MAX_BYTES:
                sent += 1_000_000
                yield bytes(1_000_000)

        async with House(FakeListener(), None) as house:
            response = await house.client.post("/transcribe", content=endless())
            assert response.json() == {"reason": "too_heavy"}
        assert sent <= MAX_BYTES + 1_000_000

    async def test_two_long_notes_do_not_hold_back_a_short_one(self) -> None:
        gate = Event()
        listener = FakeListener(gate=gate)
        long, short = recording(tone(100)), recording(tone(4))
        async with House(listener, None) as house:
            notes = [asyncio.create_task(house.transcribe(data)) for data in (long, long)]
            while not listener.started:
                await asyncio.sleep(0.01)
            notes.append(asyncio.create_task(house.transcribe(short)))
            await asyncio.sleep(0.5)  # the time to decode it; the first step of a long one is still at work
            gate.set()
            assert [(await note).status_code for note in notes] == [200, 200, 200]
        assert listener.ended == [4.0, 100.0, 100.0]

    async def test_when_too_many_wait_the_next_is_told_so(self) -> None:
        gate = Event()
        listener = FakeListener(gate=gate)
        data = recording(tone(2))
        async with House(listener, None, waiting=1) as house:
            notes = [asyncio.create_task(house.transcribe(data)) for _ in range(2)]
            while not listener.started:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)
            refused = await house.transcribe(data)
            assert (refused.status_code, refused.json()) == (503, {"reason": "busy"})
            gate.set()
            assert [(await note).status_code for note in notes] == [200, 200]

    async def test_nothing_heard_is_told(self) -> None:
        async with House(FakeListener(says=""), None) as house:
            response = await house.transcribe(recording(tone(2)))
            assert (response.status_code, response.json()) == (422, {"reason": "silence"})


@pytest.mark.voice
@pytest.mark.usefixtures("voice_packages")
class TestSpeaking:
    @pytest.mark.parametrize(("kind", "media_type"), [("ogg", "audio/ogg"), ("mp3", "audio/mpeg")])
    async def test_a_text_becomes_a_recording_of_the_announced_duration(self, kind: str, media_type: str) -> None:
        async with House(None, FakeSpeaker()) as house:
            response = await house.client.post("/speak", json={"text": "**Bonjour** à vous.", "format": kind})
            assert response.status_code == 200
            assert response.headers["content-type"] == media_type
            seconds = float(response.headers["x-seconds"])
            assert decode(response.content).size / RATE == pytest.approx(seconds, abs=0.1)

    async def test_a_long_answer_is_said_for_a_minute_or_so(self) -> None:
        speaker = FakeSpeaker()
        text = " ".join(f"La règle numéro {number} est la suivante." for number in range(200))
        async with House(None, speaker) as house:
            assert (await house.client.post("/speak", json={"text": text})).status_code == 200
        assert sum(map(len, speaker.said)) <= MAX_CHARS
        assert speaker.said[-1].endswith(REST_ON_SCREEN)

    @pytest.mark.parametrize(
        ("body", "status", "reason"),
        [
            ({"text": "a" * (MAX_TEXT + 1)}, 413, "too_long_text"),
            ({"text": "mot " * MAX_TEXT * 2}, 413, "too_long_text"),
            ({"text": " … "}, 422, "silence"),
            ({"text": ""}, 422, "silence"),
            ({"text": 3}, 422, "failed"),
            ({"text": "bonjour", "format": "wav"}, 422, "failed"),
            ({"texte": "bonjour"}, 422, "failed"),
            ([], 422, "failed"),
        ],
    )
    async def test_what_cannot_be_said_is_refused(self, body: object, status: int, reason: str) -> None:
        async with House(None, FakeSpeaker()) as house:
            response = await house.client.post("/speak", json=body)
            assert (response.status_code, response.json()) == (status, {"reason": reason})

    async def test_a_body_that_is_not_json_is_refused(self) -> None:
        async with House(None, FakeSpeaker()) as house:
            assert (await house.client.post("/speak", content=b"\xff{")).json() == {"reason": "failed"}


async def test_a_client_that_hangs_up_frees_the_place_of_its_note() -> None:
    gate = Event()
    listener = FakeListener(gate=gate)
    service = VoiceService(
        listener=Engine(lambda: listener, speaking=False),
        speaker=Engine(lambda: None, speaking=True),
        queue=WorkQueue(waiting=0),
    )
    messages = [{"type": "http.request", "body": b"{}"}, {"type": "http.disconnect"}]
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return dict(messages.pop(0))

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        sent.append(message)

    gate.set()
    scope = {"type": "http", "method": "POST", "path": "/transcribe", "headers": [], "query_string": b""}
    await create_app(service)(scope, receive, send)
    assert sent[0]["status"] == 499
    service.close()


def test_an_address_without_a_port_is_explained() -> None:
    from bot.errors import SettingsError
    from bot.settings import Settings

    with pytest.raises(SettingsError, match="EQUIPIER_VOICE_URL"):
        serve(Settings(voice_url="http://127.0.0.1"))


@pytest.mark.voice
async def test_what_the_real_models_say_they_hear(voice_models: Path) -> None:
    service = voice_service(voice_models)
    await service.warm()
    assert await service.health() == await service.health()
    speech = await service.speak("Mon usager a perdu sa carte d’identité.", format="ogg")
    heard = await service.transcribe(speech.data)
    service.close()
    assert "carte d'identité" in heard.text
    assert heard.seconds == pytest.approx(speech.seconds, abs=0.1)
    assert np.isfinite(heard.seconds)
