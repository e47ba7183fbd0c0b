"""A message, watched from its channel to its answer: outcome, duration, steps, spans."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum

from bot.observability import metrics
from bot.observability.requests import message_request
from bot.observability.tracing import span


class Outcome(StrEnum):
    """What became of a message."""

    ANSWERED = "answered"
    REFUSED = "refused"  # answered at the door: empty, too long, a wish, a linking code…
    HUMAN = "human"  # a person has it
    KEPT = "kept"  # the engine was away: it is answered later
    REPEATED = "repeated"  # answered before: the same answer again
    LIMITED = "limited"  # too many in a short time
    FAILED = "failed"


_outcome: ContextVar[Outcome] = ContextVar("outcome")


@contextmanager
def watched(channel: str) -> Iterator[None]:
    """Counts and times the message answered inside, under its request id: answered, unless :func:`note` says more."""
    started = time.perf_counter()
    before = _outcome.set(Outcome.ANSWERED)
    metrics.IN_PROGRESS.inc()
    try:
        with message_request() as request_id, span("message", channel=channel, request_id=request_id) as open_span:
            try:
                yield
            except BaseException:
                if _outcome.get() is not Outcome.LIMITED:
                    note(Outcome.FAILED)
                raise
            finally:
                open_span.set_attribute("outcome", _outcome.get().value)
    finally:
        metrics.IN_PROGRESS.dec()
        metrics.MESSAGES.labels(channel, _outcome.get().value).inc()
        metrics.MESSAGE_SECONDS.labels(channel).observe(time.perf_counter() - started)
        _outcome.reset(before)


def note(outcome: Outcome) -> None:
    """What became of the message at hand; what is noted last counts."""
    _outcome.set(outcome)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Times one step of a message: ``wait``, ``understand``, ``answer`` or ``store``."""
    with metrics.STEP_SECONDS.labels(name).time(), span(name):
        yield
