"""`python -m actions`: the action server, on loopback.

The SDK executes; this serves. The SDK's own server forks a worker, listens on every interface by default and sends
the request back in its error pages: here one process answers the same two routes and says nothing of what it got.
"""

import logging
import os
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

from actions.base import services

logger = logging.getLogger("equipier.actions")


def create_app(executor: ActionExecutor) -> FastAPI:
    """The ASGI application that speaks Rasa's action protocol (``/webhook``, ``/health``)."""
    app = FastAPI(openapi_url=None)

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
        except Exception:
            # The border of the process: whatever went wrong is logged here, without the conversation, and Rasa is
            # told that the action failed; the gateway then keeps the message and tries again.
            logger.exception("action %s failed", name)
            return JSONResponse({"error": "action failed", "action_name": name}, status_code=500)
        return JSONResponse(result.model_dump() if result else None)

    return app


def main() -> None:
    """Opens the services first, so that the first person does not wait for them."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    executor = ActionExecutor()
    executor.register_package("actions")
    services()
    port = int(os.environ.get("EQUIPIER_ACTIONS_PORT", "5055"))
    uvicorn.run(create_app(executor), host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main()
