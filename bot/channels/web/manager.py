"""What the pages of one gateway show to those of the others: who is typing, an opinion that changed.

Messages themselves do not come this way: each gateway reads them from the log, and shows them without Redis.
"""

import asyncio
from contextlib import suppress
from typing import Any

import socketio  # type: ignore[import-untyped]
from pydantic import SecretStr

from bot.shared.redis import PATIENCE, SharedMemory, Unreachable


class SharedRooms(socketio.AsyncRedisManager):  # type: ignore[misc]  # python-socketio has no types
    """socket.io's own manager over Redis, which makes nobody wait when Redis is away.

    Args:
        memory: publishes; what cannot be published is shown to the pages of this process only.
    """

    def __init__(self, url: SecretStr, memory: SharedMemory) -> None:
        waits = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
        super().__init__(url.get_secret_value(), channel=memory.channel, redis_options=waits)
        self._memory = memory

    async def _publish(self, data: Any) -> None:
        with suppress(Unreachable):
            await self._memory.publish(self.json.dumps(data))

    async def close(self) -> None:
        """Stops listening to the other gateways."""
        listening: asyncio.Task[None] | None = getattr(self, "thread", None)  # there once a page has come
        if listening is not None:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        if self.redis is not None:
            await self.pubsub.aclose()
            await self.redis.aclose()
