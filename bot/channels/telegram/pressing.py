"""What the buttons do: those of the dialogue go to the router; thumbs and settings are dealt with here."""

import asyncio
import re
from typing import Any

import structlog
from telegram import CallbackQuery, Message, Update
from telegram.constants import ChatType
from telegram.error import TelegramError
from telegram.ext import Application, CallbackContext, CallbackQueryHandler, CommandHandler, filters

from bot.channels.telegram import sentences
from bot.channels.telegram.api import from_markup, to_markup
from bot.channels.telegram.markup import pieces
from bot.channels.telegram.recent import Recent
from bot.channels.telegram.render import CHOSEN, Key, Keyboard, rows, with_chosen, with_reasons, without_feedback
from bot.channels.telegram.services import TelegramServices
from bot.channels.telegram.talk import Talk
from bot.conversations.buttons import is_button_id
from bot.conversations.feedback import UnknownMessage, WrongFeedback
from bot.conversations.preferences import Preferences

Context = CallbackContext[Any, Any, Any, Any]
App = Application[Any, Any, Any, Any, Any, Any]

_FEEDBACK = re.compile(r"f(?:(?P<sign>[+-])|(?P<reason>[a-z_]+):)(?P<id>\d{1,18})")
_SETTING = re.compile(r"p:(?P<name>voice|brief):(?P<on>[01])")
_UNLINK = "p:unlink"
_log = structlog.get_logger(__name__)


class Pressing:
    """The handlers of buttons, and of the settings that are made of them."""

    def __init__(self, services: TelegramServices, talk: Talk) -> None:
        self._services = services
        self._talk = talk
        self._pressed = Recent()

    def install(self, application: App) -> None:
        """Adds the handlers to *application*."""
        new = filters.ChatType.PRIVATE & filters.UpdateType.MESSAGE
        application.add_handler(CommandHandler("parametres", self.settings, filters=new))
        application.add_handler(CallbackQueryHandler(self.pressed))

    async def settings(self, update: Update, _context: Context) -> None:
        """The wishes of the person, and what changes them."""
        chat = update.effective_chat
        if chat is None or await self._talk.ignores(chat.id):
            return
        place = await self._talk.open(chat.id)
        wishes = await asyncio.to_thread(self._services.preferences.of, place.conversation)
        text, keyboard = _settings(wishes, linked=place.aidant is not None)
        await self._talk.say(chat.id, text, keyboard=keyboard)

    async def pressed(self, update: Update, _context: Context) -> None:
        """Whatever the button, Telegram is told that it was pressed: else it waits on the screen."""
        query = update.callback_query
        if query is None:
            return
        chat, data = query.message.chat if query.message else None, query.data or ""
        if chat is None or chat.type != ChatType.PRIVATE or await self._talk.ignores(chat.id):
            await _answer(query)
        elif data == CHOSEN:
            await _answer(query, sentences.ALREADY_CHOSEN)
        elif match := _FEEDBACK.fullmatch(data):
            await self._rate(query, chat.id, match)
        elif match := _SETTING.fullmatch(data):
            await self._change(query, chat.id, **{match["name"]: match["on"] == "1"})
        elif data == _UNLINK:
            await self._dialogue(query, chat.id, "délier")
        elif is_button_id(data):
            await self._dialogue(query, chat.id, data)
        else:
            await _answer(query, sentences.STALE_BUTTON)

    async def _dialogue(self, query: CallbackQuery, chat: int, text: str) -> None:
        """A button of the dialogue, once: two presses in a row are one."""
        press = (chat, query.message.message_id if query.message else None, query.data)
        if not self._pressed.first(press):
            await _answer(query, sentences.ALREADY_CHOSEN)
            return
        ticked = asyncio.create_task(self._tick(query))
        heard = False
        try:
            async with self._talk.turn(chat):
                await self._talk.hear(chat, text, message_id=f"cb:{query.id}")
            heard = True
        finally:
            if not heard:  # it will come again, and must then be taken
                self._pressed.forget(press)
            await ticked

    async def _tick(self, query: CallbackQuery) -> None:
        await _answer(query)
        await _edit(query, with_chosen(_keyboard(query), query.data or ""))

    async def _rate(self, query: CallbackQuery, chat: int, match: re.Match[str]) -> None:
        """A thumb, then the reason of a thumb down; the rating counts from the thumb on, reason or not."""
        place = await self._talk.place(chat)
        reasons = (match["reason"],) if match["reason"] else ()
        number, rating = int(match["id"]), 1 if match["sign"] == "+" else -1
        try:
            if place is None:
                raise UnknownMessage("nothing was ever said there")
            await asyncio.to_thread(
                self._services.feedback.give,
                place.conversation,
                number,
                rating,
                reasons=reasons,
                now=self._services.clock.now(),
            )
        except (UnknownMessage, WrongFeedback):
            await _answer(query, sentences.NOT_RATED)
            return
        keyboard = _keyboard(query)
        if match["sign"] == "-":
            await _answer(query, sentences.WHY)
            await _edit(query, with_reasons(keyboard, number))
        else:
            await _answer(query, sentences.NOTED if reasons else sentences.THANKS)
            await _edit(query, without_feedback(keyboard))

    async def _change(self, query: CallbackQuery, chat: int, **wish: bool) -> None:
        place = await self._talk.open(chat)
        now = self._services.clock.now()
        wishes = await asyncio.to_thread(self._services.preferences.change, place.conversation, **wish, now=now)
        await _answer(query, sentences.SETTING_CHANGED)
        text, keyboard = _settings(wishes, linked=place.aidant is not None)
        try:
            await query.edit_message_text(pieces(text)[0].html, parse_mode="HTML", reply_markup=to_markup(keyboard))
        except TelegramError as error:
            _log.info("settings not shown again", error=type(error).__name__)


def _settings(wishes: Preferences, *, linked: bool) -> tuple[str, Keyboard]:
    text = sentences.SETTINGS.format(
        voice=sentences.ON[wishes.voice], brief=sentences.ON[wishes.brief], account=sentences.ACCOUNT[linked]
    )
    keys = [
        Key(sentences.VOICE_KEY[wishes.voice], callback=f"p:voice:{int(not wishes.voice)}"),
        Key(sentences.BRIEF_KEY[wishes.brief], callback=f"p:brief:{int(not wishes.brief)}"),
    ]
    return text, rows([*keys, Key(sentences.UNLINK_KEY, callback=_UNLINK)] if linked else keys)


def _keyboard(query: CallbackQuery) -> Keyboard:
    return from_markup(query.message.reply_markup) if isinstance(query.message, Message) else ()


async def _answer(query: CallbackQuery, text: str = "") -> None:
    try:
        await query.answer(text or None)
    except TelegramError as error:  # too old, most often: the press is taken all the same
        _log.info("press not acknowledged", error=type(error).__name__)


async def _edit(query: CallbackQuery, keyboard: Keyboard) -> None:
    # An old message comes without its buttons: it is left as it is.
    if not isinstance(query.message, Message) or not query.message.is_accessible:
        return
    try:
        await query.edit_message_reply_markup(to_markup(keyboard))
    except TelegramError as error:  # « message is not modified », or too old
        _log.info("buttons not marked", error=type(error).__name__)
