"""What the Telegram channel is made of."""

from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import SecretStr
from telegram.ext import ExtBot

from bot.clock import Clock
from bot.conversations.deliveries import Deliveries
from bot.conversations.feedback import Feedback
from bot.conversations.messages import Incoming, Reply
from bot.conversations.places import Places
from bot.conversations.preferences import PreferenceStore
from bot.voice.messages import Heard, Speech

CHANNEL = "telegram"


class Answers(Protocol):
    """What the channel needs of the router."""

    async def handle(self, incoming: Incoming) -> tuple[Reply, ...]:
        """Takes a message in; its replies are left to the deliveries.

        Raises:
            TooManyMessages: the conversation has to wait.
        """
        ...


class Voice(Protocol):
    """What the channel needs of the voice process."""

    async def transcribe(self, audio: bytes) -> Heard:
        """What is said in *audio*, in whatever format the phone made it.

        Raises:
            VoiceRefused: it cannot be understood; its ``sentence`` tells the person why.
        """
        ...

    async def speak(self, text: str) -> Speech:
        """*text* (light Markdown) as OGG/Opus.

        Raises:
            VoiceRefused: it cannot be spoken.
        """
        ...


@dataclass(frozen=True, slots=True)
class TelegramServices:
    """The channel's surroundings.

    Attributes:
        bot: client of the Bot API, not yet initialised.
        key: makes the fingerprints that stand for people in the database.
        secret: what an update must bear to be believed; empty, and none is.
        mode: whether updates are fetched by the process ``telegram`` or pushed by Telegram.
        public_url: address of the gateway, for the webhook.
        unknown: what someone gets who is not linked to an account: guidance, or silence.
    """

    bot: ExtBot[None]
    router: Answers
    places: Places
    deliveries: Deliveries
    feedback: Feedback
    preferences: PreferenceStore
    voice: Voice
    clock: Clock
    key: SecretStr
    secret: SecretStr
    mode: Literal["polling", "webhook"] = "polling"
    public_url: str = ""
    unknown: Literal["guidance", "silent"] = "guidance"
