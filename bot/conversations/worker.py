"""Answers kept messages once the engine is back, and tidies up."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import structlog
from sqlalchemy.exc import DBAPIError

from bot.clock import Clock
from bot.conversations.engine import Engine
from bot.conversations.kept import Kept, KeptMessages
from bot.conversations.messages import Reply
from bot.conversations.replies import expired, late_heading
from bot.conversations.store import ConversationStore
from bot.errors import EngineUnavailable

_log = structlog.get_logger(__name__)
_AT_ONCE = 4  # kept messages tried together; of as many conversations
_TIDY_EVERY = timedelta(minutes=10)


class Worker:
    """Goes round the kept messages until it is told to stop.

    Args:
        every: seconds between two rounds.
    """

    def __init__(
        self, *, kept: KeptMessages, store: ConversationStore, engine: Engine, clock: Clock, every: float = 1.0
    ) -> None:
        self._kept = kept
        self._store = store
        self._engine = engine
        self._clock = clock
        self._every = every

    async def run(self, stop: asyncio.Event) -> None:
        """Works until *stop* is set; what is being asked is waited for, so that no answer is lost.

        A database that does not respond is waited for too: the lease of a message outlives the incident.
        """
        tidied = None
        while not stop.is_set():
            tried = 0
            try:
                now = self._clock.now()
                if tidied is None or now - tidied >= _TIDY_EVERY:
                    await asyncio.to_thread(self._store.purge, now=now)
                    tidied = now
                tried = await self.round()
            except DBAPIError as error:
                _log.error("database unavailable", error=type(error).__name__)
            if not tried:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), timeout=self._every)

    async def round(self) -> int:
        """Tries a few of the kept messages that are due, once each; how many were tried."""
        now = self._clock.now()
        given_up = await asyncio.to_thread(self._kept.expire, self._farewell, now=now)
        if given_up:
            _log.warning("kept messages expired", count=given_up)
        batch = await asyncio.to_thread(self._kept.claim_due, now=now, limit=_AT_ONCE)
        await asyncio.gather(*(self._try(message) for message in batch))
        return len(batch)

    async def _try(self, kept: Kept) -> None:
        if not kept.text:
            await asyncio.to_thread(self._kept.give_up, kept, self._farewell(kept), now=self._clock.now())
            return
        try:
            replies = await self._engine.ask(kept.conversation, kept.text, metadata={"late": True})
        except EngineUnavailable as error:
            _log.info("still no answer", conversation=kept.conversation, attempts=kept.attempts + 1, reason=str(error))
            await asyncio.to_thread(self._kept.failed, kept, now=self._clock.now())
            return
        now = self._clock.now()
        heading = Reply(late_heading(kept.excerpt, received_at=kept.received_at, now=now))
        done = await asyncio.to_thread(self._kept.answered, kept, (heading, *replies), now=now)
        _log.info("kept message answered", conversation=kept.conversation, attempts=kept.attempts + 1, done=done)

    def _farewell(self, kept: Kept) -> Reply:
        return Reply(expired(kept.excerpt, received_at=kept.received_at, now=self._clock.now()))
