"""What the poller and the gateway both need to speak with Telegram; light, for the poller is a process of its own."""

from datetime import timedelta

from telegram.error import RetryAfter
from telegram.request import HTTPXRequest

from bot.channels.telegram.markup import is_loopback

PATH = "/webhooks/telegram"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  its name, not its value
UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
_TIMEOUT = 20.0  # seconds


def make_request(api_url: str, *, connections: int = 16) -> HTTPXRequest:
    """The connections to Telegram; none is opened yet.

    Args:
        connections: how many at once.
    """
    # A proxy of the environment leads out, never to our own machine.
    options = {"trust_env": not is_loopback(api_url)}
    return HTTPXRequest(
        connection_pool_size=connections,
        connect_timeout=_TIMEOUT,
        read_timeout=_TIMEOUT,
        write_timeout=_TIMEOUT,
        pool_timeout=_TIMEOUT,
        httpx_kwargs=options,
    )


def wait_asked(error: RetryAfter) -> timedelta:
    """How long Telegram asks to wait."""
    asked = error.retry_after
    return asked if isinstance(asked, timedelta) else timedelta(seconds=asked)
