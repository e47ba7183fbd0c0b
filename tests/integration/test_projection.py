"""A worker killed again and again while events flow: every message is one turn, whole, and nothing is doubled."""

import json
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pika
import pytest
from pika.exceptions import AMQPError
from sqlalchemy import func, select

from bot.clock import SystemClock
from bot.storage.engine import Database
from bot.supervision.models import Episode, Turn
from bot.supervision.projection import Projection
from bot.supervision.rabbit import RabbitQueue
from bot.supervision.sources import EventSource, RasaEventFile, SourceUnavailable
from tests.required import missing
from tests.unit.mandats.databases import postgresql_url, sqlite_url
from tests.unit.supervision.talk import NOON, Town, exchange, write_events

KILLS = 20
CONVERSATIONS = 20
EXCHANGES = 834  # six events each: 5,004
RABBITMQ = os.environ.get("EQUIPIER_TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672/%2F")
_fork = multiprocessing.get_context("fork")


def flow() -> list[dict[str, Any]]:
    """The events of many conversations at once, each in its order."""
    waiting = {f"c{n}": [] for n in range(CONVERSATIONS)}
    for n in range(EXCHANGES):
        name, at = f"c{n % CONVERSATIONS}", NOON + timedelta(seconds=n)
        waiting[name] += exchange(name, at, f"question {n}", f"réponse {n}", fiche=f"F{n}")
    chance = random.Random(6)
    events = []
    while waiting:
        name = chance.choice(sorted(waiting))
        events += [waiting[name].pop(0) for _ in range(min(len(waiting[name]), chance.randint(1, 4)))]
        if not waiting[name]:
            del waiting[name]
    return events


def work(url: str, open_source: Callable[[], EventSource]) -> None:
    """The life of a worker: it goes on until it is killed."""
    database = Database.at(url)
    projection = Projection(database, open_source(), SystemClock(), batch=100)
    while True:
        try:
            projection.catch_up()
        except SourceUnavailable:
            projection.close()
        time.sleep(0.005)


def kill_again_and_again(url: str, open_source: Callable[[], EventSource], flow: Callable[[], None]) -> None:
    """*flow* has a process of its own: SQLite forbids to fork while one of its files is open."""
    chance = random.Random(20)
    flowing = _fork.Process(target=flow)
    flowing.start()
    for _ in range(KILLS):
        worker = _fork.Process(target=work, args=(url, open_source))
        worker.start()
        time.sleep(chance.uniform(0.05, 0.6))
        os.kill(worker.pid or 0, signal.SIGKILL)
        worker.join()
    flowing.join()
    assert flowing.exitcode == 0


def finish(url: str, open_source: Callable[[], EventSource]) -> None:
    """What the next worker does; a queue takes a moment to notice that the last one is gone."""
    database, source = Database.at(url), open_source()
    projection = Projection(database, source, SystemClock())
    quiet = 0
    while quiet < 3:
        quiet = 0 if projection.catch_up() else quiet + 1
        time.sleep(0.1)
    projection.close()
    database.close()


def check(url: str) -> None:
    database = Database.at(url)
    with database.unit_of_work() as session:
        found = session.scalars(select(Turn)).all()
        counted = session.scalar(select(func.sum(Episode.turns)))
    database.close()
    numbers = Counter(int(turn.text.removeprefix("question ")) for turn in found)
    assert numbers == dict.fromkeys(range(EXCHANGES), 1)
    for turn in found:
        number = turn.text.removeprefix("question ")
        whole = (turn.actions, turn.responses, turn.fiches, turn.latency_ms)
        assert whole == (["action_repondre_question"], [f"réponse {number}"], [f"F{number}"], 75), number
    assert counted == EXCHANGES


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    with postgresql_url() as url:
        yield url


def settled(url: str) -> str:
    """The conversations must exist: events of a forgotten one are dropped."""
    database = Database.at(url)
    town = Town(database)
    for n in range(CONVERSATIONS):
        town.open(f"c{n}")
    database.close()
    return url


def test_a_killed_worker_loses_and_doubles_nothing_of_the_event_file(tmp_path: Path) -> None:
    url, path = settled(sqlite_url(tmp_path)), tmp_path / "rasa_events.db"
    events = flow()

    def write() -> None:
        for start in range(0, len(events), 10):
            write_events(path, events[start : start + 10])
            time.sleep(0.008)

    kill_again_and_again(url, lambda: RasaEventFile(path), write)
    finish(url, lambda: RasaEventFile(path))
    check(url)


@pytest.fixture
def queue() -> Iterator[str]:
    """A queue of its own on the RabbitMQ of this machine."""
    name = f"equipier_test_{uuid4().hex}"
    try:
        connection = pika.BlockingConnection(pika.URLParameters(RABBITMQ))
    except (AMQPError, OSError):
        missing("RabbitMQ")
    connection.channel().queue_declare(name, durable=True)
    connection.close()
    yield name
    connection = pika.BlockingConnection(pika.URLParameters(RABBITMQ))
    connection.channel().queue_delete(name)
    connection.close()


@pytest.mark.services
def test_a_killed_worker_loses_and_doubles_nothing_of_the_queue(postgresql: str, queue: str) -> None:
    url = settled(postgresql)
    events = flow()

    def publish() -> None:
        connection = pika.BlockingConnection(pika.URLParameters(RABBITMQ))
        channel = connection.channel()
        channel.confirm_delivery()
        for number, event in enumerate(events):
            channel.basic_publish("", queue, json.dumps(event).encode(), pika.BasicProperties(delivery_mode=2))
            if number % 10 == 0:
                time.sleep(0.008)
        connection.close()

    kill_again_and_again(url, lambda: impatient(queue), publish)
    finish(url, lambda: impatient(queue))
    check(url)


def impatient(queue: str) -> RabbitQueue:
    """One that asks again at once for what another consumes."""
    return RabbitQueue(RABBITMQ, queue=queue, monotonic=map(float, count(step=60)).__next__)


@pytest.mark.services
def test_a_worker_leaves_the_queue_to_another_for_a_while(queue: str) -> None:
    now = 0.0
    first = RabbitQueue(RABBITMQ, queue=queue)
    second = RabbitQueue(RABBITMQ, queue=queue, monotonic=lambda: now)
    connection = pika.BlockingConnection(pika.URLParameters(RABBITMQ))
    first.read(0, limit=1)
    assert second.read(0, limit=1) == ()
    first.close()
    connection.channel().basic_publish("", queue, b"{}")
    assert second.read(0, limit=1) == ()  # it does not even ask
    deadline = time.monotonic() + 5
    received: list[str] = []
    while not received and time.monotonic() < deadline:
        now += 60
        received += [one.id for one in second.read(0, limit=1)]
    assert len(received) == 1
    second.close()
    connection.close()


@pytest.mark.services
def test_only_one_worker_consumes_and_the_next_takes_over(queue: str) -> None:
    first, second = RabbitQueue(RABBITMQ, queue=queue), impatient(queue)
    connection = pika.BlockingConnection(pika.URLParameters(RABBITMQ))
    for number in range(3):
        connection.channel().basic_publish("", queue, b"{}" + b" " * number)
    received = first.read(0, limit=2)
    assert len(received) == 2
    assert second.read(0, limit=10) == ()
    first.done(received[:1])
    first.close()
    deadline = time.monotonic() + 5
    left: list[str] = []
    while len(left) < 2 and time.monotonic() < deadline:
        left += [one.id for one in second.read(0, limit=10)]
    assert left[0] == received[1].id  # given again, and recognised
    assert len(left) == 2
    second.close()
    connection.close()


def test_a_server_that_does_not_answer_is_said_so() -> None:
    with pytest.raises(SourceUnavailable):
        RabbitQueue("amqp://guest:guest@127.0.0.1:1/%2F?connection_attempts=1&socket_timeout=1").read(0, limit=1)
