"""The base of fiches as the rest of the application sees it, and an implementation without a database."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Protocol

from bot.fiches.model import Fiche, Origin


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of the base, complete and never changed afterwards.

    Attributes:
        source: where the fiches of service-public come from: ``dila``, ``mirror`` or ``file``.
        label: the same for people, with its date.
        published: day of the newest update among the fiches of service-public; ``None`` when there are none.
        imported_at: when the base was last checked against its source, in UTC.
        count: how many fiches, guides included.
        digest: hash of the whole content; equal digests mean equal fiches.
    """

    id: int
    source: str
    label: str
    published: date | None
    imported_at: datetime
    count: int
    digest: str


class Fiches(Protocol):
    """Reads the current base."""

    def current(self) -> Snapshot | None:
        """The current state; ``None`` before the first import."""
        ...

    def get(self, fiche_id: str) -> Fiche | None:
        """The fiche of that id in the current state, if there is one."""
        ...

    def several(self, fiche_ids: Sequence[str]) -> list[Fiche]:
        """Those of *fiche_ids* that are in the current state, all of the same state, in the order given."""
        ...

    def all(self) -> Iterator[Fiche]:
        """Every fiche of the current state, by id."""
        ...


class WritableFiches(Fiches, Protocol):
    """Reads the base, and replaces it as a whole."""

    def replace(self, fiches: Iterable[Fiche], *, source: str, label: str, imported_at: datetime) -> Snapshot:
        """Makes *fiches* the current state, all of them or nothing.

        The same content as before makes no new state: only ``imported_at``, ``source`` and ``label`` are brought up
        to date.

        Args:
            fiches: each id once; whatever this iterable raises comes out unchanged, and the previous state stays.
            imported_at: aware instant.
        """
        ...


class Digest:
    """Hash of a base, whatever the order in which its fiches are read."""

    def __init__(self) -> None:
        self._entries: list[tuple[str, bytes]] = []
        self.published: date | None = None

    @property
    def count(self) -> int:
        return len(self._entries)

    def add(self, fiche: Fiche, content: bytes) -> None:
        """Takes one fiche in, with its serialised *content*."""
        self._entries.append((fiche.id, hashlib.sha256(content).digest()))
        if fiche.origin is Origin.SERVICE_PUBLIC and fiche.updated is not None:
            self.published = max(self.published or fiche.updated, fiche.updated)

    def hexdigest(self) -> str:
        whole = hashlib.sha256()
        for fiche_id, content in sorted(self._entries):
            whole.update(fiche_id.encode() + b"\0" + content)
        return whole.hexdigest()


class InMemoryFiches:
    """A base that lives as long as the process: for tests, and to try the application without a database."""

    def __init__(self, fiches: Iterable[Fiche] = ()) -> None:
        self._fiches: dict[str, Fiche] = {}
        self._snapshot: Snapshot | None = None
        given = tuple(fiches)
        if given:
            self.replace(given, source="file", label="en mémoire", imported_at=datetime.fromtimestamp(0, UTC))

    def current(self) -> Snapshot | None:
        return self._snapshot

    def get(self, fiche_id: str) -> Fiche | None:
        return self._fiches.get(fiche_id)

    def several(self, fiche_ids: Sequence[str]) -> list[Fiche]:
        return [fiche for fiche_id in fiche_ids if (fiche := self._fiches.get(fiche_id)) is not None]

    def all(self) -> Iterator[Fiche]:
        return iter(tuple(self._fiches.values()))

    def replace(self, fiches: Iterable[Fiche], *, source: str, label: str, imported_at: datetime) -> Snapshot:
        taken = {fiche.id: fiche for fiche in sorted(fiches, key=lambda fiche: fiche.id)}
        digest = Digest()
        for fiche in taken.values():
            digest.add(fiche, fiche.model_dump_json().encode())
        previous = self._snapshot
        if previous and previous.digest == digest.hexdigest():
            self._snapshot = replace(previous, source=source, label=label, imported_at=imported_at)
            return self._snapshot
        self._fiches = taken
        self._snapshot = Snapshot(
            id=previous.id + 1 if previous else 1,
            source=source,
            label=label,
            published=digest.published,
            imported_at=imported_at,
            count=digest.count,
            digest=digest.hexdigest(),
        )
        return self._snapshot
