"""The dialogue engine, watched: how long it takes, why it fails, and who asked, told to the actions."""

from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

from bot.conversations.engine import Engine, Foresight
from bot.conversations.messages import Reply
from bot.errors import EngineUnavailable
from bot.observability import metrics
from bot.observability.requests import current_request
from bot.observability.tracing import carried, span

T = TypeVar("T")
REQUEST, TRACE = "request", "traceparent"  # keys of the metadata of a message, read again by the actions


class WatchedEngine:
    """Another engine, with its figures."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def ask(
        self, conversation: str, text: str, *, metadata: Mapping[str, Any] | None = None
    ) -> tuple[Reply, ...]:
        """See :class:`~bot.conversations.engine.Engine`; the metadata also bear the id of the request."""
        with span("engine") as _:
            bound = {REQUEST: current_request(), TRACE: carried()}
            more = {key: value for key, value in bound.items() if value is not None}
            return await _timed("ask", self._engine.ask(conversation, text, metadata={**(metadata or {}), **more}))

    async def foresee(self, conversation: str, text: str) -> Foresight:
        """See :class:`~bot.conversations.engine.Engine`."""
        with span("foresee"):
            return await _timed("foresee", self._engine.foresee(conversation, text))


async def _timed(call: str, answer: Awaitable[T]) -> T:
    try:
        with metrics.ENGINE_SECONDS.labels(call).time():
            return await answer
    except EngineUnavailable as error:
        metrics.ENGINE_ERRORS.labels(call, _reason(error)).inc()
        raise


def _reason(error: EngineUnavailable) -> str:
    """``slow``, ``unreachable`` or ``unusable``: it answers, but not what is asked (down behind, error, no reply)."""
    cause = type(error.__cause__).__name__
    if "Timeout" in cause and cause != "ConnectTimeout":
        return "slow"
    return "unreachable" if cause.endswith(("Error", "ConnectTimeout")) and "JSON" not in cause else "unusable"
