"""The ASGI application that meets the channels."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from fastapi import FastAPI
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from bot.channels.rest import RestChannel
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.web.channel import WebChannel
from bot.channels.web.cors import GuestPages
from bot.channels.web.http import WIDE_BODIES as RECORDINGS
from bot.gateway import errors
from bot.gateway.health import Check, readiness, states_of
from bot.gateway.middleware import LimitBody, Surround
from bot.gateway.pages import static
from bot.gateway.pages.about import HOME
from bot.gateway.pages.router import WIDE_BODIES, error_page, pages
from bot.gateway.pages.services import PageServices
from bot.observability import metrics
from bot.observability.exposure import MetricsPage

_DESCRIPTION = {
    "nom": "Équipier",
    "description": "Assistant des aidants numériques : la bonne démarche officielle, sa source et sa date.",
    "adresses": {
        "POST /webhooks/rest/webhook": "envoyer un message (jeton exigé)",
        "GET /webhooks/rest/outbox": "recevoir les réponses tardives (jeton exigé)",
        "GET /healthz": "la passerelle est-elle en vie ?",
        "GET /readyz": "peut-elle répondre, et sinon que manque-t-il ?",
        "GET /metrics": "les mesures, pour Prometheus (depuis cette machine, ou jeton exigé)",
    },
}
_METRICS_REFUSED = (
    "Les mesures ne sont données qu'à cette machine. Pour les lire d'ailleurs, réglez EQUIPIER_METRICS_TOKEN et "
    "envoyez l'en-tête « Authorization: Bearer … »."
)


async def _nothing() -> None:
    return


@dataclass(frozen=True, slots=True)
class GatewayServices:
    """What the gateway is made of.

    Attributes:
        close: closes the database and the connections, when the application stops.
        drain: ends what is being answered, before that.
        pages: the pages that people open in a browser; without them, only programs are answered.
        metrics: the figures; by default those of the process alone, for this machine alone.
        web: the assistant in those pages, and in those of other sites.
        telegram: ``None`` when there is no bot.
    """

    rest: RestChannel
    checks: tuple[Check, ...]
    close: Callable[[], Awaitable[None]]
    pages: PageServices | None = None
    web: WebChannel | None = None
    telegram: TelegramChannel | None = None
    drain: Callable[[], Awaitable[None]] = _nothing
    metrics: MetricsPage = field(default_factory=lambda: MetricsPage(token=SecretStr("")))


def create_app(services: GatewayServices) -> FastAPI:
    """The application over *services*; it closes them when it stops."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        channels = [channel for channel in (services.web, services.telegram) if channel is not None]
        for channel in channels:
            await channel.start()
        yield
        await services.drain()
        for channel in channels:
            await channel.stop()
        await services.close()

    app = FastAPI(title="Équipier", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    page = error_page(services.pages) if services.pages is not None else None
    errors.install(app, page=page)
    app.include_router(services.rest.routes())
    if services.telegram is not None:
        app.include_router(services.telegram.routes())
    if services.web is not None:
        app.include_router(services.web.routes())
        services.web.mount(app)
    if services.pages is not None:
        app.include_router(pages(services.pages))
        static.mount(app, static=services.pages.static)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz() -> JSONResponse:
        return await readiness(services.checks)

    @app.get("/metrics")
    async def figures(request: Request) -> Response:
        client = request.client.host if request.client else None
        if not services.metrics.may_read(client, request.headers):
            return errors.french(403, _METRICS_REFUSED)
        ready = await states_of(services.checks)
        return Response(await asyncio.to_thread(services.metrics.text, ready), media_type=metrics.CONTENT_TYPE)

    @app.get("/")
    async def home(request: Request) -> Response:
        if services.pages is not None and errors.wants_page(request):
            return RedirectResponse(HOME)
        return JSONResponse(_DESCRIPTION)

    app.add_middleware(LimitBody, wider=WIDE_BODIES | RECORDINGS)
    if services.web is not None:
        app.add_middleware(GuestPages, guests=services.web.guests)
    app.add_middleware(Surround, page=page)
    return app
