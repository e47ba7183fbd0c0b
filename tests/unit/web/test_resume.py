"""A connection that fails all the time: no message is lost, none is doubled."""

import asyncio
import random
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from bot.channels.web.tail import Tail
from bot.conversations.history import Line
from tests.unit.web.client import Page
from tests.unit.web.world import Web

MESSAGES = 200


class Stubborn:
    """Does what our widget does: keeps the lines by id, sends again with the same id, asks for what it missed."""

    def __init__(self, web: Web, chance: random.Random) -> None:
        self._web = web
        self._chance = chance
        self._page: Page | None = None
        self._token: str | None = None
        self.lines: dict[int, dict[str, Any]] = {}
        self.cuts = 0

    async def say(self, number: int) -> None:
        """Sends message *number* until the server has it."""
        while True:
            try:
                page = await self.connected()
                message = {"message": f"question {number}", "message_id": f"message-{number:04}"}
                sending = asyncio.ensure_future(page.call("user_uttered", message))
                if self._chance.random() < 0.3:
                    await asyncio.sleep(self._chance.random() * 0.04)
                    await self.cut()
                answer = await sending
            except ConnectionError:
                continue
            assert answer == {"ok": True}
            return

    async def cut(self) -> None:
        if self._page is not None:
            page, self._page = self._page, None
            await page.cut()
            self.cuts += 1
            self._keep(page.all("line"))

    async def connected(self) -> Page:
        if self._page is None:
            self._web.house.clock.advance(seconds=5)
            page, session = await self._web.widget(token=self._token)
            self._token, self._page = str(session["token"]), page
            after = max(self.lines, default=0)
            while True:
                missed = await page.call("resume", {"after": after})
                self._keep(missed["lines"])
                if not missed["more"]:
                    break
                after = missed["lines"][-1]["id"]
        return self._page

    def _keep(self, lines: Collection[dict[str, Any]]) -> None:
        self.lines |= {line["id"]: line for line in lines}


async def test_no_message_is_lost_or_doubled_however_often_the_network_fails(web: Web) -> None:
    chance = random.Random(5)
    page = Stubborn(web, chance)
    spectator: Stubborn | None = None
    for number in range(MESSAGES):
        web.house.clock.advance(seconds=1)
        await page.say(number)
        if spectator is None:
            spectator = Stubborn(web, chance)
            spectator._token = page._token
        if chance.random() < 0.2:
            await spectator.cut()
        await spectator.connected()
    assert spectator is not None
    assert page.cuts > 30
    assert spectator.cuts > 20
    assert sorted(set(web.engine.texts)) == sorted(web.engine.texts), "each was asked once"
    [conversation] = {one.conversation for one in web.channel.rooms.everyone()}
    assert conversation is not None
    kept = web.lines(conversation)
    assert [line.text for line in kept] == [
        text for number in range(MESSAGES) for text in (f"question {number}", f"écho : question {number}")
    ]
    for one in (page, spectator):
        await one.cut()
        await one.connected()
        assert sorted(one.lines) == [line.id for line in kept]
        assert [one.lines[line.id]["text"] for line in kept] == [line.text for line in kept]


class Log:
    """Messages that appear out of order, as transactions end."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, Line]] = []

    def add(self, message: int, conversation: str = "a") -> None:
        line = Line(message, "out", f"ligne {message}", (), None, datetime(2026, 1, 1, tzinfo=UTC), None, None, None)
        self.rows.append((conversation, line))

    def new(self, after: int, *, conversations: Collection[str]) -> tuple[tuple[str, Line], ...]:
        found = [row for row in self.rows if row[0] in conversations and row[1].id > after]
        return tuple(sorted(found, key=lambda row: row[1].id))

    def last_id(self) -> int:
        return max((line.id for _, line in self.rows), default=0)


class Screen:
    """A tail, and what it shows."""

    def __init__(self, log: Log) -> None:
        self.shown: list[tuple[str, int]] = []

        async def show(conversation: str, line: Line) -> None:
            self.shown.append((conversation, line.id))

        async def fetch_late(_conversations: Collection[str]) -> None: ...

        self.tail = Tail(log, show=show, fetch_late=fetch_late)


async def test_a_line_that_appears_after_a_later_one_is_shown_all_the_same() -> None:
    log = Log()
    screen = Screen(log)
    log.add(500)
    await screen.tail.follow("a")
    log.add(502)
    await screen.tail.flush()
    log.add(501)
    await screen.tail.flush()
    await screen.tail.flush()
    assert screen.shown == [("a", 502), ("a", 501)]


async def test_what_was_said_before_a_page_opened_is_not_shown_as_new() -> None:
    log = Log()
    for message in range(1, 300):
        log.add(message, "ab"[message % 2])
    screen = Screen(log)
    await screen.tail.follow("a")
    await screen.tail.follow("b")
    await screen.tail.flush()
    assert not screen.shown
    log.add(300, "b")
    log.add(301, "c")
    await screen.tail.flush()
    assert screen.shown == [("b", 300)]


async def test_nothing_is_shown_twice_while_the_log_is_forgotten_behind() -> None:
    log = Log()
    screen = Screen(log)
    await screen.tail.follow("a")
    for message in range(1, 200):
        log.add(message)
        await screen.tail.look()
    assert [message for _, message in screen.shown] == list(range(1, 200))
    assert len(screen.tail._shown["a"]) < 30


async def test_a_conversation_is_followed_until_its_last_page_closes() -> None:
    log = Log()
    screen = Screen(log)
    await screen.tail.follow("a")
    await screen.tail.follow("a")
    screen.tail.leave("a")
    log.add(1)
    await screen.tail.flush()
    screen.tail.leave("a")
    log.add(2)
    await screen.tail.flush()
    assert screen.shown == [("a", 1)]
