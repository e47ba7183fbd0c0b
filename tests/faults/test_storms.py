"""Whatever dies while people write: no message is lost, none is answered twice, and all is well again by itself."""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from bot.conversations.models import Conversation, LoggedMessage
from bot.storage.engine import Database
from tests.faults.people import Crowd
from tests.faults.servers import OwnPostgres, OwnRabbit, own_postgres, own_rabbit
from tests.faults.stack import GONE, SOAK, Stack, environment, stack, with_the_built_parts, with_the_fiches
from tests.unit.shared.servers import OwnRedis, own_redis

pytestmark = [pytest.mark.rasa, pytest.mark.corpus, pytest.mark.services, pytest.mark.timeout(1800)]
# What may be said to someone whose message cannot be taken now, each of them true, and with what to do.
TRUE_SENTENCES = {"503 La base de données ne répond pas. Réessayez dans un instant."}
PROCESSES = ("rasa", "actions", "gateway", "worker")
_BREATH = 2.0  # seconds of talk before and after a fault


@dataclass
class Town:
    """Équipier and what it stands on."""

    stack: Stack
    postgres: OwnPostgres
    redis: OwnRedis
    rabbit: OwnRabbit
    database: Database


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    with own_postgres() as postgres, own_redis(folder) as redis, own_rabbit() as rabbit:
        postgres.create("equipier")
        postgres.create("trackers")
        url = postgres.url("equipier")
        with_the_fiches(url)
        with_the_built_parts(folder)
        env = environment(
            folder,
            database_url=url,
            tracker_url=postgres.url("trackers", driver="postgresql"),
            redis_url=redis.url.get_secret_value(),
            events_url=rabbit.url,
        )
        database = Database.at(url)
        with stack(folder, env, *PROCESSES) as running:
            yield Town(running, postgres, redis, rabbit, database)
        database.close()


def rasa_stops(town: Town) -> None:
    """It answers no more, and takes up where it was: ten seconds, or a minute."""
    town.stack.signal("rasa", signal.SIGSTOP)
    time.sleep(60 if SOAK else 10)
    town.stack.signal("rasa", signal.SIGCONT)


def postgres_gone(town: Town) -> None:
    town.postgres.kill()
    try:
        town.stack.wait(lambda: town.stack.checks().get("database") is False, "the fault to be shown")
        assert town.stack.client.get("/readyz").status_code == 503
        assert town.stack.figure('equipier_ready{check="database"}', missing=1) == 0
        time.sleep(GONE)
    finally:
        town.postgres.start()


def postgres_hangs(town: Town) -> None:
    town.postgres.freeze()
    try:
        town.stack.wait(lambda: town.stack.checks().get("database") is False, "the fault to be shown")
        time.sleep(GONE)
    finally:
        town.postgres.thaw()


def postgres_restarted(town: Town) -> None:
    town.postgres.kill()
    town.postgres.start()


def redis_gone(town: Town) -> None:
    town.redis.kill()
    try:
        town.stack.wait(lambda: town.stack.checks().get("redis") is False, "the fault to be shown")
        assert town.stack.figure('equipier_ready{check="redis"}', missing=1) == 0
        time.sleep(GONE)
    finally:
        town.redis.start()


def rabbit_gone(town: Town) -> None:
    town.rabbit.kill()
    try:
        town.stack.wait(lambda: town.stack.checks().get("rabbitmq") is False, "the fault to be shown")
        time.sleep(GONE)
    finally:
        town.rabbit.start()


def killed(name: str) -> Callable[[Town], None]:
    def fault(town: Town) -> None:
        for _ in range(5 if SOAK else 1):
            town.stack.killed_and_back(name)

    fault.__name__ = f"{name}_killed"
    return fault


FAULTS = (
    killed("worker"),
    killed("actions"),
    redis_gone,
    postgres_restarted,
    postgres_gone,
    postgres_hangs,
    rasa_stops,
    killed("rasa"),
    killed("gateway"),
    rabbit_gone,
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_no_message_is_lost_and_none_answered_twice(town: Town, fault: Callable[[Town], None]) -> None:
    began, lives = datetime.now(UTC), {name: town.stack.deaths(name) for name in PROCESSES}
    crowd = Crowd(town.stack.url, town.stack.settings, name=fault.__name__, pause=2.0 if SOAK else 0.6)
    with crowd.talking():
        time.sleep(_BREATH)
        fault(town)
        time.sleep(_BREATH)
    town.stack.wait(town.stack.all_well, "all to be well")

    def all_answered() -> bool:
        crowd.collect()
        return not crowd.waiting()

    town.stack.wait(all_answered, "the late answers")
    assert len(crowd.said) >= 4
    for one in crowd.said:
        assert all(answer == one.answers[0] for answer in one.answers), "a repeat got another answer"
        assert one.answers[0], "an empty answer"
        assert crowd.late_answers(one) == int(one.kept), one
        told = {said for said in one.refusals if said[0].isdigit()}
        assert told <= TRUE_SENTENCES
    assert miscounted(town, crowd, since=began) == {}
    died = {name for name in PROCESSES if town.stack.deaths(name) > lives[name]}
    assert died <= {fault.__name__.removesuffix("_killed")}, "what was not killed has ended"
    town.stack.wait(lambda: town.stack.figure("equipier_projection_lag_messages") == 0, "the review")
    assert town.stack.figure("equipier_kept_messages") == 0


def miscounted(town: Town, crowd: Crowd, *, since: datetime) -> dict[str, int]:
    """The messages of *crowd* that are missing in the log, or there too often, and by how many."""
    query = (
        select(LoggedMessage.text)
        .join(Conversation, Conversation.id == LoggedMessage.conversation_id)
        .where(LoggedMessage.direction == "in", Conversation.created_at >= since)
    )
    with town.database.unit_of_work() as session:
        found = Counter(session.scalars(query))
    wanted = Counter(one.text for one in crowd.said)
    return {text: found[text] - wanted[text] for text in found | wanted if found[text] != wanted[text]}
