"""What the web channel is made of."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal, Protocol

from bot.channels.web.claims import HostTokens
from bot.channels.web.identity import Accounts
from bot.channels.web.origins import Origins
from bot.clock import Clock
from bot.conversations.feedback import Feedback
from bot.conversations.history import History
from bot.conversations.limits import MakesLimiters, in_memory
from bot.conversations.places import Places
from bot.conversations.preferences import PreferenceStore
from bot.conversations.router import Router
from bot.privacy.envelope import KeyRing

AudioFormat = Literal["ogg", "mp3"]


class Heard(Protocol):
    """What was said in a recording; ``sure`` is false when the transcriber doubted it."""

    @property
    def text(self) -> str: ...

    @property
    def seconds(self) -> float: ...

    @property
    def sure(self) -> bool: ...


class Speech(Protocol):
    """A spoken text."""

    @property
    def data(self) -> bytes: ...

    @property
    def media_type(self) -> str: ...


class Voice(Protocol):
    """What the channel asks of ``bot.voice.client.VoiceClient``, whose first two raise ``VoiceRefused``."""

    async def transcribe(self, audio: bytes) -> Heard: ...

    async def speak(self, text: str, *, format: AudioFormat = "ogg") -> Speech: ...

    async def available(self) -> tuple[bool, bool]:
        """Whether it listens, and whether it speaks, now."""
        ...


@dataclass(frozen=True, slots=True)
class WebServices:
    """What the channel runs on.

    Attributes:
        late: among some conversations, those for which replies wait, to be given on the web.
        keys: signs the tokens of visits; those of the sessions.
        hosts: reads the tokens of the site that holds the widget; ``None`` when there is no such site.
        limiters: makes what counts connections, events, recordings.
        voice: ``None`` when people may only write and read.
        max_chars: length beyond which a message is refused; pages are told.
    """

    router: Router
    places: Places
    history: History
    feedback: Feedback
    preferences: PreferenceStore
    accounts: Accounts
    late: Callable[[Collection[str]], Collection[str]]
    keys: KeyRing
    clock: Clock
    origins: Origins
    public_url: str
    max_chars: int
    hosts: HostTokens | None = None
    voice: Voice | None = None
    limiters: MakesLimiters = in_memory
