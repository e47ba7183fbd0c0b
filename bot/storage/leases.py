"""Leases: what one process holds for a while, in sight of all the others. One that dies lets go by itself."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import String, delete, func, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.engine import Base, Database
from bot.storage.sql import UtcDateTime, changed, insert_if_absent

WORKER = "worker "  # before the name of each worker that is alive


class Lease(Base):
    """Something held until an instant."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    holder: Mapped[str] = mapped_column(String(32))
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class Leases:
    """Those of one process. Each method is one unit of work."""

    def __init__(self, database: Database, *, new_holder: Callable[[], str] = lambda: uuid4().hex) -> None:
        self._database = database
        self.holder = new_holder()

    def take(self, name: str, duration: timedelta, *, now: datetime) -> bool:
        """Holds *name* for *duration* from *now*, or goes on holding it; false when another process does."""
        mine = Lease.holder == self.holder
        # Longer than anyone asks for: it was taken by a clock that ran ahead.
        free = or_(Lease.until <= now, Lease.until > now + duration * 2)
        hold = update(Lease).where(Lease.name == name, or_(mine, free)).values(holder=self.holder, until=now + duration)
        with self._database.unit_of_work() as session:
            if changed(session, hold):
                return True
            insert_if_absent(session, Lease, name=name, holder=self.holder, until=now + duration)
            return changed(session, hold) == 1

    def release(self, name: str) -> None:
        """Lets go of *name*, if this process holds it."""
        with self._database.unit_of_work() as session:
            session.execute(delete(Lease).where(Lease.name == name, Lease.holder == self.holder))

    def held(self, prefix: str, *, now: datetime) -> int:
        """How many leases whose names begin with *prefix* are held at *now*."""
        query = select(func.count()).select_from(Lease).where(Lease.name.startswith(prefix), Lease.until > now)
        with self._database.unit_of_work() as session:
            return session.scalar(query) or 0

    def forget(self, prefix: str, *, before: datetime) -> None:
        """Deletes the leases whose names begin with *prefix* and that ended before *before*."""
        with self._database.unit_of_work() as session:
            session.execute(delete(Lease).where(Lease.name.startswith(prefix), Lease.until < before))
