"""An installation on several machines, all on this one: two of each process, on PostgreSQL, Redis and RabbitMQ."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pika
import pytest
from dotenv import dotenv_values
from pika.exceptions import AMQPError
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from bot.settings import Settings, get_settings
from bot.setup.processes import ProcessSpec, process_spec
from bot.setup.readiness import is_ready
from bot.setup.secrets import ensure_secrets
from bot.storage.engine import Database
from bot.supervision.rabbit import QUEUE
from tests.e2e.browser import free_port
from tests.faults.stack import with_the_fiches
from tests.integration.balancer import Balancer
from tests.required import missing
from tests.unit.mandats.databases import ADMIN_URL, postgresql_url
from tests.unit.shared.servers import OwnRedis, own_redis

RABBITMQ = os.environ.get("EQUIPIER_TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672/%2F")
KINDS = ("rasa", "actions", "gateway", "worker")
_ENGINE_TIMEOUT = 30  # seconds: eight processes share a few cores
_START_UP = 500  # seconds, for all of them, on a machine that does other things too


@dataclass
class Cluster:
    """The processes by kind, in two installations that share everything but their ports and their folder.

    Attributes:
        settings: of each of the two; the addresses of Rasa and of the actions are those of the balancers.
        balancers: by kind.
    """

    database: Database
    settings: tuple[Settings, Settings]
    processes: dict[str, list[subprocess.Popen[bytes]]]
    balancers: dict[str, Balancer]
    redis: OwnRedis

    @property
    def gateways(self) -> tuple[str, ...]:
        """The address of each gateway, not behind its balancer."""
        return tuple(f"http://127.0.0.1:{one.gateway_port}" for one in self.settings)

    def kill(self, kind: str, number: int = 0) -> None:
        """kill -9."""
        process = self.processes[kind][number]
        process.kill()
        process.wait()


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """One that is ready; stopped at the end."""
    with ExitStack() as ends:
        app = ends.enter_context(postgresql_url())
        memory = ends.enter_context(_empty_database())
        redis = ends.enter_context(own_redis(folder))
        _empty_queue()
        with_the_fiches(app)
        ports = {kind: (free_port(), free_port()) for kind in ("rasa", "actions", "gateway")}
        balancers = {kind: ends.enter_context(Balancer(ports[kind])) for kind in ports}
        secrets = _secrets(folder)
        both: list[Settings] = []
        specs: dict[str, list[ProcessSpec]] = {kind: [] for kind in KINDS}
        for number in (0, 1):
            var = folder / f"machine{number}"
            var.mkdir()
            for name in ("index", "models", "static"):
                (var / name).symlink_to(get_settings().var_dir / name)
            shared = secrets | {
                "EQUIPIER_VAR_DIR": str(var),
                "EQUIPIER_DATABASE_URL": app,
                "EQUIPIER_TRACKER_URL": memory,
                "EQUIPIER_REDIS_URL": redis.url.get_secret_value(),
                "EQUIPIER_EVENTS_URL": RABBITMQ,
                "EQUIPIER_GATEWAY_PORT": str(ports["gateway"][number]),
                "EQUIPIER_RASA_URL": balancers["rasa"].url,
                "EQUIPIER_ACTIONS_URL": balancers["actions"].url,
                "EQUIPIER_PUBLIC_URL": balancers["gateway"].url,
                "EQUIPIER_ENGINE_TIMEOUT": str(_ENGINE_TIMEOUT),
            }
            both.append(_settings(shared))
            for kind in KINDS:
                specs[kind].append(_spec(kind, shared, ports, number))
        processes: dict[str, list[subprocess.Popen[bytes]]] = {}
        for kind in KINDS:
            processes[kind] = [
                ends.enter_context(_started(spec, folder / f"{kind}{number}.log"))
                for number, spec in enumerate(specs[kind])
            ]
        _wait(specs, processes, folder)
        database = Database.at(app)
        ends.callback(database.close)
        yield Cluster(database, (both[0], both[1]), processes, balancers, redis)


def _spec(kind: str, shared: dict[str, str], ports: dict[str, tuple[int, int]], number: int) -> ProcessSpec:
    """How to start one process: its own port, where the settings of the others have the balancer's."""
    own = dict(shared)
    if kind in ("rasa", "actions"):
        own[f"EQUIPIER_{kind.upper()}_URL"] = f"http://127.0.0.1:{ports[kind][number]}"
    base = {key: value for key, value in os.environ.items() if not key.startswith("EQUIPIER_")}
    return process_spec(kind, _settings(own), base=base | own)


def _settings(values: dict[str, str]) -> Settings:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(name, value)
        return Settings(_env_file=None)


def _secrets(folder: Path) -> dict[str, str]:
    file = folder / "secrets.env"
    ensure_secrets(file, environment={})
    return {name: value or "" for name, value in dotenv_values(file).items()}


@contextmanager
def _started(spec: ProcessSpec, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            spec.argv, cwd=spec.folder, env=dict(spec.environment), stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(
    specs: dict[str, list[ProcessSpec]], processes: dict[str, list[subprocess.Popen[bytes]]], folder: Path
) -> None:
    deadline = time.monotonic() + _START_UP
    for kind, pair in specs.items():
        for number, (spec, process) in enumerate(zip(pair, processes[kind], strict=True)):
            while not is_ready(spec):
                said = (folder / f"{kind}{number}.log").read_text(errors="replace")[-2000:]
                assert time.monotonic() < deadline, f"{kind} is not ready: {said}"
                assert process.poll() is None, f"{kind} ended: {said}"
                time.sleep(0.2)


@contextmanager
def _empty_database() -> Iterator[str]:
    """For the memory of the dialogues, which makes its own tables."""
    name = f"equipier_test_{uuid4().hex}"
    admin = create_engine(ADMIN_URL, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    where = make_url(ADMIN_URL)
    # Another driver of PostgreSQL lives in the environment of Rasa.
    yield where.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def _empty_queue() -> None:
    try:
        connection = pika.BlockingConnection(pika.URLParameters(RABBITMQ))
    except AMQPError:
        missing("RabbitMQ")
    connection.channel().queue_delete(QUEUE)
    connection.close()
