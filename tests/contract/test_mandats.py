"""What mandates rely on, asked of SQLite and of PostgreSQL, alone and all at once."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot.clock import SystemClock
from bot.demarches import Demarche
from bot.journal.actions import Action
from bot.journal.checkpoints import Verdict
from bot.mandats.models import Autorisation, Mandat, Usager
from bot.mandats.reference import parse
from bot.mandats.rules import Duration, MandatRefused, Status
from bot.mandats.views import AccessRefused, LinkRefused, NotActive, Signature, UnknownMandat
from bot.storage.engine import Database
from tests.unit.mandats.databases import postgresql_url, sqlite_url
from tests.unit.mandats.world import (
    ANATOLE,
    CAN_BE_HELPED,
    ON_PAPER,
    SOME,
    WORDING,
    YOLANDE,
    World,
    assemble,
    link_state,
)

SEALS = 50
T = TypeVar("T")


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    with postgresql_url() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = sqlite_url(tmp_path) if request.param == "sqlite" else request.getfixturevalue("postgresql")
    database = Database.at(url)
    yield database
    database.close()


@pytest.fixture
def world(database: Database) -> World:
    return assemble(database)


def at_once(work: list[Callable[[], T]]) -> tuple[list[T], list[Exception]]:
    """What each of *work* returned and raised, all started at the same instant in threads."""
    start, done, failed = threading.Barrier(len(work)), [], []

    def run(one: Callable[[], T]) -> None:
        start.wait()
        try:
            done.append(one())
        except Exception as error:  # noqa: BLE001  told to the test
            failed.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done, failed


def test_a_mandate_goes_from_its_draft_to_its_end(world: World) -> None:
    actor, clock = world.actor, world.fake_clock
    draft, secret = world.drafts.create(actor, SOME, Duration.MONTH, CAN_BE_HELPED)
    assert link_state(world.drafts, secret) is None
    assert world.drafts.open_link(world.drafts.new_link(actor, draft.id))[0] == draft
    page = world.page(duration=Duration.MONTH)
    mandat = world.sealing.seal(page, YOLANDE, Signature(b"png"), WORDING)
    assert world.register.mandat(actor, mandat.id) == world.register.by_reference(actor, mandat.reference) == mandat
    assert world.register.mandats(actor, name="KERVELLA", status=Status.ACTIVE) == (mandat,)
    assert world.register.signature(actor, mandat.id) == b"png"
    assert world.register.near(actor, mandat.reference.lower()) == (mandat.reference,)
    assert world.register.covering(actor, "kervella", Demarche.PAPIERS) == (mandat,)
    assert world.verification.check(mandat.public_token).verdict == "valid"
    world.register.use(actor, mandat.id, Demarche.PAPIERS, note="F1341")
    clock.advance(days=30)
    renewed = world.seal(SOME, renews=mandat.id)
    assert world.register.mandat(actor, mandat.id).status is Status.REVOKED
    assert world.register.revoke(actor, renewed.id, (Demarche.PAPIERS,)).open_demarches == (Demarche.LOGEMENT,)
    with pytest.raises(NotActive):
        world.register.use(actor, renewed.id, Demarche.PAPIERS)
    clock.advance(days=365)
    assert world.verification.check(renewed.public_token).verdict == "expired"
    verified = world.journal.verify(actor.organisation)
    assert (verified.broken, verified.entries) == (None, len(world.journalled()))


def test_links_are_refused_for_the_same_reasons(world: World) -> None:
    draft, secret = world.drafts.create(world.actor, SOME, Duration.LONG, CAN_BE_HELPED)
    world.drafts.open_link(secret)
    for expected, change in (
        ("used", lambda: None),
        ("cancelled", lambda: world.drafts.cancel(world.actor, draft.id)),
    ):
        change()
        with pytest.raises(LinkRefused, match=expected):
            world.drafts.open_link(secret)
    _, other = world.drafts.create(world.actor, SOME, Duration.LONG, CAN_BE_HELPED)
    world.fake_clock.advance(minutes=15)
    with pytest.raises(LinkRefused, match="expired"):
        world.drafts.open_link(other)


def test_another_organisation_reaches_nothing_and_its_attempts_are_journalled(world: World) -> None:
    mandat, stranger = world.seal(), world.stranger
    draft, _ = world.drafts.create(world.actor, SOME, Duration.LONG, CAN_BE_HELPED)
    for attempt in (
        lambda: world.register.mandat(stranger, mandat.id),
        lambda: world.register.revoke(stranger, mandat.id),
        lambda: world.drafts.cancel(stranger, draft.id),
        lambda: world.drafts.create(stranger, SOME, Duration.LONG, CAN_BE_HELPED, renews=mandat.id),
    ):
        with pytest.raises(AccessRefused):
            attempt()
    with pytest.raises(UnknownMandat):
        world.register.by_reference(stranger, mandat.reference)
    assert [entry.action for entry in world.journalled(stranger)] == [Action.REFUSE_ACCESS] * 5
    assert world.register.mandats(stranger) == world.register.near(stranger, mandat.reference) == ()
    assert world.register.mandat(world.actor, mandat.id) == mandat


def test_a_refused_seal_leaves_nothing(world: World) -> None:
    page, before = world.page(), world.journalled()
    world.sql("UPDATE organisations SET demarches = '[]' WHERE id = :id", id=world.actor.organisation)
    with pytest.raises(MandatRefused):
        world.sealing.seal(page, YOLANDE, ON_PAPER, WORDING)
    assert world.journalled() == before
    assert world.register.mandats(world.actor) == ()
    with world.database.unit_of_work() as session:
        assert session.scalars(select(Usager).where(Usager.organisation_id == world.actor.organisation)).all() == []


def test_an_altered_mandate_shows(world: World) -> None:
    mandat = world.seal()
    world.sql("UPDATE mandats SET expires_at = '2030-01-01' WHERE id = :id", id=mandat.id)
    assert world.verification.check(mandat.public_token).verdict == "altered"


def test_the_database_itself_refuses_a_second_open_authorisation(world: World) -> None:
    one, other = world.seal([Demarche.PAPIERS]), world.seal([Demarche.LOGEMENT])
    with pytest.raises(IntegrityError):
        world.sql("UPDATE autorisations SET demarche = 'papiers' WHERE mandat_id = :id", id=other.id)
    assert world.register.mandat(world.actor, one.id).open_demarches == (Demarche.PAPIERS,)


def test_an_erased_person_leaves_a_mandate_that_is_still_verified(world: World) -> None:
    mandat = world.seal()
    with world.database.unit_of_work() as session:
        world.usagers.erase(session, session.get_one(Usager, mandat.usager_id))
    assert world.register.mandat(world.actor, mandat.id).usager is None
    assert world.register.mandats(world.actor, name="Kervella") == ()
    assert world.verification.check(mandat.public_token).verdict == "valid"


def test_a_signed_journal_is_still_the_one_that_was_signed(world: World) -> None:
    world.seal()
    checkpoint = world.checkpoints.sign(world.actor.organisation)
    world.seal()
    assert world.checkpoints.check(world.actor.organisation, checkpoint) is Verdict.OK
    assert world.checkpoints.latest(world.actor.organisation) == checkpoint


def test_fifty_seals_at_once_for_one_person_leave_one_open_authorisation(database: Database) -> None:
    world = assemble(database, clock=SystemClock())
    organisation = world.actor.organisation
    pages = [world.page([Demarche.PAPIERS]) for _ in range(SEALS)]
    sealed, failed = at_once(
        [
            lambda page=page: world.sealing.seal(page, YOLANDE, ON_PAPER, WORDING)  # type: ignore[misc]
            for page in pages
        ]
    )
    assert failed == []
    assert len({mandat.id for mandat in sealed}) == len({mandat.reference for mandat in sealed}) == SEALS
    assert all(parse(mandat.reference) == mandat.reference for mandat in sealed)
    assert len({mandat.usager_id for mandat in sealed}) == 1
    with database.unit_of_work() as session:
        rows = session.scalars(select(Autorisation).where(Autorisation.organisation_id == organisation)).all()
        sealed_at = {one.id: one.sealed_at for one in session.scalars(select(Mandat)).all()}
        usagers = session.scalars(select(Usager).where(Usager.organisation_id == organisation)).all()
    assert len(usagers) == 1
    assert len(rows) == SEALS
    (still_open,) = [row for row in rows if row.ended_at is None]
    assert {row.ended_by for row in rows if row is not still_open} == {"remplacement"}
    # The open one is the newest, and none ended before it began.
    assert sealed_at[still_open.mandat_id] == max(mandat.sealed_at for mandat in sealed)
    assert all(row.ended_at >= sealed_at[row.mandat_id] for row in rows if row.ended_at)
    assert [view.id for view in world.register.mandats(world.actor, status=Status.ACTIVE)] == [still_open.mandat_id]
    verified = world.journal.verify(organisation)
    assert (verified.broken, verified.entries) == (None, 4 * SEALS - 1)


def test_seals_at_once_in_two_organisations_share_no_reference(database: Database) -> None:
    world = assemble(database, clock=SystemClock())
    work = [
        (world.page([Demarche.PAPIERS], actor=actor), identity)
        for identity in (YOLANDE, ANATOLE)
        for actor in (world.actor, world.stranger)
        for _ in range(5)
    ]
    sealed, failed = at_once(
        [
            lambda page=page, identity=identity: world.sealing.seal(page, identity, ON_PAPER, WORDING)  # type: ignore[misc]
            for page, identity in work
        ]
    )
    assert failed == []
    assert len({mandat.reference for mandat in sealed}) == len(work)
    for actor in (world.actor, world.stranger):
        assert world.journal.verify(actor.organisation).broken is None
        assert len(world.register.mandats(actor, status=Status.ACTIVE)) == 2


def test_one_page_submitted_twice_at_once_seals_one_mandate(world: World) -> None:
    for _ in range(5):
        page = world.page([Demarche.JUSTICE])
        before = len(world.register.mandats(world.actor))
        sealed, failed = at_once([lambda: world.sealing.seal(page, YOLANDE, ON_PAPER, WORDING)] * 4)  # noqa: B023
        assert len(sealed) == 1
        assert [type(error) for error in failed] == [LinkRefused] * 3
        assert len(world.register.mandats(world.actor)) == before + 1
    assert world.journal.verify(world.actor.organisation).broken is None


@pytest.mark.parametrize("openings", [2, 8])
def test_of_openings_of_one_link_at_the_same_instant_one_wins(world: World, openings: int) -> None:
    for _ in range(10):
        draft, secret = world.drafts.create(world.actor, SOME, Duration.LONG, CAN_BE_HELPED)
        opened, failed = at_once([lambda: world.drafts.open_link(secret)] * openings)  # noqa: B023
        assert [view for view, _ in opened] == [draft]
        assert [error.reason if isinstance(error, LinkRefused) else error for error in failed] == ["used"] * (
            openings - 1
        )
        assert world.drafts.of_page(opened[0][1]) == draft


def test_two_revocations_at_once_are_one(world: World) -> None:
    mandat = world.seal()
    done, failed = at_once([lambda: world.register.revoke(world.actor, mandat.id)] * 4)
    assert len(done) == 1
    assert [type(error) for error in failed] == [NotActive] * 3
    assert [entry.action for entry in world.journalled()].count(Action.CANCEL_MANDAT) == 1
    assert world.journal.verify(world.actor.organisation).broken is None
