import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.channels.telegram import poller as module
from bot.channels.telegram.poller import Poller
from bot.channels.telegram.progress import Progress
from bot.channels.telegram.wire import SECRET_HEADER
from tests.unit.telegram.fakes import API, TOKEN, FakeTelegram, Json, said, until

pytestmark = pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")  # int seconds of PTB 22


class Gateway:
    """Takes updates, or not."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.asked: list[int] = []
        self.headers: list[str] = []
        self.statuses: dict[int, list[int]] = {}
        self.down = False
        self.slow: dict[int, asyncio.Event] = {}

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        import json

        number = json.loads(request.content)["update_id"]
        self.asked.append(number)
        self.headers.append(request.headers.get(SECRET_HEADER, ""))
        if self.down:
            raise httpx.ConnectError("down", request=request)
        if number in self.slow:
            await self.slow[number].wait()
        status = self.statuses[number].pop(0) if self.statuses.get(number) else 200
        if status == 200:
            self.taken.append(number)
        return httpx.Response(status)


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def telegram() -> FakeTelegram:
    return FakeTelegram()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses, made short."""
    for name in ("_FIRST_WAIT", "_LONGEST_WAIT", "_LOOK_AGAIN"):
        monkeypatch.setattr(module, name, 0.01)


@asynccontextmanager
async def polling(telegram: FakeTelegram, gateway: Gateway, **options: Any) -> AsyncIterator[None]:
    stop = asyncio.Event()
    async with httpx.AsyncClient(transport=httpx.MockTransport(gateway)) as client:
        poller = Poller(
            telegram,
            client,
            api_url=API,
            token=SecretStr(TOKEN),
            gateway="http://127.0.0.1:8000/",
            secret=SecretStr("secret"),
            **options,
        )
        running = asyncio.create_task(poller.run(stop))
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait_for(running, timeout=5)


def from_chat(chat: int, number: int) -> Json:
    return said("bonjour", number=number, chat={"id": chat, "type": "private"})


async def test_updates_go_to_the_gateway_with_the_secret_then_are_acknowledged(
    telegram: FakeTelegram, gateway: Gateway
) -> None:
    async with polling(telegram, gateway):
        telegram.arrive(said("un", number=10), said("deux", number=11))
        await until(lambda: gateway.taken == [10, 11] and not telegram.updates)
    assert set(gateway.headers) == {"secret"}
    asked = telegram.of("getUpdates")[-1].params
    assert asked["offset"] == "12"
    assert '"my_chat_member"' in asked["allowed_updates"]


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
async def test_nothing_is_acknowledged_before_the_gateway_took_it(
    telegram: FakeTelegram, gateway: Gateway, status: int
) -> None:
    gateway.statuses[10] = [status] * 3
    async with polling(telegram, gateway):
        telegram.arrive(said("un", number=10))
        await until(lambda: len(gateway.asked) == 3)
        assert telegram.updates
        await until(lambda: gateway.taken == [10] and not telegram.updates)


async def test_a_gateway_that_is_down_is_waited_for(telegram: FakeTelegram, gateway: Gateway) -> None:
    gateway.down = True
    async with polling(telegram, gateway):
        telegram.arrive(said("un", number=10))
        await until(lambda: len(gateway.asked) >= 2)
        gateway.down = False
        await until(lambda: gateway.taken == [10])


@pytest.mark.parametrize("statuses", [[413], [500] * 20])
async def test_an_update_that_can_never_be_taken_does_not_hold_back_the_others(
    telegram: FakeTelegram, gateway: Gateway, statuses: list[int]
) -> None:
    gateway.statuses[10] = statuses
    async with polling(telegram, gateway):
        telegram.arrive(said("un", number=10), said("deux", number=11))
        await until(lambda: gateway.taken == [11] and not telegram.updates)


async def test_a_slow_voice_note_does_not_hold_back_the_texts_of_others(
    telegram: FakeTelegram, gateway: Gateway
) -> None:
    gateway.slow[10] = asyncio.Event()
    async with polling(telegram, gateway):
        telegram.arrive(from_chat(1, 10), from_chat(1, 11))
        await until(lambda: gateway.asked == [10])
        telegram.arrive(from_chat(2, 12))
        await until(lambda: gateway.taken == [12])
        assert gateway.asked == [10, 12]  # neither twice, nor out of order within a chat
        assert telegram.updates[0]["update_id"] == 10
        gateway.slow[10].set()
        await until(lambda: gateway.taken == [12, 10, 11] and not telegram.updates)


@pytest.mark.parametrize(
    ("status", "parameters", "advice"),
    [(401, {}, "EQUIPIER_TELEGRAM_TOKEN"), (409, {}, "another program"), (502, {}, ""), (429, {"retry_after": 0}, "")],
)
async def test_a_telegram_that_refuses_is_asked_again_and_the_log_says_why(
    telegram: FakeTelegram, gateway: Gateway, status: int, parameters: dict, advice: str
) -> None:
    telegram.refuse("getUpdates", status, "Refused", **parameters)
    with capture_logs() as logs:
        async with polling(telegram, gateway):
            telegram.arrive(said("un", number=10))
            await until(lambda: gateway.taken == [10])
    assert advice in logs[0]["advice"]
    assert "jeton-de-test" not in repr(logs)


async def test_it_shows_that_it_is_alive_even_when_telegram_is_down(telegram: FakeTelegram, gateway: Gateway) -> None:
    marks: list[bool] = []
    async with polling(telegram, gateway, alive=lambda: marks.append(telegram.down)):
        await until(lambda: False in marks)
        telegram.down = True
        telegram.arrive(said("un", number=10))
        await until(lambda: True in marks)


@given(st.permutations(range(8)))
def test_the_offset_never_passes_over_what_was_not_accepted(order: list[int]) -> None:
    progress = Progress()
    assert progress.fresh([7, 3, 1, 0, 2, 4, 5, 6]) == tuple(range(8))
    accepted: set[int] = set()
    for number in order:
        progress.accept(number)
        accepted.add(number)
        first_left = min(set(range(8)) - accepted, default=8)
        assert progress.offset == (first_left or None)
        assert progress.fresh(range(8)) == ()


def test_ids_that_start_again_lower_are_taken() -> None:
    progress = Progress()
    progress.fresh([900])
    progress.accept(900)
    assert progress.fresh([900, 5]) == (5,)
    progress.accept(5)
    assert progress.offset == 6
