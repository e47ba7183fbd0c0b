"""What every action shares: lazy services, and rendering through the dispatcher.

The SDK instantiates every concrete ``Action`` with no argument: services are opened at the first call, once per
process, and tests replace them with ``use_services``.
"""

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from bot.bootstrap import MandatServices, guidance_service, handovers_of, mandats_services
from bot.fiches.guidance import Guidance, GuidanceService
from bot.fiches.render import Message, in_short
from bot.handover.asking import Handovers
from bot.observability.actions import watched_action
from bot.settings import get_settings


@dataclass(frozen=True, slots=True)
class Services:
    """What actions may call.

    Attributes:
        public_url: where the pages are, for the links.
    """

    guidance: GuidanceService
    mandats: MandatServices
    handover: Handovers
    public_url: str


@lru_cache(maxsize=1)
def services() -> Services:
    """The services of this process, opened at the first call."""
    settings = get_settings()
    mandats = mandats_services(settings)
    return Services(
        guidance=guidance_service(settings),
        mandats=mandats,
        handover=handovers_of(settings, mandats),
        public_url=settings.public_url.rstrip("/"),
    )


class EquipierAction(Action, ABC):  # type: ignore[misc]  # the SDK is untyped
    """Reads the tracker, calls one service, utters, returns events."""

    @abstractmethod
    def name(self) -> str:
        """The action's name in the domain."""

    @abstractmethod
    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        """Does the work; returns the events to apply to the tracker."""

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:  # noqa: ARG002
        """The SDK's entry point; what is logged and journalled inside bears the id of the person's message."""
        with watched_action(self.name(), tracker.latest_message.get("metadata")):
            return self.handle(dispatcher, tracker)


def utter(dispatcher: CollectingDispatcher, message: Message) -> None:
    """Sends a message with its suggestions as Rasa buttons."""
    buttons = [
        {
            "title": suggestion.title,
            "payload": f"/{suggestion.intent}"
            + (json.dumps(suggestion.entities, ensure_ascii=False) if suggestion.entities else ""),
        }
        for suggestion in message.suggestions
    ]
    dispatcher.utter_message(text=message.text, buttons=buttons or None, json_message=message.custom)


def text_of(tracker: Tracker) -> str:
    """What the person wrote; empty for a button."""
    text = tracker.latest_message.get("text") or ""
    return "" if text.startswith("/") else text


def wanted(tracker: Tracker, guidance: Guidance) -> Guidance:
    """*guidance*, in short when that is how the person wants to be answered (the gateway says so with each message)."""
    metadata = tracker.latest_message.get("metadata") or {}
    return in_short(guidance) if metadata.get("brief") else guidance


def entity(tracker: Tracker, name: str) -> str | None:
    """The first entity called *name* in the latest message, or ``None``."""
    return next((str(value) for value in tracker.get_latest_entity_values(name)), None)


def slot_list(tracker: Tracker, name: str) -> list[str]:
    """A list slot; empty when unset."""
    return list(tracker.get_slot(name) or [])
