"""« écrit… » at the top of the chat, for as long as an answer is being prepared."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog
from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import TelegramError

_EVERY = 4.0  # seconds; Telegram shows it for 5
_log = structlog.get_logger(__name__)


@asynccontextmanager
async def typing(
    bot: Bot, chat: int, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> AsyncIterator[None]:
    """Shows « écrit… » in *chat* until the block ends; failing to show it holds nothing back."""
    showing = asyncio.create_task(_show(bot, chat, sleep))
    try:
        yield
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)


async def _show(bot: Bot, chat: int, sleep: Callable[[float], Awaitable[None]]) -> None:
    try:
        while True:
            await bot.send_chat_action(chat, ChatAction.TYPING)
            await sleep(_EVERY)
    except TelegramError as error:  # also when the person has blocked the bot: no use insisting
        _log.info("typing not shown", error=type(error).__name__)
