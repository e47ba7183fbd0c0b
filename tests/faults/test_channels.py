"""The processes beside the dialogue are killed at work: the voice, and the one that fetches for Telegram."""

import asyncio
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from bot.settings import get_settings
from bot.voice.errors import VoiceRefused
from bot.voice.install import missing_packages
from bot.voice.models import MODELS
from tests.faults.rasa import Rasa, played_rasa
from tests.faults.stack import SOAK, Stack, environment, stack
from tests.integration.telegram_server.server import Person, telegram_server
from tests.required import missing
from tests.unit.mandats.databases import sqlite_url
from tests.unit.web.client import Page

TOKEN = "5001:jeton-de-test"
# What may be said to someone whose voice note was not heard, each of them true, and with what to do.
TRUE_SENTENCES = {VoiceRefused(reason).sentence for reason in ("off", "failed", "busy")}
_SAYING = "combien coûte un passeport"
_PAUSE = 7.0 if SOAK else 2.0  # seconds between two notes, or two tries: ten a minute are listened to
_PATIENCE = 90.0  # seconds for one note, on a busy machine


@pytest.fixture
def rasa() -> Iterator[Rasa]:
    with played_rasa() as rasa:
        yield rasa


def town(folder: Path, rasa: Rasa, **values: str) -> dict[str, str]:
    """The environment of an Équipier whose dialogue is played."""
    return environment(
        folder, database_url=sqlite_url(folder), rasa_url=rasa.url, actions_url=rasa.url, engine_timeout="20", **values
    )


class Fault:
    """Kills a process again and again, and sees that ``/readyz`` tells.

    Attributes:
        over: set once it is back for good.
    """

    def __init__(self, running: Stack, name: str) -> None:
        self._running = running
        self._name = name
        self.over = threading.Event()

    def happen(self, *, times: int) -> None:
        try:
            for _ in range(5 if SOAK else times):
                rises = self._running.rises(self._name)
                self._running.kill(self._name)
                self._running.wait(lambda: self._running.checks().get(self._name) is False, "the fault to be shown")
                self._running.wait(lambda before=rises: self._running.rises(self._name) > before, "its return")
                time.sleep(2)
        finally:
            self.over.set()


@dataclass
class Dictating:
    """Someone who speaks to the page, and says again what was not heard, as a channel does.

    Attributes:
        notes: how many were heard.
        told: what was said instead.
    """

    page: Page
    token: str
    notes: int = 0
    told: Counter[str] = field(default_factory=Counter)

    @classmethod
    async def arrived(cls, url: str) -> "Dictating":
        page = await Page.open(url, {"client": "equipier"})
        session = await page.next("equipier_session")
        assert session["voice"]["listen"]
        return cls(page, session["token"])

    async def dictate(self, http: httpx.AsyncClient, note: bytes, *, until: Callable[[], bool]) -> None:
        """Note after note until *until*, one more included."""
        for number in itertools.count():
            last = until()
            headers = {"Authorization": f"Bearer {self.token}", "X-Message-Id": f"note-{id(self)}-{number}"}
            async with asyncio.timeout(_PATIENCE):
                while not await self._heard(http, note, headers):
                    await asyncio.sleep(_PAUSE)
            self.notes += 1
            if last:
                return
            await asyncio.sleep(_PAUSE)

    async def _heard(self, http: httpx.AsyncClient, note: bytes, headers: dict[str, str]) -> bool:
        answer = await http.post("/assistant/voix", content=note, headers=headers)
        if answer.status_code != 200:
            self.told[answer.json()["detail"]] += 1
        return answer.status_code == 200


@pytest.fixture
def voice_models() -> Path:
    """The folder of both models."""
    folder = get_settings().voice_dir
    if missing_packages() or not all(model.complete(folder) for model in MODELS):
        missing("voice models (equipier voice install)")
    return folder


@pytest.mark.voice
async def test_a_voice_that_is_killed_loses_no_note_and_says_what_is_true(
    tmp_path: Path, rasa: Rasa, voice_models: Path
) -> None:
    (tmp_path / "voice").symlink_to(voice_models)
    with stack(tmp_path, town(tmp_path, rasa), "voice", "gateway", "worker") as running:
        note = spoken(running, _SAYING)
        people = [await Dictating.arrived(running.url) for _ in range(3)]
        fault = Fault(running, "voice")
        async with httpx.AsyncClient(base_url=running.url, trust_env=False, timeout=_PATIENCE) as http:
            talking = [asyncio.create_task(one.dictate(http, note, until=fault.over.is_set)) for one in people]
            await asyncio.sleep(0.5)
            await asyncio.to_thread(fault.happen, times=1)
            await asyncio.gather(*talking)
        await asyncio.to_thread(running.wait, running.all_well, "all to be well")
        for one in people:
            lines = (await one.page.call("history", {"limit": 50}))["lines"]
            asked = [line["text"] for line in lines if line["direction"] == "in"]
            answers = [line["text"] for line in lines if line["text"].startswith("réponse")]
            assert len(asked) == one.notes >= 2
            assert Counter(answers) == Counter(f"réponse à {text}" for text in asked)
            await one.page.close()
        told = sum((one.told for one in people), Counter[str]())
        assert told
        assert set(told) <= TRUE_SENTENCES
        assert running.deaths("gateway") == running.deaths("worker") == 0


def spoken(running: Stack, text: str) -> bytes:
    """A voice note that says *text*: the service speaks as well as it listens."""
    url = f"{running.settings.voice_url}/speak"
    answer = httpx.post(url, json={"text": text, "format": "ogg"}, trust_env=False, timeout=_PATIENCE)
    assert answer.status_code == 200, answer.text
    return answer.content


@pytest.fixture
def telegram() -> Iterator[str]:
    with telegram_server() as address:
        yield address


async def test_a_poller_that_is_killed_loses_no_message_and_answers_none_twice(
    tmp_path: Path, rasa: Rasa, telegram: str
) -> None:
    env = town(tmp_path, rasa, telegram_token=TOKEN, telegram_api_url=telegram)
    with stack(tmp_path, env, "gateway", "worker", "telegram") as running:
        fault = Fault(running, "telegram")
        async with httpx.AsyncClient(base_url=telegram, trust_env=False, timeout=30) as http:
            people = [Person(http, chat, TOKEN) for chat in (7001, 7002, 7003)]
            said: dict[int, list[str]] = {one.chat: [] for one in people}

            async def talk(one: Person) -> None:
                for number in itertools.count():
                    last = fault.over.is_set()
                    said[one.chat].append(f"question {number} de {one.chat}")
                    await one.say(said[one.chat][-1])
                    if last:
                        return
                    await asyncio.sleep(0.7)

            talking = [asyncio.create_task(talk(one)) for one in people]
            await asyncio.sleep(1)
            await asyncio.to_thread(fault.happen, times=2)
            await asyncio.gather(*talking)
            await asyncio.to_thread(running.wait, running.all_well, "all to be well")
            for one in people:
                wanted = [f"réponse à {text}" for text in said[one.chat]]
                assert len(wanted) >= 4
                with suppress(TimeoutError):
                    async with asyncio.timeout(_PATIENCE):
                        while len(await answers_to(one)) < len(wanted):
                            await asyncio.sleep(0.2)
                await asyncio.sleep(1)  # for one that would come twice
                assert await answers_to(one) == wanted
        assert running.deaths("gateway") == running.deaths("worker") == 0


async def answers_to(one: Person) -> list[str]:
    """In the order in which they came."""
    return [text for text in await one.shown() if text.startswith("réponse")]
