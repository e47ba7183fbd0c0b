"""Lets the pages of guests read our answers, for the few addresses that their widget calls."""

from collections.abc import Collection

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.channels.web.http import AUDIO, RECORDING

_MAX_AGE = 600  # seconds


class GuestPages:
    """CORS for the HTTP endpoints of the widget; cookies never: guests' pages hold a token.

    Args:
        guests: their origins; the pages of our own origin need no leave.
    """

    def __init__(self, app: ASGIApp, *, guests: Collection[str]) -> None:
        self._app = app
        self._open = CORSMiddleware(
            app,
            allow_origins=tuple(guests),
            allow_methods=("GET", "POST"),
            allow_headers=("Authorization", "Content-Type", "X-Message-Id"),
            expose_headers=("Retry-After",),
            max_age=_MAX_AGE,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        concerned = scope["type"] == "http" and scope["path"].startswith((RECORDING, f"{AUDIO}/"))
        await (self._open if concerned else self._app)(scope, receive, send)
