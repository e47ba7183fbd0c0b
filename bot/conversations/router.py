"""The way of a message: deduplicate, limit, take in, pseudonymise, ask the engine, or keep it for later."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from weakref import WeakValueDictionary

import structlog

from bot.clock import Clock
from bot.conversations.buttons import Offered, is_button_id, pick
from bot.conversations.engine import Engine
from bot.conversations.intake import take_in, without_command
from bot.conversations.kept import KeptMessages
from bot.conversations.limits import RateLimiter
from bot.conversations.messages import Incoming, Reply
from bot.conversations.replies import KEPT, UNKNOWN_BUTTON, excerpt_of, refusal
from bot.conversations.store import Answer, ConversationStore
from bot.errors import EngineUnavailable
from bot.privacy.pseudonymise import Pseudonymised
from bot.privacy.spans import PiiType

_log = structlog.get_logger(__name__)
_REPEAT_POLL = 0.2  # seconds


class HidesPersonalData(Protocol):
    """What the router needs of a pseudonymiser."""

    def pseudonymise(self, text: str) -> Pseudonymised:
        """*text* with typed placeholders in place of personal data."""
        ...


class KeepsOriginals(Protocol):
    """What the router needs of a vault: it pre-fills the secure page, and is read by nobody else."""

    def put(self, conversation: str, found: Iterable[tuple[PiiType, str]]) -> None:
        """Keeps what was hidden, for a while."""
        ...


class LinksConversations(Protocol):
    """Ties a conversation to the aidant who speaks in it."""

    def answer(self, conversation: str, text: str) -> str | None:
        """What to say to *text* when it asks to link the conversation; ``None`` when it asks something else."""
        ...


@dataclass(frozen=True, slots=True)
class _Understood:
    """A message on the doorstep of the engine.

    Attributes:
        said: what the person said, pseudonymised: their words, or the title of the button.
        command: what the button stands for; ``None`` for words.
        refused: the answer to give at once instead of asking the engine; ``None`` when all is well.
        custom: what to note beside it in the log.
    """

    said: str = ""
    command: str | None = None
    refused: str | None = None
    custom: dict[str, Any] | None = None

    @property
    def for_engine(self) -> str:
        # Last barrier, whatever cleaning and pseudonymising did: only a button may speak in commands.
        return without_command(self.said) if self.command is None else self.command


class Router:
    """Answers the messages of every channel; those of one conversation one after the other.

    The order holds within one process. With several gateways, a channel must send a person's messages to one of them.

    Args:
        vault: keeps the originals of what is hidden; ``None`` keeps nothing.
        linking: hears « lier 4829 1357 » before anything else does; ``None`` when nobody has an account.
        max_chars: length beyond which a message is refused.
    """

    def __init__(
        self,
        *,
        store: ConversationStore,
        kept: KeptMessages,
        engine: Engine,
        pseudonymiser: HidesPersonalData,
        limiter: RateLimiter,
        clock: Clock,
        max_chars: int,
        vault: KeepsOriginals | None = None,
        linking: LinksConversations | None = None,
    ) -> None:
        self._store = store
        self._kept = kept
        self._engine = engine
        self._pseudonymiser = pseudonymiser
        self._limiter = limiter
        self._clock = clock
        self._max_chars = max_chars
        self._vault = vault
        self._linking = linking
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def handle(self, incoming: Incoming) -> Answer:
        """The replies to *incoming*, after those that were waiting for this conversation.

        A message that bears the id of an earlier one gets the earlier answer again, word for word.

        Raises:
            TooManyMessages: the conversation has to wait.
        """
        received_at = self._clock.now()
        conversation = await asyncio.to_thread(
            self._store.open, incoming.channel, incoming.external_id, now=received_at
        )
        if (answer := await self._answered_before(conversation, incoming.message_id)) is not None:
            return answer
        self._limiter.check(conversation, now=received_at)
        lock = self._locks.setdefault(conversation, asyncio.Lock())
        async with lock:
            if incoming.message_id is None:
                return await self._answer(conversation, incoming, received_at)
            return await self._answer_once(conversation, incoming, incoming.message_id, received_at)

    async def collect(self, channel: str, external_id: str) -> Answer:
        """The replies that waited for someone; none for someone who never wrote."""
        conversation = await asyncio.to_thread(self._store.find, channel, external_id)
        if conversation is None:
            return ()
        return await asyncio.to_thread(self._store.collect, conversation, now=self._clock.now())

    async def _answered_before(self, conversation: str, message_id: str | None) -> Answer | None:
        if message_id is None:
            return None
        return await asyncio.to_thread(self._store.answer_to, conversation, message_id)

    async def _answer_once(
        self, conversation: str, incoming: Incoming, message_id: str, received_at: datetime
    ) -> Answer:
        while not await asyncio.to_thread(self._store.claim, conversation, message_id, now=self._clock.now()):
            # Another process may be on it: its answer is ours, and a claim that it left behind ends up expiring.
            if (answer := await self._answered_before(conversation, message_id)) is not None:
                return answer
            await asyncio.sleep(_REPEAT_POLL)
        answered = False
        try:
            answer = await self._answer(conversation, incoming, received_at)
            answered = True
        finally:
            if not answered:
                await asyncio.to_thread(self._store.release, conversation, message_id)
        return answer

    async def _answer(self, conversation: str, incoming: Incoming, received_at: datetime) -> Answer:
        understood = await asyncio.to_thread(self._understand, conversation, incoming.text, received_at)
        if understood.refused is not None:
            replies: Answer = (Reply(understood.refused),)
        else:
            replies = await self._ask(conversation, incoming.channel, understood, received_at)
        return await asyncio.to_thread(
            self._store.deliver,
            conversation,
            replies,
            message_id=incoming.message_id,
            received_at=received_at,
            now=self._clock.now(),
        )

    async def _ask(self, conversation: str, channel: str, understood: _Understood, received_at: datetime) -> Answer:
        text = understood.for_engine
        try:
            return await self._engine.ask(conversation, text, metadata={"channel": channel})
        except EngineUnavailable as error:
            _log.warning("message kept", conversation=conversation, reason=str(error))
            await asyncio.to_thread(
                self._kept.keep,
                conversation,
                text,
                excerpt=excerpt_of(understood.said),
                received_at=received_at,
                now=self._clock.now(),
            )
            return (Reply(KEPT),)

    def _understand(self, conversation: str, raw: str, now: datetime) -> _Understood:
        understood = self._read(conversation, raw, now)
        self._store.log_incoming(conversation, understood.said, custom=understood.custom, now=now)
        return understood

    def _read(self, conversation: str, raw: str, now: datetime) -> _Understood:
        taken = take_in(raw, max_chars=self._max_chars)
        if taken.reason is None or not taken.reason.final:
            if is_button_id(taken.text):
                button = self._store.button(conversation, taken.text, now=now)
                return _pressed(button) if button else _refused(UNKNOWN_BUTTON, "unknown_button")
            if button := pick(taken.text, self._store.last_buttons(conversation, now=now)):
                return _pressed(button)
        if self._linking is not None and (answer := self._linking.answer(conversation, taken.text)) is not None:
            return _refused(answer, "linking")
        if taken.reason is not None:
            return _refused(refusal(taken.reason, max_chars=self._max_chars), taken.reason.value)
        hidden = self._pseudonymiser.pseudonymise(taken.text)
        if self._vault is not None and hidden.found:
            self._vault.put(conversation, hidden.found)
        return _Understood(said=hidden.text)


def _pressed(button: Offered) -> _Understood:
    return _Understood(said=button.title, command=button.payload, custom={"payload": button.payload})


def _refused(sentence: str, reason: str) -> _Understood:
    # What was refused is not read, hence not pseudonymised, hence not written down: the reason is enough.
    return _Understood(refused=sentence, custom={"refused": reason})
