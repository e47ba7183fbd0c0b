"""The contract of the base of fiches, for each of its implementations; then what only the database has."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.demarches import Demarche
from bot.fiches.model import Fiche
from bot.fiches.models import FicheRow
from bot.fiches.ports import InMemoryFiches, Snapshot, WritableFiches
from bot.fiches.store import FicheStore, Summary
from bot.storage.engine import Database
from bot.storage.migrate import upgrade
from tests.unit.fiches.samples import CARTE, FERMAGE, GUIDE

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.at(f"sqlite:///{tmp_path / 'test.db'}")
    upgrade(database)
    yield database
    database.close()


@pytest.fixture(params=["database", "memory"])
def fiches(request: pytest.FixtureRequest) -> WritableFiches:
    return FicheStore(request.getfixturevalue("database")) if request.param == "database" else InMemoryFiches()


def put(fiches: WritableFiches, *given: Fiche, at: datetime = NOON) -> Snapshot:
    return fiches.replace(given, source="file", label="essai", imported_at=at)


def test_before_the_first_import_there_is_nothing(fiches):
    assert fiches.current() is None
    assert fiches.get("F1") is None
    assert list(fiches.all()) == []


def test_what_was_put_in_comes_out_unchanged_and_in_order(fiches):
    put(fiches, GUIDE, FERMAGE, CARTE)
    assert list(fiches.all()) == [CARTE, FERMAGE, GUIDE]
    assert fiches.get("F1") == CARTE
    assert fiches.get("F999") is None


def test_the_snapshot_describes_the_import(fiches):
    put(fiches, FERMAGE, CARTE, GUIDE)
    snapshot = fiches.current()
    assert (snapshot.source, snapshot.label, snapshot.count) == ("file", "essai", 3)
    # The guide was verified later than any fiche was updated: it does not make the base younger.
    assert snapshot.published == date(2026, 3, 1)
    assert snapshot.imported_at == NOON


def test_a_base_of_guides_alone_has_no_date_of_publication(fiches):
    assert put(fiches, GUIDE).published is None


def test_instants_of_another_zone_are_kept_as_instants(fiches):
    assert put(fiches, CARTE, at=NOON.astimezone(timezone(timedelta(hours=2)))).imported_at == NOON


def test_the_same_content_makes_no_new_snapshot_but_is_dated_anew(fiches):
    first = put(fiches, CARTE, FERMAGE)
    again = put(fiches, FERMAGE, CARTE, at=NOON + timedelta(days=1))
    assert (again.id, again.digest) == (first.id, first.digest)
    assert fiches.current().imported_at == NOON + timedelta(days=1)


def test_a_new_content_replaces_the_old_one_as_a_whole(fiches):
    first = put(fiches, CARTE, FERMAGE)
    assert fiches.get("F1") == CARTE
    changed = CARTE.model_copy(update={"title": "Carte volée"})
    second = put(fiches, changed)
    assert second.id != first.id
    assert second.digest != first.digest
    assert fiches.get("F1") == changed
    assert fiches.get("F2") is None


def test_a_failure_on_the_way_leaves_the_former_base(fiches):
    before = put(fiches, CARTE)

    def broken() -> Iterator[Fiche]:
        yield FERMAGE
        raise RuntimeError("panne")

    with pytest.raises(RuntimeError, match="panne"):
        fiches.replace(broken(), source="file", label="essai", imported_at=NOON)
    assert fiches.current() == before
    assert list(fiches.all()) == [CARTE]


def test_both_implementations_give_the_same_digest(database):
    assert put(FicheStore(database), CARTE, GUIDE).digest == put(InMemoryFiches(), GUIDE, CARTE).digest


def test_a_failure_while_writing_leaves_the_former_base(database):
    store = FicheStore(database)
    before = put(store, CARTE)
    with pytest.raises(Exception, match="UNIQUE"):
        put(store, FERMAGE, FERMAGE)
    assert store.current() == before
    assert list(store.all()) == [CARTE]


def test_only_the_present_and_the_former_content_are_kept(database):
    store = FicheStore(database)
    for number in range(4):
        put(store, CARTE.model_copy(update={"title": f"Version {number}"}))
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(FicheRow)) == 2
    assert store.get("F1").title == "Version 3"


def test_a_reader_finishes_with_the_content_it_began_with(database):
    store = FicheStore(database)
    put(store, CARTE, FERMAGE)
    reading = store.all()
    assert next(reading) == CARTE
    put(FicheStore(database), GUIDE)
    assert list(reading) == [FERMAGE]


def test_another_process_s_import_is_seen_at_once(database):
    store = FicheStore(database)
    put(store, CARTE)
    assert store.get("F1") == CARTE
    changed = CARTE.model_copy(update={"title": "Autre"})
    put(FicheStore(database), changed)
    assert store.get("F1") == changed


@pytest.mark.parametrize(
    ("demarche", "search", "ids"),
    [
        (None, "", ["F1", "F2", "G-ETANG"]),
        (Demarche.LOISIRS, "", ["F1"]),
        (None, "peche", ["F1", "G-ETANG"]),
        (None, "ÉTANG louer", ["F2"]),
        (Demarche.LOISIRS, "étang", []),
        (None, "%", []),
    ],
)
def test_fiches_are_listed_by_scope_and_words_of_their_title(database, demarche, search, ids):
    store = FicheStore(database)
    put(store, CARTE, FERMAGE, GUIDE)
    assert [item.id for item in store.summaries(demarche=demarche, search=search)] == ids


def test_a_summary_holds_what_a_list_shows(database):
    store = FicheStore(database)
    put(store, FERMAGE)
    assert store.summaries() == [Summary("F2", FERMAGE.title, Demarche.LOGEMENT, date(2020, 8, 26))]
