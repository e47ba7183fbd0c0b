"""Sends what waits for Telegram: in order for each person, at the pace that Telegram asks for."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import DBAPIError
from telegram import Bot
from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError

from bot.channels.telegram.api import is_unknown_chat, send_part
from bot.channels.telegram.render import parts
from bot.channels.telegram.services import CHANNEL, Voice
from bot.channels.telegram.wire import wait_asked
from bot.clock import Clock
from bot.conversations.deliveries import Deliveries, Due
from bot.conversations.doorstep import HEARD
from bot.conversations.preferences import PreferenceStore
from bot.voice.errors import VoiceRefused

_AT_ONCE = 8  # people; Telegram takes about thirty messages a second
_MOST_DOUBLINGS = 8  # of one second: about four minutes between two attempts
_TO_BE_SPOKEN = 20  # answers; the voice process makes one at a time, and an old answer is of no use aloud
_log = structlog.get_logger(__name__)


class Sender:
    """Goes round the deliveries of Telegram until it is told to stop.

    Args:
        idle: seconds between two looks when nobody nudges it: late answers come from other processes.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        bot: Bot,
        *,
        clock: Clock,
        preferences: PreferenceStore,
        voice: Voice,
        idle: float = 1.0,
    ) -> None:
        self._deliveries = deliveries
        self._bot = bot
        self._clock = clock
        self._preferences = preferences
        self._voice = voice
        self._idle = idle
        self._nudged = asyncio.Event()
        self._sending: set[asyncio.Task[None]] = set()
        self._speaking: set[asyncio.Task[None]] = set()
        self._one_voice = asyncio.Lock()
        self._paused_until: datetime | None = None

    def nudge(self) -> None:
        """Something has just been left to send: it leaves at once."""
        self._nudged.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Works until *stop* is set (and the sender nudged, or idle for a moment); what is being sent is waited for.

        A database that does not respond is waited for too: the lease of a reply outlives the incident.
        """
        while not stop.is_set():
            self._nudged.clear()
            started = 0
            try:
                started = await self._start()
            except DBAPIError as error:
                _log.error("database unavailable", error=type(error).__name__)
            if not started:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._nudged.wait(), timeout=self._idle)
        for task in self._speaking:
            task.cancel()
        await asyncio.gather(*self._sending, *self._speaking, return_exceptions=True)

    async def round(self) -> int:
        """Sends the oldest reply due of each place, once; how many were tried. Spoken answers included."""
        started = await self._start()
        while self._sending or self._speaking:
            await asyncio.gather(*self._sending, *self._speaking)
        return started

    async def _start(self) -> int:
        now = self._clock.now()
        room = _AT_ONCE - len(self._sending)
        if room <= 0 or (self._paused_until is not None and now < self._paused_until):
            return 0
        claimed = await asyncio.to_thread(self._deliveries.claim, CHANNEL, now=now, limit=room)
        for due in claimed:
            task = asyncio.create_task(self._send(due))
            self._sending.add(task)
            task.add_done_callback(self._sent)
        return len(claimed)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self.nudge()  # the next reply of that place has become due

    async def _send(self, due: Due) -> None:
        try:
            await self._try(due)
        except DBAPIError as error:  # its lease will end, and it will be sent again
            _log.error("database unavailable", error=type(error).__name__)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            # Telegram's answer is not what the library expects: the message has left, and would leave every minute.
            _log.error("reply given up: what Telegram answered is unreadable", error=type(error).__name__)
            await asyncio.to_thread(self._deliveries.given_up, due, "unreadable answer", now=self._clock.now())

    async def _try(self, due: Due) -> None:
        ready = parts(due.reply)
        last = None
        try:
            for number, part in enumerate(ready[due.parts_sent :], start=due.parts_sent + 1):
                last = (await send_part(self._bot, due.address, part)).message_id
                if not await asyncio.to_thread(self._deliveries.part_sent, due, number, now=self._clock.now()):
                    return  # the lease was lost: another sender goes on
        except RetryAfter as error:
            await self._pause(due, wait_asked(error))
        except Forbidden:
            await self._block(due)
        except BadRequest as error:
            await self._refused(due, error)
        except TelegramError as error:
            after = timedelta(seconds=2 ** min(due.attempts, _MOST_DOUBLINGS))
            _log.warning("not sent yet", error=type(error).__name__, attempts=due.attempts + 1, again_in=after.seconds)
            await asyncio.to_thread(self._deliveries.later, due, now=self._clock.now(), after=after)
        else:
            await asyncio.to_thread(self._deliveries.sent, due, now=self._clock.now())
            await self._say_aloud(due, answering=last)

    async def _pause(self, due: Due, wait: timedelta) -> None:
        """Telegram asks everyone to wait, whoever's message it was."""
        now = self._clock.now()
        self._paused_until = max(self._paused_until or now, now + wait)
        _log.warning("Telegram asks to wait", seconds=wait.total_seconds())
        await asyncio.to_thread(self._deliveries.later, due, now=now, after=wait)

    async def _block(self, due: Due) -> None:
        _log.info("blocked by the person", place=due.place)
        await asyncio.to_thread(self._deliveries.blocked, due, now=self._clock.now())

    async def _refused(self, due: Due, error: BadRequest) -> None:
        if is_unknown_chat(error):
            await self._block(due)
            return
        # Sent again it would be refused again, and hold back for ever what comes after it.
        _log.error("reply given up: Telegram refuses it", delivery=due.id)
        await asyncio.to_thread(self._deliveries.given_up, due, "refused", now=self._clock.now())

    async def _say_aloud(self, due: Due, *, answering: int | None) -> None:
        """Leaves the reply to be spoken, if that is wanted; the text has left, and the next one does not wait."""
        if not due.reply.text or len(self._speaking) >= _TO_BE_SPOKEN:
            return
        if (due.reply.custom or {}).get("type") == HEARD:  # they have just said it themselves
            return
        wishes = await asyncio.to_thread(self._preferences.of, due.conversation)
        if wishes.voice:
            task = asyncio.create_task(self._speak(due.address, due.reply.text, answering))
            self._speaking.add(task)
            task.add_done_callback(self._speaking.discard)

    async def _speak(self, chat: str, text: str, answering: int | None) -> None:
        try:
            async with self._one_voice:
                speech = await self._voice.speak(text)
            await self._bot.send_voice(
                chat,
                speech.data,
                duration=round(speech.seconds),
                filename="reponse.ogg",
                disable_notification=True,  # the text has rung already
                reply_to_message_id=answering,
                allow_sending_without_reply=True if answering else None,
            )
        except (VoiceRefused, TelegramError) as error:
            _log.warning("answer not spoken", error=type(error).__name__)
