"""The way of a message: deduplicate, limit, take in, pseudonymise, ask the engine, or keep it for later."""

import asyncio
from collections.abc import Collection
from datetime import datetime
from typing import Protocol
from weakref import WeakValueDictionary

import structlog

from bot.clock import Clock
from bot.conversations.doorstep import Doorstep, Understood, asked_to_confirm, heard
from bot.conversations.engine import Engine
from bot.conversations.handing import Answer
from bot.conversations.kept import KeptMessages
from bot.conversations.limits import RateLimiter
from bot.conversations.messages import Incoming, Reply, Spoken
from bot.conversations.places import Places, PlaceView
from bot.conversations.preferences import PreferenceStore
from bot.conversations.replies import KEPT, excerpt_of
from bot.conversations.store import ConversationStore
from bot.errors import EngineUnavailable

_log = structlog.get_logger(__name__)
_REPEAT_POLL = 0.2  # seconds
# What must not be done on a word that was misheard.
_CONFIRMED_WHEN_SPOKEN = frozenset({"ouvrir_mandat", "renouveler_mandat", "revoquer_mandat", "annuler"})


class TakesOver(Protocol):
    """Stands between a person and the assistant while a human answers."""

    def silent(self, conversation: str) -> bool:
        """Whether a human, not the assistant, answers there now."""
        ...

    def hear(self, conversation: str, said: str) -> Answer | None:
        """What to say to *said*, mostly nothing; ``None`` when the assistant answers it."""
        ...


class Router:
    """Answers the messages of every channel; those of one conversation one after the other.

    The order holds within one process. With several gateways, a channel must send a person's messages to one of them.

    Args:
        preferences: how people want to be answered; ``None`` when there is no choice.
        pushed: channels whose answers are sent by a sender of theirs: they are put down for it.
        humans: who takes over on request; ``None`` where nobody does.
    """

    def __init__(
        self,
        *,
        places: Places,
        store: ConversationStore,
        doorstep: Doorstep,
        kept: KeptMessages,
        engine: Engine,
        limiter: RateLimiter,
        clock: Clock,
        preferences: PreferenceStore | None = None,
        pushed: Collection[str] = (),
        humans: TakesOver | None = None,
    ) -> None:
        self._places = places
        self._store = store
        self._doorstep = doorstep
        self._kept = kept
        self._engine = engine
        self._limiter = limiter
        self._clock = clock
        self._preferences = preferences
        self._pushed = frozenset(pushed)
        self._humans = humans
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def handle(self, incoming: Incoming) -> Answer:
        """The replies to *incoming*, after those that were waiting for this conversation.

        A message that bears the id of an earlier one of its place gets the earlier answer again, word for word.

        Raises:
            TooManyMessages: the conversation has to wait.
        """
        received_at = self._clock.now()
        place = await asyncio.to_thread(self._place, incoming, received_at)
        message_id = None if incoming.message_id is None else f"{place.id}:{incoming.message_id}"
        if (answer := await self._answered_before(message_id)) is not None:
            return answer
        self._limiter.check(place.conversation, now=received_at)
        lock = self._locks.setdefault(place.conversation, asyncio.Lock())
        async with lock:
            if message_id is None:
                return await self._answer(place, incoming, None, received_at)
            return await self._answer_once(place, incoming, message_id, received_at)

    async def collect(self, channel: str, external_id: str) -> Answer:
        """The replies that waited for someone; none for someone who never wrote."""
        place = await asyncio.to_thread(self._places.find, channel, external_id)
        if place is None:
            return ()
        return await asyncio.to_thread(self._store.collect, place.conversation, now=self._clock.now())

    def _place(self, incoming: Incoming, now: datetime) -> PlaceView:
        place = self._places.open(
            incoming.channel, incoming.external_id, now=now, address=incoming.address, aidant=incoming.aidant
        )
        return place if self._doorstep.may_stay(place) else self._places.leave(place.id, now=now)

    async def _answered_before(self, message_id: str | None) -> Answer | None:
        return None if message_id is None else await asyncio.to_thread(self._store.answer_to, message_id)

    async def _answer_once(
        self, place: PlaceView, incoming: Incoming, message_id: str, received_at: datetime
    ) -> Answer:
        conversation = place.conversation
        while not await asyncio.to_thread(self._store.claim, conversation, message_id, now=self._clock.now()):
            # Another process may be on it: its answer is ours, and a claim that it left behind ends up expiring.
            if (answer := await self._answered_before(message_id)) is not None:
                return answer
            await asyncio.sleep(_REPEAT_POLL)
        answered = False
        try:
            answer = await self._answer(place, incoming, message_id, received_at)
            answered = True
        finally:
            if not answered:
                await asyncio.to_thread(self._store.release, conversation, message_id)
        return answer

    async def _answer(
        self, place: PlaceView, incoming: Incoming, message_id: str | None, received_at: datetime
    ) -> Answer:
        to_human = self._humans is not None and await asyncio.to_thread(self._humans.silent, place.conversation)
        understood = await asyncio.to_thread(
            self._doorstep.understand, place, incoming, to_human=to_human, now=received_at
        )
        taken_over = await self._taken_over(place, understood)
        if understood.refused is not None:
            replies: Answer = (Reply(understood.refused),)
        elif taken_over is not None:
            replies = taken_over
        elif incoming.voice is not None and understood.words:
            replies = await self._hear(place, incoming.voice, understood, received_at)
        else:
            replies = await self._ask(place, understood, received_at)
        return await asyncio.to_thread(
            self._store.deliver,
            place.conversation,
            replies,
            message_id=message_id,
            received_at=received_at,
            now=self._clock.now(),
            push_to=place.id if place.channel in self._pushed else None,
        )

    async def _taken_over(self, place: PlaceView, understood: Understood) -> Answer | None:
        if self._humans is None or understood.refused is not None:
            return None
        return await asyncio.to_thread(self._humans.hear, place.conversation, understood.for_engine)

    async def _hear(self, place: PlaceView, voice: Spoken, understood: Understood, received_at: datetime) -> Answer:
        """Says what was heard; a mandate is touched only once that is confirmed."""
        if not voice.sure or await self._touches_a_mandate(place, understood):
            return (asked_to_confirm(understood.said),)
        return (heard(understood.said), *await self._ask(place, understood, received_at))

    async def _touches_a_mandate(self, place: PlaceView, understood: Understood) -> bool:
        try:
            foresight = await self._engine.foresee(place.conversation, understood.for_engine)
        except EngineUnavailable as error:
            # Nobody knows what it would do: it is then confirmed, and kept as any message would be.
            _log.warning("nothing foreseen", conversation=place.conversation, reason=str(error))
            return True
        return foresight.acting or foresight.intent in _CONFIRMED_WHEN_SPOKEN

    async def _ask(self, place: PlaceView, understood: Understood, received_at: datetime) -> Answer:
        text = understood.for_engine
        # The review finds by the line which message of the log an event of the dialogue is about.
        metadata: dict[str, object] = {"channel": place.channel, "line": understood.line}
        if self._preferences is not None:
            wishes = await asyncio.to_thread(self._preferences.of, place.conversation)
            metadata["brief"] = wishes.brief
        try:
            return await self._engine.ask(place.conversation, text, metadata=metadata)
        except EngineUnavailable as error:
            _log.warning("message kept", conversation=place.conversation, reason=str(error))
            await asyncio.to_thread(
                self._kept.keep,
                place.conversation,
                text,
                excerpt=excerpt_of(understood.recognisable),
                received_at=received_at,
                now=self._clock.now(),
            )
            return (Reply(KEPT),)
