"""An action of the dialogue, watched: what it is about was said in the metadata of the message."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bot.observability import metrics
from bot.observability.engine import REQUEST, TRACE
from bot.observability.requests import given_id, request
from bot.observability.tracing import span


@contextmanager
def watched_action(name: str, metadata: Any) -> Iterator[None]:
    """Counts and times the action *name*, under the request of its message.

    Args:
        metadata: of the person's last message; anything that is not a mapping counts for nothing.
    """
    told = metadata if isinstance(metadata, dict) else {}
    with (
        request(given_id(told.get(REQUEST))),
        span("action", parent=given_trace(told.get(TRACE)), action=name),
        metrics.ACTION_SECONDS.labels(name).time(),
    ):
        try:
            yield
        except Exception:
            metrics.ACTION_ERRORS.labels(name).inc()
            raise


def given_trace(value: object) -> str | None:
    """*value* when it may tell which trace to go on with; the library itself refuses what is malformed."""
    return value if isinstance(value, str) else None
