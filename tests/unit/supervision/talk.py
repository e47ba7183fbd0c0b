"""Conversations as Rasa and our own tables tell them; invented people."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from bot.aidants.models import Aidant, LinkedConversation, Membership, Organisation, Role
from bot.conversations.models import Conversation, LoggedMessage
from bot.storage.engine import Database
from bot.supervision.sources import Received

NOON = datetime(2026, 11, 25, 11, 0, tzinfo=UTC)
NORD, SUD = "org-nord", "org-sud"


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self, instant: datetime = NOON) -> None:
        self.instant = instant

    def now(self) -> datetime:
        return self.instant

    def advance(self, **duration: float) -> None:
        self.instant += timedelta(**duration)


def user(
    conversation: str,
    at: datetime,
    text: str,
    *,
    intent: str = "question_demarche",
    confidence: float = 0.82,
    line: int | None = None,
    channel: str = "web",
    topic: str | None = None,
    fallback: bool = False,
) -> dict[str, Any]:
    """A ``user`` event, as Rasa 3.6 publishes it."""
    ranking = [{"name": intent, "confidence": confidence}, {"name": "hors_sujet", "confidence": 0.07}]
    chosen = ranking[0]
    if fallback:
        chosen = {"name": "nlu_fallback", "confidence": 0.7}
        ranking = [chosen, *ranking]
    metadata: dict[str, Any] = {"channel": channel, "brief": False} | ({} if line is None else {"line": line})
    key = uuid5(NAMESPACE_OID, f"{conversation} {at.isoformat()} {text}").hex
    response = {"intent_response_key": f"faq_mandat/{topic}", "confidence": 0.6} if topic else {}
    return {
        "sender_id": conversation,
        "event": "user",
        "timestamp": at.timestamp(),
        "metadata": metadata,
        "text": text,
        "parse_data": {
            "intent": chosen,
            "entities": [{"entity": "demarche", "value": "papiers", "start": 0, "end": 1}],
            "text": text,
            "message_id": key,
            "intent_ranking": ranking,
            "response_selector": {"default": {"response": response}},
        },
        "input_channel": "rest",
        "message_id": key,
    }


def action(conversation: str, at: datetime, name: str) -> dict[str, Any]:
    return {"sender_id": conversation, "event": "action", "timestamp": at.timestamp(), "name": name, "policy": "Rule"}


def bot(conversation: str, at: datetime, text: str, custom: dict[str, Any] | None = None) -> dict[str, Any]:
    data = {"elements": None, "quick_replies": None, "buttons": None, "attachment": None, "custom": custom}
    return {"sender_id": conversation, "event": "bot", "timestamp": at.timestamp(), "text": text, "data": data}


def guidance(*fiches: str, section: str | None = "Pièces à fournir") -> dict[str, Any]:
    passage = {"fiche": fiches[0], "section": section, "text": "Une photo."} if fiches and section else None
    listed = [{"id": fiche, "title": f"Fiche {fiche}", "url": "", "updated": None, "score": 0.9} for fiche in fiches]
    return {"type": "guidance", "fiches": listed, "passage": passage, "scope": "papiers", "stale": False}


def exchange(
    conversation: str, at: datetime, text: str, reply: str = "Voici.", fiche: str | None = "F1341", **said: Any
) -> list[dict[str, Any]]:
    """A question, what was done, the answer, and the end of the turn; 100 ms in all."""
    step = timedelta(milliseconds=25)
    custom = guidance(fiche) if fiche else guidance()
    return [
        user(conversation, at, text, **said),
        {"sender_id": conversation, "event": "user_featurization", "timestamp": (at + step).timestamp()},
        action(conversation, at + 2 * step, "action_repondre_question"),
        bot(conversation, at + 3 * step, reply, custom),
        {"sender_id": conversation, "event": "slot", "timestamp": (at + 3 * step).timestamp(), "name": "fiche"},
        action(conversation, at + 4 * step, "action_listen"),
    ]


@dataclass
class ListSource:
    """Events in memory, numbered as a file numbers them."""

    events: list[dict[str, Any]] = field(default_factory=list)
    name: str = "list"
    forgotten: int = 0

    def read(self, after: int, *, limit: int) -> Sequence[Received]:
        numbered = list(enumerate(self.events, start=1))
        return [Received(json.dumps(event).encode(), position=n) for n, event in numbered if n > after][:limit]

    def done(self, received: Sequence[Received]) -> None:
        self.forgotten = received[-1].position

    def close(self) -> None:
        pass


def write_events(path: Path, events: Sequence[dict[str, Any]]) -> None:
    """What Rasa's SQL event broker does."""
    with closing(sqlite3.connect(path, timeout=10)) as connection, connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS events "
            "(id INTEGER NOT NULL, sender_id VARCHAR(255), data TEXT, PRIMARY KEY (id))"
        )
        for event in events:
            connection.execute(
                "INSERT INTO events (sender_id, data) VALUES (?, ?)", (event["sender_id"], json.dumps(event))
            )


class Town:
    """Two organisations, an aidant and a superviseur in each, an admin, and conversations."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.lines = 0
        with database.unit_of_work() as session:
            for organisation, name in ((NORD, "Maison du Nord"), (SUD, "Maison du Sud")):
                session.add(
                    Organisation(
                        id=organisation, name=name, address="", demarches=["papiers"], active=True, created_at=NOON
                    )
                )
            session.flush()
            people = [(f"aidant-{o}", o, Role.AIDANT) for o in (NORD, SUD)]
            people += [(f"chef-{o}", o, Role.SUPERVISEUR) for o in (NORD, SUD)]
            for person, organisation, _ in people:
                session.add(self._account(person, organisation))
            session.add(self._account("admin", None, admin=True))
            session.flush()
            for person, organisation, role in people:
                session.add(Membership(aidant_id=person, organisation_id=organisation, role=role.value))

    @staticmethod
    def _account(person: str, organisation: str | None, *, admin: bool = False) -> Aidant:
        return Aidant(
            id=person,
            email=f"{person}@exemple.invalid",
            name=person.replace("-", " ").title(),
            admin=admin,
            active=True,
            current_organisation_id=organisation,
            created_at=NOON,
        )

    def open(self, conversation: str, *, aidant: str | None = None, channel: str = "web") -> str:
        """A conversation, tied to *aidant*."""
        with self.database.unit_of_work() as session:
            session.add(
                Conversation(
                    id=conversation, channel=channel, external_id=conversation, created_at=NOON, last_at=NOON, turn=0
                )
            )
            session.flush()
            if aidant is not None:
                session.add(LinkedConversation(conversation_id=conversation, aidant_id=aidant, linked_at=NOON))
        return conversation

    def say(self, conversation: str, at: datetime, text: str, **more: Any) -> int:
        """A message of the person in the log; its id."""
        return self._log(conversation, "in", at, text, channel=more.pop("channel", "web"), **more)

    def tell(self, conversation: str, at: datetime, text: str, **more: Any) -> int:
        """An answer in the log; its id."""
        return self._log(conversation, "out", at, text, **more)

    def _log(self, conversation: str, direction: str, at: datetime, text: str, **more: Any) -> int:
        line = LoggedMessage(conversation_id=conversation, direction=direction, text=text, created_at=at, **more)
        with self.database.unit_of_work() as session:
            session.add(line)
        return line.id
