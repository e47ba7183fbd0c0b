"""Calls to the action server: on connections that are kept, with what our actions read, and no schema of the answer.

Rasa opens a connection for each call, sends every event of the tracker and checks the answer against a JSON schema that
it first checks itself: nine tenths of the time that a call takes.
"""

# ruff: noqa: ARG002  the signatures are not ours

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import rasa
import ujson
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity
from rasa.shared.exceptions import RasaException
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

_IDLE = 4.0  # seconds; servers close what is idle for five, and a connection that may be closing must not carry a call
_SECONDS = 120.0  # at most, for an action; the gateway gives up long before
_MAX_ANSWER = 16 * 1024 * 1024  # bytes


class KeptEndpoint(EndpointConfig):
    """An endpoint whose connections stay open between two calls.

    It speaks to our action server, which gives the length of its answers; nothing else of HTTP is needed.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url)
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        self._place = (parts.hostname or "", parts.port or (443 if secure else 80))
        self._ssl = True if secure else None
        self._head = f"POST {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
        self._idle: deque[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = deque()

    async def request(self, method: str = "post", **kwargs: Any) -> Any:
        """The JSON that is answered.

        Raises:
            ClientResponseError: a status of 400 or more.
            aiohttp.ClientConnectionError: no answer, or none that is one.
        """
        body = ujson.dumps(kwargs["json"]).encode()
        clock = asyncio.get_running_loop()
        try:
            status, content = await asyncio.wait_for(self._ask(body, clock), _SECONDS)
        except (TimeoutError, OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            raise aiohttp.ClientConnectionError(type(error).__name__) from error
        if status >= 400:
            raise ClientResponseError(status, "", content)
        return ujson.loads(content)

    async def close(self) -> None:
        """Closes the connections."""
        while self._idle:
            self._idle.pop()[2].close()

    async def _ask(self, body: bytes, clock: asyncio.AbstractEventLoop) -> tuple[int, bytes]:
        reader, writer = await self._connected(clock.time())
        whole = False
        try:
            writer.write(f"{self._head}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body)
            status_line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)}
            length = int(headers.get("content-length", "-1"))
            if not 0 <= length <= _MAX_ANSWER:
                raise ValueError("no length")
            content = await reader.readexactly(length)
            whole = headers.get("connection", "").lower() != "close"
            return int(status_line.split(" ", 2)[1]), content
        finally:
            # What was cut short must not be taken for the answer to another call.
            if whole:
                self._idle.append((clock.time(), reader, writer))
            else:
                writer.close()

    async def _connected(self, now: float) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            since, reader, writer = self._idle.pop()  # the one used last; the others may grow old
            if now - since < _IDLE and not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(*self._place, ssl=self._ssl)


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
