"""The dialogue engine, seen from the gateway: a text in, replies out."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from json import JSONDecodeError
from typing import Any, Protocol

import httpx

from bot.conversations.messages import Button, Reply
from bot.errors import EngineUnavailable

_ACTING = ("saisie", "revocation")  # the slots that make any word count (nlu/domain/mandats.yml)


@dataclass(frozen=True, slots=True)
class Foresight:
    """What a message would do, before it is said.

    Attributes:
        intent: what it would be understood as.
        acting: whether a mandate is being entered, or waits for a yes, so that any word may count.
    """

    intent: str
    acting: bool


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

    async def foresee(self, conversation: str, text: str) -> Foresight:
        """What *text*, pseudonymised, would do there; nothing is said and nothing changes.

        Raises:
            EngineUnavailable: as above.
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
        self._url = url.rstrip("/")
        self._timeout = timeout

    async def ask(
        self, conversation: str, text: str, *, metadata: Mapping[str, Any] | None = None
    ) -> tuple[Reply, ...]:
        body = {"sender": conversation, "message": text, "metadata": dict(metadata or {})}
        answer = await self._call("POST", "/webhooks/rest/webhook", json=body)
        try:
            replies = _replies(answer)
        except (KeyError, TypeError, AttributeError) as error:
            raise EngineUnavailable("Rasa: unreadable answer") from error
        if not replies:
            raise EngineUnavailable("Rasa: no reply, is the action server running?")
        return replies

    async def foresee(self, conversation: str, text: str) -> Foresight:
        tracker = f"/conversations/{conversation}/tracker"
        parsed, state = await asyncio.gather(
            self._call("POST", "/model/parse", json={"text": text}),
            self._call("GET", tracker, params={"include_events": "NONE"}),
        )
        try:
            slots = state["slots"]
            return Foresight(parsed["intent"]["name"] or "", any(slots.get(name) for name in _ACTING))
        except (KeyError, TypeError, AttributeError) as error:
            raise EngineUnavailable("Rasa: unreadable answer") from error

    async def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            # httpx bounds each wait for a byte; what counts for a person is the whole.
            async with asyncio.timeout(self._timeout):
                response = await self._client.request(method, self._url + path, timeout=self._timeout, **options)
        except (httpx.HTTPError, TimeoutError) as error:
            raise EngineUnavailable(f"Rasa: {type(error).__name__}") from error
        if response.status_code != httpx.codes.OK:
            raise EngineUnavailable(f"Rasa: HTTP {response.status_code}")
        try:
            return response.json()
        except (JSONDecodeError, UnicodeDecodeError) as error:
            raise EngineUnavailable("Rasa: unreadable answer") from error


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
