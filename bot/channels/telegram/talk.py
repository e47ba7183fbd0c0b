"""Between a private chat and the router: who speaks, whether they are answered, what is said besides the dialogue."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

import structlog
from telegram import Bot
from telegram.error import BadRequest, Forbidden

from bot.channels.telegram import sentences
from bot.channels.telegram.api import send_part
from bot.channels.telegram.render import Keyboard, parts
from bot.channels.telegram.sender import Sender
from bot.channels.telegram.services import CHANNEL, TelegramServices
from bot.channels.telegram.typing import typing
from bot.conversations.cipher import fingerprint
from bot.conversations.limits import TooManyMessages
from bot.conversations.messages import Incoming, Reply, Spoken
from bot.conversations.places import PlaceView

# What may be said by someone whom nobody knows yet, where strangers get silence.
_LINKING = re.compile(r"\W*(?:re)?lier\b.*\d", re.IGNORECASE | re.DOTALL)
_log = structlog.get_logger(__name__)


class Talk:
    """The person's side of every handler."""

    def __init__(self, services: TelegramServices, sender: Sender) -> None:
        self._services = services
        self._sender = sender
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @property
    def bot(self) -> Bot:
        """The client of the Bot API."""
        return self._services.bot

    @asynccontextmanager
    async def turn(self, chat: int) -> AsyncIterator[None]:
        """Held while a message of *chat* is listened to and answered: a voice note keeps its place before a text."""
        async with self._turns.setdefault(chat, asyncio.Lock()), typing(self.bot, chat):
            yield

    async def hear(self, chat: int, text: str, *, message_id: str, voice: Spoken | None = None) -> None:
        """Hands *text* to the router, whose answer leaves by the sender; the caller holds the turn of *chat*."""
        incoming = Incoming(CHANNEL, self._who(chat), text, message_id=message_id, address=str(chat), voice=voice)
        try:
            await self._services.router.handle(incoming)
        except TooManyMessages as error:
            await self.say(chat, sentences.TOO_MANY.format(seconds=error.retry_after))
        self._sender.nudge()

    async def say(self, chat: int, text: str, *, keyboard: Keyboard = (), answering: int | None = None) -> None:
        """Sends a sentence that is no part of the dialogue.

        Raises:
            TelegramError: it could not be sent now; a person who cannot be reached at all is no error.
        """
        (part,) = parts(Reply(text))
        try:
            await send_part(self.bot, chat, part.under(keyboard), answering=answering)
        except (BadRequest, Forbidden) as error:
            _log.info("sentence not sent", error=type(error).__name__)

    async def place(self, chat: int) -> PlaceView | None:
        """Where *chat* is held; ``None`` when it never wrote."""
        return await asyncio.to_thread(self._services.places.find, CHANNEL, self._who(chat))

    async def open(self, chat: int) -> PlaceView:
        """The same, made if need be."""
        return await asyncio.to_thread(
            self._services.places.open, CHANNEL, self._who(chat), now=self._services.clock.now(), address=str(chat)
        )

    async def is_linked(self, chat: int) -> bool:
        """Whether *chat* is that of an aidant."""
        place = await self.place(chat)
        return place is not None and place.aidant is not None

    async def ignores(self, chat: int, text: str = "") -> bool:
        """Whether *chat* gets silence: nobody knows who it is, and the setting says so; a linking code is heard."""
        if self._services.unknown != "silent" or _LINKING.match(text):
            return False
        return not await self.is_linked(chat)

    def _who(self, chat: int) -> str:
        # In a private chat the chat and the person have the same number.
        return fingerprint(str(chat), key=self._services.key)
