"""A request's thread as it is shown: messages, answers that wait, and what agents did, in order. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from bot.channels.telegram.markup import pieces
from bot.conversations.history import Line
from bot.handover.helpdesk import Thread
from bot.handover.views import HUMAN, Closing, EntryKind, EntryView, RequestView

_SIGNATURE = re.compile(r"^\*\*[^*]*\*\* ")
_NOT_READ = {
    "empty": "Message vide",
    "too_long": "Message trop long, refusé",
    "binary": "Fichier, refusé",
    "linking": "Code de liaison du compte, non gardé",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in a thread.

    Attributes:
        key: the same whenever it is shown again.
        kind: ``person``, ``human``, ``bot``, ``note`` or ``event``.
        who: ``None`` for an event.
        hint: said beside it: a voice note, buttons, an answer that waits.
    """

    key: str
    kind: str
    who: str | None
    at: datetime
    html: Markup
    hint: str = ""


def items_of(request: RequestView, thread: Thread, *, brand: str) -> tuple[Item, ...]:
    """Everything in *thread*, oldest first."""
    # What was said when the request was made stands above it: instants alone may be the same.
    before = [_line(line, request, brand) for line in thread.lines if line.id <= request.opened_after]
    after = [_line(line, request, brand) for line in thread.lines if line.id > request.opened_after]
    after += [_entry(entry, request) for entry in thread.entries]
    asked = _event("asked", request.opened_at, f"{request.reason.label}.")
    return (*before, asked, *sorted(after, key=_instant), *_waiting(thread, brand))


def shown(text: str) -> Markup:
    """Light Markdown as HTML: bold and links, everything else escaped."""
    return Markup("\n").join(Markup(piece.html) for piece in pieces(text))  # noqa: S704  ``pieces`` escapes


def _instant(item: Item) -> datetime:
    return item.at


def _line(line: Line, request: RequestView, brand: str) -> Item:
    custom = line.custom or {}
    key = f"m{line.id}"
    if line.direction == "in":
        who = request.person or "La personne"
        if not line.text:
            why = _NOT_READ.get(str(custom.get("refused")), "Message refusé par l'assistant")
            return Item(key, "person", who, line.at, Markup(""), why)
        return Item(key, "person", who, line.at, shown(line.text), _spoken(custom.get("voice")))
    if custom.get("type") == HUMAN:
        return Item(key, "human", str(custom.get("name")), line.at, shown(_SIGNATURE.sub("", line.text)))
    titles = ", ".join(f"« {button.title} »" for button in line.buttons)
    return Item(key, "bot", brand, line.at, shown(line.text), f"Boutons : {titles}" if titles else "")


def _spoken(voice: object) -> str:
    if not isinstance(voice, dict):
        return ""
    doubt = "" if voice.get("sure", True) else ", transcription incertaine"
    return f"Message vocal de {round(float(voice.get('seconds', 0)))} s{doubt}"


def _waiting(thread: Thread, brand: str) -> Iterator[Item]:
    for number, one in enumerate(thread.waiting):
        text = _SIGNATURE.sub("", one.text) if one.human else one.text
        key = f"w{number}-{one.at.timestamp()}"
        yield Item(
            key,
            "human" if one.human else "bot",
            "Assistance" if one.human else brand,
            one.at,
            shown(text),
            "Pas encore remise",
        )


def _entry(entry: EntryView, request: RequestView) -> Item:
    key, who = f"e{entry.id}", entry.author
    if entry.kind is EntryKind.NOTE:
        return Item(key, "note", who or "Quelqu'un", entry.at, shown(entry.text), "Note interne, masquée à la personne")
    return _event(key, entry.at, _told(entry, request))


def _told(entry: EntryView, request: RequestView) -> str:
    who = entry.author or "Quelqu'un"
    if entry.kind is EntryKind.CLAIMED:
        return f"{who} prend la demande."
    if entry.kind is EntryKind.TRANSFERRED:
        return f"{who} transmet la demande à {entry.other}." if entry.other else f"{who} remet la demande en attente."
    if request.closing is Closing.PERSON:
        return "La personne est revenue à l'assistant."
    if request.closing is Closing.SILENCE:
        return "Demande close après un long silence."
    return f"{who} clôt la demande."


def _event(key: str, at: datetime, text: str) -> Item:
    return Item(key, "event", None, at, Markup.escape(text))
