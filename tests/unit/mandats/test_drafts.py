from datetime import timedelta

import pytest

from bot.demarches import Demarche
from bot.journal.actions import Action
from bot.mandats.drafts import Drafts
from bot.mandats.models import Usager
from bot.mandats.rules import Duration, Eligibility, MandatRefused, Refusal
from bot.mandats.views import AccessRefused, Actor, DraftView, LinkRefused, NotRenewable
from tests.unit.mandats.world import CAN_BE_HELPED, ON_PAPER, SOME, WORDING, YOLANDE, World, link_state

TICK = timedelta(microseconds=1)


def create(world: World, actor: Actor | None = None) -> tuple[DraftView, str]:
    return world.drafts.create(actor or world.actor, SOME, Duration.LONG, CAN_BE_HELPED)


def refusal(drafts: Drafts, secret: str) -> str:
    """Why *secret* opens nothing; asking first must say the same."""
    told = link_state(drafts, secret)
    with pytest.raises(LinkRefused) as refused:
        drafts.open_link(secret)
    assert told == refused.value.reason
    return refused.value.reason


def test_a_draft_says_what_was_prepared_and_is_journalled_without_any_secret(world: World) -> None:
    actor = Actor(world.actor.aidant, world.actor.organisation, "c" * 32)
    draft, secret = world.drafts.create(actor, SOME[::-1], Duration.MONTH, CAN_BE_HELPED)
    assert (draft.demarches, draft.duration, draft.eligibility) == (SOME, Duration.MONTH, CAN_BE_HELPED)
    assert (draft.organisation, draft.aidant, draft.conversation) == (actor.organisation, actor.aidant, "c" * 32)
    entry = world.last_entry()
    assert (entry.action, entry.aidant, entry.details["draft"]) == (Action.CREATE_DRAFT, actor.aidant, draft.id)
    assert entry.details["answers"] == CAN_BE_HELPED.as_json()
    assert secret not in str(entry)
    assert world.scalar("SELECT link_digest FROM mandat_drafts") not in (secret, None)


@pytest.mark.parametrize(
    ("eligibility", "reason"),
    [
        (Eligibility(adult=False, protected=True, present=False), Refusal.MINOR),
        (Eligibility(adult=True, protected=True, present=False), Refusal.PROTECTED),
        (Eligibility(adult=True, protected=False, present=False), Refusal.REMOTE),
    ],
)
def test_a_draft_that_the_rules_forbid_leaves_nothing(world: World, eligibility: Eligibility, reason: Refusal) -> None:
    with pytest.raises(MandatRefused) as refused:
        world.drafts.create(world.actor, SOME, Duration.LONG, eligibility)
    assert refused.value.reason is reason
    assert world.count("mandat_drafts") == world.count("journal_entries") == 0


def test_a_link_opens_once(world: World) -> None:
    draft, secret = create(world)
    assert link_state(world.drafts, secret) is None
    opened, page = world.drafts.open_link(secret)
    assert opened == draft == world.drafts.of_page(page)
    assert page != secret
    assert refusal(world.drafts, secret) == "used"
    assert world.drafts.of_page(page) == draft


def test_what_is_no_link_opens_nothing(world: World) -> None:
    _, page = world.drafts.open_link(create(world)[1])
    for secret in ("", "x" * 43, page):
        assert refusal(world.drafts, secret) == "unknown"
    with pytest.raises(LinkRefused, match="unknown"):
        world.drafts.of_page("x" * 43)


def test_a_link_lives_15_minutes_to_the_microsecond(world: World) -> None:
    (_, one), (_, other) = create(world), create(world)
    world.fake_clock.instant += timedelta(minutes=15) - TICK
    world.drafts.open_link(one)
    world.fake_clock.instant += TICK
    assert refusal(world.drafts, other) == "expired"


def test_a_draft_lives_24_hours_and_its_page_with_it(world: World) -> None:
    draft, secret = create(world)
    assert draft.expires_at - world.clock.now() == timedelta(hours=24)
    _, page = world.drafts.open_link(secret)
    world.fake_clock.instant += timedelta(hours=24) - TICK
    assert world.drafts.of_page(page) == draft
    fresh = world.drafts.new_link(world.actor, draft.id)
    world.fake_clock.instant += TICK
    assert refusal(world.drafts, fresh) == "expired"
    with pytest.raises(LinkRefused, match="expired"):
        world.drafts.new_link(world.actor, draft.id)


def test_a_page_stops_when_its_draft_is_too_old(world: World) -> None:
    page = world.page()
    world.fake_clock.advance(hours=24)
    with pytest.raises(LinkRefused, match="expired"):
        world.drafts.of_page(page)
    with pytest.raises(LinkRefused, match="expired"):
        world.sealing.seal(page, YOLANDE, ON_PAPER, WORDING)
    assert world.count("mandats") == 0


def test_another_link_replaces_the_former_and_its_page(world: World) -> None:
    draft, first = create(world)
    second = world.drafts.new_link(world.actor, draft.id)
    assert refusal(world.drafts, first) == "unknown"
    _, page = world.drafts.open_link(second)
    world.fake_clock.advance(hours=1)
    third = world.drafts.new_link(world.actor, draft.id)
    assert refusal(world.drafts, second) == "unknown"
    with pytest.raises(LinkRefused, match="unknown"):
        world.drafts.of_page(page)
    assert world.drafts.open_link(third)[0].id == draft.id


def test_a_cancelled_draft_is_over_and_cancelled_once(world: World) -> None:
    (draft, unopened), page = create(world), world.page()
    opened = world.drafts.of_page(page)
    for _ in range(2):
        world.drafts.cancel(world.actor, draft.id)
        world.drafts.cancel(world.actor, opened.id)
    assert refusal(world.drafts, unopened) == "cancelled"
    with pytest.raises(LinkRefused, match="cancelled"):
        world.sealing.seal(page, YOLANDE, ON_PAPER, WORDING)
    with pytest.raises(LinkRefused, match="cancelled"):
        world.drafts.new_link(world.actor, draft.id)
    cancelled = [entry.details["draft"] for entry in world.journalled() if entry.action == Action.CANCEL_DRAFT]
    assert cancelled == [draft.id, opened.id]


def test_a_sealed_draft_is_over(world: World) -> None:
    draft, secret = create(world)
    _, page = world.drafts.open_link(secret)
    world.sealing.seal(page, YOLANDE, ON_PAPER, WORDING)
    assert refusal(world.drafts, secret) == "sealed"
    with pytest.raises(LinkRefused, match="sealed"):
        world.drafts.new_link(world.actor, draft.id)
    before = world.count("journal_entries")
    world.drafts.cancel(world.actor, draft.id)
    assert world.count("journal_entries") == before


@pytest.mark.parametrize("tried", ["new_link", "cancel_draft"])
@pytest.mark.parametrize("target", ["of another organisation", "that does not exist"])
def test_a_draft_out_of_reach_is_refused_and_the_attempt_journalled(world: World, tried: str, target: str) -> None:
    draft, secret = create(world)
    aimed = draft.id if target == "of another organisation" else "0" * 32
    attempt = {"new_link": world.drafts.new_link, "cancel_draft": world.drafts.cancel}[tried]
    with pytest.raises(AccessRefused):
        attempt(world.stranger, aimed)
    (entry,) = world.journalled(world.stranger)
    assert (entry.action, entry.aidant) == (Action.REFUSE_ACCESS, world.stranger.aidant)
    assert entry.details == {"tried": tried, "target": aimed}
    assert world.drafts.open_link(secret)[0].id == draft.id


def test_someone_who_left_prepares_nothing_and_the_attempt_is_journalled(world: World) -> None:
    draft, _ = create(world)
    world.leave(world.actor)
    for attempt in (
        lambda: create(world),
        lambda: world.drafts.new_link(world.actor, draft.id),
        lambda: world.drafts.cancel(world.actor, draft.id),
    ):
        with pytest.raises(AccessRefused):
            attempt()
    refused = [entry.details["tried"] for entry in world.journalled() if entry.action == Action.REFUSE_ACCESS]
    assert refused == ["create_draft", "new_link", "cancel_draft"]


@pytest.mark.parametrize("closed", ["organisations", "aidants"])
def test_a_closed_organisation_or_account_prepares_nothing(world: World, closed: str) -> None:
    world.sql(f"UPDATE {closed} SET active = :no", no=False)
    with pytest.raises(AccessRefused):
        create(world)
    assert world.last_entry().action == Action.REFUSE_ACCESS


def test_a_renewal_knows_its_usager_and_is_journalled_on_the_former_mandate(world: World) -> None:
    former = world.seal()
    draft, _ = world.drafts.create(world.actor, SOME, Duration.LONG, CAN_BE_HELPED, renews=former.id)
    assert (draft.usager, draft.renews) == (former.usager_id, former.id)
    assert world.drafts.identity(draft) == YOLANDE
    entry = world.last_entry()
    assert (entry.action, entry.mandat, entry.usager) == (Action.INIT_RENEW_MANDAT, former.id, former.usager_id)
    assert world.drafts.identity(create(world)[0]) is None


def test_another_organisations_mandate_is_not_renewed_and_the_attempt_journalled(world: World) -> None:
    former = world.seal()
    with pytest.raises(AccessRefused):
        world.drafts.create(world.stranger, SOME, Duration.LONG, CAN_BE_HELPED, renews=former.id)
    assert world.last_entry(world.stranger).details == {"tried": "create_draft", "target": former.id}


def test_a_mandate_that_is_too_old_given_up_or_of_an_erased_person_is_not_renewed(world: World) -> None:
    old, given_up, erased = world.seal([Demarche.JUSTICE]), world.seal([Demarche.ARGENT]), world.seal()
    world.register.revoke(world.actor, given_up.id)

    def refused(renews: str) -> None:
        with pytest.raises(NotRenewable):
            world.drafts.create(world.actor, SOME, Duration.LONG, CAN_BE_HELPED, renews=renews)

    refused(given_up.id)
    world.fake_clock.advance(days=365 + 365)
    world.drafts.create(world.actor, SOME, Duration.LONG, CAN_BE_HELPED, renews=old.id)
    with world.database.unit_of_work() as session:
        world.usagers.erase(session, session.get_one(Usager, erased.usager_id))
    refused(erased.id)
    world.fake_clock.advance(seconds=1)
    refused(old.id)
