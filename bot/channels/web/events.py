"""What pages send over the socket; whatever else is in an event is ignored."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, StrictBool, StrictInt

_MAX_TEXT = 20_000  # characters; the router refuses far fewer, in its own words
_MAX_COMMENT = 2_000
_MessageId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
_LineId = Annotated[StrictInt, Field(ge=0, lt=2**63)]


def _encodable(text: str) -> str:
    """Half a character (a lone surrogate), which JSON lets through, can be written nowhere."""
    return text.encode("utf-8", "replace").decode()


_Text = Annotated[str, AfterValidator(_encodable)]


class SessionRequest(BaseModel):
    """« session_request » of Rasa's channel. The id is only said back: it opens nothing."""

    session_id: Annotated[str, Field(min_length=1, max_length=255)] | None = None


class Uttered(BaseModel):
    """« user_uttered ». Without a ``message_id``, the same message sent again is another message."""

    message: Annotated[_Text, Field(max_length=_MAX_TEXT)]
    message_id: _MessageId | None = None


class HistoryRequest(BaseModel):
    """The messages before ``before``, or the last ones."""

    before: _LineId | None = None
    limit: Annotated[StrictInt, Field(ge=1, le=100)] = 50


class ResumeRequest(BaseModel):
    """The messages after the last one seen."""

    after: _LineId


class Opinion(BaseModel):
    """What someone thinks of an answer."""

    id: _LineId
    rating: Literal[1, -1]
    reasons: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=10)] = []
    comment: Annotated[_Text, Field(max_length=_MAX_COMMENT)] = ""


class Wishes(BaseModel):
    """Preferences to change; the others stay as they are."""

    voice: StrictBool | None = None
    brief: StrictBool | None = None
