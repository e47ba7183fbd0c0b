"""What the page of the data-protection officer runs on, over the services of a test; the dialogue remembers nothing."""

from dataclasses import replace
from datetime import datetime

from bot.mandats.erasure import Erasure
from bot.privacy.dossier import Dossiers
from bot.privacy.officer import DataProtection
from bot.privacy.register import Durations
from bot.privacy.retention import Retention
from tests.unit.gateway.office import Office

DURATIONS = Durations(mandat_years=6, conversation_days=183)


class NoTrackers:
    """A dialogue that never began."""

    def forget(self, conversation: str, *, dry_run: bool = False) -> int:
        return 0

    def forget_before(self, instant: datetime, *, dry_run: bool = False) -> int:
        return 0


def protect(office: Office, *, durations: Durations = DURATIONS) -> None:
    """From now on *office* has the page."""
    world, house = office.site.world, office.site.house
    protection = DataProtection(
        database=house.database,
        retention=Retention(
            house.database,
            house.journal,
            world.usagers,
            house.clock,
            trackers=NoTrackers(),
            mandat_years=durations.mandat_years,
            conversation_days=durations.conversation_days,
        ),
        erasure=Erasure(house.database, house.journal, world.usagers, house.clock),
        dossiers=Dossiers(house.database, house.journal, world.usagers, house.clock),
        durations=durations,
    )
    assert office.site.services.desk is not None
    office.site.services = replace(office.site.services, desk=replace(office.site.services.desk, protection=protection))
