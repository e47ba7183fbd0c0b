"""The fiches in the database."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from bot.demarches import Demarche
from bot.fiches.analysis import fold
from bot.fiches.model import Fiche
from bot.fiches.models import FicheRow, FicheSnapshot
from bot.fiches.ports import Digest, Snapshot
from bot.storage.engine import Database

_BATCH = 200
_KEPT = 2  # the current state and the one before: a reader that is half-way through it must be able to finish
_CACHED = 512  # fiches, about 20 kB each
_LABEL_CHARS = 200


@dataclass(frozen=True, slots=True)
class Summary:
    """What a list shows of a fiche."""

    id: str
    title: str
    demarche: Demarche | None
    updated: date | None


class FicheStore:
    """The base of fiches in SQLite or PostgreSQL; every method asks for the current state anew."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._read = lru_cache(maxsize=_CACHED)(self._read_from)

    def current(self) -> Snapshot | None:
        with self._database.unit_of_work() as session:
            row = session.get(FicheSnapshot, _current_id(session))
            return _snapshot(row) if row else None

    def get(self, fiche_id: str) -> Fiche | None:
        return next(iter(self.several([fiche_id])), None)

    def several(self, fiche_ids: Sequence[str]) -> list[Fiche]:
        with self._database.unit_of_work() as session:
            snapshot_id = _current_id(session)
        return [fiche for fiche_id in fiche_ids if (fiche := self._read(snapshot_id, fiche_id)) is not None]

    def all(self) -> Iterator[Fiche]:
        with self._database.unit_of_work() as session:
            snapshot_id = _current_id(session)
            query = select(FicheRow.content).where(FicheRow.snapshot_id == snapshot_id).order_by(FicheRow.fiche_id)
            for content in session.scalars(query.execution_options(yield_per=_BATCH)):
                yield _unpacked(content)

    def summaries(self, *, demarche: Demarche | None = None, search: str = "") -> list[Summary]:
        """The fiches of the current state, by id.

        Args:
            demarche: only those of this scope.
            search: only those whose title holds these words, whatever their accents and case.
        """
        query = select(FicheRow.fiche_id, FicheRow.title, FicheRow.demarche, FicheRow.updated)
        wanted = fold(search).split()
        with self._database.unit_of_work() as session:
            query = query.where(FicheRow.snapshot_id == _current_id(session)).order_by(FicheRow.fiche_id)
            if demarche:
                query = query.where(FicheRow.demarche == demarche.value)
            rows = session.execute(query).all()
        return [
            Summary(fiche_id, title, Demarche(scope) if scope else None, updated)
            for fiche_id, title, scope, updated in rows
            if all(word in fold(title) for word in wanted)
        ]

    def replace(self, fiches: Iterable[Fiche], *, source: str, label: str, imported_at: datetime) -> Snapshot:
        # Everything is read and packed (some 30 MB) before the transaction opens: reading takes seconds, during
        # which SQLite would keep every other writer waiting.
        digest = Digest()
        rows = [_row(fiche, digest) for fiche in fiches]
        told = {"source": source, "label": label[:_LABEL_CHARS], "imported_at": _without_zone(imported_at)}
        with self._database.unit_of_work() as session:
            row = session.get(FicheSnapshot, _current_id(session))
            if row is not None and row.digest == digest.hexdigest():
                for name, value in told.items():
                    setattr(row, name, value)
            else:
                row = FicheSnapshot(**told, published=digest.published, count=digest.count, digest=digest.hexdigest())
                session.add(row)
                session.flush()
                _insert(session, row.id, rows)
                _drop_old(session)
            return _snapshot(row)

    def _read_from(self, snapshot_id: int, fiche_id: str) -> Fiche | None:
        with self._database.unit_of_work() as session:
            row = session.get(FicheRow, (snapshot_id, fiche_id))
            return _unpacked(row.content) if row else None


def _current_id(session: Session) -> int:
    """Id of the current state; 0, which none has, before the first import."""
    return session.scalar(select(func.max(FicheSnapshot.id))) or 0


def _row(fiche: Fiche, digest: Digest) -> dict[str, Any]:
    content = fiche.model_dump_json().encode()
    digest.add(fiche, content)
    return {
        "fiche_id": fiche.id,
        "title": fiche.title,
        "demarche": fiche.demarche.value if fiche.demarche else None,
        "updated": fiche.updated,
        "content": zlib.compress(content),
    }


def _insert(session: Session, snapshot_id: int, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), _BATCH):
        batch = [{"snapshot_id": snapshot_id, **row} for row in rows[start : start + _BATCH]]
        session.execute(insert(FicheRow), batch)


def _drop_old(session: Session) -> None:
    kept = session.scalars(select(FicheSnapshot.id).order_by(FicheSnapshot.id.desc()).limit(_KEPT)).all()
    session.execute(delete(FicheRow).where(FicheRow.snapshot_id.not_in(kept)))
    session.execute(delete(FicheSnapshot).where(FicheSnapshot.id.not_in(kept)))


def _unpacked(content: bytes) -> Fiche:
    return Fiche.model_validate_json(zlib.decompress(content))


def _snapshot(row: FicheSnapshot) -> Snapshot:
    return Snapshot(
        id=row.id,
        source=row.source,
        label=row.label,
        published=row.published,
        imported_at=row.imported_at.replace(tzinfo=UTC),
        count=row.count,
        digest=row.digest,
    )


def _without_zone(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(tzinfo=None)
