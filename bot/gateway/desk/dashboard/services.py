"""What the dashboards and the page of the journal are made of."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.clock import Clock
from bot.journal.checkpoints import Checkpoints
from bot.supervision.figures import Dashboards
from bot.supervision.figures_understanding import Evaluations
from bot.supervision.journal_checks import ChainChecks
from bot.supervision.journal_reading import JournalReader

if TYPE_CHECKING:
    from bot.bootstrap import MandatServices


@dataclass(frozen=True, slots=True)
class DashboardServices:
    """What those who supervise look through."""

    dashboards: Dashboards
    evaluations: Evaluations
    reader: JournalReader
    checks: ChainChecks
    checkpoints: Checkpoints

    @classmethod
    def over(cls, mandats: "MandatServices", *, clock: Clock, evaluations: Path) -> "DashboardServices":
        """Those over the services of mandates.

        Args:
            evaluations: folder of the reports of ``equipier evaluate … --report``.
        """
        reader = JournalReader(mandats.database, mandats.journal)
        return cls(
            dashboards=Dashboards(mandats.database, clock),
            evaluations=Evaluations(evaluations),
            reader=reader,
            checks=ChainChecks(mandats.database, mandats.journal, mandats.checkpoints, clock),
            checkpoints=mandats.checkpoints,
        )
