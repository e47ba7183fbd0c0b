"""Imports a source and our guides into the base: all that can be read goes in, or nothing changes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bot.clock import Clock
from bot.errors import CorpusError
from bot.fiches.importers.archives import Rejected
from bot.fiches.importers.guides import Guide
from bot.fiches.importers.publication import fiche_of
from bot.fiches.importers.source import Source
from bot.fiches.importers.tree import read_tree
from bot.fiches.model import Fiche
from bot.fiches.ports import Snapshot, WritableFiches

# A base that shrinks by more than this share has a broken source behind it more often than a spring clean.
_MAX_SHRINKAGE = 0.2

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Tally:
    """What became of the files that were read.

    Attributes:
        taken: fiches of service-public that went in.
        guides: guides of ours that went in.
        skipped: publications without any text to quote.
        rejected: files left out, with the reason.
    """

    taken: int = 0
    guides: int = 0
    skipped: int = 0
    rejected: list[Rejected] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Imported:
    """A finished import.

    Attributes:
        changed: whether the content differs from what was there before.
    """

    snapshot: Snapshot
    tally: Tally
    changed: bool


class ImportRefused(CorpusError):
    """Nothing was changed; ``tally`` tells what was read."""

    def __init__(self, message: str, tally: Tally, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.tally = tally


def import_fiches(
    fiches: WritableFiches,
    source: Source,
    guides: Sequence[Guide],
    *,
    clock: Clock,
    rejected_guides: Sequence[Rejected] = (),
    force: bool = False,
    progress: Progress = lambda _label, _done, _total: None,
) -> Imported:
    """Replaces the base with what *source* and *guides* hold.

    Args:
        rejected_guides: guides that could not be read, to be told with the rest.
        force: accept a base much smaller than the present one.

    Raises:
        ImportRefused: no fiche of service-public could be read, or the base would shrink too much.
        CorpusError: the source broke on the way.
    """
    before = fiches.current()
    tally = Tally(rejected=list(rejected_guides))

    def accepted() -> Iterator[Fiche]:
        yield from _read(source, tally, progress)
        for guide in guides:
            tally.guides += 1
            yield guide.fiche
        # Here, and not once the base is replaced: what this raises leaves the base as it was.
        _check(tally, before, force=force)

    snapshot = fiches.replace(accepted(), source=source.kind, label=source.label, imported_at=clock.now())
    return Imported(snapshot, tally, changed=before is None or before.digest != snapshot.digest)


def _read(source: Source, tally: Tally, progress: Progress) -> Iterator[Fiche]:
    seen: set[str] = set()
    total = len(source.files)
    for done, read in enumerate(source.files, start=1):
        if isinstance(read, Rejected):
            tally.rejected.append(read)
        else:
            try:
                fiche = fiche_of(read_tree(read.name, read.content))
                if fiche is not None and fiche.id in seen:
                    raise CorpusError(f"identifiant déjà lu : {fiche.id}")
            except CorpusError as error:
                tally.rejected.append(Rejected(read.name, str(error)))
            else:
                if fiche is None:
                    tally.skipped += 1
                else:
                    seen.add(fiche.id)
                    tally.taken += 1
                    yield fiche
        progress("Fiches", done, total)


def _check(tally: Tally, before: Snapshot | None, *, force: bool) -> None:
    if not tally.taken:
        raise ImportRefused("aucune fiche n'a pu être importée", tally, hint="La base n'a pas changé.")
    count = tally.taken + tally.guides
    if before is not None and not force and count < before.count * (1 - _MAX_SHRINKAGE):
        raise ImportRefused(
            f"l'import n'apporte que {count} fiches, contre {before.count} en base : la base n'a pas changé",
            tally,
            hint="Si c'est voulu, recommencez avec --force.",
        )
