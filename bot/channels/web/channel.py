"""The web channel: socket.io as Rasa's widgets speak it, and as our own does (DESIGN section 5)."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from typing import Any

import socketio  # type: ignore[import-untyped]
import structlog
from fastapi import APIRouter, FastAPI
from pydantic import ValidationError
from socketio.exceptions import ConnectionRefusedError as NotAdmitted  # type: ignore[import-untyped]
from sqlalchemy.exc import DBAPIError
from starlette.requests import HTTPConnection

from bot.channels.web import sentences
from bot.channels.web.http import Endpoints
from bot.channels.web.identity import Auth, Doorkeeper
from bot.channels.web.manager import SharedRooms
from bot.channels.web.rooms import Connection, Rooms
from bot.channels.web.services import WebServices
from bot.channels.web.tail import IDLE
from bot.channels.web.talk import Method, Talk, failure
from bot.channels.web.visits import BeforeEverything, Refused, VisitTokens
from bot.conversations.limits import MINUTE, RateLimiter, TooManyMessages, check_async
from bot.gateway.desk.sessions import IDLE as UNUSED
from bot.gateway.desk.sessions import Sessions
from bot.gateway.pages.security import Cookies

PATH = "/socket.io"
MAX_BYTES = 64 * 1024  # of one message
_OURS = "equipier"
_CONNECTIONS_A_MINUTE = 120  # of one address: a whole structure may share it
_EVENTS_A_MINUTE = 300  # of one visit
PING = 20  # seconds; many proxies cut a silent connection after 60
_ROUND = 60.0  # seconds between two looks at who may stay
_RENEW_TOKEN_AFTER = UNUSED / 3
# What only a person does: the rest is done by pages left open.
_BY_HAND = frozenset({"user_uttered", "feedback", "preferences"})

_log = structlog.get_logger(__name__)


class WebChannel:
    """Authenticates, translates, and leaves the rest to the router.

    Attributes:
        rooms: who is connected.

    Args:
        manager: tells the pages of the other gateways; ``None`` when there is no other.
        connections: counts those of each address.
        idle: seconds between two looks at the log when nothing happens here.
        max_bytes: of one packet; a page that sends more is cut.
        ping: seconds between two signs of life, and those left to answer one.
    """

    def __init__(
        self,
        services: WebServices,
        *,
        manager: SharedRooms | None = None,
        connections: RateLimiter | None = None,
        idle: float = IDLE,
        max_bytes: int = MAX_BYTES,
        ping: float = PING,
    ) -> None:
        self._services = services
        self._manager = manager
        self._connecting = connections or services.limiters("connections", limit=_CONNECTIONS_A_MINUTE, window=MINUTE)
        self._events = services.limiters("events", limit=_EVENTS_A_MINUTE, window=MINUTE)
        self._sio = socketio.AsyncServer(
            async_mode="asgi",
            client_manager=manager,
            cors_allowed_origins=self._admits,
            cors_credentials=False,
            max_http_buffer_size=max_bytes,
            ping_interval=ping,
            ping_timeout=ping,
            logger=_silent(),
            engineio_logger=_silent(),
        )
        clock, tokens, cookies = (
            services.clock,
            VisitTokens(services.keys, services.clock),
            Cookies(services.public_url),
        )
        self._doorkeeper = Doorkeeper(
            services.accounts,
            sessions=Sessions(services.keys, clock, cookies),
            past_sessions=Sessions(services.keys, BeforeEverything(), cookies),
            tokens=tokens,
            origins=services.origins,
            hosts=services.hosts,
            clock=clock,
        )
        self.rooms = Rooms(services, self._sio, idle=idle)
        self._talk = Talk(services, self.rooms, self._doorkeeper, tokens)
        self._endpoints = Endpoints(services, self.rooms, self._doorkeeper)
        self._stop = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._listen()

    @property
    def guests(self) -> Collection[str]:
        """Origins of the sites that may hold the widget."""
        return self._services.origins.guests

    def routes(self) -> APIRouter:
        """The HTTP endpoints beside the socket."""
        return self._endpoints.routes()

    def mount(self, app: FastAPI) -> None:
        """Puts the socket in *app*, behind its middleware."""
        app.mount(PATH, socketio.ASGIApp(self._sio, socketio_path=None))

    async def start(self) -> None:
        """Begins to follow the conversations."""
        self._loop = asyncio.get_running_loop()
        self._stop.clear()
        self._tasks = [asyncio.create_task(self.rooms.tail.run(self._stop)), asyncio.create_task(self._rounds())]

    async def stop(self) -> None:
        """Stops, and closes every connection: pages come back by themselves."""
        self._stop.set()
        await asyncio.gather(*self._tasks)
        for connection in self.rooms.everyone():
            await self.rooms.disconnect(connection)
        await self._sio.shutdown()
        if self._manager is not None:
            await self._manager.close()

    def sign_out(self, session: str) -> None:
        """The same as :meth:`signed_out`, from any thread, without waiting."""
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self.signed_out(session), self._loop)

    async def signed_out(self, session: str) -> None:
        """Someone left the desk: the pages of this sign-in that are connected to this process are told at once.

        Elsewhere, and for its tokens, the end of the session is read in the database at the next event.
        """
        for connection in self.rooms.everyone():
            if connection.visit.session == session:
                await self._end(connection, "signed_out")

    def _admits(self, _origin: str | None, environ: dict[str, Any]) -> bool:
        return self._services.origins.admits(HTTPConnection(environ["asgi.scope"]))

    def _listen(self) -> None:
        self._sio.on("connect", self._connect)
        self._sio.on("disconnect", self._disconnect)
        for method in self._talk.events:
            self._sio.on(method.__name__, self._handler(method))

    async def _connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        if self._sio.get_environ(sid) is not environ:
            return  # an event that a page calls « connect »: the library hands it over as one of its own
        request = HTTPConnection(environ["asgi.scope"])
        now = self._services.clock.now()
        try:
            await check_async(self._connecting, request.client.host if request.client else "", now=now)
            who = Auth.model_validate(auth if auth is not None else {})
            visit = await asyncio.to_thread(self._doorkeeper.connecting, request, who)
        except TooManyMessages as error:
            sentence = sentences.TOO_MANY_CONNECTIONS.format(seconds=error.retry_after)
            raise NotAdmitted(sentence, {"reason": "too_many", "retry_after": error.retry_after}) from error
        except ValidationError as error:
            raise NotAdmitted(sentences.REFUSED["unreadable"], {"reason": "unreadable"}) from error
        except Refused as error:
            _log.info("web visit refused", reason=error.reason)
            raise NotAdmitted(sentences.REFUSED[error.reason], {"reason": error.reason}) from error
        except Exception as error:  # noqa: BLE001  socket.io would write it down, and it may quote a person
            _unexpected("connect", error)
            raise NotAdmitted(sentences.FAILED, {"reason": "failed"}) from None
        connection = Connection(sid, visit, who.client == _OURS, active_at=now, told_at=now)
        self.rooms.admit(connection)
        self._sio.start_background_task(self._welcome, connection)

    async def _welcome(self, connection: Connection) -> None:
        try:
            await self.rooms.enter(connection)
            if connection.ours:
                await self._talk.introduce(connection)
        except Exception as error:  # noqa: BLE001  as above; the page comes back by itself
            _unexpected("welcome", error)
            await self.rooms.disconnect(connection)

    async def _disconnect(self, sid: str, _reason: str | None = None) -> None:
        if not self._sio.manager.is_connected(sid, "/"):  # else an event that a page calls « disconnect »
            self.rooms.leave(sid)

    def _handler(self, method: Method) -> Callable[..., Awaitable[Any]]:
        name = method.__name__

        async def handle(sid: str, *data: Any) -> Any:
            connection = self.rooms.get(sid)
            if connection is None:
                return None
            try:
                return await self._answer(connection, name, method, data[0] if data else None)
            except Refused as error:
                await self._end(connection, error.reason)
                return failure(sentences.REFUSED[error.reason])
            except TooManyMessages as error:
                sentence = sentences.TOO_MANY.format(seconds=error.retry_after)
                return await self._complain(connection, sentence, retry_after=error.retry_after)
            except ValidationError:
                return await self._complain(connection, sentences.WRONG_EVENT)
            except Exception as error:  # noqa: BLE001  as above
                _unexpected(name, error)
                return await self._complain(connection, sentences.FAILED)

        return handle

    async def _answer(self, connection: Connection, name: str, method: Method, data: Any) -> Any:
        await connection.ready.wait()
        await asyncio.to_thread(self._check, connection)
        now = self._services.clock.now()
        await check_async(self._events, connection.visit.external_id, now=now)
        if name not in _BY_HAND:
            return await method(connection, data)
        connection.active_at = now
        answer = await method(connection, data)
        if connection.ours and now - connection.told_at >= _RENEW_TOKEN_AFTER:
            await self._talk.introduce(connection)
        return answer

    def _check(self, connection: Connection) -> None:
        """Whether the page may stay.

        Raises:
            Refused: its session is over, or the account is closed.
        """
        self._doorkeeper.check(connection.visit)
        if connection.visit.session and self._services.clock.now() - connection.active_at >= UNUSED:
            raise Refused("expired")

    async def _complain(self, connection: Connection, sentence: str, **more: Any) -> dict[str, Any]:
        """Widgets made for Rasa look at no answer to their events: they are told in the conversation."""
        if not connection.ours:
            await self.rooms.tell(connection, "bot_uttered", {"text": sentence})
        return failure(sentence, **more)

    async def _end(self, connection: Connection, reason: str) -> None:
        vouched_for = connection.visit.aidant is not None and not connection.visit.session
        if reason == "expired" and vouched_for:
            pass  # the page comes back by itself, with a new token of its site
        elif connection.ours:
            await self.rooms.tell(connection, "ended", {"reason": reason, "sentence": sentences.REFUSED[reason]})
        else:
            await self.rooms.tell(connection, "bot_uttered", {"text": sentences.REFUSED[reason]})
        self._sio.start_background_task(self.rooms.disconnect, connection)  # once its event is answered

    async def _rounds(self) -> None:
        """Ends what is over even where nothing is said: nobody goes on reading a conversation that was closed."""
        while not self._stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), timeout=_ROUND)
            for connection in self.rooms.everyone():
                try:
                    await self.look_at(connection)
                except DBAPIError as error:
                    _log.error("database unavailable", error=type(error).__name__)

    def _is_ghost(self, connection: Connection) -> bool:
        """Whether the page left while it was being recognised: socket.io then tells nobody that it is gone."""
        return self._sio.get_environ(connection.sid) is None

    async def look_at(self, connection: Connection) -> None:
        """Ends a connection that is over; finds the conversation that its person may have begun elsewhere."""
        if self._is_ghost(connection):
            self.rooms.leave(connection.sid)
            await self.rooms.disconnect(connection)
            return
        try:
            await asyncio.to_thread(self._check, connection)
        except Refused as error:
            await self._end(connection, error.reason)
            return
        if connection.conversation is None and connection.visit.aidant is not None:
            await self.rooms.gather(connection.visit)


def _silent() -> logging.Logger:
    """The libraries quote messages in their logs: ours tells what has to be known."""
    logger = logging.getLogger("bot.channels.web.socketio")
    logger.setLevel(logging.CRITICAL + 1)
    return logger


def _unexpected(event: str, error: Exception) -> None:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{frame.filename}:{frame.lineno} {frame.name}"
    _log.error("unexpected error", where=where, on=event, error=type(error).__name__)
