"""The REST channel, compatible with Rasa's: one POST, a list of replies back; and a long poll for late replies.

Whoever holds the token speaks for every sender: it is meant for another server, never for a browser.
"""

import asyncio
import hmac
from collections.abc import Sequence
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, BaseModel, Field, SecretStr

from bot.conversations.cipher import fingerprint
from bot.conversations.messages import Incoming, Reply
from bot.conversations.outbox import AcknowledgedOutbox
from bot.conversations.router import Router
from bot.errors import EquipierError

CHANNEL = "rest"
_POLL = 0.5  # seconds between two looks at the outbox
_MAX_WAIT = 25.0  # seconds; most proxies cut at 30
_log = structlog.get_logger(__name__)


class ChannelClosed(EquipierError):
    """The channel has no token: it takes nothing from anyone."""


class Unauthorised(EquipierError):
    """The request bears no token, or a wrong one."""


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("caractères de contrôle")
    return value


Name = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_printable)]


class RestMessage(BaseModel):
    """What a client posts; other fields of Rasa's channel are ignored."""

    sender: Name
    message: str
    message_id: Name | None = None


class RestChannel:
    """Authenticates, translates, and leaves the rest to the router.

    Args:
        token: what clients must send as bearer token; empty, and every request is refused.
        key: makes the fingerprints that stand for senders in the database.
        outbox: for clients that acknowledge, gives late replies again until they are.
    """

    def __init__(self, router: Router, *, token: SecretStr, key: SecretStr, outbox: AcknowledgedOutbox) -> None:
        self._router = router
        self._token = token
        self._key = key
        self._acknowledged = outbox

    def routes(self) -> APIRouter:
        """The routes to mount in the gateway."""
        routes = APIRouter(prefix="/webhooks/rest", dependencies=[Depends(self._authenticate)])
        # Answered as it is: checking our own replies against a schema costs a millisecond.
        routes.add_api_route("/webhook", self._receive, methods=["POST"], response_model=None)
        routes.add_api_route("/outbox", self._outbox, methods=["GET"])
        return routes

    async def _authenticate(self, authorization: Annotated[str, Header()] = "") -> None:
        expected = self._token.get_secret_value()
        if not expected:
            _log.error("REST channel closed: EQUIPIER_REST_TOKEN is empty")
            raise ChannelClosed("EQUIPIER_REST_TOKEN is empty")
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), expected.encode()):
            raise Unauthorised("missing or wrong bearer token")

    async def _receive(
        self,
        request: Request,
        idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255)] = None,
    ) -> JSONResponse:
        # Read here rather than declared: the body is JSON whatever its content type says, as in Rasa's channel.
        posted = RestMessage.model_validate_json(await request.body())
        incoming = Incoming(
            channel=CHANNEL,
            external_id=fingerprint(posted.sender, key=self._key),
            text=posted.message,
            message_id=_named(posted.message_id or idempotency_key, key=self._key),
        )
        return JSONResponse(_as_rasa(posted.sender, await self._router.handle(incoming)))

    async def _outbox(
        self,
        request: Request,
        sender: Annotated[Name, Query()],
        wait: Annotated[float, Query(ge=0, le=_MAX_WAIT)] = 0,
        ack: Annotated[int | None, Query(ge=0)] = None,
    ) -> list[dict[str, Any]]:
        clock = asyncio.get_running_loop()
        deadline = clock.time() + wait
        while not await request.is_disconnected():  # what nobody would receive must stay in the outbox
            if replies := await self._late(sender, ack):
                return replies
            if clock.time() + _POLL > deadline:
                break
            await asyncio.sleep(_POLL)
        return []

    async def _late(self, sender: str, ack: int | None) -> list[dict[str, Any]]:
        external_id = fingerprint(sender, key=self._key)
        if ack is None:
            return _as_rasa(sender, await self._router.collect(CHANNEL, external_id))
        replies = await self._acknowledged.collect(CHANNEL, external_id, received=ack)
        return [{"recipient_id": sender, **reply.as_kept()} for reply in replies]


def _named(message_id: str | None, *, key: SecretStr) -> str | None:
    """What stands for the client's id of a message, which may hold a telephone number."""
    return None if message_id is None else fingerprint(message_id, key=key)


def _as_rasa(sender: str, replies: Sequence[Reply]) -> list[dict[str, Any]]:
    return [{"recipient_id": sender, **reply.as_json()} for reply in replies]
