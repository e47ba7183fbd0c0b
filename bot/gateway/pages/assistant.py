"""The assistant on a page of its own, for anyone; whoever is signed in has their own conversation there."""

import re
from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bot.gateway.desk.access import SIGN_IN, NotSignedIn, guarded, signed_in
from bot.gateway.desk.desk import Desk, Visitor
from bot.gateway.pages.kit import Kit
from bot.gateway.pages.security import HEADERS
from bot.gateway.pages.widget import MISSING, bundle

ASSISTANT = "/assistant"
_TITLE = "L'assistant n'est pas disponible"
_HOST = re.compile(r"[\w.-]+(?::\d+)?|\[[0-9a-f:]+\](?::\d+)?", re.IGNORECASE | re.ASCII)


def routes(kit: Kit) -> APIRouter:
    """``/assistant``."""
    services = kit.services
    desk = Desk.over(kit, services.desk) if services.desk is not None else None
    router = APIRouter(route_class=guarded(desk)) if desk is not None else APIRouter()

    @router.get(ASSISTANT)
    def assistant(request: Request) -> Response:
        visitor, ended = _visitor(request) if desk is not None else (None, False)
        form = visitor.form if visitor else None
        found = bundle(services.static)
        if found is None:
            return kit.pages.render(request, "erreur", status=503, title=_TITLE, detail=MISSING, number=503)
        response = kit.pages.render(
            request,
            "assistant",
            form=form,
            visitor=visitor,
            entry=found.entry,
            sign_in=f"{SIGN_IN}?suite={quote(ASSISTANT, safe='/')}" if desk is not None else "",
            ended=ended,
        )
        response.headers.update(_headers(request))
        if ended and desk is not None:
            desk.sessions.close(response)
        return response

    return router


def _visitor(request: Request) -> tuple[Visitor | None, bool]:
    """Who is signed in, and whether someone was and is no longer."""
    try:
        return signed_in(request), False
    except NotSignedIn as error:
        return None, error.reason != "nobody"


def _headers(request: Request) -> dict[str, str]:
    """What this page may do that others may not: open a socket, play sounds that it holds, and use the microphone."""
    host = request.headers.get("host", "")
    socket = f" {'wss' if request.url.scheme == 'https' else 'ws'}://{host}" if _HOST.fullmatch(host) else ""
    policy = HEADERS["Content-Security-Policy"].replace("connect-src 'self'", f"connect-src 'self'{socket}")
    return {
        "Content-Security-Policy": f"{policy}; media-src 'self' blob:; worker-src 'none'",
        "Permissions-Policy": "microphone=(self)",
    }
