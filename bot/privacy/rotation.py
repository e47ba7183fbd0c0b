"""Rotation of the master keys: every person's data key is wrapped again under the current one."""

from dataclasses import dataclass

from sqlalchemy import select

from bot.aidants.models import Organisation
from bot.journal.actions import Action
from bot.journal.service import Journal
from bot.mandats.identity import Usagers
from bot.mandats.models import Usager
from bot.privacy.shredding import shred, shrink
from bot.storage.engine import Database


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did.

    Attributes:
        rewrapped: data keys that were under another master key.
        in_use: names of the master keys that still wrap something: those that must stay in the settings.
    """

    rewrapped: int
    in_use: tuple[str, ...]


class Rotation:
    """Rotates; a process that still runs with the former settings goes on wrapping with the former key meanwhile."""

    def __init__(self, database: Database, journal: Journal, usagers: Usagers) -> None:
        self._database = database
        self._journal = journal
        self._usagers = usagers

    def rotate(self) -> Rotated:
        """Wraps again all that is not under the current master key: everything or nothing.

        Raises:
            Sealed: a master key that is still needed is not in the settings any more, or a data key was damaged.
        """
        with self._database.unit_of_work() as session:
            # An erasure waits for its turn: else it could be undone by the key that was read just before it.
            for organisation in session.scalars(select(Organisation.id).order_by(Organisation.id)).all():
                self._journal.lock(session, organisation)
            shred(session)
            rewrapped = self._usagers.rewrap(session)
            session.flush()
            masters = select(Usager.key_master).where(Usager.key_master.is_not(None)).distinct()
            in_use = sorted(name for name in session.scalars(masters) if name is not None)
            self._journal.append(
                session,
                Action.ROTATE_KEYS,
                organisation=None,
                details={"rewrapped": rewrapped, "masters": in_use},
            )
        shrink(self._database)
        return Rotated(rewrapped, tuple(in_use))
