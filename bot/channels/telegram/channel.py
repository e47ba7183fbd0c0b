"""The Telegram channel of the gateway: updates come in by one address, fetched by our poller or pushed by Telegram.

An update is answered 200 once it has been dealt with, or could never be; otherwise it has to come again.
"""

import asyncio
import hmac
import json
from contextlib import suppress
from typing import Annotated

import structlog
from fastapi import APIRouter, Header, Request, Response
from telegram import BotCommand, Update
from telegram.error import BadRequest, InvalidToken, TelegramError
from telegram.ext import ApplicationBuilder

from bot.channels.telegram import sentences
from bot.channels.telegram.api import TelegramUnavailable
from bot.channels.telegram.handlers import App, Context, Handlers
from bot.channels.telegram.pressing import Pressing
from bot.channels.telegram.recent import Recent
from bot.channels.telegram.sender import Sender
from bot.channels.telegram.services import TelegramServices
from bot.channels.telegram.talk import Talk
from bot.channels.telegram.wire import PATH, UPDATES

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0  # seconds between two attempts to reach Telegram
_STOP_WITHIN = 3.0  # seconds
_log = structlog.get_logger(__name__)


class TelegramChannel:
    """Receives updates and sends what waits, from :meth:`start` to :meth:`stop`.

    Args:
        sender: by default one over *services*.
    """

    def __init__(self, services: TelegramServices, *, sender: Sender | None = None) -> None:
        self._services = services
        self._sender = sender or Sender(
            services.deliveries,
            services.bot,
            clock=services.clock,
            preferences=services.preferences,
            voice=services.voice,
        )
        self._application: App = ApplicationBuilder().bot(services.bot).updater(None).job_queue(None).build()
        talk = Talk(services, self._sender)
        Pressing(services, talk).install(self._application)
        Handlers(services, talk).install(self._application)
        self._application.add_error_handler(self._failed)
        self._failures: dict[int, Exception] = {}
        self._running: dict[int, asyncio.Task[None]] = {}
        self._dealt_with = Recent()
        self._open = asyncio.Event()
        self._stop = asyncio.Event()
        self._life: asyncio.Task[None] | None = None

    def routes(self) -> APIRouter:
        """The routes to mount in the gateway."""
        routes = APIRouter()
        routes.add_api_route(PATH, self._receive, methods=["POST"])
        return routes

    async def start(self) -> None:
        """Opens the channel, without waiting for Telegram: until it answers, updates are asked to come again."""
        self._life = asyncio.create_task(self._live())

    async def stop(self) -> None:
        """Ends what is being sent, and closes the connections."""
        self._stop.set()
        self._sender.nudge()
        if self._life is not None:
            done, late = await asyncio.wait({self._life}, timeout=_STOP_WITHIN)
            for task in late:
                task.cancel()
            await asyncio.gather(*done, *late, return_exceptions=True)
        await self._application.shutdown()
        await self._services.bot.shutdown()

    async def opened(self) -> None:
        """Waits until Telegram has been reached."""
        await self._open.wait()

    @property
    def bot_name(self) -> str:
        """The user name of the bot, without « @ »; empty until Telegram has been reached."""
        return self._services.bot.username if self._open.is_set() else ""

    async def _live(self) -> None:
        wait = _FIRST_WAIT
        while not self._stop.is_set():
            try:
                await self._introduce()
                break
            except InvalidToken:
                # Its text quotes the token.
                _log.error("Telegram refuses the token: check EQUIPIER_TELEGRAM_TOKEN with @BotFather")
                wait = _LONGEST_WAIT
            except BadRequest:
                _log.error("Telegram refuses the webhook: EQUIPIER_PUBLIC_URL must be a public https address")
                wait = _LONGEST_WAIT
            except TelegramError as error:
                _log.warning("Telegram not reached yet", error=type(error).__name__, again_in=wait)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), timeout=wait)
            wait = min(wait * 2, _LONGEST_WAIT)
        else:
            return
        self._open.set()
        _log.info("Telegram channel open", mode=self._services.mode)
        await self._sender.run(self._stop)

    async def _introduce(self) -> None:
        """Says who we are, what the menu holds, and where updates go."""
        bot = self._services.bot
        await self._application.initialize()
        await bot.set_my_commands([BotCommand(name, label) for name, label in sentences.COMMANDS])
        if self._services.mode == "webhook":
            await bot.set_webhook(
                self._services.public_url.rstrip("/") + PATH,
                secret_token=self._services.secret.get_secret_value(),
                allowed_updates=UPDATES,
            )
        else:
            await bot.delete_webhook()

    async def _receive(
        self, request: Request, x_telegram_bot_api_secret_token: Annotated[str, Header()] = ""
    ) -> Response:
        expected = self._services.secret.get_secret_value()
        if not expected or not hmac.compare_digest(x_telegram_bot_api_secret_token.encode(), expected.encode()):
            return Response(status_code=401)
        if not self._open.is_set():
            raise TelegramUnavailable("the channel is not open yet")
        update = self._read(await request.body())
        if update is not None:
            await self._deal_with(update)
        return Response(status_code=200)

    def _read(self, body: bytes) -> Update | None:
        """The update in *body*; ``None`` when it makes no sense, now or ever."""
        try:
            update = Update.de_json(json.loads(body), self._services.bot)
            return update if isinstance(update.update_id, int) else None
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            _log.error("unreadable update ignored", error=type(error).__name__)
            return None

    async def _deal_with(self, update: Update) -> None:
        """Once, whoever sends it again while it is being dealt with, or just after."""
        number = update.update_id
        task = self._running.get(number)
        if task is None:
            if not self._dealt_with.first(number):
                return
            task = self._running[number] = asyncio.create_task(self._process(update))
            task.add_done_callback(lambda _task: self._running.pop(number, None))
        await asyncio.shield(task)

    async def _process(self, update: Update) -> None:
        await self._application.process_update(update)
        failure = self._failures.pop(update.update_id, None)
        if failure is None:
            return
        self._dealt_with.forget(update.update_id)
        if isinstance(failure, TelegramError):
            raise TelegramUnavailable(type(failure).__name__) from failure
        raise failure

    async def _failed(self, update: object, context: Context) -> None:
        # The library would log the update and carry on: the failure is the sender's of the update to know.
        if isinstance(update, Update) and context.error is not None:
            self._failures[update.update_id] = context.error
