"""The id that follows a message from its channel to the journal: in every log line, in Rasa's events, in each entry.

It is kept where structlog keeps what it adds to each line; threads and tasks inherit it.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import structlog

_KEY = "request_id"
_GIVEN = re.compile(r"[\w.-]{8,64}", re.ASCII)


def new_request_id() -> str:
    """An id that no other request has."""
    return uuid4().hex


def current_request() -> str | None:
    """The id of what is being answered; ``None`` outside of any request, as in a chore."""
    found = structlog.contextvars.get_contextvars().get(_KEY)
    return found if isinstance(found, str) else None


def given_id(value: object) -> str | None:
    """*value* when it may be an id given by another server; ``None`` for anything that should not reach the logs."""
    return value if isinstance(value, str) and _GIVEN.fullmatch(value) else None


@contextmanager
def request(
    request_id: str | None = None, *, parent: str | None = None, new_id: Callable[[], str] = new_request_id
) -> Iterator[str]:
    """What happens inside bears *request_id*, or a new one.

    Args:
        parent: the id under which a server in front knows it; logged beside ours.
    """
    known = request_id or new_id()
    with structlog.contextvars.bound_contextvars(**{_KEY: known}, **({"parent_id": parent} if parent else {})):
        yield known


@contextmanager
def message_request() -> Iterator[str]:
    """For a message: the id of the HTTP request that brought it, or a new one (socket, Telegram fetched, worker)."""
    known = current_request()
    if known is not None:
        yield known
        return
    with request() as made:
        yield made
