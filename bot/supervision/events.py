"""What Rasa tells of a conversation, event by event, as far as the review is concerned. Pure.

Source of the format: ``rasa.shared.core.events`` 3.6, each ``as_dict()`` with ``sender_id`` beside.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.fiches.analysis import fold

_FALLBACK = "nlu_fallback"
# Its own bookkeeping: nothing that was done for anyone.
_SILENT = frozenset({"action_listen", "action_session_start", "action_extract_slots"})
LISTEN = "action_listen"
FALLBACK_ACTIONS = frozenset({"action_default_fallback", "action_repli"})
_ALTERNATIVES = 4
# The address of a secure page opens it, once: it is not for reviewers.
_SECURE_LINK = re.compile(r"(/s/)[\w-]{16,}")
_WORDS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class UserSaid:
    """A message reached the dialogue.

    Attributes:
        key: Rasa's own id of it.
        line: id of the message in our log, when the gateway passed it.
        late: it had to wait for the dialogue, up to a day.
        pressed: it was the command of a button.
        confidence: in ``intent``, which is the best one even when the dialogue did not act on it (``fallback``).
    """

    conversation: str
    at: datetime
    key: str
    text: str
    line: int | None
    late: bool
    channel: str | None
    pressed: bool
    intent: str
    topic: str | None
    confidence: float
    fallback: bool
    alternatives: tuple[tuple[str, float], ...]
    entities: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ActionRan:
    """Something was done; ``name`` may be ``action_listen``, which ends a turn."""

    conversation: str
    at: datetime
    name: str

    @property
    def silent(self) -> bool:
        return self.name in _SILENT


@dataclass(frozen=True, slots=True)
class BotSaid:
    """A reply; *custom* is that of DESIGN section 5."""

    conversation: str
    at: datetime
    text: str
    custom: Mapping[str, Any] | None


Event = UserSaid | ActionRan | BotSaid


def read_event(raw: str | bytes) -> Event | None:
    """The event that *raw* is, in JSON; ``None`` for the kinds that the review has no use for.

    What is not in Rasa's format is ``None`` too: one unreadable event must not stop the others.
    """
    try:
        data = json.loads(raw)
        conversation, at = str(data["sender_id"]), datetime.fromtimestamp(float(data["timestamp"]), UTC)
        match data.get("event"):
            case "user" if data.get("text"):
                return _user(data, conversation, at)
            case "action" if data.get("name"):
                return ActionRan(conversation, at, str(data["name"]))
            case "bot":
                custom = (data.get("data") or {}).get("custom")
                return BotSaid(conversation, at, hide_links(data.get("text") or ""), custom or None)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return None
    return None


def content_id(raw: bytes) -> str:
    """A name for an event that came without one: the same content has the same one. It holds its own instant."""
    return hashlib.sha256(raw).hexdigest()


def same_words(text: str) -> str:
    """The same for texts that only differ by case, accents, punctuation and spaces; empty for no words."""
    words = " ".join(_WORDS.findall(fold(text)))
    return hashlib.sha256(words.encode()).hexdigest()[:32] if words else ""


def hide_links(text: str) -> str:
    """*text* without what opens a secure page."""
    return _SECURE_LINK.sub(r"\1…", text)


def _user(data: Mapping[str, Any], conversation: str, at: datetime) -> UserSaid:
    parsed: Mapping[str, Any] = data.get("parse_data") or {}
    ranking = [(str(one["name"]), float(one["confidence"])) for one in parsed.get("intent_ranking") or ()]
    chosen = parsed.get("intent") or {}
    name, confidence = str(chosen.get("name") or ""), float(chosen.get("confidence") or 0.0)
    fallback = name == _FALLBACK
    ranking = [one for one in ranking if one[0] != _FALLBACK]
    if fallback:
        name, confidence = ranking[0] if ranking else ("", 0.0)
    response = ((parsed.get("response_selector") or {}).get("default") or {}).get("response") or {}
    topic = str(response.get("intent_response_key") or "").partition("/")[2]
    metadata: Mapping[str, Any] = data.get("metadata") or {}
    line, text = metadata.get("line"), str(data["text"])
    return UserSaid(
        conversation=conversation,
        at=at,
        key=str(data.get("message_id") or content_id(json.dumps(data, sort_keys=True).encode()))[:64],
        text=text,
        line=line if isinstance(line, int) else None,
        late=bool(metadata.get("late")),
        channel=str(metadata["channel"]) if metadata.get("channel") else None,
        pressed=text.startswith("/"),
        intent=name,
        topic=topic if topic and name == "faq_mandat" else None,
        confidence=min(max(confidence, 0.0), 1.0),
        fallback=fallback,
        alternatives=tuple(one for one in ranking if one[0] != name)[:_ALTERNATIVES],
        entities=tuple((str(one["entity"]), str(one["value"])) for one in parsed.get("entities") or ()),
    )
