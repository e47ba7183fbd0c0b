"""The way of a message: deduplicate, limit, take in, pseudonymise, ask the engine, or keep it for later."""

import asyncio
from collections.abc import Collection
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy.exc import DBAPIError

from bot.clock import Clock
from bot.conversations.doorstep import Doorstep, Understood, asked_to_confirm, heard
from bot.conversations.engine import Engine
from bot.conversations.handing import Answer
from bot.conversations.kept import KeptMessages
from bot.conversations.limits import RateLimiter, check_async
from bot.conversations.messages import Incoming, Reply, Spoken
from bot.conversations.places import Places, PlaceView
from bot.conversations.preferences import PreferenceStore
from bot.conversations.replies import KEPT, excerpt_of
from bot.conversations.store import ABANDONED_AFTER, ConversationStore
from bot.conversations.turns import LocalTurns, Turns
from bot.errors import EngineUnavailable
from bot.observability.messages import Outcome, note, step, watched

_log = structlog.get_logger(__name__)
_REPEAT_POLL = 0.2  # seconds
_MOST_UNRELEASED = 10_000  # messages remembered while the database is away; the claims of the others end up expiring
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

    Args:
        turns: keeps the order; by default within this process only, which several gateways must not be content with.
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
        turns: Turns | None = None,
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
        self._turns = turns or LocalTurns()
        self._open: set[asyncio.Task[object]] = set()
        self._unreleased: dict[tuple[str, str], datetime] = {}

    async def handle(self, incoming: Incoming) -> Answer:
        """The replies to *incoming*, after those that were waiting for this conversation.

        A message that bears the id of an earlier one of its place gets the earlier answer again, word for word.

        Raises:
            TooManyMessages: the conversation has to wait.
        """
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            with watched(incoming.channel):
                return await self._handle(incoming)
        finally:
            self._open.discard(task)

    async def drain(self, *, within: float) -> None:
        """Ends what is being answered: what is not after *within* seconds is kept, and said to be, unless it failed."""
        if not self._open:
            return
        _, late = await asyncio.wait(self._open, timeout=within)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=within)

    async def _handle(self, incoming: Incoming) -> Answer:
        received_at = self._clock.now()
        place = await asyncio.to_thread(self._place, incoming, received_at)
        message_id = None if incoming.message_id is None else f"{place.id}:{incoming.message_id}"
        if (answer := await self._answered_before(message_id)) is not None:
            note(Outcome.REPEATED)
            return answer
        note(Outcome.LIMITED)
        await check_async(self._limiter, place.conversation, now=received_at)
        note(Outcome.ANSWERED)
        async with AsyncExitStack() as turn:
            with step("wait"):
                await turn.enter_async_context(self._turns.of(place.conversation))
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
        channel, name, aidant = incoming.channel, incoming.external_id, incoming.aidant
        # Most often only the time changes: it is written with the message.
        known = self._places.known(channel, name, aidant=aidant) if incoming.address is None else None
        place = known or self._places.make(channel, name, now=now, address=incoming.address, aidant=aidant)
        return place if self._doorstep.may_stay(place) else self._places.leave(place.id, now=now)

    async def _answered_before(self, message_id: str | None) -> Answer | None:
        return None if message_id is None else await asyncio.to_thread(self._store.answer_to, message_id)

    async def _answer_once(
        self, place: PlaceView, incoming: Incoming, message_id: str, received_at: datetime
    ) -> Answer:
        conversation = place.conversation
        left = self._unreleased.pop((conversation, message_id), None)
        if left is not None and self._clock.now() - left < ABANDONED_AFTER:  # later it may be another process's
            await asyncio.to_thread(self._store.release, conversation, message_id)
        claimed_at = self._clock.now()
        while not await asyncio.to_thread(self._store.claim, conversation, message_id, now=self._clock.now()):
            # Another process may be on it: its answer is ours, and a claim that it left behind ends up expiring.
            if (answer := await self._answered_before(message_id)) is not None:
                note(Outcome.REPEATED)
                return answer
            await asyncio.sleep(_REPEAT_POLL)
        answered = False
        try:
            answer = await self._answer(place, incoming, message_id, received_at)
            answered = True
        finally:
            if not answered:
                await self._release(conversation, message_id, claimed_at)
        return answer

    async def _release(self, conversation: str, message_id: str, claimed_at: datetime) -> None:
        try:
            await asyncio.to_thread(self._store.release, conversation, message_id)
        except DBAPIError:  # the failure that brought us here, most often: the next try begins by that
            if len(self._unreleased) < _MOST_UNRELEASED:
                self._unreleased[conversation, message_id] = claimed_at
            raise

    async def _answer(
        self, place: PlaceView, incoming: Incoming, message_id: str | None, received_at: datetime
    ) -> Answer:
        with step("understand"):
            understood, taken_over, brief = await asyncio.to_thread(self._take_in, place, incoming, received_at)
        if understood.refused is not None:
            note(Outcome.REFUSED)
            replies: Answer = (Reply(understood.refused),)
        elif taken_over is not None:
            note(Outcome.HUMAN)
            replies = taken_over
        else:
            with step("answer"):
                metadata = self._told_to_the_engine(place, understood, brief=brief)
                replies = await self._answer_of_the_bot(place, incoming.voice, understood, received_at, metadata)
        with step("store"):
            return await asyncio.to_thread(
                self._store.deliver,
                place.conversation,
                replies,
                message_id=message_id,
                received_at=received_at,
                now=self._clock.now(),
                push_to=place.id if place.channel in self._pushed else None,
            )

    def _take_in(
        self, place: PlaceView, incoming: Incoming, received_at: datetime
    ) -> tuple[Understood, Answer | None, bool | None]:
        """What the message is, what a human's being there makes of it, and whether a short answer is wished.

        Together, for one change of thread: the message waits for each.
        """
        conversation = place.conversation
        to_human = self._humans is not None and self._humans.silent(conversation)
        understood = self._doorstep.understand(place, incoming, to_human=to_human, now=received_at)
        if understood.refused is not None:
            return understood, None, None
        taken_over = self._humans.hear(conversation, understood.for_engine) if self._humans is not None else None
        wishes = self._preferences.of(conversation) if self._preferences is not None else None
        return understood, taken_over, wishes.brief if wishes is not None else None

    @staticmethod
    def _told_to_the_engine(place: PlaceView, understood: Understood, *, brief: bool | None) -> dict[str, object]:
        # The review finds by the line which message of the log an event of the dialogue is about.
        told: dict[str, object] = {"channel": place.channel, "line": understood.line}
        return told if brief is None else told | {"brief": brief}

    async def _answer_of_the_bot(
        self,
        place: PlaceView,
        voice: Spoken | None,
        understood: Understood,
        received_at: datetime,
        metadata: dict[str, object],
    ) -> Answer:
        if voice is None or not understood.words:
            return await self._ask(place, understood, received_at, metadata)
        # What was heard is said; a mandate is touched only once that is confirmed.
        if not voice.sure or await self._touches_a_mandate(place, understood):
            return (asked_to_confirm(understood.said),)
        return (heard(understood.said), *await self._ask(place, understood, received_at, metadata))

    async def _touches_a_mandate(self, place: PlaceView, understood: Understood) -> bool:
        try:
            foresight = await self._engine.foresee(place.conversation, understood.for_engine)
        except EngineUnavailable as error:
            # Nobody knows what it would do: it is then confirmed, and kept as any message would be.
            _log.warning("nothing foreseen", conversation=place.conversation, reason=str(error))
            return True
        return foresight.acting or foresight.intent in _CONFIRMED_WHEN_SPOKEN

    async def _ask(
        self, place: PlaceView, understood: Understood, received_at: datetime, metadata: dict[str, object]
    ) -> Answer:
        text = understood.for_engine
        try:
            return await self._engine.ask(place.conversation, text, metadata=metadata)
        except EngineUnavailable as error:
            reason = str(error)
        except asyncio.CancelledError:
            reason = "stopping"  # that this process ends is no reason to lose the message, nor to say nothing
            if (task := asyncio.current_task()) is not None:
                task.uncancel()
        _log.warning("message kept", conversation=place.conversation, reason=reason)
        note(Outcome.KEPT)
        await asyncio.to_thread(
            self._kept.keep,
            place.conversation,
            text,
            excerpt=excerpt_of(understood.recognisable),
            received_at=received_at,
            now=self._clock.now(),
        )
        return (Reply(KEPT),)
