"""The routes of Rasa's server that ours use, as an ASGI application of a few functions."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import ujson
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.shared.core.trackers import EventVerbosity

from serving.agent import ServingAgent

logger = logging.getLogger("equipier.serving")
_TRACKER = re.compile(r"/conversations/([^/]+)/tracker")
_MAX_BODY = 256 * 1024  # bytes; a message holds 2,000 characters

Answer = tuple[int, Any]


class BadRequest(Exception):
    """The body is not what the route takes."""


class Dialogue:
    """Answers ``POST /webhooks/rest/webhook``, ``POST /model/parse``, ``GET /conversations/<id>/tracker``, ``PUT
    /model``, ``GET /status`` and ``GET /webhooks/rest/``.

    What fails is logged without the message, and answered 500: the gateway keeps the message and sends it again.

    Args:
        models: the folder of the models that may be loaded; loading one runs what it holds.
    """

    def __init__(self, agent: ServingAgent, *, models: Path) -> None:
        self._agent = agent
        self._models = models.resolve()
        self._routes: dict[tuple[str, str], Callable[[bytes], Awaitable[Answer]]] = {
            ("POST", "/webhooks/rest/webhook"): self._say,
            ("POST", "/model/parse"): self._parse,
            ("PUT", "/model"): self._load,
            ("GET", "/status"): self._status,
            ("GET", "/webhooks/rest/"): _well,
            ("GET", "/"): _well,
        }

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        try:
            status, content = await self._answer(scope["method"], scope["path"], await _body(receive))
        except BadRequest as error:
            status, content = 400, {"status": "failure", "message": str(error)}
        except Exception as error:  # noqa: BLE001  see below
            # The border of the process: the trace may quote the message, so it is told by its places only.
            logger.error("%s %s failed: %s", scope["method"], _pattern(scope["path"]), _where(error))
            status, content = 500, {"status": "failure", "message": type(error).__name__}
        body = ujson.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass") if content is not None else b""
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, method: str, path: str, body: bytes) -> Answer:
        if route := self._routes.get((method, path)):
            return await route(body)
        if method == "GET" and (found := _TRACKER.fullmatch(path)):
            return await self._tracker(unquote(found[1]))
        return 404, {"status": "failure", "message": "no such route"}

    async def _say(self, body: bytes) -> Answer:
        said = _read(body)
        collector = CollectingOutputChannel()
        message = UserMessage(
            _text(said, "message"),
            collector,
            _text(said, "sender"),
            input_channel=said.get("input_channel") or "rest",
            metadata=said.get("metadata"),
        )
        await self._agent.handle_message(message)
        return 200, collector.messages

    async def _parse(self, body: bytes) -> Answer:
        return 200, await self._agent.parse_message(_text(_read(body), "text"))

    async def _tracker(self, conversation: str) -> Answer:
        processor = self._agent.processor
        async with self._agent.lock_store.lock(conversation):
            tracker = await processor.get_tracker(conversation)
        return 200, tracker.current_state(EventVerbosity.NONE)

    async def _load(self, body: bytes) -> Answer:
        model = Path(_text(_read(body), "model_file"))
        if model.resolve().parent != self._models or not model.is_file():
            raise BadRequest("no such model")
        await asyncio.to_thread(self._agent.load_model, model)
        return 204, None

    async def _status(self, _body: bytes) -> Answer:
        processor = self._agent.processor
        return 200, {
            "model_file": processor.model_filename,
            "model_id": processor.model_metadata.model_id,
            "num_active_training_jobs": 0,
        }


async def _well(_body: bytes) -> Answer:
    return 200, {"status": "ok"}


async def _body(receive: Any) -> bytes:
    content, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest("cut")
        content += message.get("body", b"")
        more = message.get("more_body", False)
        if len(content) > _MAX_BODY:
            raise BadRequest("body too large")
    return content


def _read(body: bytes) -> dict[str, Any]:
    try:
        found = ujson.loads(body)
    except ValueError as error:
        raise BadRequest("not JSON") from error
    if not isinstance(found, dict):
        raise BadRequest("not an object")
    return found


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequest(f"no {name}")
    return value


def _pattern(path: str) -> str:
    return _TRACKER.sub("/conversations/…/tracker", path)


def _where(error: BaseException) -> str:
    """The kinds of *error* and of its causes, with the last place of each; nothing of what they say."""
    told, one = [], error
    while one is not None and len(told) < 4:
        trace = one.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
        told.append(f"{type(one).__name__} at {place}")
        one = one.__cause__ or one.__context__
    return ", from ".join(told)
