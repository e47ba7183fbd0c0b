from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from bot.demarches import Demarche
from bot.journal.actions import Action
from bot.mandats.identity import commitment
from bot.mandats.models import Mandat, Usager
from bot.mandats.rules import Duration, MandatRefused, Refusal, Status
from bot.mandats.views import AccessRefused, LinkRefused, MandatView, Signature
from tests.unit.mandats.world import ANATOLE, ON_PAPER, SOME, WORDING, YOLANDE, World, assemble


def ends(mandat: MandatView) -> dict[str, str | None]:
    return {scope.demarche.value: scope.ended_by for scope in mandat.scopes}


def actions(world: World, mandats: Iterable[MandatView]) -> list[tuple[str, str | None, str | None]]:
    ids = [mandat.id for mandat in mandats]
    return [(entry.action, entry.mandat, entry.demarche) for entry in world.journalled() if entry.mandat in ids]


def untouched(world: World) -> bool:
    tables = ("mandats", "autorisations", "usagers", "usager_terms", "counters")
    return (
        not any(world.count(table) for table in tables) and world.journal.verify(world.actor.organisation).entries == 1
    )


def test_a_seal_makes_the_mandate_its_authorisations_and_its_entries(world: World) -> None:
    mandat = world.seal(SOME, duration=Duration.MONTH)
    now = world.clock.now()
    assert (mandat.sealed_at, mandat.expires_at) == (now, now + timedelta(days=31))
    assert (mandat.usager, mandat.status, mandat.open_demarches) == (YOLANDE, Status.ACTIVE, SOME)
    assert mandat.reference.startswith("M-2026-0001-")
    assert actions(world, [mandat]) == [
        (Action.CREATE_ATTESTATION, mandat.id, None),
        (Action.CREATE_AUTORISATION, mandat.id, "papiers"),
        (Action.CREATE_AUTORISATION, mandat.id, "logement"),
    ]
    attestation = next(entry for entry in world.journalled() if entry.action == Action.CREATE_ATTESTATION)
    assert attestation.details["fingerprint"] == mandat.fingerprint
    assert world.journal.verify(world.actor.organisation).broken is None
    assert world.register.mandat(world.actor, mandat.id) == mandat


def test_a_page_seals_once(world: World) -> None:
    page = world.page()
    world.sealing.seal(page, YOLANDE, ON_PAPER, WORDING)
    with pytest.raises(LinkRefused):
        world.sealing.seal(page, YOLANDE, ON_PAPER, WORDING)
    with pytest.raises(LinkRefused):
        world.drafts.of_page(page)
    assert world.count("mandats") == 1


def test_references_follow_one_another_and_start_again_with_the_year(world: World) -> None:
    references = [world.seal(actor=actor).reference[:11] for actor in (world.actor, world.stranger, world.actor)]
    world.fake_clock.advance(days=60)
    references.append(world.seal().reference[:11])
    assert references == ["M-2026-0001", "M-2026-0002", "M-2026-0003", "M-2027-0001"]


def test_a_minor_is_refused_whatever_the_aidant_answered(world: World) -> None:
    page, today = world.page(), world.clock.now().date()
    minor = replace(YOLANDE, birth_date=date(today.year - 18, today.month, today.day) + timedelta(days=1))
    with pytest.raises(MandatRefused) as refused:
        world.sealing.seal(page, minor, ON_PAPER, WORDING)
    assert refused.value.reason is Refusal.MINOR
    assert untouched(world)
    of_age = replace(minor, birth_date=minor.birth_date - timedelta(days=1))
    assert world.sealing.seal(page, of_age, ON_PAPER, WORDING).usager == of_age


def test_scopes_that_the_organisation_withdrew_meanwhile_are_refused(world: World) -> None:
    page = world.page([Demarche.PAPIERS, Demarche.ARGENT])
    world.sql("UPDATE organisations SET demarches = '[\"papiers\"]'")
    with pytest.raises(MandatRefused) as refused:
        world.sealing.seal(page, YOLANDE, ON_PAPER, WORDING)
    assert (refused.value.reason, refused.value.demarches) == (Refusal.SCOPE_NOT_ALLOWED, (Demarche.ARGENT,))
    assert untouched(world)


def test_an_aidant_who_left_meanwhile_seals_nothing(world: World) -> None:
    page = world.page()
    world.leave(world.actor)
    with pytest.raises(AccessRefused):
        world.sealing.seal(page, YOLANDE, ON_PAPER, WORDING)
    assert untouched(world)


def test_the_conversation_is_told_inside_the_seal_or_not_at_all(world: World) -> None:
    told: list[str] = []

    def tell(session: Session, mandat: MandatView) -> None:
        assert session.get(Mandat, mandat.id) is not None
        told.append(mandat.reference)
        if len(told) == 1:
            raise RuntimeError("the outbox is down")

    telling = assemble(world.database, told=tell, people=(world.actor, world.stranger))
    page = telling.page()
    with pytest.raises(RuntimeError, match="outbox"):
        telling.sealing.seal(page, YOLANDE, ON_PAPER, WORDING)
    assert untouched(world)
    sealed = telling.sealing.seal(page, YOLANDE, ON_PAPER, WORDING)
    assert told == [sealed.reference, sealed.reference]


def test_a_signature_is_kept_encrypted_and_read_by_its_organisation_alone(world: World) -> None:
    png = b"\x89PNG drawn on screen"
    mandat, paper = world.seal(signature=Signature(png)), world.seal(identity=ANATOLE)
    assert (mandat.signature, paper.signature) == ("screen", "paper")
    assert png not in world.scalar("SELECT signature FROM mandats WHERE id = :id", id=mandat.id)
    assert world.register.signature(world.actor, mandat.id) == png
    assert world.register.signature(world.actor, paper.id) is None
    with pytest.raises(AccessRefused):
        world.register.signature(world.stranger, mandat.id)
    with world.database.unit_of_work() as session:
        world.usagers.erase(session, session.get_one(Usager, mandat.usager_id))
    assert world.register.signature(world.actor, mandat.id) is None


def test_the_commitment_is_to_the_identity_that_is_kept_and_shown(world: World) -> None:
    world.seal(identity=YOLANDE)
    again = world.seal([Demarche.JUSTICE], identity=replace(YOLANDE, family_name="KERVELLA", birth_place="Quimper"))
    assert again.usager == YOLANDE
    with world.database.unit_of_work() as session:
        row = session.get_one(Mandat, again.id)
        key = world.usagers.key_of(session.get_one(Usager, again.usager_id))
        assert row.commitment_secret is not None
        secret = key.decrypt(f"commitment {again.id}", row.commitment_secret)
        assert row.commitment == commitment(YOLANDE, secret)


def test_a_newer_authorisation_replaces_the_former_and_no_other(world: World) -> None:
    other_person = world.seal(identity=ANATOLE)
    elsewhere = world.seal(actor=world.stranger)
    former = world.seal([Demarche.PAPIERS, Demarche.LOGEMENT])
    world.fake_clock.advance(days=10)
    newer = world.seal([Demarche.LOGEMENT, Demarche.JUSTICE])
    seen = world.register.mandat(world.actor, former.id)
    assert ends(seen) == {"papiers": None, "logement": "remplacement"}
    assert (seen.scopes[1].ended_at, seen.status) == (newer.sealed_at, Status.ACTIVE)
    assert newer.open_demarches == (Demarche.LOGEMENT, Demarche.JUSTICE)
    assert world.register.mandat(world.actor, other_person.id).open_demarches == SOME
    assert world.register.mandat(world.stranger, elsewhere.id).open_demarches == SOME
    assert actions(world, [newer, former])[3:-1] == [
        (Action.CREATE_ATTESTATION, newer.id, None),
        (Action.CANCEL_AUTORISATION, former.id, "logement"),
        (Action.CREATE_AUTORISATION, newer.id, "logement"),
        (Action.CREATE_AUTORISATION, newer.id, "justice"),
    ]


def test_an_authorisation_that_had_expired_is_closed_at_its_end_and_not_revoked(world: World) -> None:
    former = world.seal([Demarche.PAPIERS], duration=Duration.SHORT)
    world.fake_clock.advance(days=2)
    world.seal([Demarche.PAPIERS])
    seen = world.register.mandat(world.actor, former.id)
    assert (ends(seen), seen.scopes[0].ended_at) == ({"papiers": "expiration"}, former.expires_at)
    assert seen.status is Status.EXPIRED
    assert all(entry.action != Action.CANCEL_AUTORISATION for entry in world.journalled())


def test_a_renewal_keeps_the_usager_whatever_is_typed(world: World) -> None:
    former = world.seal(SOME)
    world.fake_clock.advance(days=300)
    renewed = world.seal(SOME, renews=former.id, identity=ANATOLE)
    assert (renewed.usager_id, renewed.usager, renewed.renews) == (former.usager_id, YOLANDE, former.id)
    assert world.count("usagers") == 1
    assert set(ends(world.register.mandat(world.actor, former.id)).values()) == {"remplacement"}
    assert world.verification.check(renewed.public_token).verdict == "valid"


def test_a_renewal_of_a_mandate_that_is_over_opens_again(world: World) -> None:
    former = world.seal(SOME)
    world.fake_clock.advance(days=365 + 100)
    renewed = world.seal([Demarche.PAPIERS], renews=former.id)
    assert renewed.open_demarches == (Demarche.PAPIERS,)
    assert ends(world.register.mandat(world.actor, former.id)) == {"papiers": "expiration", "logement": None}
