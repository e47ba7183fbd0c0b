"""One thread for the heavy work of the voice: bounded, and fair to short jobs.

A job is a generator that yields between its steps (a window of 30 seconds, a sentence), so that a note of ten seconds
never waits for the whole of a two-minute one. The order is that of due dates, not of length alone: each job is due
some time after it came, in proportion to its length, so that a long one is passed over by later short ones for a
while, never for ever.
"""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from bot.voice.errors import VoiceRefused

T = TypeVar("T")
Steps = Generator[None, None, T]

_PATIENCE = 4.0  # a job of 10 seconds is due 40 seconds after it came
_Waiter = asyncio.Future[None]
_Rank = tuple[float, int]  # when it is due, then the order in which jobs came; no two jobs have the same


class WorkQueue:
    """Runs jobs one step at a time, for one event loop.

    Args:
        waiting: how many jobs may wait beside the one at work.
        clock: seconds, from any origin.
    """

    def __init__(self, *, waiting: int = 12, clock: Callable[[], float] = time.monotonic) -> None:
        self._room = waiting + 1
        self._clock = clock
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="voice")
        self._jobs = 0
        self._at_work = False
        self._closed = False
        self._waiters: list[tuple[_Rank, _Waiter]] = []
        self._order = itertools.count()

    @property
    def jobs(self) -> int:
        """How many jobs are at work or wait."""
        return self._jobs

    async def run(self, steps: Steps[T], *, seconds: float) -> T:
        """What *steps* returns, or raises; a caller that is cancelled takes its job away.

        Args:
            seconds: how long the job is expected to take; only the proportions matter.

        Raises:
            VoiceRefused: ``busy`` when the queue is full, ``off`` when it is closed.
        """
        if self._closed:
            raise VoiceRefused("off")
        if self._jobs >= self._room:
            raise VoiceRefused("busy")
        due = self._clock() + _PATIENCE * seconds
        self._jobs += 1
        try:
            return await self._run(steps, (due, next(self._order)))
        finally:
            self._jobs -= 1
            self._wake()

    def close(self) -> None:
        """Refuses what waits (``off``); the step at work ends by itself."""
        self._closed = True
        for _, waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(VoiceRefused("off"))
        self._waiters.clear()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, steps: Steps[T], rank: _Rank) -> T:
        loop = asyncio.get_running_loop()
        while True:
            await self._turn(rank)
            try:
                ended, value = await loop.run_in_executor(self._pool, _advance, steps)
            finally:
                # Nobody is woken yet: this job first takes its place again, since it may still be the first due.
                self._at_work = False
            if ended:
                result: T = value
                return result

    async def _turn(self, rank: _Rank) -> None:
        """Waits until no step is at work and no job is due before."""
        if self._closed:
            raise VoiceRefused("off")
        waiter: _Waiter = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiters, (rank, waiter))
        self._wake()
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():  # the turn came at the same moment: it goes to the next
                self._at_work = False
            raise

    def _wake(self) -> None:
        while self._waiters and not self._at_work:
            _, waiter = heapq.heappop(self._waiters)
            if not waiter.done():
                self._at_work = True
                waiter.set_result(None)


def _advance(steps: Steps[Any]) -> tuple[bool, Any]:
    """One step; whether it was the last, and then what the job returns. (A future cannot carry ``StopIteration``.)"""
    try:
        next(steps)
    except StopIteration as end:
        return True, end.value
    return False, None
