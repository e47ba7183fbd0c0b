from datetime import UTC, datetime

import pytest

from bot.errors import CorpusError
from bot.fiches.importers.archives import Member, Read, Rejected
from bot.fiches.importers.guides import Guide
from bot.fiches.importers.service import ImportRefused, import_fiches
from bot.fiches.importers.source import Source
from bot.fiches.ports import InMemoryFiches
from tests.unit.fiches.importers.publications import TEXT, publication, to_json
from tests.unit.fiches.samples import GUIDE

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
GUIDES = (Guide(GUIDE, ("question",) * 8),)


class StoppedClock:
    def now(self) -> datetime:
        return NOW


class FakeFiles(list[Read]):
    """Files already in memory; ends with *error* when there is one."""

    def __init__(self, *reads: Read, error: Exception | None = None) -> None:
        super().__init__(reads)
        self._error = error

    def __iter__(self):
        yield from super().__iter__()
        if self._error:
            raise self._error


def member(number: int, text: str = TEXT) -> Member:
    return Member(f"F{number}.xml", publication(text, fiche_id=f"F{number}").encode())


def source(*reads: Read, error: Exception | None = None) -> Source:
    return Source("file", "essai", FakeFiles(*reads, error=error))


def run(fiches: InMemoryFiches, *reads: Read, error: Exception | None = None, **options):
    return import_fiches(fiches, source(*reads, error=error), GUIDES, clock=StoppedClock(), **options)


@pytest.fixture
def fiches() -> InMemoryFiches:
    return InMemoryFiches()


def test_fiches_and_guides_come_in_together(fiches):
    done = run(fiches, member(1), Member("F2.json", to_json(publication(TEXT, fiche_id="F2"))))
    assert [fiche.id for fiche in fiches.all()] == ["F1", "F2", "G-ETANG"]
    assert (done.tally.taken, done.tally.guides, done.changed) == (2, 1, True)
    assert (done.snapshot.source, done.snapshot.label, done.snapshot.imported_at) == ("file", "essai", NOW)


def test_broken_files_are_rejected_by_name_and_the_rest_goes_in(fiches):
    done = run(
        fiches,
        member(1),
        Member("F2.xml", b"<Publication"),
        Member("F3.xml", b"<!DOCTYPE p [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><Publication>&e;</Publication>"),
        Rejected("F4.xml", "fichier chiffré"),
        member(5, "<Problematiques/>"),
        Member("copie/F1.xml", member(1).content),
        rejected_guides=(Rejected("faux.md", "sans en-tête"),),
    )
    assert (done.tally.taken, done.tally.skipped) == (1, 1)
    assert [item.name for item in done.tally.rejected] == ["faux.md", "F2.xml", "F3.xml", "F4.xml", "copie/F1.xml"]
    assert done.tally.rejected[2].reason == "déclaration DTD ou entité refusée"
    assert done.tally.rejected[4].reason == "identifiant déjà lu : F1"


def test_importing_the_same_again_changes_nothing(fiches):
    first = run(fiches, member(1), member(2))
    again = run(fiches, member(2), member(1))
    assert again.snapshot.id == first.snapshot.id
    assert not again.changed


def test_an_import_that_brings_no_fiche_is_refused(fiches):
    run(fiches, member(1))
    with pytest.raises(ImportRefused, match="aucune fiche") as caught:
        run(fiches, Member("F1.xml", b"?"))
    assert [item.name for item in caught.value.tally.rejected] == ["F1.xml"]
    assert fiches.get("F1") is not None


def test_a_source_that_breaks_on_the_way_leaves_the_base_as_it_was(fiches):
    before = run(fiches, member(1)).snapshot
    with pytest.raises(CorpusError, match="archive illisible"):
        run(fiches, member(1), member(2), error=CorpusError("archive illisible"))
    assert fiches.current() == before


def test_a_base_that_would_shrink_too_much_is_refused_unless_forced(fiches):
    run(fiches, *(member(number) for number in range(1, 11)))
    with pytest.raises(ImportRefused, match="5 fiches, contre 11"):
        run(fiches, *(member(number) for number in range(1, 5)))
    assert fiches.get("F10") is not None
    assert run(fiches, *(member(number) for number in range(1, 5)), force=True).snapshot.count == 5


def test_a_base_may_shrink_a_little(fiches):
    run(fiches, *(member(number) for number in range(1, 11)))
    assert run(fiches, *(member(number) for number in range(1, 10))).snapshot.count == 10


def test_progress_is_told_file_by_file(fiches):
    told: list[tuple[str, int, int]] = []
    run(fiches, member(1), Member("F2.xml", b"?"), progress=lambda *step: told.append(step))
    assert told == [("Fiches", 1, 2), ("Fiches", 2, 2)]
