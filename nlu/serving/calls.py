"""Calls to the action server: on connections that are kept, with what our actions read, and no schema of the answer.

Rasa opens a connection for each call, sends every event of the tracker and checks the answer against a JSON schema that
it first checks itself: nine tenths of the time that a call takes.
"""

# ruff: noqa: ARG002  the signatures are not ours

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import rasa
import ujson
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity
from rasa.shared.exceptions import RasaException
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

_JSON = {"Content-Type": "application/json"}
_IDLE = 4.0  # seconds; servers close what is idle for five, and a connection that may be closing must not carry a call
_SECONDS = 120.0  # at most, for an action; the gateway gives up long before


class KeptEndpoint(EndpointConfig):
    """An endpoint whose connections stay open between two calls."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._kept: aiohttp.ClientSession | None = None  # made by the first call: it belongs to a running loop

    async def request(self, method: str = "post", **kwargs: Any) -> Any:
        """The JSON that is answered.

        Raises:
            ClientResponseError: a status of 400 or more.
            aiohttp.ClientConnectionError: no answer, or none that is one.
        """
        if self._kept is None:
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE)
            timeout = aiohttp.ClientTimeout(total=_SECONDS)
            self._kept = aiohttp.ClientSession(
                connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
            )
        body = ujson.dumps(kwargs["json"]).encode()
        try:
            async with self._kept.post(self.url, data=body, headers=_JSON) as response:
                content = await response.read()
        except (asyncio.TimeoutError, aiohttp.ClientPayloadError) as error:  # noqa: UP041  two errors in Python 3.10
            raise aiohttp.ClientConnectionError(type(error).__name__) from error
        if response.status >= 400:
            raise ClientResponseError(response.status, "", content)
        try:
            return ujson.loads(content)
        except ValueError as error:
            raise aiohttp.ClientConnectionError("not JSON") from error

    async def close(self) -> None:
        """Closes the connections."""
        if self._kept is not None:
            await self._kept.close()


class RemoteCall(RemoteAction):
    """An action of the action server. It gets the slots and the last message, which are all that ours read."""

    def _action_call_format(self, tracker: DialogueStateTracker, domain: Domain) -> dict[str, Any]:
        state = tracker.current_state(EventVerbosity.NONE)
        state["events"] = []
        return {
            "next_action": self._name,
            "sender_id": tracker.sender_id,
            "tracker": state,
            "version": rasa.__version__,
            "domain": {},
        }

    def _validate_action_result(self, result: Any) -> bool:
        """Whether the answer has its shape.

        Raises:
            RasaException: it has not.
        """
        parts = (result.get("events", []), result.get("responses", [])) if isinstance(result, dict) else ()
        if not parts or not all(isinstance(part, list) and all(isinstance(x, dict) for x in part) for part in parts):
            raise RasaException(f"unreadable answer to {self._name}")
        return True
