"""Composition root: the one place where services are put together. Nothing is opened at import."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx

from bot.clock import Clock, SystemClock
from bot.conversations.cipher import FernetCipher
from bot.conversations.doorstep import HidesPersonalData
from bot.conversations.engine import Engine, RasaEngine
from bot.conversations.kept import KeptMessages
from bot.conversations.limits import MakesLimiters, in_memory
from bot.conversations.store import ConversationStore
from bot.conversations.worker import Worker
from bot.observability.engine import WatchedEngine
from bot.observability.tracing import stop_tracing
from bot.settings import Settings
from bot.storage.engine import Database

if TYPE_CHECKING:
    from bot.aidants.service import Aidants
    from bot.chores import Chores
    from bot.fiches.guidance import GuidanceService
    from bot.gateway.app import GatewayServices
    from bot.handover.asking import Handovers
    from bot.journal.checkpoints import Checkpoints
    from bot.journal.service import Journal
    from bot.mandats.attestation import Attestations
    from bot.mandats.drafts import Drafts
    from bot.mandats.identity import Usagers
    from bot.mandats.register import Register
    from bot.mandats.sealing import Sealing
    from bot.mandats.verification import Verification
    from bot.privacy.detect import Detector
    from bot.privacy.retention import Retention
    from bot.privacy.vault import Vault
    from bot.storage.leases import Leases

# Nobody waits in front of the worker: it leaves the engine more time, so that a slow answer ends up arriving.
_WORKER_PATIENCE = 4
_LEASE_MARGIN = 60.0  # seconds beyond the engine's time


def _internal_client() -> httpx.AsyncClient:
    """For our own servers: the proxies of the environment are meant for the outside.

    They close what is idle for five seconds; a connection that may be closing must not carry a message.
    """
    return httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_connections=None, keepalive_expiry=4.0))


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
        SettingsError: the vault key is missing or wrong, or the address of Redis.
    """
    from bot.bootstrap_channels import channels_of  # noqa: PLC0415  the worker and the actions need no web framework
    from bot.bootstrap_pages import page_services  # noqa: PLC0415
    from bot.bootstrap_shared import gateway_checks, metrics_page, shared_memory  # noqa: PLC0415
    from bot.gateway.app import GatewayServices  # noqa: PLC0415
    from bot.privacy.pseudonymise import Pseudonymiser  # noqa: PLC0415
    from bot.shared.windows import SharedWindows  # noqa: PLC0415

    now = clock or SystemClock()
    database = open_database(settings)
    shared = shared_memory(settings)
    limiters = SharedWindows(shared) if shared is not None else in_memory
    mandats = mandats_services(settings, clock=clock, database=database, limiters=limiters)
    http = client or _internal_client()
    hides = pseudonymiser or Pseudonymiser(personal_data_detector())
    channels = channels_of(
        settings,
        mandats,
        clock=now,
        pseudonymiser=hides,
        engine=WatchedEngine(RasaEngine(http, url=settings.rasa_url, timeout=settings.engine_timeout)),
        http=http,
        limiters=limiters,
        shared=shared,
    )

    async def close() -> None:
        await http.aclose()
        database.close()
        if shared is not None:
            await shared.close()
        stop_tracing()

    return GatewayServices(
        rest=channels.rest,
        web=channels.web,
        telegram=channels.telegram,
        pages=page_services(
            settings,
            mandats,
            clock=now,
            pseudonymiser=hides,
            signed_out=channels.web.sign_out,
            limiters=limiters,
        ),
        checks=gateway_checks(settings, database, http, shared=shared, clock=now),
        close=close,
        drain=channels.drain,
        metrics=metrics_page(settings, database, clock=now),
    )


@dataclass(frozen=True, slots=True)
class MandatServices:
    """Everything that keeps people, mandates and their journal."""

    database: Database
    aidants: "Aidants"
    journal: "Journal"
    checkpoints: "Checkpoints"
    usagers: "Usagers"
    drafts: "Drafts"
    sealing: "Sealing"
    register: "Register"
    verification: "Verification"
    attestations: "Attestations"
    vault: "Vault"

    def close(self) -> None:
        self.database.close()


def mandats_services(
    settings: Settings,
    *,
    clock: Clock | None = None,
    database: Database | None = None,
    limiters: MakesLimiters = in_memory,
) -> MandatServices:
    """The services of mandates, over *database* or the one of the settings.

    Args:
        limiters: makes what counts the codes that a conversation tries.

    Raises:
        SettingsError: a key is missing or malformed.
    """
    from bot.aidants.accounts import CODES_AN_HOUR  # noqa: PLC0415  the search needs none of them
    from bot.aidants.service import Aidants  # noqa: PLC0415
    from bot.journal.checkpoints import Checkpoints  # noqa: PLC0415
    from bot.journal.service import Journal  # noqa: PLC0415
    from bot.mandats.attestation import Attestations  # noqa: PLC0415
    from bot.mandats.drafts import Drafts  # noqa: PLC0415
    from bot.mandats.identity import Usagers  # noqa: PLC0415
    from bot.mandats.notices import sealed  # noqa: PLC0415
    from bot.mandats.register import Register  # noqa: PLC0415
    from bot.mandats.sealing import Sealing  # noqa: PLC0415
    from bot.mandats.verification import Verification  # noqa: PLC0415
    from bot.privacy.envelope import BlindIndex, Envelope, KeyRing  # noqa: PLC0415
    from bot.privacy.vault import Vault  # noqa: PLC0415

    now = clock or SystemClock()
    base = database or open_database(settings)
    masters = KeyRing.parse(settings.master_keys, setting="EQUIPIER_MASTER_KEYS")
    seals = KeyRing.parse(settings.seal_keys, setting="EQUIPIER_SEAL_KEYS")
    blind = BlindIndex(KeyRing.parse(settings.index_key, setting="EQUIPIER_INDEX_KEY"))
    sessions = KeyRing.parse(settings.session_key, setting="EQUIPIER_SESSION_KEY")
    journal = Journal(base, now)
    usagers = Usagers(Envelope(masters), blind, now)
    register = Register(base, journal, usagers, now)
    return MandatServices(
        database=base,
        aidants=Aidants(
            base,
            journal,
            now,
            keys=sessions,
            tries=limiters("codes", limit=CODES_AN_HOUR, window=timedelta(hours=1)),
        ),
        journal=journal,
        checkpoints=Checkpoints(
            base, journal, now, key=KeyRing.parse(settings.checkpoint_key, setting="EQUIPIER_CHECKPOINT_KEY")
        ),
        usagers=usagers,
        drafts=Drafts(base, journal, usagers, now),
        sealing=Sealing(base, journal, usagers, now, keys=seals, told=sealed(now)),
        register=register,
        verification=Verification(base, now, keys=seals),
        attestations=Attestations(base, register, journal, now, public_url=settings.public_url),
        vault=Vault(base, key=settings.vault_key, clock=now),
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
        stop_tracing()


def handovers_of(settings: Settings, mandats: MandatServices, *, clock: Clock | None = None) -> "Handovers":
    """The requests for a human, over the database of *mandats*.

    Raises:
        SettingsError: the opening hours make no sense.
    """
    from bot.handover.asking import Handovers  # noqa: PLC0415
    from bot.handover.hours import Hours  # noqa: PLC0415

    return Handovers(
        mandats.database,
        mandats.journal,
        clock or SystemClock(),
        hours=Hours.parse(settings.handover_hours),
        patience=timedelta(minutes=settings.handover_patience_minutes),
        idle=timedelta(hours=settings.handover_idle_hours),
    )


def retention_of(settings: Settings, services: "MandatServices", *, clock: Clock | None = None) -> "Retention":
    """What deletes what was kept long enough, with the durations of *settings*."""
    from bot.privacy.retention import Retention  # noqa: PLC0415
    from bot.privacy.trackers import trackers_at  # noqa: PLC0415

    return Retention(
        services.database,
        services.journal,
        services.usagers,
        clock or SystemClock(),
        trackers=trackers_at(settings.tracker_sqlalchemy_url),
        mandat_years=settings.mandat_kept_years,
        conversation_days=settings.conversation_kept_days,
    )


def worker_chores(
    settings: Settings, services: "MandatServices", *, leases: "Leases", clock: Clock | None = None
) -> "Chores":
    """What the worker does by the clock: reminders, vault, retention.

    Args:
        leases: of this worker, by which it keeps the others from what must not be done twice at once.
    """
    from bot.chores import Chores, standard  # noqa: PLC0415
    from bot.mandats.reminders import Reminders  # noqa: PLC0415
    from bot.supervision.services import projection_of  # noqa: PLC0415

    now = clock or SystemClock()
    reminders = Reminders(services.database, services.journal, services.usagers, now)
    retention = retention_of(settings, services, clock=now)
    projection = projection_of(settings, services.database, now, url=settings.events_url.get_secret_value())
    chores = standard(
        reminders=reminders,
        vault=services.vault,
        retention=retention,
        handovers=handovers_of(settings, services, clock=now),
        projection=projection,
    )
    return Chores(chores, now, leases=leases, close=projection.close)


def worker_services(
    settings: Settings, *, clock: Clock | None = None, client: httpx.AsyncClient | None = None, every: float = 1.0
) -> WorkerServices:
    """What the worker runs on; *every* is the pause between two rounds, in seconds.

    Raises:
        SettingsError: the vault key is missing or wrong.
    """
    from bot.handover.presence import Presence  # noqa: PLC0415  as above

    patience = settings.engine_timeout * _WORKER_PATIENCE
    cipher = FernetCipher(settings.vault_key)
    database = open_database(settings)
    http = client or _internal_client()
    engine: Engine = WatchedEngine(RasaEngine(http, url=settings.rasa_url, timeout=patience))
    kept = KeptMessages(database, cipher=cipher, lease=timedelta(seconds=patience + _LEASE_MARGIN))
    worker = Worker(
        kept=kept,
        store=ConversationStore(database),
        engine=engine,
        clock=clock or SystemClock(),
        every=every,
        humans=Presence(database),
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
