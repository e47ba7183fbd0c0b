"""Run by the interpreter of ``nlu/``: what `BoundedTrackerStore` does with a conversation of many turns.

``python memory_script.py URL TURNS``: one JSON object out.
"""

import asyncio
import json
import sys

from rasa.core.brokers.broker import EventBroker
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, SessionStarted, SlotSet, UserUttered
from serving.tracker_store import BoundedTrackerStore

DOMAIN = Domain.from_dict(
    {
        "slots": {
            name: {"type": "any", "mappings": [{"type": "custom"}]} for name in ("fiche", "premier", "vus", "reste")
        }
    }
)


class Told(EventBroker):
    """Remembers what is published."""

    def __init__(self) -> None:
        self.bodies = []

    def publish(self, event):
        self.bodies.append(event)


def turn(n: int) -> list:
    said = UserUttered(f"message {n}", {"name": "saluer", "confidence": 1.0})
    return [
        said,
        ActionExecuted("action_saluer"),
        SlotSet("fiche", f"F{n}"),
        BotUttered(f"réponse {n}"),
        ActionExecuted("action_listen"),
    ]


async def main(url: str, turns: int) -> dict:
    told = Told()
    store = BoundedTrackerStore(DOMAIN, event_broker=told, db_url=url)
    longest = 0
    for n in range(turns):
        tracker = await store.get_or_create_tracker("c1", append_action_listen=False)
        longest = max(longest, len(tracker.events))
        if n == 0:
            begin = [ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted("action_listen")]
            tracker.update_with_events([*begin, SlotSet("premier", "oui"), SlotSet("vus", ["F1"])], DOMAIN)
        tracker.update_with_events(turn(n), DOMAIN)
        await store.save(tracker)
    elsewhere = BoundedTrackerStore(DOMAIN, db_url=url)  # another process, or this one after a restart
    read, whole = await elsewhere.retrieve("c1"), await elsewhere.retrieve_full_tracker("c1")
    return {
        "longest_read": longest,
        "slots": {name: value for name, value in read.current_slot_values().items() if value is not None},
        "last": read.latest_message.text,
        "kept": len(whole.events),
        "published": [one["text"] for one in told.bodies if one["event"] == "user"],
        "stranger": await elsewhere.retrieve("c2") is None,
        "conversations": list(await elsewhere.keys()),
    }


print(json.dumps(asyncio.run(main(sys.argv[1], int(sys.argv[2])))))
