"""Puts the review and the corrections together, for the pages, the worker and the command line."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import httpx

from bot.bootstrap import mandats_services, personal_data_detector
from bot.clock import Clock, SystemClock
from bot.evaluation.judged import known_intents, known_topics
from bot.evaluation.understanding import running_model
from bot.fiches.store import FicheStore
from bot.journal.service import Journal
from bot.settings import Settings
from bot.storage.engine import Database
from bot.supervision.corrections import Corrections
from bot.supervision.export import Exports
from bot.supervision.handovers import HelpDesk
from bot.supervision.projection import Projection
from bot.supervision.queries import Conversations
from bot.supervision.queue import ReviewQueue
from bot.supervision.retraining import RasaTrainer, Retraining, project_sets
from bot.supervision.reviewing import HidesPersonalData, KeepsOriginals, Reviewing
from bot.supervision.saved import SavedFilters
from bot.supervision.sources import EventSource, RasaEventFile

_LOADING = 120.0  # seconds for Rasa to load a model
_INTENT_OF_TOPICS = "faq_mandat"


@dataclass(frozen=True, slots=True)
class Supervision:
    """What the pages of the review run on."""

    conversations: Conversations
    reviewing: Reviewing
    saved: SavedFilters
    corrections: Corrections
    queue: ReviewQueue
    exports: Exports


def supervision_of(
    database: Database,
    journal: Journal,
    clock: Clock,
    *,
    vault: KeepsOriginals,
    pseudonymiser: Callable[[], HidesPersonalData],
    find_personal_data: Callable[[str], Sequence[object]],
) -> Supervision:
    """The services of the review, over those of mandates."""
    fiches = FicheStore(database)
    return Supervision(
        conversations=Conversations(database),
        reviewing=Reviewing(database, journal, clock, vault=vault, pseudonymiser=pseudonymiser),
        saved=SavedFilters(database),
        corrections=Corrections(
            database, journal, clock, intents=intents, fiche_exists=lambda fiche: fiches.get(fiche) is not None
        ),
        queue=ReviewQueue(database, clock),
        exports=Exports(database, journal, clock, find_personal_data=find_personal_data),
    )


@lru_cache(maxsize=1)
def intents() -> Collection[str]:
    """Those that a message can be given; a question about mandates is given with its topic."""
    topics = {f"{_INTENT_OF_TOPICS}/{topic}" for topic in known_topics()}
    return frozenset(known_intents() - {_INTENT_OF_TOPICS} | topics)


def event_source(settings: Settings, *, url: str = "") -> EventSource:
    """Where Rasa leaves its events: the queue at *url* (``amqp://…``), else its file under ``var_dir``."""
    if url:
        from bot.supervision.rabbit import RabbitQueue  # noqa: PLC0415  optional, like the server

        return RabbitQueue(url)
    return RasaEventFile(settings.var_dir / "rasa_events.db")


def projection_of(settings: Settings, database: Database, clock: Clock, *, url: str = "") -> Projection:
    """What the worker runs every second; *url* as in :func:`event_source`."""
    return Projection(database, event_source(settings, url=url), clock, handovers=HelpDesk())


@contextmanager
def open_exports(settings: Settings, *, clock: Clock | None = None) -> Iterator[Exports]:
    """The exports of the command line, for the time of a block."""
    services, detector = mandats_services(settings, clock=clock), personal_data_detector()
    try:
        yield Exports(services.database, services.journal, clock or SystemClock(), find_personal_data=detector.spans)
    finally:
        services.close()


def retraining_of(settings: Settings) -> Retraining:
    """The retraining of production."""
    return Retraining(settings, trainer=RasaTrainer(settings), running=running_model, sets=project_sets())


def load_in_rasa(settings: Settings, model: Path) -> bool:
    """Has the running Rasa load *model*, without a restart; false when there is none, or it would not."""
    try:
        with httpx.Client(trust_env=False, timeout=_LOADING) as client:
            answer = client.put(f"{settings.rasa_url.rstrip('/')}/model", json={"model_file": str(model.resolve())})
    except httpx.HTTPError:
        return False
    return answer.is_success
