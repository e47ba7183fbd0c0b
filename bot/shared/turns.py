"""One message of a conversation after the other, whichever gateway each one reaches."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

from bot.conversations.turns import LocalTurns
from bot.shared.redis import SharedMemory, Unreachable, key_of

HELD_FOR = 10.0  # seconds without a sign of life after which a gateway is taken for dead
_POLL = 0.05
_SIGNS = 3  # of life, in that time
# Shows that the ticket lives, queues it unless it is there already, and drops those before it that live no more.
# Answers 1 when it is at the head.
_STAND = """
local queue, ticket, life = KEYS[1], ARGV[1], ARGV[2]
redis.call('SET', queue .. ':' .. ticket, 1, 'PX', life)
if not redis.call('LPOS', queue, ticket) then redis.call('RPUSH', queue, ticket) end
redis.call('PEXPIRE', queue, life)
local head = redis.call('LINDEX', queue, 0)
while head ~= ticket and redis.call('EXISTS', queue .. ':' .. head) == 0 do
    redis.call('LPOP', queue)
    head = redis.call('LINDEX', queue, 0)
end
return head == ticket and 1 or 0
"""
_LEAVE = """
redis.call('LREM', KEYS[1], 0, ARGV[1])
return redis.call('DEL', KEYS[1] .. ':' .. ARGV[1])
"""


class SharedTurns:
    """A queue of tickets in Redis for each conversation; a gateway that dies loses its place within *held_for*.

    While Redis is away the order holds within each process only: nobody waits for it.

    Args:
        held_for: seconds without a sign of life after which a place is lost.
    """

    def __init__(self, memory: SharedMemory, *, held_for: float = HELD_FOR) -> None:
        self._memory = memory
        self._held_for = held_for
        self._here = LocalTurns()

    @asynccontextmanager
    async def of(self, conversation: str) -> AsyncIterator[None]:
        queue, ticket = key_of("turn", (conversation,)), uuid4().hex
        try:
            with suppress(Unreachable):
                while not await self._stand(queue, ticket):
                    await asyncio.sleep(_POLL)
            async with self._here.of(conversation):
                done = asyncio.Event()
                alive = asyncio.create_task(self._show_alive(queue, ticket, done))
                try:
                    yield
                finally:
                    done.set()
                    await alive  # a sign of life after the end would queue again
        finally:
            with suppress(Unreachable):
                await self._memory.run_async(_LEAVE, queue, ticket)

    async def _stand(self, queue: str, ticket: str) -> bool:
        return bool(await self._memory.run_async(_STAND, queue, ticket, round(self._held_for * 1000)))

    async def _show_alive(self, queue: str, ticket: str, done: asyncio.Event) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), timeout=self._held_for / _SIGNS)
            if done.is_set():
                return
            with suppress(Unreachable):
                await self._stand(queue, ticket)
