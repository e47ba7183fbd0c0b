"""The dialogue engine, seen from the gateway: a text in, replies out."""

import asyncio
from collections.abc import Mapping
from json import JSONDecodeError
from typing import Any, Protocol

import httpx

from bot.conversations.messages import Button, Reply
from bot.errors import EngineUnavailable


class Engine(Protocol):
    """Answers the messages of conversations, one at a time for each."""

    async def ask(
        self, conversation: str, text: str, *, metadata: Mapping[str, Any] | None = None
    ) -> tuple[Reply, ...]:
        """The replies to *text*, at least one; their buttons hold the engine's own commands.

        Args:
            conversation: our id of the conversation, never a person's.
            text: pseudonymised, or the command of a button that we issued.

        Raises:
            EngineUnavailable: no answer in time, or none that makes sense.
        """
        ...


class RasaEngine:
    """Rasa over its REST channel.

    An empty list counts as a failure: our rules answer every message, so it means that the action server is down.

    Args:
        client: shared, closed by its owner.
        url: address of the Rasa server.
        timeout: seconds left for the whole answer.
    """

    def __init__(self, client: httpx.AsyncClient, *, url: str, timeout: float) -> None:
        self._client = client
        self._webhook = f"{url.rstrip('/')}/webhooks/rest/webhook"
        self._timeout = timeout

    async def ask(
        self, conversation: str, text: str, *, metadata: Mapping[str, Any] | None = None
    ) -> tuple[Reply, ...]:
        body = {"sender": conversation, "message": text, "metadata": dict(metadata or {})}
        try:
            # httpx bounds each wait for a byte; what counts for a person is the whole.
            async with asyncio.timeout(self._timeout):
                response = await self._client.post(self._webhook, json=body, timeout=self._timeout)
        except (httpx.HTTPError, TimeoutError) as error:
            raise EngineUnavailable(f"Rasa: {type(error).__name__}") from error
        if response.status_code != httpx.codes.OK:
            raise EngineUnavailable(f"Rasa: HTTP {response.status_code}")
        try:
            replies = _replies(response.json())
        except (JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
            raise EngineUnavailable("Rasa: unreadable answer") from error
        if not replies:
            raise EngineUnavailable("Rasa: no reply, is the action server running?")
        return replies


def _replies(items: list[dict[str, Any]]) -> tuple[Reply, ...]:
    """Rasa sends the ``custom`` of an utterance as an item of its own, after its text: they are put together again."""
    replies: list[Reply] = []
    for item in items:
        custom = item.get("custom")
        buttons = tuple(Button(button["title"], button["payload"]) for button in item.get("buttons") or ())
        reply = Reply(item.get("text") or "", buttons, custom)
        if not reply.text and not buttons and custom is not None and replies and replies[-1].custom is None:
            replies[-1] = Reply(replies[-1].text, replies[-1].buttons, custom)
        elif reply != Reply():
            replies.append(reply)
    return tuple(replies)
