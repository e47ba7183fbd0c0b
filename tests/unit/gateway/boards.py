"""The dashboards and the journal, over the services of a test."""

from dataclasses import replace
from pathlib import Path

from bot.gateway.desk.dashboard.services import DashboardServices
from bot.supervision.figures import Dashboards
from bot.supervision.figures_understanding import Evaluations
from bot.supervision.journal_checks import ChainChecks
from bot.supervision.journal_reading import JournalReader
from tests.unit.gateway.office import Office


def put_boards(office: Office, *, evaluations: Path | None = None) -> DashboardServices:
    """From now on *office* has the pages.

    Args:
        evaluations: folder of the measures of the models; none was measured when it is left out.
    """
    world, house = office.site.world, office.site.house
    reader = JournalReader(house.database, house.journal)
    boards = DashboardServices(
        dashboards=Dashboards(house.database, house.clock),
        evaluations=Evaluations(evaluations or office.site.services.static / "none"),
        reader=reader,
        checks=ChainChecks(house.database, house.journal, world.checkpoints, house.clock),
        checkpoints=world.checkpoints,
    )
    assert office.site.services.desk is not None
    office.site.services = replace(office.site.services, desk=replace(office.site.services.desk, dashboard=boards))
    return boards
