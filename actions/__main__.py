"""`python -m actions`: the action server, on loopback unless the settings say otherwise.

The SDK executes; this serves. The SDK's own server forks a worker, listens on every interface by default and sends
the request back in its error pages: here one process answers the same two routes and says nothing of what it got.
"""

import gc
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

from actions.base import services
from bot.gateway.logging import configure_logging, where
from bot.observability import metrics
from bot.observability.journal import count_journal_entries
from bot.observability.tracing import start_tracing, stop_tracing
from bot.settings import get_settings

_log = structlog.get_logger("equipier.actions")
_FIRST = "Quels papiers pour une carte d'identité ?"  # the first search takes ten times as long as the next


@asynccontextmanager
async def _lifespan(_app: FastAPI) -> AsyncIterator[None]:
    yield
    stop_tracing()


def create_app(executor: ActionExecutor) -> FastAPI:
    """The ASGI application that speaks Rasa's action protocol (``/webhook``, ``/health``)."""
    app = FastAPI(openapi_url=None, lifespan=_lifespan)

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/webhook")
    async def webhook(request: Request) -> JSONResponse:
        call: dict[str, Any] = await request.json()
        name = str(call.get("next_action"))
        try:
            result = await executor.run(call)
        except ActionExecutionRejection as error:
            return JSONResponse({"error": error.message, "action_name": error.action_name}, status_code=400)
        except ActionNotFoundException:
            return JSONResponse({"error": "unknown action", "action_name": name}, status_code=404)
        except Exception as error:  # noqa: BLE001  see below
            # The border of the process: whatever went wrong is logged here, without the conversation, and Rasa is
            # told that the action failed; the gateway then keeps the message and tries again. The text of an error may
            # quote a person: its class and its place are written down.
            _log.error("action failed", action=name, error=type(error).__name__, where=where(error))
            return JSONResponse({"error": "action failed", "action_name": name}, status_code=500)
        return JSONResponse(result.model_dump() if result else None)

    @app.get("/metrics")
    def figures() -> Response:
        return Response(metrics.exposition(), media_type=metrics.CONTENT_TYPE)

    return app


def main() -> None:
    """Opens the services first, so that the first person does not wait for them."""
    settings = get_settings()
    configure_logging(as_json=settings.log_json)
    count_journal_entries()
    start_tracing(settings.otlp_url, process="actions")
    executor = ActionExecutor()
    executor.register_package("actions")
    services().guidance.ask(_FIRST)
    # What was loaded stays: a collection need not look through it again.
    gc.collect()
    gc.freeze()
    port = int(os.environ.get("EQUIPIER_ACTIONS_PORT", "5055"))
    uvicorn.run(create_app(executor), host=settings.internal_host, port=port, log_config=None, access_log=False)


if __name__ == "__main__":
    main()
