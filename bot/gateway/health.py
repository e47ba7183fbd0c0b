"""Is the gateway alive, and can it answer?"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from starlette.responses import JSONResponse

from bot.conversations.models import Conversation
from bot.storage.engine import Database

_TIMEOUT = 2.0  # seconds
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that answering needs.

    Attributes:
        probe: true when it works; false when it does not.
        up: sentence for people when it works.
        down: sentence when it does not, with what to do.
    """

    name: str
    probe: Callable[[], Awaitable[bool]]
    up: str
    down: str


def standard_checks(
    database: Database, client: httpx.AsyncClient, *, rasa_url: str, actions_url: str
) -> tuple[Check, ...]:
    """Database with its tables, Rasa, action server."""
    return (
        Check(
            "database",
            lambda: asyncio.to_thread(_has_tables, database),
            "La base de données répond.",
            "La base de données ne répond pas, ou ses tables manquent : lancez « equipier db upgrade ».",
        ),
        Check(
            "rasa",
            lambda: _answers(client, f"{rasa_url.rstrip('/')}/webhooks/rest/"),
            "Le dialogue (Rasa) répond.",
            "Le dialogue (Rasa) ne répond pas : les messages sont gardés. Lancez « make run ».",
        ),
        Check(
            "actions",
            lambda: _answers(client, f"{actions_url.rstrip('/')}/health"),
            "Le serveur d'actions répond.",
            "Le serveur d'actions ne répond pas : les messages sont gardés. Lancez « make run ».",
        ),
    )


async def readiness(checks: tuple[Check, ...]) -> JSONResponse:
    """Every state with its sentence; 503 when one of them is down."""
    states = await asyncio.gather(*(check.probe() for check in checks))
    body = {
        "status": "ok" if all(states) else "indisponible",
        "checks": {
            check.name: {"ok": ok, "message": check.up if ok else check.down}
            for check, ok in zip(checks, states, strict=True)
        },
    }
    return JSONResponse(body, status_code=200 if all(states) else 503)


def _has_tables(database: Database) -> bool:
    try:
        with database.unit_of_work() as session:
            session.execute(text(f"SELECT 1 FROM {Conversation.__tablename__} LIMIT 1"))  # noqa: S608  our own name
    except DBAPIError as error:
        _log.warning("database not ready", error=type(error).__name__)
        return False
    return True


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        response = await client.get(url, timeout=_TIMEOUT)
    except httpx.HTTPError:
        return False
    return response.status_code == httpx.codes.OK
