"""Fetches updates from Telegram and hands each one to the gateway; none is acknowledged before the gateway took it."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode
from weakref import WeakValueDictionary

import httpx
import structlog
from pydantic import SecretStr
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.request import BaseRequest

from bot.channels.telegram.progress import Progress
from bot.channels.telegram.wire import PATH, SECRET_HEADER, UPDATES, wait_asked

Json = dict[str, Any]

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 30.0  # seconds between two attempts
_LOOK_AGAIN = 0.5  # seconds; with updates in hand Telegram answers at once, and would be asked without end
_HEARD_WITHIN = 180.0  # seconds for the gateway: a voice note may wait behind others
_MOST_FAILURES = 20  # of the gateway over one update: about eight minutes
_SHOW_ALIVE = 15.0  # seconds between two marks of life
_STOP_WITHIN = 3.0  # seconds
_ADVICE: Mapping[type[TelegramError], str] = {
    InvalidToken: "check EQUIPIER_TELEGRAM_TOKEN with @BotFather",
    Conflict: "another program fetches the updates of this bot, or a webhook is set: stop it",
}
_log = structlog.get_logger(__name__)


def _nothing() -> None:
    return None


class Poller:
    """Asks for updates without end; those of one chat are handed over in order, those of several side by side.

    Args:
        request: connections to Telegram, initialised and closed by :meth:`run`.
        client: to the gateway; closed by its owner.
        gateway: address of the gateway.
        secret: what proves to the gateway that the updates are Telegram's.
        alive: called at least every minute, while all is well or being waited for.
        wait: seconds that Telegram may hold an empty answer.
    """

    def __init__(
        self,
        request: BaseRequest,
        client: httpx.AsyncClient,
        *,
        api_url: str,
        token: SecretStr,
        gateway: str,
        secret: SecretStr,
        alive: Callable[[], None] = _nothing,
        wait: int = 25,
    ) -> None:
        self._request = request
        self._client = client
        self._url = f"{api_url.rstrip('/')}/bot{token.get_secret_value()}/getUpdates"
        self._webhook = gateway.rstrip("/") + PATH
        self._secret = secret
        self._alive = alive
        self._wait = wait
        self._progress = Progress()
        self._chats: WeakValueDictionary[object, asyncio.Lock] = WeakValueDictionary()
        self._handing: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Works until *stop* is set; what the gateway has not taken by then will come again."""
        await self._request.initialize()
        stopped = asyncio.create_task(stop.wait())
        try:
            failures = 0
            while not stop.is_set():
                self._alive()
                asked = asyncio.create_task(self._ask())
                await asyncio.wait({asked, stopped}, return_when=asyncio.FIRST_COMPLETED)
                if not asked.done():
                    asked.cancel()
                    break
                error = asked.exception()
                if error is None:
                    failures = 0
                    await self._take(asked.result(), stop, stopped)
                elif isinstance(error, TelegramError):
                    wait = _wait_after(error, failures)
                    failures += 1
                    _log.warning(
                        "no update from Telegram",
                        error=type(error).__name__,
                        advice=_ADVICE.get(type(error), ""),
                        again_in=wait,
                    )
                    await self._rest(wait, stopped)
                else:
                    raise error
        finally:
            stopped.cancel()
            await self._end()
            await self._request.shutdown()

    async def _ask(self) -> list[Json]:
        # Not by the library's own method, which would stop at the first update that it cannot read.
        asked: dict[str, str | int] = {"timeout": self._wait, "allowed_updates": _AS_JSON}
        if self._progress.offset is not None:
            asked["offset"] = self._progress.offset
        updates = await self._request.post(f"{self._url}?{urlencode(asked)}", read_timeout=self._wait + 10.0)
        return updates if isinstance(updates, list) else []

    async def _take(self, updates: list[Json], stop: asyncio.Event, stopped: "asyncio.Task[Any]") -> None:
        by_id = {update["update_id"]: update for update in updates}
        fresh = self._progress.fresh(by_id)
        for number in fresh:
            task = asyncio.create_task(self._hand_over(number, by_id[number], stop))
            self._handing.add(task)
            task.add_done_callback(self._handing.discard)
        if updates and not fresh:
            await asyncio.wait({*self._handing, stopped}, timeout=_LOOK_AGAIN, return_when=asyncio.FIRST_COMPLETED)

    async def _hand_over(self, number: int, update: Json, stop: asyncio.Event) -> None:
        chat = _chat_of(update)
        async with self._chats.setdefault(number if chat is None else ("chat", chat), asyncio.Lock()):
            wait, failures = _FIRST_WAIT, 0
            while not stop.is_set():
                status = await self._post(update)
                if status == httpx.codes.OK:
                    self._progress.accept(number)
                    return
                # 503 is for the moment; 500 says that this very update makes the gateway fail.
                failures += status == httpx.codes.INTERNAL_SERVER_ERROR
                if _is_hopeless(status) or failures >= _MOST_FAILURES:
                    _log.error("update given up: the gateway refuses it", status=status, failures=failures)
                    self._progress.accept(number)
                    return
                advice = "check EQUIPIER_TELEGRAM_SECRET" if status == httpx.codes.UNAUTHORIZED else ""
                _log.warning("update not taken by the gateway yet", status=status, advice=advice, again_in=wait)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), timeout=wait)
                wait = min(wait * 2, _LONGEST_WAIT)

    async def _post(self, update: Json) -> int | None:
        """The status that the gateway answers; ``None`` when it does not."""
        headers = {SECRET_HEADER: self._secret.get_secret_value()}
        try:
            response = await self._client.post(self._webhook, json=update, headers=headers, timeout=_HEARD_WITHIN)
        except httpx.HTTPError:
            return None
        return response.status_code

    async def _rest(self, seconds: float, stopped: "asyncio.Task[Any]") -> None:
        while seconds > 0 and not stopped.done():
            self._alive()
            await asyncio.wait({stopped}, timeout=min(seconds, _SHOW_ALIVE))
            seconds -= _SHOW_ALIVE

    async def _end(self) -> None:
        if self._handing:
            _, late = await asyncio.wait(self._handing, timeout=_STOP_WITHIN)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


def _is_hopeless(status: int | None) -> bool:
    """Whether the same update would be refused again, whatever happens."""
    waits_for_us = {httpx.codes.UNAUTHORIZED, httpx.codes.NOT_FOUND, httpx.codes.TOO_MANY_REQUESTS}
    return status is not None and 400 <= status < 500 and status not in waits_for_us


def _wait_after(error: TelegramError, failures: int) -> float:
    """Seconds to wait: what Telegram asks, else longer and longer."""
    if isinstance(error, RetryAfter):
        return wait_asked(error).total_seconds()
    return float(min(_FIRST_WAIT * 2 ** min(failures, 10), _LONGEST_WAIT))


def _chat_of(update: Json) -> int | None:
    """The chat of a raw update; ``None`` when it has none that we can see."""
    for kind in UPDATES:
        content = update.get(kind)
        if isinstance(content, dict):
            holder = content.get("message", content)
            chat = holder.get("chat") if isinstance(holder, dict) else None
            return chat.get("id") if isinstance(chat, dict) else None
    return None


_AS_JSON = '["' + '", "'.join(UPDATES) + '"]'
