"""Channel-neutral messages: what comes in from a person, what goes back to them."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Spoken:
    """A message that was heard, not typed.

    Attributes:
        seconds: how long it lasts.
        sure: false when the transcriber doubted what it wrote.
    """

    seconds: float
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as a channel hands it over, not yet cleaned.

    Attributes:
        channel: name of the channel (« rest »).
        external_id: who wrote, in the channel's own terms; never goes further than the table of places.
        message_id: the channel's id for this message; ``None`` when it gives none, and then a repeat is a new message.
        address: how the channel reaches them later, kept encrypted; ``None`` when they come and fetch.
        aidant: id of the aidant whom the channel has recognised: the conversation is then their own.
        voice: how the text was spoken; ``None`` when it was typed.
    """

    channel: str
    external_id: str
    text: str
    message_id: str | None = None
    address: str | None = None
    aidant: str | None = None
    voice: Spoken | None = None


@dataclass(frozen=True, slots=True)
class Button:
    """A choice offered with a reply.

    ``payload`` is Rasa's command (``/intent{…}``) on our side of the door, and an opaque id (``b_…``) outside.
    """

    title: str
    payload: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One message to a person; ``text`` is light Markdown, ``custom`` is meant for programs (DESIGN section 5).

    ``id`` is its row in the message log once it is delivered, ``None`` before; it does not make two replies differ.
    """

    text: str = ""
    buttons: tuple[Button, ...] = ()
    custom: dict[str, Any] | None = None
    id: int | None = field(default=None, compare=False)

    def as_json(self) -> dict[str, Any]:
        """The reply as the REST contract writes it, without its recipient; what is empty is left out."""
        data: dict[str, Any] = {}
        if self.text:
            data["text"] = self.text
        if self.buttons:
            data["buttons"] = [{"title": button.title, "payload": button.payload} for button in self.buttons]
        if self.custom is not None:
            data["custom"] = self.custom
        return data

    def as_kept(self) -> dict[str, Any]:
        """The reply as our own tables keep it: its id too."""
        return self.as_json() | ({} if self.id is None else {"id": self.id})

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Reply":
        """The inverse of :meth:`as_json` and :meth:`as_kept`."""
        buttons = tuple(Button(button["title"], button["payload"]) for button in data.get("buttons", ()))
        return cls(data.get("text", ""), buttons, data.get("custom"), data.get("id"))
