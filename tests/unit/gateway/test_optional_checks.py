"""What /readyz tells of the processes that the gateway can do without."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from bot.bootstrap_shared import gateway_checks
from bot.gateway.health import states_of
from bot.gateway.health_shared import telegram_check, voice_check
from bot.settings import Settings
from bot.shared.redis import SharedMemory
from bot.storage.engine import Database
from bot.voice.client import VoiceClient
from bot.voice.models import LISTENING
from tests.e2e.browser import free_port
from tests.unit.conversations.fakes import FakeClock
from tests.unit.mandats.databases import sqlite_url

TOKEN = SecretStr("5001:jeton-de-test")


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


@pytest.mark.parametrize(("silent_for", "works"), [(0, True), (119, True), (121, False)])
async def test_telegram_is_received_while_its_process_shows_life(tmp_path: Path, silent_for: int, works: bool) -> None:
    mark, clock = tmp_path / "telegram.alive", FakeClock()
    check = telegram_check(mark, clock)
    assert await states_of((check,)) == {"telegram": False}
    mark.touch()
    touched = clock.now().timestamp() - silent_for
    os.utime(mark, (touched, touched))
    assert await states_of((check,)) == {"telegram": works}
    assert not check.needed


async def test_a_voice_that_does_not_answer_is_shown(http: httpx.AsyncClient) -> None:
    check = voice_check(VoiceClient(http, url=f"http://127.0.0.1:{free_port()}"))
    assert await states_of((check,)) == {"voice": False}
    assert not check.needed


@pytest.mark.parametrize(
    ("token", "mode", "installed", "several", "shown"),
    [
        ("", "polling", False, False, set()),
        (TOKEN, "polling", False, False, {"telegram"}),
        (TOKEN, "polling", False, True, set()),  # its mark may be on another machine
        (TOKEN, "webhook", False, False, set()),
        ("", "polling", True, False, {"voice"}),
    ],
)
def test_only_what_is_set_up_here_is_asked(
    tmp_path: Path, http: httpx.AsyncClient, *, token: str, mode: str, installed: bool, several: bool, shown: set[str]
) -> None:
    settings = Settings(_env_file=None, var_dir=tmp_path, telegram_token=token, telegram_mode=mode)
    if installed:
        for file in LISTENING.files:
            path = settings.voice_dir / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            os.truncate(path, file.size)
    shared = SharedMemory(SecretStr("redis://127.0.0.1:1")) if several else None
    database = Database.at(sqlite_url(tmp_path))
    names = {check.name for check in gateway_checks(settings, database, http, shared=shared, clock=FakeClock())}
    database.close()
    assert names & {"voice", "telegram"} == shown
