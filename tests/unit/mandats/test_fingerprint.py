import json
from collections.abc import Callable
from typing import Any

import pytest

from bot.demarches import Demarche
from bot.mandats.models import Mandat, Usager
from bot.mandats.views import MandatView, Signature
from tests.unit.mandats.world import ANATOLE, World, assemble, ring

# Each column that the fingerprint covers, and another value that the database would take.
COVERED: dict[str, Callable[[World, MandatView], Any]] = {
    "reference": lambda world, mandat: "M-2026-9999-A1",
    "public_token": lambda world, mandat: "another",
    "organisation_id": lambda world, mandat: world.stranger.organisation,
    "usager_id": lambda world, mandat: world.seal(identity=ANATOLE).usager_id,
    "aidant_id": lambda world, mandat: world.stranger.aidant,
    "renews_id": lambda world, mandat: world.seal(identity=ANATOLE).id,
    "duration": lambda world, mandat: "SHORT",
    "sealed_at": lambda world, mandat: "2026-11-25 11:02:00.000001",
    "expires_at": lambda world, mandat: "2028-11-25 11:02:00.000000",
    "commitment": lambda world, mandat: "0" * 64,
    "sealed": lambda world, mandat: "{}",
    "fingerprint": lambda world, mandat: "0" * 64,
    "fingerprint_key": lambda world, mandat: "lost",
}
# What may change after the seal, or is bound to it otherwise.
FREE = {"id", "conversation_id", "commitment_secret", "signature", "official_number", "revoked_at"}


def verdict(world: World, mandat: MandatView, *, token: str | None = None) -> str:
    return world.verification.check(token or mandat.public_token).verdict


def test_every_column_is_either_covered_or_free_on_purpose():
    assert set(COVERED) | FREE == {column.name for column in Mandat.__table__.columns}


@pytest.mark.parametrize("column", COVERED)
def test_a_covered_column_that_was_changed_shows(world: World, column: str) -> None:
    mandat = world.seal(signature=Signature(b"png"))
    assert verdict(world, mandat) == "valid"
    other = COVERED[column](world, mandat)
    world.sql(f"UPDATE mandats SET {column} = :other WHERE id = :id", other=other, id=mandat.id)
    assert verdict(world, mandat, token=other if column == "public_token" else None) == "altered"


@pytest.mark.parametrize(
    "other",
    ["null", "[]", '"texte"', "1", "[1.5]", '{"demarches": null}', '{"demarches": ["\\ud800"]}', '{"demarches": [1]}'],
)
def test_sealed_content_of_any_shape_is_altered_and_breaks_nothing(world: World, other: str) -> None:
    mandat = world.seal()
    world.sql("UPDATE mandats SET sealed = :other WHERE id = :id", other=other, id=mandat.id)
    assert verdict(world, mandat) == "altered"


def test_a_fingerprint_that_is_not_even_ascii_is_altered(world: World) -> None:
    mandat = world.seal()
    world.sql("UPDATE mandats SET fingerprint = 'é' WHERE id = :id", id=mandat.id)
    assert verdict(world, mandat) == "altered"


@pytest.mark.parametrize(
    "path",
    [
        ("answers", "protected"),
        ("answers", "adult"),
        ("demarches",),
        ("signature", "kind"),
        ("signature", "digest"),
        ("wording", "version"),
        ("wording", "digest"),
    ],
)
def test_each_thing_that_was_signed_is_covered(world: World, path: tuple[str, ...]) -> None:
    mandat = world.seal(signature=Signature(b"png"))
    sealed = json.loads(world.scalar("SELECT sealed FROM mandats WHERE id = :id", id=mandat.id))
    inside = sealed
    for key in path[:-1]:
        inside = inside[key]
    assert inside[path[-1]] is not None
    inside[path[-1]] = ["justice"]
    world.sql("UPDATE mandats SET sealed = :sealed WHERE id = :id", sealed=json.dumps(sealed), id=mandat.id)
    assert verdict(world, mandat) == "altered"


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM autorisations WHERE mandat_id = :id AND demarche = 'logement'",
        "UPDATE autorisations SET demarche = 'justice' WHERE mandat_id = :id AND demarche = 'logement'",
        "INSERT INTO autorisations (id, mandat_id, organisation_id, usager_id, demarche)"
        " SELECT 'forged', mandat_id, organisation_id, usager_id, 'argent' FROM autorisations"
        " WHERE mandat_id = :id AND demarche = 'logement'",
    ],
)
def test_an_authorisation_that_was_added_removed_or_changed_shows(world: World, statement: str) -> None:
    mandat = world.seal([Demarche.PAPIERS, Demarche.LOGEMENT])
    world.sql(statement, id=mandat.id)
    assert verdict(world, mandat) == "altered"


def test_what_happens_to_a_mandate_afterwards_does_not_alter_it(world: World) -> None:
    mandat = world.seal()
    world.register.attach_official_number(world.actor, mandat.id, "2026-AC-1")
    world.register.revoke(world.actor, mandat.id, (Demarche.PAPIERS,))
    assert verdict(world, mandat) == "valid"
    world.register.revoke(world.actor, mandat.id)
    assert verdict(world, mandat) == "revoked"


def test_the_verdict_follows_time_and_tells_nothing_personal(world: World) -> None:
    mandat = world.seal()
    found = world.verification.check(mandat.public_token)
    assert (found.reference, found.demarches, found.verdict) == (mandat.reference, mandat.open_demarches, "valid")
    assert "Kervella" not in repr(found)
    world.fake_clock.advance(days=365)
    assert verdict(world, mandat) == "expired"
    assert world.verification.check("unknown") == world.verification.check("") != found
    assert world.verification.check("unknown").verdict == "unknown"


def test_the_fingerprint_on_the_paper_is_compared_when_it_is_typed(world: World) -> None:
    mandat = world.seal()
    grouped = " ".join(mandat.fingerprint[place : place + 4] for place in range(0, 16, 4)).upper()
    assert world.verification.check(mandat.public_token, fingerprint=grouped).verdict == "valid"
    wrong = grouped[:-1] + ("0" if grouped[-1] != "0" else "1")
    assert world.verification.check(mandat.public_token, fingerprint=wrong).verdict == "altered"


def test_a_mandate_is_still_verified_once_its_usager_was_erased(world: World) -> None:
    mandat = world.seal()
    with world.database.unit_of_work() as session:
        world.usagers.erase(session, session.get_one(Usager, mandat.usager_id))
    assert verdict(world, mandat) == "valid"


def test_a_mandate_is_still_verified_after_its_key_was_replaced(world: World) -> None:
    mandat = world.seal()
    people = (world.actor, world.stranger)
    assert verdict(assemble(world.database, seals=ring("s2", "seal"), people=people), mandat) == "valid"
    assert verdict(assemble(world.database, seals=ring("s2"), people=people), mandat) == "altered"
