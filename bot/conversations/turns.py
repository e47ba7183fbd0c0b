"""One message of a conversation after the other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol
from weakref import WeakValueDictionary


class Turns(Protocol):
    """Makes the messages of a conversation wait for each other, in the order in which they ask."""

    def of(self, conversation: str) -> AbstractAsyncContextManager[None]:
        """What is held while a message of *conversation* is answered."""
        ...


class LocalTurns:
    """Those of one process."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, conversation: str) -> AsyncIterator[None]:
        lock = self._locks.setdefault(conversation, asyncio.Lock())
        async with lock:
            yield
