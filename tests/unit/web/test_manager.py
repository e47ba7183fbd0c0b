"""Two gateways on one Redis: what one shows, the other shows too, once; without Redis, messages all the same."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.channels.web.manager import SharedRooms
from bot.shared.redis import SharedMemory
from bot.storage.engine import Database
from tests.unit.shared.servers import OwnRedis, own_redis
from tests.unit.web.client import Page
from tests.unit.web.world import Web

pytestmark = pytest.mark.services


class Two:
    """Two gateways, and a page of the same person on each."""

    def __init__(self, server: OwnRedis, webs: list[Web]) -> None:
        self.server = server
        self.here, self.there = webs

    async def pages(self) -> tuple[Page, Page]:
        """Both in the conversation, which has begun."""
        mine, told = await self.here.widget()
        assert (await mine.call("user_uttered", {"message": "bonjour", "message_id": "m-0000001"}))["ok"]
        theirs, _ = await self.there.widget(token=told["token"])
        return mine, theirs


@pytest.fixture
async def two(database: Database, tmp_path: Path) -> AsyncIterator[Two]:
    with own_redis(tmp_path) as server:
        async with AsyncExitStack() as ends:
            webs: list[Web] = []
            for _ in range(2):
                memory = SharedMemory(server.url)
                ends.push_async_callback(memory.close)
                first = webs[0] if webs else None
                web = Web.over(
                    database,
                    house=first.house if first else None,
                    person=first.person if first else None,
                    manager=SharedRooms(server.url, memory),
                )
                webs.append(await ends.enter_async_context(web.served()))
            yield Two(server, webs)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.02)


def texts(page: Page) -> list[str]:
    return [line["text"] for line in page.all("line")]


async def test_who_is_answered_here_is_seen_to_be_there_and_each_message_shows_once(two: Two) -> None:
    mine, theirs = await two.pages()
    two.here.engine.delay = 0.3
    assert (await mine.call("user_uttered", {"message": "le passeport", "message_id": "m-0000002"}))["ok"]
    assert await theirs.next("typing") == {"on": True}
    assert await theirs.next("typing") == {"on": False}
    await until(lambda: "écho : le passeport" in texts(theirs) and "écho : le passeport" in texts(mine))
    for page in (mine, theirs):
        assert texts(page).count("le passeport") == texts(page).count("écho : le passeport") == 1


async def test_an_opinion_given_there_shows_here(two: Two) -> None:
    mine, theirs = await two.pages()
    answer = next(line for line in mine.all("line") if line["direction"] == "out")
    assert (await theirs.call("feedback", {"id": answer["id"], "rating": 1}))["ok"]
    await until(lambda: any(line["rating"] == 1 for line in mine.all("line")))


async def test_without_redis_messages_show_on_both_and_nobody_waits(two: Two) -> None:
    mine, theirs = await two.pages()
    two.server.kill()
    for number in range(3):
        message = {"message": f"question {number}", "message_id": f"m-000010{number}"}
        async with asyncio.timeout(8):
            assert (await mine.call("user_uttered", message))["ok"]
    for page in (mine, theirs):
        await until(lambda page=page: "écho : question 2" in texts(page))  # type: ignore[misc]
        assert [text for text in texts(page) if text.startswith("question")] == [f"question {n}" for n in range(3)]
    assert mine.all("typing")
