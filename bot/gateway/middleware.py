"""What surrounds every request: an id, a log line, security headers, a limit on the body, and no trace shown."""

import time
from collections.abc import Callable, Mapping

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.gateway.errors import INTERNAL_ERROR, BodyTooLarge, ErrorPage, french, wants_page
from bot.gateway.logging import where
from bot.observability import metrics
from bot.observability.requests import given_id, new_request_id, request

MAX_BODY_BYTES = 64 * 1024
# What a response has unless it says otherwise, as pages and static files do.
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
# Whoever calls may invent methods: those are counted as one.
_METHODS = frozenset(("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"))
_log = structlog.get_logger(__name__)


class LimitBody:
    """Refuses a body over *limit* bytes, announced or not, at the moment when it is read.

    Args:
        wider: limits of the paths that need more.
    """

    def __init__(self, app: ASGIApp, *, limit: int = MAX_BODY_BYTES, wider: Mapping[str, int] | None = None) -> None:
        self._app = app
        self._limit = limit
        self._wider = wider or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._wider.get(scope["path"], self._limit)
        announced = Headers(scope=scope).get("content-length", "")
        too_large = announced.isascii() and announced.isdecimal() and int(announced) > limit
        read = 0

        async def limited() -> Message:
            nonlocal read
            message: Message = {} if too_large else await receive()
            read += len(message.get("body", b""))
            if too_large or read > limit:
                raise BodyTooLarge(f"body over {limit} bytes")
            return message

        await self._app(scope, limited, send)


class Surround:
    """The outermost layer. An error that nothing has answered is logged without its text, which may quote a person.

    The id that a server in front gave to the request is logged beside ours, never taken for it.

    Args:
        new_id: makes the id of a request, given back in ``X-Request-ID``.
        page: shows an error to browsers.
    """

    def __init__(
        self, app: ASGIApp, *, new_id: Callable[[], str] = new_request_id, page: ErrorPage | None = None
    ) -> None:
        self._app = app
        self._page = page
        self._new_id = new_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = self._new_id()
        status = 0
        started = time.perf_counter()

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers["X-Request-ID"] = request_id
            await send(message)

        parent = given_id(Headers(scope=scope).get("x-request-id"))
        with request(request_id, parent=parent):
            try:
                await self._app(scope, receive, dressed)
            except Exception as error:  # noqa: BLE001  the last layer: whatever it is, nobody must see a trace
                metrics.UNEXPECTED_ERRORS.inc()
                _log.error("unexpected error", error=type(error).__name__, where=where(error))
                if not status:
                    await self._failure(Request(scope), request_id)(scope, receive, dressed)
            finally:
                seconds = time.perf_counter() - started
                path = getattr(scope.get("route"), "path", "…")  # the pattern: an address may hold anything
                method = scope["method"] if scope["method"] in _METHODS else "…"
                metrics.HTTP_SECONDS.labels(method, path, str(status)).observe(seconds)
                _log.info("request", method=method, path=path, status=status, ms=round(seconds * 1000))

    def _failure(self, request: Request, request_id: str) -> ASGIApp:
        detail = INTERNAL_ERROR.format(request_id=request_id)
        return self._page(request, 500, detail) if self._page and wants_page(request) else french(500, detail)
