"""Composition root: the one place where services are put together. Nothing is opened at import."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx

from bot.clock import Clock, SystemClock
from bot.conversations.cipher import FernetCipher
from bot.conversations.engine import Engine, RasaEngine
from bot.conversations.kept import KeptMessages
from bot.conversations.limits import SlidingWindow
from bot.conversations.router import HidesPersonalData, Router
from bot.conversations.store import ConversationStore
from bot.conversations.worker import Worker
from bot.settings import Settings
from bot.storage.engine import Database

if TYPE_CHECKING:
    from bot.fiches.guidance import GuidanceService
    from bot.gateway.app import GatewayServices
    from bot.privacy.detect import Detector

# Nobody waits in front of the worker: it leaves the engine more time, so that a slow answer ends up arriving.
_WORKER_PATIENCE = 4
_LEASE_MARGIN = 60.0  # seconds beyond the engine's time


def _internal_client() -> httpx.AsyncClient:
    """For our own servers: the proxies of the environment are meant for the outside."""
    return httpx.AsyncClient(trust_env=False)


def open_database(settings: Settings) -> Database:
    """The database of the settings; its tables are made by ``equipier db upgrade``."""
    return Database.at(settings.sqlalchemy_url)


def personal_data_detector() -> "Detector":
    """The detector of production (about 4 s to load)."""
    from bot.privacy.detect import load_detector  # noqa: PLC0415  spaCy is slow to import, and few processes need it

    return load_detector()


def gateway_services(
    settings: Settings,
    *,
    clock: Clock | None = None,
    pseudonymiser: HidesPersonalData | None = None,
    client: httpx.AsyncClient | None = None,
) -> "GatewayServices":
    """What the gateway runs on.

    Args:
        pseudonymiser: by default the one of production, which takes some seconds to load.
        client: for the engine and the checks; closed with the services.

    Raises:
        SettingsError: the vault key is missing or wrong.
    """
    from bot.channels.rest import RestChannel  # noqa: PLC0415  the worker and the actions need no web framework
    from bot.gateway.app import GatewayServices  # noqa: PLC0415
    from bot.gateway.health import standard_checks  # noqa: PLC0415
    from bot.privacy.pseudonymise import Pseudonymiser  # noqa: PLC0415

    cipher = FernetCipher(settings.vault_key)
    database = open_database(settings)
    http = client or _internal_client()
    router = Router(
        store=ConversationStore(database),
        kept=KeptMessages(database, cipher=cipher),
        engine=RasaEngine(http, url=settings.rasa_url, timeout=settings.engine_timeout),
        pseudonymiser=pseudonymiser or Pseudonymiser(personal_data_detector()),
        limiter=SlidingWindow(),
        clock=clock or SystemClock(),
        max_chars=settings.message_max_chars,
    )

    async def close() -> None:
        await http.aclose()
        database.close()

    return GatewayServices(
        rest=RestChannel(router, token=settings.rest_token, key=settings.vault_key),
        checks=standard_checks(database, http, rasa_url=settings.rasa_url, actions_url=settings.actions_url),
        close=close,
    )


@dataclass(frozen=True, slots=True)
class WorkerServices:
    """The worker, and what to close after it."""

    worker: Worker
    database: Database
    client: httpx.AsyncClient

    async def close(self) -> None:
        await self.client.aclose()
        self.database.close()


def worker_services(
    settings: Settings, *, clock: Clock | None = None, client: httpx.AsyncClient | None = None, every: float = 1.0
) -> WorkerServices:
    """What the worker runs on; *every* is the pause between two rounds, in seconds.

    Raises:
        SettingsError: the vault key is missing or wrong.
    """
    patience = settings.engine_timeout * _WORKER_PATIENCE
    cipher = FernetCipher(settings.vault_key)
    database = open_database(settings)
    http = client or _internal_client()
    engine: Engine = RasaEngine(http, url=settings.rasa_url, timeout=patience)
    kept = KeptMessages(database, cipher=cipher, lease=timedelta(seconds=patience + _LEASE_MARGIN))
    worker = Worker(
        kept=kept, store=ConversationStore(database), engine=engine, clock=clock or SystemClock(), every=every
    )
    return WorkerServices(worker, database, http)


def guidance_service(settings: Settings, *, clock: Clock | None = None) -> "GuidanceService":
    """The search and answers over the current fiches (the sentence encoder takes a second to load).

    Raises:
        IndexMissing: no fiche was imported, or their index was not built.
    """
    from bot.fiches.guidance import GuidanceService  # noqa: PLC0415  the gateway and the worker do not search
    from bot.fiches.index.build import open_index  # noqa: PLC0415
    from bot.fiches.store import FicheStore  # noqa: PLC0415

    fiches = FicheStore(open_database(settings))
    index = open_index(settings, fiches)
    return GuidanceService(fiches, index, clock or SystemClock(), stale_after_days=settings.stale_after_days)
