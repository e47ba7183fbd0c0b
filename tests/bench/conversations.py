"""How long the review takes: ``python -m tests.bench.conversations [postgresql]``.

A hundred thousand conversations, three hundred thousand turns and their messages, invented, over 180 days. Milliseconds
for one page of fifty with its total, by filter (the aim: 300 ms at most), and for the figures of the dashboard over 90
days, of everyone and of one organisation (the aim: 500 ms at most).
"""

import json
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from sqlalchemy import insert, text

from bot.aidants.models import Aidant, Membership, Organisation, Role
from bot.clock import SystemClock
from bot.conversations.models import Conversation, LoggedMessage, Rating
from bot.fiches.analysis import fold
from bot.storage.engine import Database
from bot.supervision.figures import Dashboards
from bot.supervision.models import Episode, EpisodeLine, Turn
from bot.supervision.queries import Conversations
from bot.supervision.queue import ReviewQueue
from bot.supervision.views import Filter, State
from tests.unit.mandats.databases import postgresql_url, sqlite_url

EPISODES, TURNS_EACH, ORGANISATIONS = 100_000, 3, 20
NOW = datetime.now(UTC)
INTENTS = ("question_demarche", "demander_pieces", "saluer", "faq_mandat", "hors_sujet", "verifier_mandat")
WEIGHTS = (50, 20, 15, 10, 4.9, 0.1)
WORDS = (
    "carte identité perdue passeport mairie dossier logement caf rsa impôts permis vitale retraite chômage mandat "
    "pièces délai coût où comment combien usager madame monsieur attestation rendez-vous préfecture titre séjour"
).split()
FILTERS: dict[str, tuple[str, Filter]] = {
    "tout, admin": ("admin", Filter()),
    "une structure": ("chef", Filter()),
    "confiance et repli": ("chef", Filter(confidence_below=0.4, fallback=True)),
    "rien ne répond": ("admin", Filter(channel="rest", mandat=True, handover=True, rating=-1, flagged=True)),
    "note, état, dates": (
        "chef",
        Filter(rating=-1, state=State.A_REVOIR, since=NOW - timedelta(days=90), until=NOW - timedelta(days=10)),
    ),
    "intention fréquente": ("admin", Filter(intent="question_demarche")),
    "intention rare": ("admin", Filter(intent="verifier_mandat", handover=True)),
    "mot fréquent": ("admin", Filter(text="carte")),
    "mots, structure, canal": ("chef", Filter(text="carte vitale préf", channel="telegram")),
    "mot rare et intention": ("admin", Filter(text="zanzibar", intent="demander_pieces")),
}


def fill(database: Database, *, episodes: int = EPISODES) -> None:
    """Writes that many conversations straight into the tables."""
    chance = random.Random(8)
    with database.unit_of_work() as session:
        for n in range(ORGANISATIONS):
            session.add(
                Organisation(
                    id=f"o{n}", name=f"Maison {n}", address="", demarches=["papiers"], active=True, created_at=NOW
                )
            )
        for person, admin in (("admin", True), ("chef", False)):
            session.add(
                Aidant(
                    id=person, email=f"{person}@exemple.invalid", name=person, admin=admin, active=True, created_at=NOW
                )
            )
        session.flush()
        session.add(Membership(aidant_id="chef", organisation_id="o3", role=Role.SUPERVISEUR.value))
        session.add(Conversation(id="c", channel="web", external_id="c", created_at=NOW, last_at=NOW, turn=0))
    for start in range(1, episodes + 1, 5000):
        ids = range(start, min(start + 5000, episodes + 1))
        with database.unit_of_work() as session:
            made = [_episode(chance, n) for n in ids]
            session.execute(insert(Episode), made)
            session.execute(insert(Turn), [_turn(chance, one, k) for one in made for k in range(TURNS_EACH)])
            lines = [line for one in made for k in range(TURNS_EACH) for line in _lines(chance, one, k)]
            session.execute(insert(LoggedMessage), [_logged(line) for line in lines])
            session.execute(insert(EpisodeLine), [_placed(line) for line in lines])
            session.execute(insert(Rating), [_rating(chance, line) for line in lines if line["latency_ms"]][::20])
            sqlite = database.engine.dialect.name == "sqlite"
            session.execute(
                text(
                    "INSERT INTO episode_search (rowid, body) VALUES (:id, :body)"
                    if sqlite
                    else "INSERT INTO episode_search (episode_id, body) VALUES (:id, to_tsvector('simple', :body))"
                ),
                [{"id": n, "body": _words(chance, n)} for n in ids],
            )
    tidy = "ANALYZE" if database.engine.dialect.name == "sqlite" else "VACUUM ANALYZE"
    with database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(tidy)


def _words(chance: random.Random, n: int) -> str:
    return fold(" ".join(chance.choices(WORDS, k=40)) + (" zanzibar" if n % 5000 == 0 else ""))


def _episode(chance: random.Random, n: int) -> dict[str, Any]:
    at = NOW - timedelta(seconds=chance.randrange(180 * 86_400))
    return {
        "id": n,
        "conversation_id": "c",
        "organisation_id": f"o{n % ORGANISATIONS}",
        "aidant_id": f"a{n % 400}",
        "channel": chance.choice(("web", "telegram", "rest")),
        "first_at": at - timedelta(minutes=5),
        "last_at": at,
        "turns": TURNS_EACH,
        "excerpt": " ".join(chance.choices(WORDS, k=12)),
        "lowest_confidence": chance.random(),
        "fallbacks": int(chance.random() < 0.1),
        "abstentions": int(chance.random() < 0.05),
        "ratings_up": int(chance.random() < 0.1),
        "ratings_down": int(chance.random() < 0.03),
        "handover": chance.random() < 0.02,
        "mandat": chance.random() < 0.1,
        "complained": chance.random() < 0.01,
        "state": "revu" if chance.random() < 0.7 else "a_revoir",
    }


def _turn(chance: random.Random, episode: dict[str, Any], k: int) -> dict[str, Any]:
    words, n = chance.choices(WORDS, k=2), episode["id"]
    return {
        "key": f"{n}-{k}",
        "conversation_id": "c",
        "episode_id": n,
        "at": episode["first_at"] + timedelta(minutes=k),
        "channel": episode["channel"],
        "organisation_id": episode["organisation_id"],
        "text": " ".join(words),
        "pressed": chance.random() < 0.2,
        "same": "".join(words)[:32],
        "intent": chance.choices(INTENTS, WEIGHTS)[0],
        "confidence": 0.5,
        "uncertainty": chance.random(),
        "alternatives": [],
        "entities": [],
        "actions": [],
        "fallback": chance.random() < 0.08,
        "abstained": chance.random() < 0.05,
        "fiche": f"F{chance.randrange(300)}" if chance.random() < 0.5 else None,
        "fiches": [],
        "responses": [],
    }


def _lines(chance: random.Random, episode: dict[str, Any], k: int) -> Iterator[dict[str, Any]]:
    """A question and its answer."""
    number, at = (episode["id"] - 1) * TURNS_EACH + k, episode["first_at"] + timedelta(minutes=k)
    for way, said in enumerate((12, 60)):
        ms = chance.randrange(20, 900) if way else None
        yield {
            "id": 2 * number + way + 1,
            "conversation_id": "c",
            "direction": "out" if way else "in",
            "text": " ".join(chance.choices(WORDS, k=said)),
            "channel": None if way else episode["channel"],
            "created_at": at + timedelta(milliseconds=ms or 0),
            "latency_ms": ms,
            "organisation": episode["organisation_id"],
            "episode": episode["id"],
        }


def _logged(line: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name not in {"organisation", "episode"}}


def _placed(line: dict[str, Any]) -> dict[str, Any]:
    kept = {name: line[name] for name in ("direction", "channel", "latency_ms")}
    return {
        "line_id": line["id"],
        "episode_id": line["episode"],
        "organisation_id": line["organisation"],
        "at": line["created_at"],
        **kept,
    }


def _rating(chance: random.Random, line: dict[str, Any]) -> dict[str, Any]:
    return {
        "message_id": line["id"],
        "conversation_id": "c",
        "rating": chance.choice((1, 1, -1)),
        "reasons": [],
        "comment": "",
        "created_at": line["created_at"],
    }


@contextmanager
def _database(kind: str) -> Iterator[Database]:
    if kind == "postgresql":
        with postgresql_url() as url:
            database = Database.at(url)
            yield database
            database.close()
        return
    with TemporaryDirectory() as folder:
        database = Database.at(sqlite_url(Path(folder)))
        yield database
        database.close()


def measure(database: Database, *, rounds: int = 7) -> dict[str, dict[str, float]]:
    """The middle and the worst of some rounds, in milliseconds, the first one apart."""
    conversations, queue = Conversations(database), ReviewQueue(database, SystemClock())
    boards = Dashboards(database, SystemClock())
    found: dict[str, dict[str, float]] = {}
    actions = {name: (lambda by=by, f=f: conversations.page(by, f)) for name, (by, f) in FILTERS.items()}
    older = conversations.page("admin", Filter()).older
    actions["page suivante"] = lambda: conversations.page("admin", Filter(), key=older)
    actions["voisines"] = lambda: conversations.beside("admin", Filter(rating=-1), 500)
    actions["file de correction, structure"] = lambda: queue.next("chef")
    actions["file de correction, admin"] = lambda: queue.next("admin")
    actions["tableau de bord, 90 jours, tout"] = lambda: boards.figures(boards.last(90), None)
    actions["tableau de bord, 90 jours, structure"] = lambda: boards.figures(boards.last(90), "o3")
    for name, action in actions.items():
        spent = []
        for _ in range(rounds + 1):
            started = time.perf_counter()
            action()
            spent.append((time.perf_counter() - started) * 1000)
        found[name] = {
            "first": round(spent[0], 1),
            "p50": round(float(np.percentile(spent[1:], 50)), 1),
            "max": round(max(spent[1:]), 1),
        }
    return found


def main() -> None:
    kind = sys.argv[1] if len(sys.argv) > 1 else "sqlite"
    with _database(kind) as database:
        fill(database)
        print(json.dumps(measure(database), indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
