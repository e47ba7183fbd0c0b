"""Whether a message takes longer in a long conversation: from the first turn to the five hundredth."""

import http.client
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import numpy as np
from sqlalchemy import insert, select

from bot.conversations.models import Conversation, LoggedMessage
from bot.storage.engine import Database
from tests.bench.speed.load import Sender, Target

TURNS = 500
_EDGE = 40  # turns measured at each end, through the gateway, which lets 120 a minute through: both ends are less
_SAID = (
    "mon usager a perdu sa carte d'identité",
    "et ça coûte combien ?",
    "il faut quels papiers ?",
    "merci beaucoup",
)


@dataclass(frozen=True, slots=True)
class Lengths:
    """Milliseconds.

    Attributes:
        engine: one for each turn, of the dialogue and its action alone.
        first: p50 of the first turns, through the gateway.
        last: p50 of the last ones.
    """

    engine: list[float]
    first: float
    last: float

    @property
    def ratio(self) -> float:
        return self.last / self.first


def measure(target: Target, rasa_url: str, database_url: str) -> Lengths:
    """Plays one conversation: its ends through the gateway, the middle straight to the engine, and its log besides."""
    client = Sender(target)
    sender = f"longue-{time.time_ns()}"
    client.say(sender, "bonjour")
    database = Database.at(database_url)
    with database.unit_of_work() as session:
        conversation = session.scalar(select(Conversation.id).order_by(Conversation.created_at.desc()).limit(1)) or ""
    first = _through(client, sender)
    client.close()
    engine = _straight(rasa_url, conversation, TURNS - 2 * _EDGE)
    _write_log(database, conversation, TURNS - 2 * _EDGE)
    client = Sender(target)
    last = _through(client, sender)
    client.close()
    database.close()
    return Lengths(engine, first, last)


def _through(client: Sender, sender: str) -> float:
    return float(np.percentile([client.say(sender, _SAID[n % len(_SAID)])[0] for n in range(_EDGE)], 50))


def _straight(rasa_url: str, conversation: str, turns: int) -> list[float]:
    client = http.client.HTTPConnection(urlsplit(rasa_url).netloc, timeout=60)
    spent = []
    for n in range(turns):
        body = json.dumps({"sender": conversation, "message": _SAID[n % len(_SAID)], "metadata": {"channel": "rest"}})
        started = time.perf_counter()
        client.request("POST", "/webhooks/rest/webhook", body, {"Content-Type": "application/json"})
        client.getresponse().read()
        spent.append((time.perf_counter() - started) * 1000)
    client.close()
    return spent


def _write_log(database: Database, conversation: str, turns: int) -> None:
    """What the gateway would have written of the turns that did not pass through it."""
    with database.unit_of_work() as session:
        now = session.scalars(select(Conversation.last_at).where(Conversation.id == conversation)).one()
        rows = [
            {
                "conversation_id": conversation,
                "direction": direction,
                "text": _SAID[n % len(_SAID)],
                "channel": "rest" if direction == "in" else None,
                "created_at": now,
            }
            for n in range(turns)
            for direction in ("in", "out")
        ]
        session.execute(insert(LoggedMessage), rows)


def smoothed(values: Sequence[float], *, over: int = 20) -> list[float]:
    """The median of each *over* values in a row: what the plot shows."""
    return [float(np.median(values[start : start + over])) for start in range(0, len(values), over)]
