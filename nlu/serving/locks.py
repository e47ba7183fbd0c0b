"""One message at a time in each conversation: within this process, or among several through Redis.

Rasa's own stores look again once a second at a lock that is taken, and answer nobody while Redis is away. Here each
process then goes on with its own locks: the gateways keep the order of a conversation, and go on alone likewise.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4
from weakref import WeakValueDictionary

import redis.asyncio
from rasa.core.lock import TicketLock
from rasa.core.lock_store import LOCK_LIFETIME, LockError, LockStore

logger = logging.getLogger("equipier.serving")
_PATIENCE = 1.0  # seconds for one command of Redis, and for one connection
_LEFT_ALONE = 5.0  # seconds for which a Redis that failed is not asked again
_AGAIN = 0.02  # seconds between two tries for a lock that is taken
_HELD_FOR = 10.0  # seconds without a sign of life after which a process is taken for dead
_SIGNS = 3  # of life, in that time
_PREFIX = "equipier:dialogue:"
# Only who holds it lets it go: after its lifetime it may be another's.
_RENEW = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0"
_RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end"


class Locks(LockStore):
    """Locks of conversations.

    Args:
        url: Redis, when several processes answer; empty, and this one is alone.
        prefix: of the keys in Redis.
    """

    def __init__(self, endpoint_config: Any = None, *, url: str = "", prefix: str = _PREFIX) -> None:
        options = dict(endpoint_config.kwargs) if endpoint_config is not None else {}
        address = url or (endpoint_config.url if endpoint_config is not None else "") or ""
        self._prefix = options.get("prefix", prefix)
        self._redis = _opened(address) if address else None
        self._asked_again_at = 0.0
        self._local: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def lock(
        self, conversation_id: str, lock_lifetime: float = LOCK_LIFETIME, wait_time_in_seconds: float = _AGAIN
    ) -> AsyncGenerator[TicketLock, None]:
        """Holds the lock of a conversation for the block.

        Args:
            lock_lifetime: seconds to wait for it at most; a process that died holds it for ten.

        Raises:
            LockError: it was taken for longer than a lifetime.
        """
        held = self._local.setdefault(conversation_id, asyncio.Lock())
        async with held:
            token = await self._shared(conversation_id, lock_lifetime, wait_time_in_seconds)
            alive = asyncio.create_task(self._show_alive(conversation_id, token, min(lock_lifetime, _HELD_FOR)))
            try:
                yield TicketLock(conversation_id)
            finally:
                alive.cancel()
                if self._redis is not None and token:
                    # What cannot be let go of ends by itself; what was answered is answered.
                    with suppress(redis.RedisError, OSError):
                        await self._redis.eval(_RELEASE, 1, self._prefix + conversation_id, token)

    async def _shared(self, conversation_id: str, lifetime: float, pause: float) -> str:
        """The proof that the lock is held among all processes; empty when this one is alone, or Redis away."""
        now = asyncio.get_running_loop().time
        if self._redis is None or now() < self._asked_again_at:
            return ""
        try:
            return await self._take(conversation_id, lifetime, pause)
        except (redis.RedisError, OSError) as error:
            logger.warning("Redis is away (%s): locks of this process only", type(error).__name__)
            self._asked_again_at = now() + _LEFT_ALONE
            return ""

    async def _show_alive(self, conversation_id: str, token: str, held_for: float) -> None:
        while self._redis is not None and token:
            await asyncio.sleep(held_for / _SIGNS)
            with suppress(redis.RedisError, OSError):
                key = self._prefix + conversation_id
                await self._redis.eval(_RENEW, 1, key, token, round(held_for * 1000))

    async def _take(self, conversation_id: str, lifetime: float, pause: float) -> str:
        token, key = uuid4().hex, self._prefix + conversation_id
        deadline = asyncio.get_running_loop().time() + lifetime
        assert self._redis is not None
        while not await self._redis.set(key, token, nx=True, px=round(min(lifetime, _HELD_FOR) * 1000)):
            if asyncio.get_running_loop().time() > deadline:
                raise LockError(f"Could not acquire lock for conversation_id '{conversation_id}'.")
            await asyncio.sleep(pause)
        return token


def _opened(address: str) -> redis.asyncio.Redis:
    return redis.asyncio.from_url(address, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE)
