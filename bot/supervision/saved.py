"""Filters that people keep under a name; each sees their own."""

from sqlalchemy import delete, select

from bot.storage.engine import Database
from bot.storage.sql import changed
from bot.supervision.filters import as_json, from_json
from bot.supervision.models import SavedFilterRow
from bot.supervision.views import Filter, SavedFilter, UnknownItem, WrongReview

_LONGEST_NAME = 80
_MOST = 50


class SavedFilters:
    """Each method is one unit of work. A filter gives no right: what it lists is asked again each time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, aidant: str) -> tuple[SavedFilter, ...]:
        """Those of *aidant*, by name."""
        query = select(SavedFilterRow).where(SavedFilterRow.aidant_id == aidant).order_by(SavedFilterRow.name)
        with self._database.unit_of_work() as session:
            return tuple(SavedFilter(row.id, row.name, from_json(row.content)) for row in session.scalars(query))

    def save(self, aidant: str, name: str, wanted: Filter) -> int:
        """Keeps *wanted* under *name*, instead of what had that name; its id.

        Raises:
            WrongReview: the name is empty or longer than 80 characters, or there are fifty already (field ``name``).
        """
        kept = " ".join(name.split())
        if not kept:
            raise WrongReview("name", "missing")
        if len(kept) > _LONGEST_NAME:
            raise WrongReview("name", "too_long")
        mine = select(SavedFilterRow).where(SavedFilterRow.aidant_id == aidant)
        with self._database.unit_of_work() as session:
            rows = {row.name: row for row in session.scalars(mine)}
            row = rows.get(kept)
            if row is None:
                if len(rows) >= _MOST:
                    raise WrongReview("name", "too_many")
                row = SavedFilterRow(aidant_id=aidant, name=kept, content={})
                session.add(row)
            row.content = as_json(wanted)
            session.flush()
            return row.id

    def remove(self, aidant: str, saved: int) -> None:
        """Forgets one.

        Raises:
            UnknownItem: *aidant* has none with that id.
        """
        mine = (SavedFilterRow.id == saved) & (SavedFilterRow.aidant_id == aidant)
        with self._database.unit_of_work() as session:
            if not changed(session, delete(SavedFilterRow).where(mine)):
                raise UnknownItem(str(saved))
