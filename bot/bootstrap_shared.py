"""Composition root, fourth part: what several processes share, and whether it is there."""

import httpx

from bot.clock import Clock
from bot.gateway.health import Check, disk_check, standard_checks
from bot.gateway.health_shared import rabbitmq_check, redis_check, telegram_check, voice_check, worker_check
from bot.observability.exposure import MetricsPage
from bot.observability.gauges import DatabaseGauges
from bot.settings import Settings
from bot.setup.processes import is_set_up
from bot.shared.redis import SharedMemory
from bot.storage.engine import Database
from bot.storage.leases import Leases
from bot.voice.client import VoiceClient


def shared_memory(settings: Settings) -> SharedMemory | None:
    """What several processes share by Redis; ``None`` when no Redis is set, hence one process of each kind.

    Raises:
        SettingsError: its address makes no sense.
    """
    return SharedMemory(settings.redis_url) if settings.redis_url.get_secret_value() else None


def gateway_checks(
    settings: Settings, database: Database, http: httpx.AsyncClient, *, shared: SharedMemory | None, clock: Clock
) -> tuple[Check, ...]:
    """What the gateway needs, and what it would rather have, as far as it is set."""
    checks = [
        *standard_checks(database, http, rasa_url=settings.rasa_url, actions_url=settings.actions_url),
        worker_check(Leases(database), clock),
        disk_check(settings.var_dir, needed=settings.sqlalchemy_url.startswith("sqlite")),
    ]
    if shared is not None:
        checks.append(redis_check(shared))
    if settings.events_url.get_secret_value():
        checks.append(rabbitmq_check(settings.events_url))
    if is_set_up("voice", settings):
        checks.append(voice_check(VoiceClient(http, url=settings.voice_url)))
    # Where there are several of each, the one that fetches may be on another machine than this mark.
    if shared is None and is_set_up("telegram", settings):
        checks.append(telegram_check(settings.var_dir / "telegram.alive", clock))
    return tuple(checks)


def metrics_page(settings: Settings, database: Database, *, clock: Clock) -> MetricsPage:
    """What ``/metrics`` gives, and to whom."""
    return MetricsPage(token=settings.metrics_token, gauges=DatabaseGauges(database, clock, folder=settings.var_dir))
