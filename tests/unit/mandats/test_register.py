from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.demarches import Demarche
from bot.journal.actions import Action
from bot.mandats.rules import Duration, Status
from bot.mandats.views import AccessRefused, Actor, MandatView, NotActive, UnknownMandat
from tests.unit.mandats.world import ANATOLE, SOME, YOLANDE, World

Attempt = Callable[[World, Actor, MandatView], object]
# Everything that names a mandate, and how its attempt is journalled.
BY_ID: dict[str, Attempt] = {
    "read_mandat": lambda world, actor, mandat: world.register.mandat(actor, mandat.id),
    "use_autorisation": lambda world, actor, mandat: world.register.use(actor, mandat.id, Demarche.PAPIERS),
    "cancel_mandat": lambda world, actor, mandat: world.register.revoke(actor, mandat.id),
    "attach_official_number": lambda world, actor, mandat: world.register.attach_official_number(actor, mandat.id, "1"),
    "print_attestation": lambda world, actor, mandat: world.register.note(actor, Action.PRINT_ATTESTATION, mandat.id),
    "read_signature": lambda world, actor, mandat: world.register.signature(actor, mandat.id),
}
# Everything else that reads the register.
OTHERS: dict[str, Attempt] = {
    "list": lambda world, actor, mandat: world.register.mandats(actor),
    "find_mandat": lambda world, actor, mandat: world.register.by_reference(actor, mandat.reference),
    "near": lambda world, actor, mandat: world.register.near(actor, mandat.reference),
    "check_mandat": lambda world, actor, mandat: world.register.covering(actor, "Kervella", None),
}


def test_every_method_of_the_register_is_tried_here(world: World) -> None:
    methods = {name for name in dir(world.register) if not name.startswith("_")}
    assert len(methods) == len(BY_ID) + len(OTHERS)


@pytest.mark.parametrize("tried", BY_ID)
def test_the_mandate_of_another_organisation_is_out_of_reach_and_the_attempt_journalled(
    world: World, tried: str
) -> None:
    mandat = world.seal()
    before = world.journalled()
    with pytest.raises(AccessRefused):
        BY_ID[tried](world, world.stranger, mandat)
    (entry,) = world.journalled(world.stranger)
    assert (entry.action, entry.aidant) == (Action.REFUSE_ACCESS, world.stranger.aidant)
    assert entry.details == {"tried": tried, "target": mandat.id}
    assert world.journalled() == before
    assert world.register.mandat(world.actor, mandat.id) == mandat


@pytest.mark.parametrize("tried", BY_ID | OTHERS)
def test_an_aidant_who_left_sees_nothing_and_the_attempt_is_journalled(world: World, tried: str) -> None:
    mandat = world.seal()
    world.leave(world.actor)
    with pytest.raises(AccessRefused):
        (BY_ID | OTHERS)[tried](world, world.actor, mandat)
    assert world.last_entry().action == Action.REFUSE_ACCESS
    assert world.last_entry().details["tried"] == tried


@pytest.mark.parametrize("tried", BY_ID | OTHERS)
def test_a_colleague_sees_and_does_the_same(world: World, tried: str) -> None:
    mandat = world.seal()
    colleague = world.aidant(world.actor.organisation)
    (BY_ID | OTHERS)[tried](world, colleague, mandat)
    assert all(entry.action != Action.REFUSE_ACCESS for entry in world.journalled())


def test_lists_searches_and_suggestions_stop_at_the_organisation(world: World) -> None:
    mandat = world.seal(SOME, identity=YOLANDE)
    register, stranger = world.register, world.stranger
    assert register.mandats(stranger) == register.mandats(stranger, name="Kervella", everything=True) == ()
    assert register.near(stranger, mandat.reference) == ()
    assert register.covering(stranger, "Kervella", None) == ()
    with pytest.raises(UnknownMandat):
        register.by_reference(stranger, mandat.reference)
    assert world.last_entry(stranger).details == {"tried": "find_mandat", "target": mandat.id}
    before = len(world.journalled(stranger))
    with pytest.raises(UnknownMandat):  # it looks the same from outside, but there is nothing to journal
        register.by_reference(stranger, "M-2026-9999-A1")
    assert len(world.journalled(stranger)) == before
    assert register.by_reference(world.actor, mandat.reference) == mandat


def test_reading_printing_and_attaching_are_journalled(world: World) -> None:
    mandat = world.seal()
    register = world.register
    register.mandat(world.actor, mandat.id)
    register.note(world.actor, Action.PRINT_ATTESTATION, mandat.id)
    seen = register.attach_official_number(world.actor, mandat.id, "AC-42")
    assert seen.official_number == "AC-42"
    entries = world.journalled()[-3:]
    assert [entry.action for entry in entries] == ["read_mandat", "print_attestation", "attach_official_number"]
    assert {(entry.mandat, entry.usager, entry.aidant) for entry in entries} == {
        (mandat.id, mandat.usager_id, world.actor.aidant)
    }


def test_mandates_are_listed_the_newest_first_by_status_and_by_name(world: World) -> None:
    short = world.seal([Demarche.JUSTICE], duration=Duration.SHORT)
    revoked = world.seal([Demarche.ARGENT])
    world.register.revoke(world.actor, revoked.id)
    world.fake_clock.advance(days=2)
    active = world.seal([Demarche.PAPIERS], identity=ANATOLE)

    def listed(**criteria: object) -> list[str]:
        return [one.id for one in world.register.mandats(world.actor, **criteria)]  # type: ignore[arg-type]

    assert listed() == [active.id, revoked.id, short.id]
    assert listed(status=Status.ACTIVE) == [active.id]
    assert listed(status=Status.EXPIRED) == [short.id]
    assert listed(status=Status.REVOKED) == [revoked.id]
    assert listed(name="le-bihan ANATOLE") == [active.id]
    assert listed(name="Kervella", status=Status.EXPIRED) == [short.id]
    assert listed(name="Kervella Anatole") == listed(name="--") == []


def test_what_ended_a_year_ago_is_listed_only_with_everything(world: World) -> None:
    expired, revoked = world.seal([Demarche.PAPIERS], duration=Duration.MONTH), world.seal([Demarche.ARGENT])
    world.register.revoke(world.actor, revoked.id)
    world.fake_clock.instant = revoked.sealed_at + timedelta(days=365)
    assert {one.id for one in world.register.mandats(world.actor)} == {expired.id, revoked.id}
    world.fake_clock.advance(seconds=1)
    assert [one.id for one in world.register.mandats(world.actor)] == [expired.id]
    world.fake_clock.instant = expired.expires_at + timedelta(days=365, seconds=1)
    assert world.register.mandats(world.actor) == ()
    assert len(world.register.mandats(world.actor, everything=True)) == 2


@pytest.mark.parametrize(
    "mistyped",
    [
        lambda one: one[:-1] + ("1" if one[-1] != "1" else "2"),
        lambda one: one.replace("2026", "2062"),
        lambda one: one[:-3],  # without its check
        lambda one: one.lower().replace("-", " "),
        lambda one: one[2:],
        lambda one: one.replace("0001", "0010"),
    ],
)
def test_a_mistyped_reference_is_recognised(world: World, mistyped: Callable[[str], str]) -> None:
    one = world.seal().reference
    assert world.register.near(world.actor, mistyped(one)) == (one,)


@pytest.mark.parametrize("written", ["", "bonjour", "M-1999-8888-Z9", "M-"])
def test_what_resembles_no_reference_suggests_none(world: World, written: str) -> None:
    world.seal()
    assert world.register.near(world.actor, written) == ()


def test_the_nearest_references_come_first_and_few(world: World) -> None:
    references = [world.seal().reference for _ in range(5)]
    suggested = world.register.near(world.actor, references[3])
    assert suggested[0] == references[3]
    assert len(suggested) <= 3
    assert world.register.near(world.actor, references[3], limit=1) == (references[3],)


def test_who_is_covered_is_told_and_the_question_journalled_without_the_name(world: World) -> None:
    mandat = world.seal([Demarche.PAPIERS, Demarche.LOGEMENT])
    world.seal([Demarche.PAPIERS], identity=ANATOLE)
    register, actor = world.register, world.actor
    assert [one.id for one in register.covering(actor, "kervella yolande", Demarche.PAPIERS)] == [mandat.id]
    entry = world.last_entry()
    assert (entry.action, entry.demarche, entry.mandat, entry.usager) == (Action.CHECK_MANDAT, "papiers", None, None)
    assert "kervella" not in repr(entry).lower()
    assert [one.id for one in register.covering(actor, "kervella", None)] == [mandat.id]
    assert register.covering(actor, "kervella", Demarche.JUSTICE) == ()
    register.revoke(actor, mandat.id, (Demarche.PAPIERS,))
    assert register.covering(actor, "kervella", Demarche.PAPIERS) == ()
    world.fake_clock.advance(days=365)
    assert register.covering(actor, "kervella", None) == ()


@pytest.mark.parametrize("name", ["", "  ", "-"])
def test_nobody_is_covered_under_no_name(world: World, name: str) -> None:
    world.seal()
    assert world.register.covering(world.actor, name, Demarche.PAPIERS) == ()


def test_an_authorisation_in_force_is_used_and_journalled(world: World) -> None:
    mandat = world.seal([Demarche.PAPIERS])
    world.register.use(world.actor, mandat.id, Demarche.PAPIERS, note="F1341")
    entry = world.last_entry()
    assert (entry.action, entry.mandat, entry.demarche) == (Action.USE_AUTORISATION, mandat.id, "papiers")
    assert entry.details == {"note": "F1341"}
    world.register.use(world.actor, mandat.id, Demarche.PAPIERS)
    assert world.last_entry().details == {}


@pytest.mark.parametrize("case", ["not in it", "revoked", "replaced", "expired"])
def test_what_is_not_covered_is_not_used(world: World, case: str) -> None:
    mandat = world.seal([Demarche.PAPIERS, Demarche.LOGEMENT])
    if case == "revoked":
        world.register.revoke(world.actor, mandat.id, (Demarche.PAPIERS,))
    elif case == "replaced":
        world.seal([Demarche.PAPIERS])
    elif case == "expired":
        world.fake_clock.advance(days=365)
    before = world.journalled()
    with pytest.raises(NotActive):
        world.register.use(world.actor, mandat.id, Demarche.JUSTICE if case == "not in it" else Demarche.PAPIERS)
    assert world.journalled() == before


def test_one_scope_is_revoked_and_the_others_stay(world: World) -> None:
    mandat = world.seal([Demarche.PAPIERS, Demarche.LOGEMENT, Demarche.JUSTICE])
    world.fake_clock.advance(days=1)
    seen = world.register.revoke(world.actor, mandat.id, (Demarche.LOGEMENT, Demarche.LOGEMENT))
    assert (seen.status, seen.revoked_at) == (Status.ACTIVE, None)
    assert seen.open_demarches == (Demarche.PAPIERS, Demarche.JUSTICE)
    assert (seen.scopes[1].ended_at, seen.scopes[1].ended_by) == (world.clock.now(), "revocation")
    assert [(entry.action, entry.demarche) for entry in world.journalled()[-2:]] == [
        (Action.CREATE_AUTORISATION, "justice"),
        (Action.CANCEL_AUTORISATION, "logement"),
    ]
    before = world.journalled()
    with pytest.raises(NotActive):  # one that is open does not save the other
        world.register.revoke(world.actor, mandat.id, (Demarche.PAPIERS, Demarche.LOGEMENT))
    assert world.journalled() == before
    assert world.register.mandat(world.actor, mandat.id).open_demarches == (Demarche.PAPIERS, Demarche.JUSTICE)


@pytest.mark.parametrize("by_name", [True, False])
def test_a_mandate_is_over_when_its_last_scope_is_revoked(world: World, by_name: bool) -> None:
    mandat = world.seal(SOME)
    seen = world.register.revoke(world.actor, mandat.id, SOME if by_name else ())
    assert (seen.status, seen.revoked_at, seen.open_demarches) == (Status.REVOKED, world.clock.now(), ())
    assert [entry.action for entry in world.journalled()[-3:]] == [
        Action.CANCEL_AUTORISATION,
        Action.CANCEL_AUTORISATION,
        Action.CANCEL_MANDAT,
    ]
    with pytest.raises(NotActive):
        world.register.revoke(world.actor, mandat.id)


def test_a_mandate_that_expired_is_not_revoked(world: World) -> None:
    mandat = world.seal()
    world.fake_clock.advance(days=365)
    with pytest.raises(NotActive):
        world.register.revoke(world.actor, mandat.id)
    assert world.register.mandat(world.actor, mandat.id).status is Status.EXPIRED


def test_after_a_revocation_the_same_scope_opens_again(world: World) -> None:
    world.register.revoke(world.actor, world.seal([Demarche.PAPIERS]).id)
    again = world.seal([Demarche.PAPIERS])
    assert again.open_demarches == (Demarche.PAPIERS,)
    assert world.count("usagers") == 1
