"""Asks a process whether it is ready, and lets a process without address say so."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx

from bot.setup.processes import ProcessSpec

Probe = Callable[[ProcessSpec], bool]

_ALIVE_EVERY = 10.0  # seconds between two marks of life
_ALIVE_SECONDS = 60.0  # a mark older than that: the process is stuck or gone


async def show_alive(mark: Path, stop: asyncio.Event, *, every: float = _ALIVE_EVERY) -> None:
    """Touches *mark* again and again until *stop* is set, then removes it."""
    mark.parent.mkdir(parents=True, exist_ok=True)
    while not stop.is_set():
        mark.touch()
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), timeout=every)
    mark.unlink(missing_ok=True)


def is_ready(spec: ProcessSpec, *, wall_clock: Callable[[], float] = time.time) -> bool:
    """Whether the process answers now (or showed within the last minute that it works)."""
    if spec.url:
        try:
            # No proxy of the environment stands between us and our own machine.
            return httpx.get(spec.url, timeout=1.5, trust_env=False).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False
    if spec.alive:
        try:
            return wall_clock() - spec.alive.stat().st_mtime < _ALIVE_SECONDS
        except FileNotFoundError:
            return False
    return True
