"""The HTTP endpoints beside the socket: recordings in, spoken answers out."""

import asyncio
from collections import OrderedDict
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from bot.channels.web import sentences
from bot.channels.web.identity import Doorkeeper
from bot.channels.web.rooms import Rooms
from bot.channels.web.services import AudioFormat, Speech, WebServices
from bot.channels.web.visits import Refused, Visit
from bot.conversations.limits import MINUTE, TooManyMessages, check_async
from bot.conversations.messages import Spoken
from bot.errors import EquipierError
from bot.gateway.errors import BodyTooLarge, french
from bot.voice.errors import VoiceRefused

RECORDING = "/assistant/voix"
AUDIO = "/assistant/audio"
MAX_RECORDING = 10 * 1024 * 1024  # bytes
# Limits of bodies, for the middleware; one byte more than is taken, so that the answer is ours.
WIDE_BODIES = {RECORDING: MAX_RECORDING + 1}
_RECORDINGS_A_MINUTE = 10
_SPEECHES_A_MINUTE = 30
_BEYOND = 2**63  # no database has such ids
_KEPT = 32  # spoken answers, about 100 kB each
# Why a recording is refused, to a program.
_STATUS = {"off": 503, "busy": 503, "failed": 503, "too_heavy": 413}
_RETRY_AFTER = {"busy": {"Retry-After": "60"}}


class Endpoints:
    """Authenticates by token, or by the session of the desk from a page of ours."""

    def __init__(self, services: WebServices, rooms: Rooms, doorkeeper: Doorkeeper) -> None:
        self._services = services
        self._rooms = rooms
        self._doorkeeper = doorkeeper
        self._recordings = services.limiters("recordings", limit=_RECORDINGS_A_MINUTE, window=MINUTE)
        self._speeches = services.limiters("speeches", limit=_SPEECHES_A_MINUTE, window=MINUTE)
        self._spoken: OrderedDict[tuple[str, int, AudioFormat], Speech] = OrderedDict()

    def routes(self) -> APIRouter:
        """``POST /assistant/voix`` and ``GET /assistant/audio/{id}``."""
        router = APIRouter(include_in_schema=False)
        router.add_api_route(RECORDING, self._listen, methods=["POST"])
        router.add_api_route(f"{AUDIO}/{{line}}", self._speak, methods=["GET"])
        return router

    async def _listen(
        self,
        request: Request,
        x_message_id: Annotated[str | None, Header(pattern=r"^[A-Za-z0-9_-]{8,64}$")] = None,
    ) -> Response:
        try:
            await self._hear(request, x_message_id)
        except (Refused, BodyTooLarge, VoiceRefused, TooManyMessages) as error:
            return _failure(error)
        return Response('{"ok": true}', media_type="application/json")

    async def _hear(self, request: Request, message_id: str | None) -> None:
        visit = await self._visit(request)
        if self._services.voice is None:
            raise VoiceRefused("off")
        await check_async(self._recordings, visit.external_id, now=self._services.clock.now())
        audio = await request.body()
        if not audio:
            raise VoiceRefused("silence")
        if len(audio) > MAX_RECORDING:
            raise VoiceRefused("too_heavy")
        heard = await self._services.voice.transcribe(audio)
        voice = Spoken(heard.seconds, heard.sure)
        await self._rooms.say(visit, heard.text, message_id=message_id, voice=voice)

    async def _speak(
        self, request: Request, line: int, wanted: Annotated[AudioFormat, Query(alias="format")] = "ogg"
    ) -> Response:
        try:
            visit = await self._visit(request)
            conversation, text = await self._said(visit, line)
            if conversation is None:
                return french(404, sentences.NO_SUCH_LINE)
            speech = await self._speech(visit, (conversation, line, wanted), text)
        except (Refused, VoiceRefused, TooManyMessages) as error:
            return _failure(error)
        return Response(speech.data, media_type=speech.media_type, headers={"Cache-Control": "private, no-store"})

    async def _said(self, visit: Visit, line: int) -> tuple[str | None, str]:
        """The conversation of *visit*, and the text of this answer; no conversation when it holds no such answer."""
        conversation = await self._rooms.gather(visit)
        if conversation is None or not 0 <= line < _BEYOND:
            return None, ""
        said = await asyncio.to_thread(self._services.history.line, conversation, line)
        return (conversation, said.text) if said is not None and said.direction == "out" else (None, "")

    async def _visit(self, request: Request) -> Visit:
        """Who asks.

        Raises:
            Refused: nobody that we know, or from the page of a site that is not welcome.
        """
        if not self._services.origins.admits(request):
            raise Refused("origin")
        return await asyncio.to_thread(self._doorkeeper.asking, request)

    async def _speech(self, visit: Visit, key: tuple[str, int, AudioFormat], text: str) -> Speech:
        """The spoken answer, from the last ones if it is there.

        Raises:
            VoiceRefused: nothing is spoken here, or not this.
            TooManyMessages: too many in a while.
        """
        if key in self._spoken:
            self._spoken.move_to_end(key)
            return self._spoken[key]
        if self._services.voice is None:
            raise VoiceRefused("off", speaking=True)
        await check_async(self._speeches, visit.external_id, now=self._services.clock.now())
        speech = await self._services.voice.speak(text, format=key[2])
        self._spoken[key] = speech
        while len(self._spoken) > _KEPT:
            self._spoken.popitem(last=False)
        return speech


def _failure(error: EquipierError) -> Response:
    match error:
        case Refused(reason=reason):
            headers = {"WWW-Authenticate": "Bearer"}
            return french(403 if reason == "origin" else 401, sentences.REFUSED[reason], headers=headers)
        case VoiceRefused():
            return french(_STATUS.get(error.reason, 422), error.sentence, headers=_RETRY_AFTER.get(error.reason))
        case TooManyMessages():
            sentence = sentences.TOO_MANY_RECORDINGS.format(seconds=error.retry_after)
            return french(429, sentence, headers={"Retry-After": str(error.retry_after)})
        case _:
            return _failure(VoiceRefused("too_heavy"))
