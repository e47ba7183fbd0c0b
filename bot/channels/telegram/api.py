"""Telegram's Bot API as we speak it: the client, keyboards, and what its errors ask for."""

import structlog
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, Message, WebAppInfo
from telegram.constants import ParseMode
from telegram.error import BadRequest
from telegram.ext import ExtBot

from bot.channels.telegram.render import Key, Keyboard, Part, only_callbacks
from bot.channels.telegram.wire import make_request
from bot.errors import EquipierError

_log = structlog.get_logger(__name__)
# A preview makes Telegram's servers open the link: a single-use link would be used up.
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class TelegramUnavailable(EquipierError):
    """Telegram cannot be reached, or asks to wait: what was being done has to be done again."""


def make_bot(token: str, *, api_url: str) -> ExtBot[None]:
    """The client of the Bot API; nothing is sent before it is initialised."""
    api = api_url.rstrip("/")
    return ExtBot(
        token,
        base_url=f"{api}/bot",
        base_file_url=f"{api}/file/bot",
        request=make_request(api),
        get_updates_request=make_request(api, connections=1),
    )


def to_markup(keyboard: Keyboard) -> InlineKeyboardMarkup | None:
    """*keyboard* for Telegram; ``None`` when there is no button."""
    if not keyboard:
        return None
    return InlineKeyboardMarkup([[_to_button(key) for key in row] for row in keyboard])


def from_markup(markup: InlineKeyboardMarkup | None) -> Keyboard:
    """The keyboard of a message that was sent."""
    return tuple(tuple(_from_button(button) for button in row) for row in markup.inline_keyboard) if markup else ()


async def send_part(bot: Bot, chat: int | str, part: Part, *, answering: int | None = None) -> Message:
    """Sends *part*, in a simpler form when Telegram does not take its markup or its addresses.

    Args:
        answering: the message that it is shown as a reply to.

    Raises:
        BadRequest: Telegram takes no form of it, or does not know the chat.
        TelegramError: any other failure.
    """

    async def send(text: str, mode: ParseMode | None, keyboard: Keyboard) -> Message:
        return await bot.send_message(
            chat,
            text,
            parse_mode=mode,
            reply_markup=to_markup(keyboard),
            link_preview_options=_NO_PREVIEW,
            reply_to_message_id=answering,
            allow_sending_without_reply=True if answering else None,
        )

    for text, mode, keyboard in (
        (part.html, ParseMode.HTML, part.keyboard),
        (part.plain, None, only_callbacks(part.keyboard)),
    ):
        try:
            return await send(text, mode, keyboard)
        except BadRequest as error:
            if is_unknown_chat(error):
                raise
            _log.warning("message refused by Telegram in this form", html=mode is not None)
    return await send(part.plain, None, ())


def is_unknown_chat(error: BadRequest) -> bool:
    """Whether *error* says that the chat is not, or no longer, one of the bot's."""
    return "chat not found" in error.message.lower()


def _to_button(key: Key) -> InlineKeyboardButton:
    if key.web_app:
        return InlineKeyboardButton(key.label, web_app=WebAppInfo(key.web_app))
    if key.url:
        return InlineKeyboardButton(key.label, url=key.url)
    return InlineKeyboardButton(key.label, callback_data=key.callback)


def _from_button(button: InlineKeyboardButton) -> Key:
    return Key(
        button.text,
        callback=str(button.callback_data or ""),
        url=button.url or "",
        web_app=button.web_app.url if button.web_app else "",
    )
