import asyncio

from telegram.ext import ExtBot

from bot.channels.telegram.recent import Recent
from bot.channels.telegram.typing import typing
from tests.unit.telegram.fakes import API, CHAT, TOKEN, FakeTelegram, until


class Naps:
    """Sleeps until it is woken."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.over = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)
        await self.over.wait()
        self.over.clear()


def bot_of(telegram: FakeTelegram) -> ExtBot[None]:
    return ExtBot(TOKEN, f"{API}/bot", f"{API}/file/bot", request=telegram, get_updates_request=telegram)


async def test_it_is_shown_again_before_it_fades_and_no_longer_after_the_answer() -> None:
    telegram, naps = FakeTelegram(), Naps()
    async with typing(bot_of(telegram), CHAT, sleep=naps):
        await until(lambda: len(naps.asked) == 1)
        naps.over.set()
        await until(lambda: len(naps.asked) == 2)
    shown = len(telegram.calls)
    naps.over.set()
    await asyncio.sleep(0.02)
    assert len(telegram.calls) == shown == 2
    assert max(naps.asked) < 5


async def test_failing_to_show_it_holds_nothing_back() -> None:
    telegram = FakeTelegram()
    telegram.refuse("sendChatAction", 403, "Forbidden: bot was blocked by the user")
    async with typing(bot_of(telegram), CHAT):
        await until(lambda: telegram.calls)


def test_the_oldest_things_are_forgotten_first() -> None:
    recent = Recent(limit=2)
    assert [recent.first(thing) for thing in "abab"] == [True, True, False, False]
    assert recent.first("c")
    assert "a" not in recent
    recent.forget("c")
    assert recent.first("c")
