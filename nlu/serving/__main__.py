"""`python -m serving --model MODEL --endpoints FILE --port PORT`: the dialogue, on loopback.

The same model, the same ``endpoints.yml`` and the same routes as ``rasa run --enable-api``, as far as the gateway and
the commands use them; in a third of its memory.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
from pathlib import Path

from serving.no_tensorflow import keep_out

keep_out()

import uvicorn  # noqa: E402  after the stand-in, as all that follows
from rasa.core.brokers.broker import EventBroker  # noqa: E402
from rasa.core.lock_store import LockStore  # noqa: E402
from rasa.core.tracker_store import create_tracker_store  # noqa: E402
from rasa.core.utils import AvailableEndpoints  # noqa: E402
from rasa.utils.log_utils import configure_structlog  # noqa: E402

from serving.agent import ServingAgent  # noqa: E402
from serving.calls import KeptEndpoint  # noqa: E402
from serving.server import Dialogue  # noqa: E402

logger = logging.getLogger("equipier.serving")


async def open_agent(model: Path, endpoints: AvailableEndpoints) -> ServingAgent:
    """The agent of *model*, over the stores and the action server of *endpoints*."""
    action = endpoints.action
    broker = await EventBroker.create(endpoints.event_broker, loop=asyncio.get_running_loop())
    agent = ServingAgent(
        tracker_store=create_tracker_store(endpoints.tracker_store, event_broker=broker),
        lock_store=LockStore.create(endpoints.lock_store),
        action_endpoint=KeptEndpoint(action.url) if action else None,
    )
    agent.load_model(model)
    return agent


async def serve(arguments: argparse.Namespace) -> None:
    """Serves until a signal stops it; what is being answered is ended first."""
    agent = await open_agent(arguments.model, AvailableEndpoints.read_endpoints(arguments.endpoints))
    # What was loaded stays: it need not be looked through again at each collection.
    gc.collect()
    gc.freeze()
    config = uvicorn.Config(
        Dialogue(agent, models=arguments.model.parent),
        host=arguments.interface,
        port=arguments.port,
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=4,  # honcho kills after 5 s
    )
    await uvicorn.Server(config).serve()
    if isinstance(agent.action_endpoint, KeptEndpoint):
        await agent.action_endpoint.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m serving")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--endpoints", required=True)
    parser.add_argument("--port", type=int, default=5005)
    parser.add_argument("--interface", default="127.0.0.1")
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    configure_structlog(logging.WARNING)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments))


if __name__ == "__main__":
    main()
