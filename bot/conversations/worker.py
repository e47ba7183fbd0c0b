"""Answers kept messages once the engine is back, and tidies up."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

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
_END_WITHIN = 5.0  # seconds; the supervisor kills after ten
_SILENT_FOR = timedelta(minutes=1)  # between two looks at whether a human still answers


class TakesOver(Protocol):
    """What tells whether the assistant may speak."""

    def silent(self, conversation: str) -> bool:
        """Whether a human, not the assistant, answers there now."""
        ...

    def answered_since(self, conversation: str, instant: datetime) -> bool:
        """Whether a human has written there at *instant* or later."""
        ...


class Worker:
    """Goes round the kept messages until it is told to stop.

    While a human answers a conversation, what was kept of it waits; what a human has answered meanwhile, they have
    read, and it is closed without a word of the assistant.

    Args:
        every: seconds between two rounds.
        humans: who takes over on request; ``None`` where nobody does.
    """

    def __init__(
        self,
        *,
        kept: KeptMessages,
        store: ConversationStore,
        engine: Engine,
        clock: Clock,
        every: float = 1.0,
        humans: TakesOver | None = None,
    ) -> None:
        self._kept = kept
        self._store = store
        self._engine = engine
        self._clock = clock
        self._every = every
        self._humans = humans

    async def run(self, stop: asyncio.Event) -> None:
        """Works until *stop* is set; what is being asked then is waited for, some seconds, so that no answer is lost.

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
                tried = await self._round_unless(stop)
            except DBAPIError as error:
                _log.error("database unavailable", error=type(error).__name__)
            if not tried:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), timeout=self._every)

    async def _round_unless(self, stop: asyncio.Event) -> int:
        """A round; what is still being asked some seconds after *stop* was set is given back."""
        work, stopping = asyncio.create_task(self.round()), asyncio.create_task(stop.wait())
        await asyncio.wait((work, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not work.done():
            await asyncio.wait((work,), timeout=_END_WITHIN)
            work.cancel()
            await asyncio.wait((work,))
        return 0 if work.cancelled() else work.result()

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
        if await asyncio.to_thread(self._left_to_humans, kept):
            return
        if not kept.text:
            await asyncio.to_thread(self._kept.give_up, kept, self._farewell(kept), now=self._clock.now())
            return
        try:
            replies = await self._engine.ask(kept.conversation, kept.text, metadata={"late": True})
        except asyncio.CancelledError:  # this worker ends: another takes the message at once
            await asyncio.to_thread(self._kept.put_off, kept, until=self._clock.now())
            raise
        except EngineUnavailable as error:
            _log.info("still no answer", conversation=kept.conversation, attempts=kept.attempts + 1, reason=str(error))
            await asyncio.to_thread(self._kept.failed, kept, now=self._clock.now())
            return
        now = self._clock.now()
        heading = Reply(late_heading(kept.excerpt, received_at=kept.received_at, now=now))
        done = await asyncio.to_thread(self._kept.answered, kept, (heading, *replies), now=now)
        _log.info("kept message answered", conversation=kept.conversation, attempts=kept.attempts + 1, done=done)

    def _left_to_humans(self, kept: Kept) -> bool:
        """Whether there is nothing to say to *kept* now: it is put off, or closed, accordingly."""
        if self._humans is None:
            return False
        now = self._clock.now()
        if self._humans.silent(kept.conversation):
            self._kept.put_off(kept, until=now + _SILENT_FOR)
            return True
        if self._humans.answered_since(kept.conversation, kept.received_at):
            self._kept.answered(kept, (), now=now)
            _log.info("kept message left to humans", conversation=kept.conversation)
            return True
        return False

    def _farewell(self, kept: Kept) -> tuple[Reply, ...]:
        """What is said of *kept* when it is given up; nothing where a human answers, or has."""
        humans, conversation = self._humans, kept.conversation
        if humans and (humans.silent(conversation) or humans.answered_since(conversation, kept.received_at)):
            return ()
        return (Reply(expired(kept.excerpt, received_at=kept.received_at, now=self._clock.now())),)
