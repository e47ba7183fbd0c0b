"""How messages are written for pages: for our own widget, and for those made for Rasa. Pure."""

from collections.abc import Sequence
from typing import Any

from bot.conversations.history import Line
from bot.conversations.messages import Button

Json = dict[str, Any]


def line_json(line: Line) -> Json:
    """A message for our own widget."""
    said = line.direction == "in"
    return {
        "id": line.id,
        "direction": line.direction,
        "text": line.text,
        "buttons": _buttons(line.buttons),
        "custom": _refusal(line.custom) if said else line.custom,
        "at": line.at.isoformat(),
        "channel": line.channel,
        "rating": line.rating,
        "message_id": line.message_id,
    }


def page_json(lines: Sequence[Line], *, more: bool) -> Json:
    """Messages, and whether there are more of them in that direction."""
    return {"lines": [line_json(line) for line in lines], "more": more}


def rasa_json(line: Line) -> list[Json]:
    """An answer as ``bot_uttered`` events: one for each paragraph, the buttons with the last one.

    Source: ``rasa.core.channels.socketio.SocketIOOutput`` of Rasa 3.6. Existing widgets tell the kinds of messages
    apart by the keys that they have: not one more may be added, hence no ``custom``.
    """
    paragraphs = line.text.strip().split("\n\n")
    if not line.buttons:
        return [{"text": paragraph} for paragraph in paragraphs if paragraph]
    messages: list[Json] = [{"text": paragraph, "quick_replies": []} for paragraph in paragraphs]
    messages[-1]["quick_replies"] = [{"content_type": "text", **button} for button in _buttons(line.buttons)]
    return messages


def _buttons(buttons: Sequence[Button]) -> list[dict[str, str]]:
    return [{"title": button.title, "payload": button.payload} for button in buttons]


def _refusal(custom: Json | None) -> Json | None:
    """Why a message was not read; what its button stood for is nobody's business outside."""
    return {"refused": custom["refused"]} if custom and "refused" in custom else None
