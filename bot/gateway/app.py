"""The ASGI application that meets the channels."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from starlette.responses import JSONResponse

from bot.channels.rest import RestChannel
from bot.gateway import errors
from bot.gateway.health import Check, readiness
from bot.gateway.middleware import LimitBody, Surround


@dataclass(frozen=True, slots=True)
class GatewayServices:
    """What the gateway is made of.

    Attributes:
        close: closes the database and the connections, when the application stops.
    """

    rest: RestChannel
    checks: tuple[Check, ...]
    close: Callable[[], Awaitable[None]]


def create_app(services: GatewayServices) -> FastAPI:
    """The application over *services*; it closes them when it stops."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await services.close()

    app = FastAPI(title="Équipier", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    errors.install(app)
    app.include_router(services.rest.routes())

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz() -> JSONResponse:
        return await readiness(services.checks)

    @app.get("/")
    async def home() -> dict[str, Any]:
        return {
            "nom": "Équipier",
            "description": "Assistant des aidants numériques : la bonne démarche officielle, sa source et sa date.",
            "adresses": {
                "POST /webhooks/rest/webhook": "envoyer un message (jeton exigé)",
                "GET /webhooks/rest/outbox": "recevoir les réponses tardives (jeton exigé)",
                "GET /healthz": "la passerelle est-elle en vie ?",
                "GET /readyz": "peut-elle répondre, et sinon que manque-t-il ?",
            },
        }

    app.add_middleware(LimitBody)
    app.add_middleware(Surround)
    return app
