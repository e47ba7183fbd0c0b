"""What the voice service takes and gives, and its limits. Needs none of the optional packages."""

from dataclasses import dataclass
from typing import Literal

Format = Literal["ogg", "mp3"]
"""``ogg``: OGG/Opus, which Telegram shows as a voice note; ``mp3``: what every browser plays."""

MEDIA_TYPES: dict[Format, str] = {"ogg": "audio/ogg", "mp3": "audio/mpeg"}
MAX_BYTES = 10_000_000
"""Of a recording."""
MAX_SECONDS = 120
"""Of a recording."""
MAX_TEXT = 20_000
"""Characters of an answer to be read aloud; far fewer are spoken."""
SECONDS_HEADER = "X-Seconds"


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said in a recording.

    Attributes:
        text: never empty.
        seconds: duration of the recording.
        sure: ``False`` when the transcriber doubted, so that the person is asked before anything is done.
    """

    text: str
    seconds: float
    sure: bool


@dataclass(frozen=True, slots=True)
class Speech:
    """A text read aloud.

    Attributes:
        data: the file.
        seconds: its duration.
    """

    data: bytes
    media_type: str
    seconds: float
