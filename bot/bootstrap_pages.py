"""Composition root, third part: the pages of the gateway."""

from collections.abc import Callable
from dataclasses import replace

from bot.bootstrap import MandatServices, retention_of
from bot.clock import Clock
from bot.conversations.doorstep import HidesPersonalData
from bot.conversations.limits import MINUTE, MakesLimiters, in_memory
from bot.fiches.store import FicheStore
from bot.gateway.desk.dashboard.services import DashboardServices
from bot.gateway.desk.helpdesk.services import HelpDeskServices
from bot.gateway.desk.services import DeskServices
from bot.gateway.desk.supervision.services import SupervisionServices
from bot.gateway.pages.services import PageServices
from bot.handover.canned import CannedReplies
from bot.handover.fiches import FicheFinder
from bot.handover.helpdesk import HelpDesk
from bot.privacy.envelope import KeyRing
from bot.privacy.officer import DataProtection
from bot.privacy.register import Durations
from bot.settings import Settings
from bot.supervision.services import supervision_of

_PAGES_A_MINUTE = 30  # sign-ins and verifications of one address: each sign-in costs an argon2 verification


def page_services(
    settings: Settings,
    mandats: MandatServices,
    *,
    clock: Clock,
    pseudonymiser: HidesPersonalData,
    signed_out: Callable[[str], None] | None = None,
    limiters: MakesLimiters = in_memory,
) -> PageServices:
    """What the pages of the gateway run on, over the services of mandates.

    Args:
        signed_out: told the id of each session that someone ends.
        limiters: makes what counts the sign-ins and the verifications.
    """
    fiches = FicheStore(mandats.database)
    helpdesk = HelpDeskServices(
        requests=HelpDesk(mandats.database, mandats.journal, clock, pseudonymiser=pseudonymiser),
        canned=CannedReplies(mandats.database, clock, detector=pseudonymiser),
        fiches=FicheFinder(fiches),
    )
    protection = DataProtection.over(
        mandats,
        retention=retention_of(settings, mandats, clock=clock),
        durations=Durations.of(settings),
        clock=clock,
    )
    supervision = SupervisionServices.over(
        supervision_of(
            mandats.database,
            mandats.journal,
            clock,
            vault=mandats.vault,
            pseudonymiser=lambda: pseudonymiser,
            find_personal_data=lambda text: pseudonymiser.pseudonymise(text).found,
        ),
        fiches,
    )
    dashboard = DashboardServices.over(mandats, clock=clock, evaluations=settings.var_dir / "evaluation")
    return PageServices(
        brand=settings.brand_name,
        public_url=settings.public_url,
        static=settings.var_dir / "static",
        keys=KeyRing.parse(settings.session_key, setting="EQUIPIER_SESSION_KEY"),
        clock=clock,
        people=mandats.aidants,
        drafts=mandats.drafts,
        sealing=mandats.sealing,
        verification=mandats.verification,
        vault=mandats.vault,
        attestation=mandats.attestations.just_sealed,
        limiter=limiters("pages", limit=_PAGES_A_MINUTE, window=MINUTE),
        desk=replace(
            DeskServices.over(mandats),
            helpdesk=helpdesk,
            protection=protection,
            dashboard=dashboard,
            supervision=supervision,
        ),
        telegram_bot=settings.telegram_bot,
        signed_out=signed_out,
    )
