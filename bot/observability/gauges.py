"""What waits in the database, counted when somebody looks: the same whichever gateway is asked.

A database that does not respond gives no gauge, rather than old ones; the readiness says why.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Select, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.clock import Clock
from bot.conversations.models import Delivery, KeptMessage, LoggedMessage, OutboxEntry, Place
from bot.handover.models import HandoverRequest
from bot.storage.engine import Database
from bot.storage.leases import WORKER, Lease
from bot.supervision.models import ProjectionMark

_LATELY = timedelta(days=1)
_MOST = 10_000  # first replies looked at: more in a day would not change the median
_log = structlog.get_logger(__name__)


class DatabaseGauges(Collector):
    """Reads the database once for each look.

    Args:
        folder: where processes without address show that they are alive.
    """

    def __init__(self, database: Database, clock: Clock, *, folder: Path) -> None:
        self._database = database
        self._clock = clock
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        """The gauges, as the library asks for them."""
        yield from self._pool()
        yield self._heartbeats()
        now = self._clock.now()
        readers: tuple[Callable[[Session, datetime], list[Metric]], ...] = (
            _kept,
            _outbox,
            _deliveries,
            _help,
            _review,
            _workers,
        )
        try:
            with self._database.unit_of_work() as session:
                found = [metric for read in readers for metric in read(session, now)]
        except SQLAlchemyError as error:
            _log.warning("nothing to measure in the database", error=type(error).__name__)
            return
        yield from found

    def _pool(self) -> Iterator[Metric]:
        pool = self._database.engine.pool
        gauge = GaugeMetricFamily("equipier_db_pool_connections", "Connections to the database.", labels=["state"])
        for state in ("checkedout", "checkedin"):  # not every kind of pool can say
            if (count := getattr(pool, state, None)) is not None:
                gauge.add_metric([{"checkedout": "busy", "checkedin": "idle"}[state]], count())
        yield gauge

    def _heartbeats(self) -> Metric:
        gauge = GaugeMetricFamily(
            "equipier_heartbeat_timestamp_seconds",
            "When a process of this machine last showed life.",
            labels=["process"],
        )
        for mark in sorted(self._folder.glob("*.alive")):
            with suppress(OSError):  # it has just ended
                gauge.add_metric([mark.stem], mark.stat().st_mtime)
        return gauge


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=value)


def _age(session: Session, oldest: Select[Any], now: datetime) -> float:
    """Seconds since the oldest, 0 when there is none."""
    found = session.scalar(oldest)
    return max(0.0, (now - found).total_seconds()) if found else 0.0


def _kept(session: Session, now: datetime) -> list[Metric]:
    waiting = KeptMessage.state == "waiting"
    count = session.scalar(select(func.count()).select_from(KeptMessage).where(waiting)) or 0
    age = _age(session, select(func.min(KeptMessage.received_at)).where(waiting), now)
    return [
        _gauge("equipier_kept_messages", "Messages kept until the dialogue can answer them.", count),
        _gauge("equipier_kept_messages_oldest_seconds", "Age of the oldest of them.", age),
    ]


def _outbox(session: Session, now: datetime) -> list[Metric]:
    waiting = OutboxEntry.delivered_at.is_(None)
    count = session.scalar(select(func.count()).select_from(OutboxEntry).where(waiting)) or 0
    age = _age(session, select(func.min(OutboxEntry.created_at)).where(waiting), now)
    return [
        _gauge("equipier_outbox_replies", "Replies that wait for their reader to come back.", count),
        _gauge("equipier_outbox_oldest_seconds", "Age of the oldest of them.", age),
    ]


def _deliveries(session: Session, now: datetime) -> list[Metric]:
    waiting = GaugeMetricFamily("equipier_deliveries", "Replies to push.", labels=["channel"])
    age = GaugeMetricFamily("equipier_deliveries_oldest_seconds", "Age of the oldest.", labels=["channel"])
    query = (
        select(Place.channel, func.count(), func.min(Delivery.created_at))
        .join(Place, Place.id == Delivery.place_id)
        .where(Delivery.delivered_at.is_(None))
        .group_by(Place.channel)
    )
    for channel, count, oldest in session.execute(query):
        waiting.add_metric([channel], count)
        age.add_metric([channel], max(0.0, (now - oldest).total_seconds()))
    lost = GaugeMetricFamily("equipier_deliveries_given_up", "Given up within a day, and why.", labels=["reason"])
    given_up = (
        select(Delivery.failure, func.count())
        .where(Delivery.failure.is_not(None), Delivery.delivered_at > now - _LATELY)
        .group_by(Delivery.failure)
    )
    for reason, count in session.execute(given_up):
        lost.add_metric([reason or ""], count)
    return [waiting, age, lost]


def _help(session: Session, now: datetime) -> list[Metric]:
    state = GaugeMetricFamily("equipier_help_requests", "Open requests for a human.", labels=["state"])
    opened = HandoverRequest.closed_at.is_(None)
    free = HandoverRequest.claimed_by.is_(None)
    for name, condition in (("waiting", free), ("claimed", ~free)):
        count = select(func.count()).select_from(HandoverRequest).where(opened, condition)
        state.add_metric([name], session.scalar(count) or 0)
    age = _age(session, select(func.min(HandoverRequest.opened_at)).where(opened, free), now)
    replied = (
        select(HandoverRequest.opened_at, HandoverRequest.first_reply_at)
        .where(HandoverRequest.opened_at > now - _LATELY, HandoverRequest.first_reply_at.is_not(None))
        .limit(_MOST)
    )
    waits = sorted((first - asked).total_seconds() for asked, first in session.execute(replied) if first)
    first = GaugeMetricFamily(
        "equipier_help_first_reply_seconds", "To the first human reply, within a day.", labels=["quantile"]
    )
    for quantile in (0.5, 0.9) if waits else ():
        first.add_metric([str(quantile)], waits[min(int(quantile * len(waits)), len(waits) - 1)])
    return [state, _gauge("equipier_help_oldest_seconds", "Age of the oldest request that nobody took.", age), first]


def _workers(session: Session, now: datetime) -> list[Metric]:
    alive = select(func.count()).select_from(Lease).where(Lease.name.startswith(WORKER), Lease.until > now)
    return [_gauge("equipier_workers", "Workers that showed life within the last minute.", session.scalar(alive) or 0)]


def _review(session: Session, now: datetime) -> list[Metric]:
    mark = session.scalar(select(ProjectionMark.position).where(ProjectionMark.name == "message_log")) or 0
    newer = LoggedMessage.id > mark
    count = session.scalar(select(func.count()).select_from(LoggedMessage).where(newer)) or 0
    age = _age(session, select(func.min(LoggedMessage.created_at)).where(newer), now)
    return [
        _gauge("equipier_projection_lag_messages", "Messages that the review does not show yet.", count),
        _gauge("equipier_projection_lag_seconds", "Age of the oldest of them.", age),
    ]
