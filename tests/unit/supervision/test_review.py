from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.aidants.models import Aidant
from bot.conversations.models import Rating
from bot.handover.models import HandoverEntry, HandoverRequest
from bot.journal.models import JournalEntry
from bot.journal.service import Journal
from bot.mandats.views import AccessRefused
from bot.privacy.pseudonymise import Pseudonymised
from bot.privacy.spans import PiiType
from bot.storage.engine import Database
from bot.supervision.filters import as_json, from_json
from bot.supervision.handovers import HelpDesk
from bot.supervision.models import Episode, EpisodeTag
from bot.supervision.projection import Projection
from bot.supervision.queries import Conversations, WrongKey
from bot.supervision.queue import ReviewQueue
from bot.supervision.reviewing import Reviewing
from bot.supervision.saved import SavedFilters
from bot.supervision.views import (
    Filter,
    HandedOver,
    Recorded,
    Said,
    State,
    Told,
    UnknownConversation,
    UnknownItem,
    WrongReview,
)
from tests.unit.supervision.talk import NOON, NORD, SUD, FakeClock, ListSource, Town, exchange

MINUTE = timedelta(minutes=1)
BUTTONS = [{"title": "Coût", "payload": "b_x"}]


@dataclass
class FakeVault:
    originals: dict[str, dict[PiiType, list[str]]] = field(default_factory=dict)

    def get(self, conversation: str) -> dict[PiiType, list[str]]:
        return self.originals.get(conversation, {})


class HidesDupont:
    def pseudonymise(self, text: str) -> Pseudonymised:
        return Pseudonymised(text.replace("Dupont", "[NOM]"))


@dataclass
class Desk:
    """Everything at once, for tests that need most of it."""

    database: Database
    town: Town
    source: ListSource
    clock: FakeClock
    vault: FakeVault = field(default_factory=FakeVault)

    def __post_init__(self) -> None:
        journal = Journal(self.database, self.clock)
        self.conversations = Conversations(self.database)
        self.projection = Projection(self.database, self.source, self.clock, handovers=HelpDesk())
        self.reviewing = Reviewing(self.database, journal, self.clock, vault=self.vault, pseudonymiser=HidesDupont)

    def told(self, conversation: str, organisation: str) -> int:
        return told(self.town, self.source, self.projection, conversation, organisation)


@pytest.fixture
def desk(database: Database, town: Town, source: ListSource, clock: FakeClock) -> Desk:
    return Desk(database, town, source, clock)


@pytest.fixture
def vault() -> FakeVault:
    return FakeVault()


@pytest.fixture
def conversations(database: Database) -> Conversations:
    return Conversations(database)


@pytest.fixture
def reviewing(database: Database, clock: FakeClock, vault: FakeVault) -> Reviewing:
    return Reviewing(database, Journal(database, clock), clock, vault=vault, pseudonymiser=HidesDupont)


@pytest.fixture
def projection(database: Database, source: ListSource, clock: FakeClock) -> Projection:
    return Projection(database, source, clock, handovers=HelpDesk())


def journalled(database: Database) -> list[tuple[str, str, str | None, dict[str, Any]]]:
    with database.unit_of_work() as session:
        rows = session.scalars(select(JournalEntry).order_by(JournalEntry.at, JournalEntry.seq))
        return [(row.action, row.organisation_id, row.aidant_id, row.details) for row in rows]


def episode(database: Database, conversation: str, organisation: str | None, **more: Any) -> int:
    """An episode as the projection leaves it."""
    values: dict[str, Any] = {"channel": "web", "first_at": NOON, "last_at": NOON, "state": "a_revoir"} | more
    row = Episode(conversation_id=conversation, organisation_id=organisation, **values)
    with database.unit_of_work() as session:
        session.add(row)
    return row.id


def told(town: Town, source: ListSource, projection: Projection, conversation: str, organisation: str) -> int:
    """A question and its answer, projected; the id of the episode."""
    town.open(conversation, aidant=f"aidant-{organisation}")
    town.say(conversation, NOON, "Il a perdu sa carte d'identité")
    source.events += exchange(conversation, NOON + MINUTE / 600, "Il a perdu sa carte d'identité")
    town.tell(conversation, NOON + MINUTE / 60, "Voici.", latency_ms=1000)
    projection.catch_up()
    with town.database.unit_of_work() as session:
        return session.scalars(select(Episode.id).where(Episode.conversation_id == conversation)).one()


def listed(conversations: Conversations, by: str | None, wanted: Filter, *, limit: int = 3) -> list[int]:
    """Every page, one after the other."""
    found, key = [], None
    while True:
        page = conversations.page(by, wanted, key=key, limit=limit)
        found += [row.id for row in page.rows]
        if page.older is None:
            return found
        key = page.older


# --- who sees what


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_superviseur_gets_nothing_of_another_organisation(database: Database, data: st.DataObject) -> None:
    with database.unit_of_work() as session:
        if session.get(Aidant, "admin") is None:
            Town(database).open("c1")
    with database.unit_of_work() as session:
        session.execute(Episode.__table__.delete())
    where = st.sampled_from([NORD, SUD, None])
    drawn = data.draw(st.lists(st.tuples(where, st.integers(0, 5), st.booleans()), min_size=1, max_size=12))
    owner = {
        episode(database, "c1", organisation, last_at=NOON + minutes * MINUTE, mandat=mandat): organisation
        for organisation, minutes, mandat in drawn
    }
    wanted = data.draw(
        st.builds(
            Filter,
            organisation=st.sampled_from([None, NORD, SUD]),
            mandat=st.sampled_from([None, True, False]),
            since=st.sampled_from([None, NOON + 2 * MINUTE]),
            state=st.sampled_from([None, State.A_REVOIR]),
        )
    )
    conversations = Conversations(database)
    seen = listed(conversations, f"chef-{NORD}", wanted, limit=data.draw(st.integers(1, 4)))
    assert {owner[one] for one in seen} <= {NORD}
    everything = listed(conversations, "admin", wanted)
    assert len(set(everything)) == len(everything)
    assert seen == [one for one in everything if owner[one] == NORD]
    assert conversations.count(f"chef-{NORD}", wanted) == len(seen)
    for one in seen:
        place = seen.index(one)
        assert conversations.beside(f"chef-{NORD}", wanted, one) == (
            seen[place + 1] if place + 1 < len(seen) else None,
            seen[place - 1] if place else None,
        )


ACTS: dict[str, Callable[[Reviewing, Conversations, str, int], object]] = {
    "row": lambda _, conversations, by, one: conversations.row(by, one),
    "beside": lambda _, conversations, by, one: conversations.beside(by, Filter(), one),
    "read": lambda reviewing, _, by, one: reviewing.read(by, one),
    "unmask": lambda reviewing, _, by, one: reviewing.unmask(by, one, reason="verifier_une_saisie"),
    "set_state": lambda reviewing, _, by, one: reviewing.set_state(by, one, State.REVU),
    "flag": lambda reviewing, _, by, one: reviewing.flag(by, one, on=True),
    "assign": lambda reviewing, _, by, one: reviewing.assign(by, one, by),
    "tag": lambda reviewing, _, by, one: reviewing.tag(by, one, "mot"),
    "untag": lambda reviewing, _, by, one: reviewing.untag(by, one, "mot"),
    "note": lambda reviewing, _, by, one: reviewing.note(by, one, "note"),
    "remove_note": lambda reviewing, _, by, one: reviewing.remove_note(by, one, 1),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("organisation", [SUD, None])
def test_nothing_can_be_done_with_a_conversation_of_another_organisation(
    desk: Desk, act: str, organisation: str | None
) -> None:
    desk.town.open("c1")
    desk.vault.originals["c1"] = {PiiType.NOM: ["Dupont"]}
    theirs = episode(desk.database, "c1", organisation)
    with pytest.raises(UnknownConversation):
        ACTS[act](desk.reviewing, desk.conversations, f"chef-{NORD}", theirs)
    with pytest.raises(UnknownConversation):
        ACTS[act](desk.reviewing, desk.conversations, "admin", theirs + 1000)
    for by in (f"aidant-{organisation or NORD}", "inconnu"):
        with pytest.raises(AccessRefused):
            ACTS[act](desk.reviewing, desk.conversations, by, theirs)
    with desk.database.unit_of_work() as session:
        kept = session.get_one(Episode, theirs)
        assert (kept.state, kept.flagged_by, kept.assignee_id) == ("a_revoir", None, None)


def test_what_was_tried_out_of_reach_is_journalled_where_the_superviseur_works(
    database: Database, town: Town, reviewing: Reviewing
) -> None:
    town.open("c1")
    theirs = episode(database, "c1", SUD)
    with pytest.raises(UnknownConversation):
        reviewing.read(f"chef-{NORD}", theirs)
    assert journalled(database) == [
        ("refuse_access", NORD, f"chef-{NORD}", {"tried": "read_conversation", "target": str(theirs)})
    ]


def test_a_closed_account_reviews_nothing(database: Database, town: Town, conversations: Conversations) -> None:
    with database.unit_of_work() as session:
        session.get_one(Aidant, f"chef-{NORD}").active = False
    with pytest.raises(AccessRefused):
        conversations.page(f"chef-{NORD}", Filter())


# --- lists


@pytest.mark.parametrize(
    ("wanted", "more"),
    [
        (Filter(channel="telegram"), {"channel": "telegram"}),
        (Filter(aidant="aidant-x"), {"aidant_id": "aidant-x"}),
        (Filter(assignee="chef"), {"assignee_id": "chef"}),
        (Filter(confidence_below=0.5), {"lowest_confidence": 0.4}),
        (Filter(fallback=True), {"fallbacks": 1}),
        (Filter(abstained=True), {"abstentions": 2}),
        (Filter(rating=-1), {"ratings_down": 1}),
        (Filter(rating=1), {"ratings_up": 1}),
        (Filter(flagged=True), {"complained": True}),
        (Filter(flagged=True), {"flagged_by": "chef"}),
        (Filter(handover=True), {"handover": True}),
        (Filter(mandat=True), {"mandat": True}),
        (Filter(state=State.MIS_DE_COTE), {"state": "mis_de_cote"}),
        (Filter(since=NOON + MINUTE), {"last_at": NOON + MINUTE}),
        (Filter(until=NOON), {"last_at": NOON - MINUTE}),
    ],
)
def test_each_filter_keeps_what_it_says(
    database: Database, town: Town, conversations: Conversations, wanted: Filter, more: dict[str, Any]
) -> None:
    town.open("c1")
    plain = episode(database, "c1", NORD, lowest_confidence=0.9)
    special = episode(database, "c1", NORD, **({"lowest_confidence": 0.9} | more))
    assert listed(conversations, None, wanted) == [special]
    opposites = [name for name in ("fallback", "abstained", "flagged", "handover", "mandat") if getattr(wanted, name)]
    for name in opposites:
        assert listed(conversations, None, replace(Filter(), **{name: False})) == [plain]


def test_filters_combine(database: Database, town: Town, conversations: Conversations) -> None:
    town.open("c1")
    both = episode(database, "c1", NORD, mandat=True, fallbacks=1)
    episode(database, "c1", NORD, mandat=True)
    episode(database, "c1", NORD, fallbacks=1)
    with database.unit_of_work() as session:
        session.add(EpisodeTag(episode_id=both, tag="urgent"))
    assert listed(conversations, None, Filter(mandat=True, fallback=True, tag="urgent", assignee="-")) == [both]
    assert listed(conversations, None, Filter(mandat=True, fallback=True, tag="autre")) == []
    assert conversations.tags(f"chef-{NORD}") == ("urgent",)
    assert conversations.tags(f"chef-{SUD}") == ()


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("carte identité", True),
        ("IDENTITE", True),
        ("identi", True),
        ("voici", True),
        ("carte grise", False),
        ('" OR * NEAR(', False),
        ("'); DROP TABLE episodes", False),
        ("!?", False),
    ],
)
def test_words_are_found_whoever_said_them(desk: Desk, typed: str, found: bool) -> None:
    one = desk.told("c1", NORD)
    assert listed(desk.conversations, None, Filter(text=typed)) == ([one] if found else [])
    assert listed(desk.conversations, f"chef-{SUD}", Filter(text=typed)) == []


@pytest.mark.parametrize(("intent", "found"), [("question_demarche", True), ("saluer", False), ("faq_mandat/x", False)])
def test_an_intent_is_found_by_its_turns(desk: Desk, intent: str, found: bool) -> None:
    one = desk.told("c1", NORD)
    assert listed(desk.conversations, None, Filter(intent=intent)) == ([one] if found else [])


def test_pages_go_both_ways_and_hold_still_when_something_arrives(
    database: Database, town: Town, conversations: Conversations
) -> None:
    town.open("c1")
    ids = [episode(database, "c1", NORD, last_at=NOON + n * MINUTE) for n in range(7)][::-1]
    first = conversations.page(None, Filter(), limit=3)
    assert ([row.id for row in first.rows], first.newer, first.total) == (ids[:3], None, 7)
    episode(database, "c1", NORD, last_at=NOON + 60 * MINUTE)
    second = conversations.page(None, Filter(), key=first.older, limit=3)
    assert [row.id for row in second.rows] == ids[3:6]
    back = conversations.page(None, Filter(), key=second.newer, limit=3)
    assert [row.id for row in back.rows] == ids[:3]
    assert back.newer is not None
    last = conversations.page(None, Filter(), key=second.older, limit=3)
    assert ([row.id for row in last.rows], last.older) == (ids[6:], None)


@pytest.mark.parametrize("key", ["x", "o", "o12", "n-", "ozut-1", "o" + "9" * 40 + "-1"])
def test_a_key_that_was_not_given_out_is_refused(town: Town, conversations: Conversations, key: str) -> None:
    with pytest.raises(WrongKey):
        conversations.page(None, Filter(), key=key)


# --- one conversation


def test_a_timeline_tells_everything_in_one_order_and_is_journalled(
    database: Database, town: Town, source: ListSource, projection: Projection, reviewing: Reviewing
) -> None:
    one = told(town, source, projection, "c1", NORD)
    spoken = town.say("c1", NOON + MINUTE, "et pour un mineur ?", custom={"voice": {"seconds": 3.2, "sure": True}})
    answer = town.tell(
        "c1", NOON + 2 * MINUTE, "Avec un parent.", latency_ms=500, buttons=[{"title": "Coût", "payload": "b_x"}]
    )
    with database.unit_of_work() as session:
        session.add(
            Rating(
                message_id=answer,
                conversation_id="c1",
                rating=-1,
                reasons=["incomplet"],
                comment="il manque le lieu",
                created_at=NOON + 3 * MINUTE,
            )
        )
        request = HandoverRequest(
            conversation_id="c1",
            organisation_id=NORD,
            aidant_id=f"aidant-{NORD}",
            reason="asked",
            ticket=False,
            opened_at=NOON + MINUTE + timedelta(seconds=30),
            opened_after=spoken,
        )
        session.add(request)
        session.flush()
        session.add(
            HandoverEntry(
                handover_id=request.id,
                conversation_id="c1",
                kind="claimed",
                author_id=f"chef-{NORD}",
                text="",
                created_at=NOON + MINUTE + timedelta(seconds=40),
            )
        )
    projection.catch_up()
    timeline = reviewing.read(f"chef-{NORD}", one)
    kinds = [moment.kind for moment in timeline.moments]
    assert kinds == ["said", "told", "said", "handed_over", "handed_over", "told"]
    assert sorted(moment.at for moment in timeline.moments) == [moment.at for moment in timeline.moments]
    first, _, voice, asked, claimed, reply = timeline.moments
    assert isinstance(first, Said)
    assert first.turn is not None
    assert first.turn.fiches == ("F1341",)
    assert isinstance(voice, Said)
    assert voice.voice == {"seconds": 3.2, "sure": True}
    assert isinstance(asked, HandedOver)
    assert isinstance(claimed, HandedOver)
    assert (asked.step, claimed.step, claimed.aidant) == ("asked", "claimed", f"chef-{NORD}")
    assert isinstance(reply, Told)
    assert (reply.rating, reply.reasons, reply.comment) == (-1, ("incomplet",), "il manque le lieu")
    assert reply.buttons[0].payload == ""  # a reviewer presses nothing
    assert timeline.row.handover
    assert timeline.row.ratings_down == 1
    assert timeline.row.organisation_name == "Maison du Nord"
    assert journalled(database) == [("read_conversation", NORD, f"chef-{NORD}", {"conversation": "c1", "episode": one})]


def test_unmasking_asks_why_and_is_journalled_even_when_nothing_is_left(desk: Desk) -> None:
    one = desk.told("c1", NORD)
    desk.vault.originals["c1"] = {PiiType.NOM: ["Dupont"]}
    for reason in ("", "curiosite"):
        with pytest.raises(WrongReview):
            desk.reviewing.unmask(f"chef-{NORD}", one, reason=reason)
    shown = desk.reviewing.unmask(f"chef-{NORD}", one, reason="masquage_errone", precision="Mme Dupont au téléphone")
    assert shown == {PiiType.NOM: ["Dupont"]}
    desk.clock.advance(minutes=32)
    assert desk.reviewing.unmask(f"chef-{NORD}", one, reason="masquage_errone") == {}
    seen = [
        moment.action for moment in desk.reviewing.read(f"chef-{NORD}", one).moments if isinstance(moment, Recorded)
    ]
    assert seen == ["unmask_conversation"] * 2
    told_in_journal = [details for action, *_, details in journalled(desk.database) if action == "unmask_conversation"]
    assert [details["precision"] for details in told_in_journal] == ["Mme [NOM] au téléphone", ""]


def test_unmasking_never_shows_what_was_said_for_another_organisation(
    database: Database, town: Town, reviewing: Reviewing, vault: FakeVault
) -> None:
    town.open("c1")
    vault.originals["c1"] = {PiiType.NOM: ["Dupont"]}
    mine = episode(database, "c1", NORD)
    episode(database, "c1", SUD, first_at=NOON + MINUTE, last_at=NOON + MINUTE)
    assert reviewing.unmask(f"chef-{NORD}", mine, reason="masquage_errone") == {}


def test_a_reviewer_sorts_tags_notes_and_assigns(
    database: Database, town: Town, reviewing: Reviewing, conversations: Conversations
) -> None:
    town.open("c1")
    one, chief = episode(database, "c1", NORD), f"chef-{NORD}"
    reviewing.set_state(chief, one, State.REVU)
    assert reviewing.tag(chief, one, "  #À   Refaire ") == "à refaire"
    reviewing.tag(chief, one, "à refaire")
    reviewing.tag(chief, one, "bis")
    reviewing.untag(chief, one, "bis")
    reviewing.flag(chief, one, on=True)
    reviewing.assign(chief, one, chief)
    note = reviewing.note(chief, one, "Rappeler Mme Dupont")
    row = conversations.row(chief, one)
    assert (row.state, row.tags, row.flagged, row.assignee) == (State.REVU, ("à refaire",), True, chief)
    assert row.assignee_name == "Chef Org Nord"
    (kept,) = reviewing.read(chief, one).notes
    assert (kept.id, kept.text, kept.author_name) == (note, "Rappeler Mme [NOM]", "Chef Org Nord")
    with pytest.raises(UnknownItem):
        reviewing.remove_note("admin", one, note)  # each removes their own
    reviewing.remove_note(chief, one, note)
    assert reviewing.read(chief, one).notes == ()


@pytest.mark.parametrize("to", [f"chef-{SUD}", f"aidant-{NORD}", "inconnu"])
def test_a_conversation_is_given_only_to_who_may_review_it(
    database: Database, town: Town, reviewing: Reviewing, to: str
) -> None:
    town.open("c1")
    with pytest.raises(WrongReview, match="assignee"):
        reviewing.assign(f"chef-{NORD}", episode(database, "c1", NORD), to)


@pytest.mark.parametrize(
    ("field_name", "typed", "reason"),
    [
        ("tag", " ", "missing"),
        ("tag", "#", "missing"),
        ("tag", "x" * 41, "too_long"),
        ("note", "", "missing"),
        ("note", "x" * 2001, "too_long"),
    ],
)
def test_what_is_typed_is_checked(desk: Desk, field_name: str, typed: str, reason: str) -> None:
    desk.town.open("c1")
    one = episode(desk.database, "c1", NORD)
    with pytest.raises(WrongReview) as caught:
        getattr(desk.reviewing, field_name)(f"chef-{NORD}", one, typed)
    assert (caught.value.field, caught.value.reason) == (field_name, reason)


# --- saved filters and the queue


FULL = Filter(since=NOON, until=NOON + MINUTE, text="carte", rating=-1, state=State.REVU, fallback=False, tag="x")


@pytest.mark.parametrize("wanted", [Filter(), FULL])
def test_a_filter_is_kept_whole(wanted: Filter) -> None:
    assert from_json(as_json(wanted)) == wanted
    assert from_json(as_json(wanted) | {"d_une_autre_version": 1}) == wanted


def test_each_has_their_own_saved_filters(database: Database, town: Town) -> None:
    saved = SavedFilters(database)
    kept = saved.save(f"chef-{NORD}", " Mauvaises   notes ", FULL)
    assert saved.save(f"chef-{NORD}", "Mauvaises notes", Filter(rating=-1)) == kept
    assert [(one.name, one.filter) for one in saved.of(f"chef-{NORD}")] == [("Mauvaises notes", Filter(rating=-1))]
    assert saved.of(f"chef-{SUD}") == ()
    with pytest.raises(UnknownItem):
        saved.remove(f"chef-{SUD}", kept)
    saved.remove(f"chef-{NORD}", kept)
    with pytest.raises(WrongReview):
        saved.save(f"chef-{NORD}", " ", FULL)


def test_the_queue_puts_first_what_is_uncertain_and_often_asked(
    database: Database, town: Town, source: ListSource, projection: Projection, clock: FakeClock
) -> None:
    town.open("c1", aidant=f"aidant-{NORD}")
    town.open("c2", aidant=f"aidant-{SUD}")
    said = [("Le RSA ?", 0.6), ("le rsa", 0.5), ("LE RSA !", 0.7), ("rare et obscur", 0.2), ("très clair", 0.99)]
    for n, (text, confidence) in enumerate(said):
        source.events += exchange("c1", NOON + n * MINUTE, text, confidence=confidence)
    source.events += exchange("c2", NOON, "chose du sud", confidence=0.1)
    projection.catch_up()
    clock.advance(hours=1)
    found = ReviewQueue(database, clock).next(f"chef-{NORD}")
    assert [(one.text, one.frequency, round(one.uncertainty, 2), round(one.usefulness, 2)) for one in found] == [
        ("LE RSA !", 3, 0.5, 1.5),
        ("rare et obscur", 1, 0.8, 0.8),
    ]
    assert {one.text for one in ReviewQueue(database, clock).next("admin")} >= {"chose du sud"}
    clock.advance(days=91)
    assert ReviewQueue(database, clock).next(f"chef-{NORD}") == ()
