"""Redis: by it several processes share what one of them would keep in its memory. It may go away at any time.

Nothing is kept there that cannot be lost: whoever uses it has a way to go on alone.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import redis
import redis.asyncio
import structlog
from pydantic import SecretStr
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from bot.errors import EquipierError, SettingsError

PATIENCE = 0.5  # seconds for one command, and for one connection
LEFT_ALONE = 5.0  # seconds for which a server that failed is not asked again
_PREFIX = "equipier"
_log = structlog.get_logger(__name__)

Argument = str | int | float


class Unreachable(EquipierError):
    """Redis does not answer, or did not a moment ago."""

    def __init__(self) -> None:
        super().__init__("Redis does not answer")


class SharedMemory:
    """The scripts that everything shared is made of: each runs whole, or not at all.

    A server that fails is left alone for a while, so that people do not wait for it at each message.

    Args:
        url: ``redis://[user:password@]host:port/db``; ``rediss://`` over TLS.
        monotonic: seconds that only go forward.

    Raises:
        SettingsError: no such address.
    """

    def __init__(self, url: SecretStr, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        # One more try, at once: a connection that was idle may be closed at the other end.
        options: dict[str, Any] = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
        address = url.get_secret_value()
        try:
            self._threads = redis.Redis.from_url(address, retry=Retry(NoBackoff(), 1), **options)
            self._loop = redis.asyncio.Redis.from_url(address, retry=AsyncRetry(NoBackoff(), 1), **options)
        except ValueError as error:
            raise SettingsError(
                "EQUIPIER_REDIS_URL n'est pas une adresse de Redis",
                hint="Par exemple : redis://:secret@hôte:6379/0",
            ) from error
        # Numbered databases do not tell apart what is published.
        self.channel = f"{_PREFIX}:{self._threads.connection_pool.connection_kwargs.get('db') or 0}:socket"
        self._monotonic = monotonic
        self._asked_again_at = 0.0

    @property
    def resting(self) -> bool:
        """Whether Redis failed a moment ago."""
        return self._monotonic() < self._asked_again_at

    def run(self, script: str, key: str, *arguments: Argument) -> int:
        """What *script* returns, from a thread.

        Raises:
            Unreachable: as it says; the script may have run nevertheless.
        """
        self._must_be_there()
        try:
            return int(self._threads.register_script(script)(keys=[key], args=arguments))
        except (RedisError, OSError) as error:
            raise self._failed(error) from error

    async def run_async(self, script: str, key: str, *arguments: Argument) -> int:
        """The same, from the event loop.

        Raises:
            Unreachable: as above.
        """
        self._must_be_there()
        try:
            return int(await self._loop.register_script(script)(keys=[key], args=arguments))
        except (RedisError, OSError) as error:
            raise self._failed(error) from error

    async def answers(self) -> bool:
        """Whether Redis answers now, however it did a moment ago."""
        try:
            await self._loop.ping()
        except (RedisError, OSError) as error:
            self._failed(error)
            return False
        self._asked_again_at = 0.0
        return True

    async def publish(self, content: bytes | str) -> None:
        """Tells the other processes something.

        Raises:
            Unreachable: as above.
        """
        self._must_be_there()
        try:
            await self._loop.publish(self.channel, content)
        except (RedisError, OSError) as error:
            raise self._failed(error) from error

    async def close(self) -> None:
        """Closes every connection."""
        self.close_now()
        await self._loop.aclose()

    def close_now(self) -> None:
        """Closes the connections of threads, for who has opened no other."""
        self._threads.close()

    def _must_be_there(self) -> None:
        if self.resting:
            raise Unreachable

    def _failed(self, error: Exception) -> Unreachable:
        if not self.resting:
            _log.warning("redis unavailable", error=type(error).__name__)
        self._asked_again_at = self._monotonic() + LEFT_ALONE
        return Unreachable()


def key_of(kind: str, names: Sequence[str]) -> str:
    """The key of something: what it is about (a network address, a conversation) cannot be read from it."""
    about = hashlib.blake2b("\0".join(names).encode(), digest_size=16).hexdigest()
    return f"{_PREFIX}:{kind}:{{{about}}}"
