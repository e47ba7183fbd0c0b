"""Many mandates at once, for another program or a spreadsheet: what leaves is journalled, with how much of it."""

from datetime import date

from bot.calendar import PARIS
from bot.journal.actions import Action
from bot.journal.service import Journal
from bot.mandats.register import Register
from bot.mandats.rules import Status
from bot.mandats.views import Actor, MandatView
from bot.storage.engine import Database


class Exports:
    """Takes mandates out of the register of an organisation."""

    def __init__(self, database: Database, register: Register, journal: Journal) -> None:
        self._database = database
        self._register = register
        self._journal = journal

    def mandats(
        self, actor: Actor, kind: str, *, status: Status | None = None, name: str = "", since: date | None = None
    ) -> tuple[MandatView, ...]:
        """The mandates of *actor*'s organisation, the newest first, those that ended long ago too.

        The journal keeps the count and the filters, never the name that was looked for.

        Args:
            kind: form in which they leave, ``json`` or ``csv``.
            status: only those in this state.
            name: only those of usagers whose names hold all these words.
            since: only those sealed that day, in Paris, or later.

        Raises:
            AccessRefused: the aidant does not work there any more.
        """
        found = self._register.mandats(actor, status=status, name=name, everything=True)
        chosen = tuple(view for view in found if since is None or view.sealed_at.astimezone(PARIS).date() >= since)
        with self._database.unit_of_work() as session:
            self._journal.append(
                session,
                Action.EXPORT_MANDATS,
                organisation=actor.organisation,
                aidant=actor.aidant,
                details={
                    "count": len(chosen),
                    "format": kind,
                    "status": status.value if status else None,
                    "since": since.isoformat() if since else None,
                    "by_name": bool(name.strip()),
                },
            )
        return chosen
