"""What the gateway can do without for a while, and shows all the same: Redis, RabbitMQ, workers, voice, Telegram."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError

from bot.clock import Clock
from bot.gateway.health import TIMEOUT, Check
from bot.shared.redis import SharedMemory
from bot.storage.leases import WORKER, Leases
from bot.voice.client import VoiceClient

_PORTS = {"amqp": 5672, "amqps": 5671}
_SILENT = timedelta(minutes=2)  # a poller shows life once a minute at least
_log = structlog.get_logger(__name__)


def worker_check(leases: Leases, clock: Clock) -> Check:
    """A worker showed within the last minute that it lives."""

    def alive() -> bool:
        try:
            return leases.held(WORKER, now=clock.now()) > 0
        except DBAPIError as error:
            _log.warning("workers unknown", error=type(error).__name__)
            return False

    return Check(
        "worker",
        lambda: asyncio.to_thread(alive),
        "Les travaux de fond tournent.",
        "Les travaux de fond sont arrêtés : les réponses tardives, les rappels et la supervision attendent. "
        "Lancez « equipier worker ».",
        needed=False,
    )


def redis_check(shared: SharedMemory) -> Check:
    """Redis answers."""
    return Check(
        "redis",
        shared.answers,
        "Redis répond.",
        "Redis ne répond pas : chaque passerelle compte ses limites seule, et l'ordre des messages d'une conversation "
        "n'est tenu que dans chacune.",
        needed=False,
    )


def rabbitmq_check(url: SecretStr) -> Check:
    """RabbitMQ accepts connections."""
    address = urlsplit(url.get_secret_value())
    host, port = address.hostname or "localhost", address.port or _PORTS.get(address.scheme, 5672)
    return Check(
        "rabbitmq",
        lambda: _listens(host, port),
        "RabbitMQ répond.",
        "RabbitMQ ne répond pas : les conversations n'arrivent plus à la supervision, qui rattrapera son retard.",
        needed=False,
    )


def voice_check(voice: VoiceClient) -> Check:
    """The voice service listens or speaks."""

    async def there() -> bool:
        return any(await voice.available())

    return Check(
        "voice",
        there,
        "Le service vocal répond.",
        "Le service vocal ne répond pas : les personnes sont invitées à écrire. Lancez « equipier voice serve ».",
        needed=False,
    )


def telegram_check(mark: Path, clock: Clock) -> Check:
    """The process that fetches the messages of Telegram touched *mark*, on this machine, within two minutes."""

    async def alive() -> bool:
        try:
            return clock.now().timestamp() - mark.stat().st_mtime < _SILENT.total_seconds()
        except OSError:
            return False

    return Check(
        "telegram",
        alive,
        "Les messages de Telegram sont reçus.",
        "Les messages de Telegram ne sont plus reçus : Telegram les garde un jour et les remet au retour. "
        "Lancez « equipier telegram ».",
        needed=False,
    )


async def _listens(host: str, port: int) -> bool:
    # Nothing is said: RabbitMQ writes down a connection that begins to speak and goes away, not one that is silent.
    try:
        async with asyncio.timeout(TIMEOUT):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True
