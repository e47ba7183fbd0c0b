"""What gateways share by a real Redis, and what they do when it goes away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from pydantic import SecretStr

from bot.conversations.limits import TooManyMessages
from bot.errors import SettingsError
from bot.gateway.health import readiness
from bot.gateway.health_shared import rabbitmq_check, redis_check
from bot.shared.redis import LEFT_ALONE, SharedMemory, Unreachable
from bot.shared.turns import SharedTurns
from bot.shared.windows import SharedWindow
from tests.unit.shared.servers import OwnRedis, own_redis

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
pytestmark = pytest.mark.services


class Seconds:
    """Goes forward when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Gateways:
    """Two processes on one Redis, as far as memory goes."""

    def __init__(self, server: OwnRedis) -> None:
        self.server = server
        self.seconds = Seconds()
        self.memories = [SharedMemory(server.url, monotonic=self.seconds) for _ in range(2)]
        self.first, self.second = self.memories

    def queued(self) -> int:
        """How many tickets the only conversation has."""
        with redis.Redis(port=self.server.port) as client:
            return sum(int(client.llen(key)) for key in client.scan_iter(_type="list"))

    def keys(self) -> list[str]:
        with redis.Redis(port=self.server.port) as client:
            return [key.decode() for key in client.scan_iter()]


@pytest.fixture
async def gateways(tmp_path: Path) -> AsyncIterator[Gateways]:
    with own_redis(tmp_path) as server:
        gateways = Gateways(server)
        yield gateways
        for memory in gateways.memories:
            await memory.close()


async def test_messages_of_one_conversation_wait_for_each_other_in_their_order(gateways: Gateways) -> None:
    turns = [SharedTurns(memory) for memory in gateways.memories]
    order: list[int] = []
    running = 0

    async def answer(number: int) -> None:
        nonlocal running
        async with turns[number % 2].of("c1"):
            running += 1
            assert running == 1
            order.append(number)
            await asyncio.sleep(0.01)
            running -= 1

    async with asyncio.TaskGroup() as tasks, turns[0].of("c1"):
        for number in range(6):
            tasks.create_task(answer(number))
            while gateways.queued() < number + 2:  # it has its ticket
                await asyncio.sleep(0.01)
    assert order == list(range(6))
    assert gateways.keys() == []


async def test_conversations_do_not_wait_for_each_other(gateways: Gateways) -> None:
    turns = SharedTurns(gateways.first)
    async with turns.of("c1"), turns.of("c2"):
        pass


async def test_a_gateway_that_dies_gives_its_turn_up(gateways: Gateways) -> None:
    dying, alive = SharedTurns(gateways.first, held_for=0.4), SharedTurns(gateways.second, held_for=0.4)
    held = asyncio.Event()

    async def hold() -> None:
        async with dying.of("c1"):
            held.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hold())
    await held.wait()
    # kill -9: not even the end of the task is told to Redis.
    gateways.first._asked_again_at = float("inf")
    async with asyncio.timeout(5), alive.of("c1"):
        pass
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_long_answer_keeps_its_turn(gateways: Gateways) -> None:
    slow, other = SharedTurns(gateways.first, held_for=0.3), SharedTurns(gateways.second, held_for=0.3)
    entered = asyncio.Event()

    async def wait_for_it() -> None:
        async with other.of("c1"):
            entered.set()

    async with slow.of("c1"):
        waiting = asyncio.create_task(wait_for_it())
        await asyncio.sleep(1)
        assert not entered.is_set()
    await waiting


async def test_someone_who_gives_up_waiting_leaves_the_queue(gateways: Gateways) -> None:
    turns = SharedTurns(gateways.first)

    async def wait() -> None:
        async with turns.of("c1"):
            raise AssertionError("its turn has not come")

    async with turns.of("c1"):
        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0.1)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
    assert gateways.keys() == []


async def test_without_redis_each_gateway_goes_on_alone_and_comes_back(gateways: Gateways) -> None:
    turns = SharedTurns(gateways.first)
    window = SharedWindow(gateways.first, "messages", limit=1, window=timedelta(minutes=1))
    check = redis_check(gateways.first)
    window.check("c1", now=NOON)
    async with turns.of("c1"):
        gateways.server.kill()  # while a message is being answered
    window.check("c1", now=NOON)  # it counts alone: nobody is refused because of Redis
    with pytest.raises(TooManyMessages):
        window.check("c1", now=NOON)
    async with turns.of("c1"):
        assert gateways.first.resting
    assert not await check.probe()
    shown = await readiness((check,))
    assert shown.status_code == 200
    assert '"status":"dégradé"'.encode() in shown.body

    gateways.server.start()
    with pytest.raises(Unreachable):
        await gateways.first.run_async("return 1", "k")  # it is left alone for a while
    gateways.seconds.now += LEFT_ALONE
    assert await gateways.first.run_async("return 1", "k") == 1
    assert await check.probe()
    window.check("c1", now=NOON)
    with pytest.raises(TooManyMessages):
        SharedWindow(gateways.second, "messages", limit=1, window=timedelta(minutes=1)).check("c1", now=NOON)


async def test_what_is_counted_cannot_be_read_in_redis(gateways: Gateways) -> None:
    SharedWindow(gateways.first, "pages", limit=1, window=timedelta(minutes=1)).check("192.0.2.7", now=NOON)
    async with SharedTurns(gateways.first).of("conversation-1"):
        seen = " ".join(gateways.keys())
    assert seen.count("equipier:") == 3
    assert "192.0.2.7" not in seen
    assert "conversation-1" not in seen


async def test_a_check_of_redis_that_succeeds_ends_the_pause(gateways: Gateways) -> None:
    gateways.server.kill()
    assert not await gateways.first.answers()
    gateways.server.start()
    assert await gateways.first.answers()
    assert not gateways.first.resting


@pytest.mark.parametrize("address", ["redis.example:6379", "http://127.0.0.1:6379", "redis://host:port/0"])
async def test_a_wrong_address_is_said_in_french(address: str) -> None:
    with pytest.raises(SettingsError, match="EQUIPIER_REDIS_URL"):
        SharedMemory(SecretStr(address))


async def test_rabbitmq_is_asked_whether_it_listens(unused_tcp_port: int) -> None:
    url = SecretStr(f"amqp://user:p%40ss@127.0.0.1:{unused_tcp_port}/%2F")
    check = rabbitmq_check(url)
    assert not await check.probe()
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", unused_tcp_port)
    async with server:
        assert await check.probe()
    assert not check.needed
