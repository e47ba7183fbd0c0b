"""What is told to the pages of agents, as it changes."""

import asyncio
import json
from typing import Any

from sqlalchemy.exc import OperationalError

from bot.gateway.desk.helpdesk.live import Watch
from bot.handover.views import Agent, Beat

NOLWENN = Agent("n", "Nolwenn", False, frozenset({"gueret"}), frozenset(), True)
GOULVEN = Agent("g", "Goulven", False, frozenset({"lens"}), frozenset(), False)
ADMIN = Agent("a", "Admin", True, frozenset(), frozenset(), False)


def beat(number: int, organisation: str | None = "gueret", by: str | None = None, mark: str = "1") -> Beat:
    return Beat(number, organisation, by, False, mark, "")


class Board:
    """The open requests, as a test wants them."""

    def __init__(self, *beats: Beat) -> None:
        self.now = beats
        self.broken = False

    def read(self) -> tuple[Beat, ...]:
        if self.broken:
            self.broken = False
            raise OperationalError("select", {}, Exception())
        return self.now


async def told(watch: Watch, agent: Agent, board: Board, *later: tuple[Beat, ...]) -> list[dict[str, Any]]:
    """The events that *agent* gets while the board becomes each of *later*."""
    events: list[dict[str, Any]] = []
    steps = list(later)
    async for line in watch.stream(agent, lasts=5):
        if line.startswith("data: "):
            events.append(json.loads(line.removeprefix("data: ")))
            if not steps:
                break
            board.now = steps.pop(0)
    return events


async def test_an_agent_is_told_the_state_and_then_each_change() -> None:
    board = Board(beat(1))
    first, second = await told(Watch(board.read, every=0.01), NOLWENN, board, (beat(1, by="n"), beat(2)))
    assert first["counts"] == {"attente": 1, "miennes": 0, "autres": 0}
    assert second["counts"] == {"attente": 1, "miennes": 1, "autres": 0}
    assert second["requests"]["1"]["tab"] == "miennes"


async def test_the_first_state_is_never_older_than_the_page_that_asks() -> None:
    board = Board(beat(1))
    watch = Watch(board.read, every=0.01)
    await told(watch, NOLWENN, board)
    board.now = (beat(1, by="n"),)
    (state,) = await told(watch, NOLWENN, board)
    assert state["requests"]["1"]["tab"] == "miennes"


async def test_each_agent_is_told_of_their_requests_only() -> None:
    board = Board(beat(1), beat(2, "lens"), beat(3, None))
    watch = Watch(board.read, every=0.01)
    seen = [(await told(watch, agent, board))[0]["requests"].keys() for agent in (NOLWENN, GOULVEN, ADMIN)]
    assert [set(keys) for keys in seen] == [{"1", "3"}, {"2"}, {"1", "2", "3"}]


async def test_the_database_is_read_once_for_all_who_look_and_not_once_nobody_does() -> None:
    board = Board(beat(1))
    watch = Watch(board.read, every=0.05)
    await asyncio.gather(*(told(watch, NOLWENN, board) for _ in range(20)))
    assert watch.readings == 1
    await asyncio.sleep(0.2)
    read = watch.readings
    await asyncio.sleep(0.2)
    assert watch.readings == read


async def test_a_database_that_is_away_is_waited_for() -> None:
    board = Board(beat(1))
    board.broken = True
    assert await told(Watch(board.read, every=0.01), NOLWENN, board)


async def test_a_stream_ends_so_that_the_session_is_read_again() -> None:
    board = Board(beat(1))
    lines = [line async for line in Watch(board.read, every=0.01).stream(NOLWENN, lasts=0.1)]
    assert lines[0].startswith("retry:")
    assert len([line for line in lines if line.startswith("data:")]) == 1
