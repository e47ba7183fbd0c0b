"""The voice service over HTTP, for this machine alone: the gateway is its only client."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.errors import SettingsError
from bot.observability import metrics
from bot.observability.voice import watched_job
from bot.settings import Settings
from bot.voice.engines import Engine
from bot.voice.errors import Reason, VoiceRefused
from bot.voice.messages import MAX_BYTES, MAX_TEXT, MEDIA_TYPES, SECONDS_HEADER
from bot.voice.queue import WorkQueue
from bot.voice.service import Listener, VoiceService
from bot.voice.synthesis import Speaker, load_speaker
from bot.voice.transcription import load_transcriber

T = TypeVar("T")

_NICENESS = 10  # a text is answered in a tenth of a second: it goes before the seconds that a voice takes
_STATUS: Mapping[Reason, int] = {
    "off": 503,
    "busy": 503,
    "failed": 500,
    "too_heavy": 413,
    "too_long": 413,
    "too_long_text": 413,
    "wrong_format": 415,
}
_UNREADABLE = 422
_GONE = 499  # nobody reads it: the client has hung up

log = structlog.get_logger(__name__)


def create_app(service: VoiceService) -> Starlette:
    """The application over *service*; it loads what is installed when it starts and closes it when it stops.

    Every refusal is ``{"reason": …}`` with a status of 400 or more.
    """

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        warming = asyncio.create_task(service.warm())
        yield
        service.close()
        warming.cancel()

    async def figures(_request: Request) -> Response:
        metrics.VOICE_QUEUE.set(service.waiting)
        return Response(metrics.exposition(), media_type=metrics.CONTENT_TYPE)

    async def health(_request: Request) -> Response:
        state = await service.health()
        return JSONResponse({"listen": state.listen, "speak": state.speak})

    async def transcribe(request: Request) -> Response:
        data = await _body(request, MAX_BYTES, reason="too_heavy")
        with watched_job("listen"):
            heard = await _while_connected(request, service.transcribe(data))
        if heard is None:
            return Response(status_code=_GONE)
        log.info("voice note heard", seconds=round(heard.seconds, 1), sure=heard.sure)
        return JSONResponse({"text": heard.text, "seconds": heard.seconds, "sure": heard.sure})

    async def speak(request: Request) -> Response:
        body = await _body(request, MAX_TEXT * 6, reason="too_long_text")  # six bytes for a character written \uXXXX
        try:
            asked = json.loads(body)
            text, kind = asked["text"], asked.get("format", "ogg")
        except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
            return JSONResponse({"reason": "failed"}, status_code=_UNREADABLE)
        if not isinstance(text, str) or kind not in MEDIA_TYPES:
            return JSONResponse({"reason": "failed"}, status_code=_UNREADABLE)
        with watched_job("speak"):
            speech = await _while_connected(request, service.speak(text, format=kind))
        if speech is None:
            return Response(status_code=_GONE)
        log.info("answer said", seconds=round(speech.seconds, 1))
        return Response(speech.data, media_type=speech.media_type, headers={SECONDS_HEADER: f"{speech.seconds:.2f}"})

    async def refused(_request: Request, error: Exception) -> Response:
        reason: Reason = error.reason if isinstance(error, VoiceRefused) else "failed"
        log.info("voice refused", reason=reason)
        return JSONResponse({"reason": reason}, status_code=_STATUS.get(reason, _UNREADABLE))

    return Starlette(
        routes=[
            Route("/health", health),
            Route("/metrics", figures),
            Route("/transcribe", transcribe, methods=["POST"]),
            Route("/speak", speak, methods=["POST"]),
        ],
        exception_handlers={VoiceRefused: refused},
        lifespan=lifespan,
    )


async def _body(request: Request, most: int, *, reason: Reason) -> bytes:
    """The body of *request*; it is not read further than *most* bytes."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise VoiceRefused(reason)
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise VoiceRefused(reason)
    return bytes(body)


async def _while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T | None:
    """What *work* gives; ``None`` when the client has hung up, and then the work is dropped."""
    task = asyncio.create_task(work)
    gone = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        return await task if task.done() else None
    finally:
        gone.cancel()
        task.cancel()


def cores() -> int:
    """Processor cores to transcribe with: those of the machine, four at most (more bring little to this model)."""
    return min(os.cpu_count() or 1, 4)


def voice_service(folder: Path) -> VoiceService:
    """The service over the models under *folder*."""
    listener: Engine[Listener] = Engine(lambda: load_transcriber(folder, threads=cores()), speaking=False)
    speaker: Engine[Speaker] = Engine(lambda: load_speaker(folder), speaking=True)
    return VoiceService(listener=listener, speaker=speaker, queue=WorkQueue())


def serve(settings: Settings) -> None:
    """Runs the service at the address of the settings until it is told to stop.

    Raises:
        SettingsError: the address has no port.
    """
    address = urlsplit(settings.voice_url)
    if address.port is None:
        raise SettingsError(
            f"EQUIPIER_VOICE_URL ne donne pas de port : {settings.voice_url}",
            hint="Par exemple http://127.0.0.1:5056",
        )
    os.nice(_NICENESS)
    uvicorn.run(
        create_app(voice_service(settings.voice_dir)),
        host=settings.internal_host,
        port=address.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=4,
    )
