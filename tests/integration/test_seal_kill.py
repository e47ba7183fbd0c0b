"""A process killed at any step of a seal leaves the whole mandate, or nothing."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.demarches import Demarche
from bot.journal.actions import Action
from bot.mandats.models import Autorisation, Mandat, Usager
from bot.mandats.rules import Status
from bot.mandats.views import LinkRefused
from bot.settings import ROOT
from bot.storage.engine import Database
from tests.unit.mandats.databases import postgresql_url, sqlite_url
from tests.unit.mandats.world import ANATOLE, ON_PAPER, SOME, WORDING, YOLANDE, World, assemble

# Every step of a seal of two scopes, the dry run below makes sure of it.
STEPS = (
    "usager",
    "mandat",
    "attestation",
    "replaced papiers",
    "authorised papiers",
    "journalled papiers",
    "replaced logement",
    "authorised logement",
    "journalled logement",
    "before commit",
    "committed",
)
ON_POSTGRESQL = ("mandat", "replaced logement", "before commit", "committed")
PROGRAM = """
import os, signal, sys
from bot.mandats.views import Actor
from bot.storage.engine import Database
from tests.unit.mandats.world import ON_PAPER, WORDING, YOLANDE, assemble

url, page, step, aidant, organisation = sys.argv[1:]
actor = Actor(aidant, organisation)

def stop(name):
    if name == step:
        os.kill(os.getpid(), signal.SIGKILL)

world = assemble(Database.at(url), step=stop, people=(actor, actor))
world.sealing.seal(page, YOLANDE, ON_PAPER, WORDING)
"""


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    with postgresql_url() as url:
        yield url


@pytest.fixture(
    params=[
        *(("sqlite", step) for step in STEPS),
        *(pytest.param(("postgresql", step), marks=pytest.mark.services) for step in ON_POSTGRESQL),
    ],
    ids=lambda param: " ".join(param).replace(" ", "-"),
)
def killed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[World, str, str]]:
    """A world where « papiers » was open already, the page of a seal that was killed, and the step it died at."""
    kind, step = request.param
    url = sqlite_url(tmp_path) if kind == "sqlite" else request.getfixturevalue("postgresql")
    database = Database.at(url)
    world = assemble(database)
    world.seal([Demarche.PAPIERS])
    page = world.page(SOME)
    people = (world.actor.aidant, world.actor.organisation)
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, url, page, step, *people],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    yield world, page, step
    database.close()


def test_these_are_the_steps_of_a_seal(tmp_path: Path) -> None:
    steps: list[str] = []
    database = Database.at(sqlite_url(tmp_path))
    world = assemble(database, step=steps.append)
    world.seal([Demarche.PAPIERS])
    steps.clear()
    world.seal(SOME)
    database.close()
    assert tuple(steps) == STEPS
    assert set(ON_POSTGRESQL) <= set(STEPS)


def check_nothing_is_half_done(world: World) -> None:
    """Each mandate has its authorisations and its entries, and each of these its mandate."""
    organisation = world.actor.organisation
    assert world.journal.verify(organisation).broken is None
    with world.database.unit_of_work() as session:
        mandats = session.scalars(select(Mandat).where(Mandat.organisation_id == organisation)).all()
        rows = session.scalars(select(Autorisation).where(Autorisation.organisation_id == organisation)).all()
        usagers = session.scalars(select(Usager).where(Usager.organisation_id == organisation)).all()
    signed = {(mandat.id, demarche) for mandat in mandats for demarche in mandat.sealed["demarches"]}
    assert {(row.mandat_id, row.demarche) for row in rows} == signed
    assert {usager.id for usager in usagers} == {mandat.usager_id for mandat in mandats}
    entries = world.journalled()
    assert [one.mandat for one in entries if one.action == Action.CREATE_ATTESTATION] == [
        mandat.id for mandat in sorted(mandats, key=lambda mandat: mandat.reference)
    ]
    created = [(one.mandat, one.demarche) for one in entries if one.action == Action.CREATE_AUTORISATION]
    assert (set(created), len(created)) == (signed, len(signed))
    replaced = {(row.mandat_id, row.demarche) for row in rows if row.ended_by == "remplacement"}
    assert {(one.mandat, one.demarche) for one in entries if one.action == Action.CANCEL_AUTORISATION} == replaced
    for mandat in mandats:
        assert world.verification.check(mandat.public_token).verdict in ("valid", "revoked")


def test_a_seal_that_is_killed_is_whole_or_never_was(killed: tuple[World, str, str]) -> None:
    world, page, step = killed
    check_nothing_is_half_done(world)
    former, *sealed = sorted(world.register.mandats(world.actor), key=lambda mandat: mandat.reference)
    if step == "committed":
        assert [mandat.open_demarches for mandat in sealed] == [SOME]
        assert former.status is Status.REVOKED
        with pytest.raises(LinkRefused):
            world.drafts.of_page(page)
        page = world.page(SOME)
    else:
        assert sealed == []
        assert former.open_demarches == (Demarche.PAPIERS,)
        assert world.drafts.of_page(page).demarches == SOME
    again = world.sealing.seal(page, YOLANDE, ON_PAPER, WORDING)
    assert again.open_demarches == SOME
    assert world.register.mandats(world.actor, status=Status.ACTIVE) == (again,)
    assert world.seal(SOME, identity=ANATOLE).open_demarches == SOME
    check_nothing_is_half_done(world)
    with pytest.raises(LinkRefused):
        world.sealing.seal(page, YOLANDE, ON_PAPER, WORDING)
