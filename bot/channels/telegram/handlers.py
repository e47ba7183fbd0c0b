"""What the bot does with each kind of update. The dialogue itself is the router's."""

from collections import Counter
from typing import Any

import structlog
from telegram import Chat, Message, Update
from telegram.constants import ChatType
from telegram.error import BadRequest, TelegramError
from telegram.ext import Application, CallbackContext, ChatMemberHandler, CommandHandler, MessageHandler, filters

from bot.channels.telegram import sentences
from bot.channels.telegram.recent import Recent
from bot.channels.telegram.services import TelegramServices
from bot.channels.telegram.talk import Talk
from bot.conversations.messages import Spoken
from bot.voice.errors import VoiceRefused
from bot.voice.messages import MAX_BYTES, MAX_SECONDS

Context = CallbackContext[Any, Any, Any, Any]
App = Application[Any, Any, Any, Any, Any, Any]

_WAITING_NOTES = 3  # voice notes of one person that may wait for one another
_OLD_SECONDS = 600  # an edit later than that is no correction of the question at hand
_FILES = (
    filters.PHOTO
    | filters.VIDEO
    | filters.VIDEO_NOTE
    | filters.Document.ALL
    | filters.LOCATION
    | filters.VENUE
    | filters.CONTACT
)
_log = structlog.get_logger(__name__)


class Handlers:
    """The handlers of messages; those of buttons are in ``pressing``."""

    def __init__(self, services: TelegramServices, talk: Talk) -> None:
        self._voice = services.voice
        self._silent = services.unknown == "silent"
        self._talk = talk
        self._once = Recent()
        self._notes: Counter[int] = Counter()

    def install(self, application: App) -> None:
        """Adds the handlers to *application*; the first that fits an update takes it."""
        private = filters.ChatType.PRIVATE
        new = private & filters.UpdateType.MESSAGE
        add = application.add_handler
        add(CommandHandler("start", self.start, filters=new))
        add(CommandHandler(list(sentences.SAYS), self.command, filters=new))
        add(MessageHandler(new & filters.COMMAND, self.unknown_command))
        add(MessageHandler(new & filters.TEXT, self.text))
        add(MessageHandler(new & (filters.VOICE | filters.AUDIO), self.voice))
        add(MessageHandler(new & _FILES, self.file))
        add(MessageHandler(new & ~filters.StatusUpdate.ALL, self.no_words))
        add(MessageHandler(private & filters.UpdateType.EDITED_MESSAGE & filters.TEXT, self.edited))
        add(MessageHandler(~private & filters.UpdateType.MESSAGE, self.elsewhere))
        add(ChatMemberHandler(self.membership, ChatMemberHandler.MY_CHAT_MEMBER))

    async def start(self, update: Update, context: Context) -> None:
        """« /start 48291357 » ties the account; « /start » says what the bot is for."""
        message, chat = _message(update)
        code = "".join(char for char in "".join(context.args or ()) if char.isdecimal())
        if code:
            async with self._talk.turn(chat):
                await self._talk.hear(chat, f"lier {code}", message_id=str(message.message_id))
        elif await self._talk.ignores(chat):
            if self._once.first(("reserved", chat)):
                await self._talk.say(chat, sentences.RESERVED)
        else:
            linked = await self._talk.is_linked(chat)
            await self._talk.say(chat, sentences.WELCOME + ("" if linked else sentences.NOT_LINKED) + sentences.MENU)

    async def command(self, update: Update, context: Context) -> None:
        """A command is the sentence that it stands for, with the words that follow it."""
        message, chat = _message(update)
        name = (message.text or "").split()[0].lstrip("/").partition("@")[0].lower()
        await self._hear(message, chat, " ".join([sentences.SAYS[name], *(context.args or ())]))

    async def unknown_command(self, update: Update, _context: Context) -> None:
        """Says what the menu holds."""
        _, chat = _message(update)
        if not await self._talk.ignores(chat):
            await self._talk.say(chat, sentences.UNKNOWN_COMMAND)

    async def text(self, update: Update, _context: Context) -> None:
        """What the person typed goes to the dialogue as it is."""
        message, chat = _message(update)
        await self._hear(message, chat, message.text or "")

    async def edited(self, update: Update, _context: Context) -> None:
        """A corrected question is answered again; what was said long ago stays as it was understood."""
        message, chat = _message(update)
        text = message.text or ""
        if await self._talk.ignores(chat, text):
            return
        edit = message.edit_date or message.date
        old = (edit - message.date).total_seconds() > _OLD_SECONDS
        number = message.message_id
        if self._once.first(("edit", chat, number, edit)):
            await self._talk.say(chat, sentences.TOO_OLD if old else sentences.CORRECTED, answering=number)
        if not old:
            async with self._talk.turn(chat):
                await self._talk.hear(chat, text, message_id=f"{number}:{round(edit.timestamp())}")

    async def voice(self, update: Update, _context: Context) -> None:
        """A voice note is what was heard in it; it is kept nowhere."""
        message, chat = _message(update)
        if await self._talk.ignores(chat):
            return
        self._notes[chat] += 1
        try:
            await self._listen(message, chat)
        finally:
            self._notes[chat] -= 1
            self._notes += Counter()  # forgets those who have none left

    async def file(self, update: Update, _context: Context) -> None:
        """Photos, documents, places, contacts…: never opened, never kept; an album gets one answer."""
        message, chat = _message(update)
        album = ("album", chat, message.media_group_id)
        if await self._talk.ignores(chat) or (message.media_group_id and not self._once.first(album)):
            return
        await self._talk.say(chat, sentences.NO_FILES, answering=message.message_id)

    async def no_words(self, update: Update, _context: Context) -> None:
        """Stickers, polls, dice…"""
        _, chat = _message(update)
        if not await self._talk.ignores(chat):
            await self._talk.say(chat, sentences.ONLY_WORDS)

    async def elsewhere(self, update: Update, _context: Context) -> None:
        """A message of a group, which is no place for what concerns an usager."""
        if update.effective_chat:
            await self._leave(update.effective_chat)

    async def membership(self, update: Update, _context: Context) -> None:
        """Someone blocks or unblocks the bot, or puts it in a group."""
        change = update.my_chat_member
        if change is None or change.chat is None or change.new_chat_member is None:
            return
        status = change.new_chat_member.status
        if change.chat.type == ChatType.PRIVATE:
            # Nothing to do: what is sent to them is refused, and they are reached again once they write.
            _log.info("bot blocked or unblocked", status=status)
        elif status in {"member", "administrator"}:
            await self._leave(change.chat)

    async def _hear(self, message: Message, chat: int, text: str) -> None:
        if await self._talk.ignores(chat, text):
            return
        async with self._talk.turn(chat):
            await self._talk.hear(chat, text, message_id=str(message.message_id))

    async def _listen(self, message: Message, chat: int) -> None:
        if self._notes[chat] > _WAITING_NOTES:  # each one takes long to hear: nobody may fill the queue alone
            await self._talk.say(chat, VoiceRefused("busy").sentence, answering=message.message_id)
            return
        async with self._talk.turn(chat):
            try:
                heard = await self._voice.transcribe(await self._download(message))
            except VoiceRefused as error:
                await self._talk.say(chat, error.sentence, answering=message.message_id)
            except BadRequest:
                await self._talk.say(chat, sentences.LOST_VOICE, answering=message.message_id)
            else:
                spoken = Spoken(heard.seconds, heard.sure)
                await self._talk.hear(chat, heard.text, message_id=str(message.message_id), voice=spoken)

    async def _download(self, message: Message) -> bytes:
        note = message.voice or message.audio
        if note is None or (note.file_size or 0) > MAX_BYTES:
            raise VoiceRefused("too_heavy")
        length = note.duration if isinstance(note.duration, int) else note.duration.total_seconds()
        if length > MAX_SECONDS:
            raise VoiceRefused("too_long")
        file = await note.get_file()
        if (file.file_size or 0) > MAX_BYTES:
            raise VoiceRefused("too_heavy")
        return bytes(await file.download_as_bytearray())

    async def _leave(self, chat: Chat) -> None:
        """Says that this is no place to talk, once: the bot does not stay."""
        if not self._once.first(("left", chat.id)):
            return
        _log.info("group left", kind=chat.type)
        try:
            if not self._silent:
                await self._talk.say(chat.id, sentences.PRIVATE_ONLY)
            await chat.leave()
        except TelegramError as error:
            self._once.forget(("left", chat.id))
            _log.warning("group not left", error=type(error).__name__)


def _message(update: Update) -> tuple[Message, int]:
    """The message of *update*, which its handler's filters guarantee, and the number of its chat."""
    message = update.effective_message
    assert message is not None
    return message, message.chat_id
