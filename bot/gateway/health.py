"""Is the gateway alive, and can it answer?"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from starlette.responses import JSONResponse

from bot.conversations.models import Conversation
from bot.storage.engine import Database

TIMEOUT = 2.0  # seconds
_PATIENCE = 2 * TIMEOUT
_ROOM = 16 * 2**20  # bytes
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that answering needs.

    Attributes:
        probe: true when it works; false when it does not.
        up: sentence for people when it works.
        down: sentence when it does not, with what to do.
        needed: whether nobody can be answered without it; else the gateway goes on, and says so.
    """

    name: str
    probe: Callable[[], Awaitable[bool]]
    up: str
    down: str
    needed: bool = True


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


def disk_check(folder: Path, *, needed: bool) -> Check:
    """There is room left on the disk of *folder*.

    Args:
        needed: what people say is written there.
    """

    async def room() -> bool:
        try:
            return shutil.disk_usage(folder).free >= _ROOM
        except FileNotFoundError:  # nothing is written there
            return True
        except OSError:
            return False

    return Check(
        "disk",
        room,
        "Il reste de la place sur le disque.",
        f"Le disque est plein, ou presque : il reste moins de {_ROOM // 2**20} Mo. Faites de la place, puis vérifiez de"
        " nouveau : rien d'autre n'est à faire.",
        needed=needed,
    )


async def states_of(checks: tuple[Check, ...]) -> dict[str, bool]:
    """Whether each of *checks* works now, by name; all are asked at once, and what does not answer does not work."""
    states = await asyncio.gather(*(_in_time(check) for check in checks))
    return {check.name: works for check, works in zip(checks, states, strict=True)}


async def _in_time(check: Check) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await check.probe()
    except TimeoutError:
        return False


async def readiness(checks: tuple[Check, ...]) -> JSONResponse:
    """Every state with its sentence; 503 when one that is needed is down."""
    states = await states_of(checks)
    able = all(states[check.name] for check in checks if check.needed)
    body = {
        "status": "ok" if all(states.values()) else "dégradé" if able else "indisponible",
        "checks": {
            check.name: {"ok": states[check.name], "message": check.up if states[check.name] else check.down}
            for check in checks
        },
    }
    return JSONResponse(body, status_code=200 if able else 503)


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
        response = await client.get(url, timeout=TIMEOUT)
    except httpx.HTTPError:
        return False
    return response.status_code == httpx.codes.OK
