"""The state of an entry: what it keeps, what it asks next, what it never allows."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.demarches import Demarche
from bot.mandats import phrases
from bot.mandats.lecture import Given, read
from bot.mandats.rules import Duration, MandatRefused, Refusal, check
from bot.mandats.saisie import Field, Saisie, answered_yes_or_no, applied

D = Demarche
ALL = tuple(Demarche)
COMPLETE = Saisie(demarches=(D.LOGEMENT,), duration=Duration.MONTH, present=True, adult=True, protected=False)

ORDERED = st.sets(st.sampled_from(ALL)).map(lambda chosen: tuple(one for one in ALL if one in chosen))
ANSWER = st.sampled_from((None, True, False))
SAISIES = st.builds(
    Saisie,
    demarches=ORDERED,
    duration=st.sampled_from((None, *Duration)),
    present=ANSWER,
    adult=ANSWER,
    protected=ANSWER,
    renews=st.one_of(st.none(), st.text(max_size=8)),
    suggested=st.booleans(),
    named=st.booleans(),
    failures=st.integers(0, 9),
)
GIVEN = st.builds(
    Given,
    demarches=ORDERED,
    removed=ORDERED,
    everything=st.booleans(),
    adds=st.booleans(),
    duration=st.sampled_from((None, *Duration)),
    present=ANSWER,
    adult=ANSWER,
    protected=ANSWER,
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)


@given(SAISIES)
def test_what_the_tracker_keeps_comes_back_the_same(saisie: Saisie) -> None:
    assert Saisie.from_json(json.loads(json.dumps(saisie.as_json()))) == saisie


@given(SAISIES, st.sampled_from(list(Saisie().as_json())), JSON)
def test_what_another_version_wrote_is_no_entry_or_a_sound_one(saisie: Saisie, name: str, value: object) -> None:
    found = Saisie.from_json(saisie.as_json() | {name: value})
    if found is not None:
        assert Saisie.from_json(found.as_json()) == found
        assert phrases.ask(found).text


@pytest.mark.parametrize("data", [None, {}, {"demarches": ["papiers"]}, COMPLETE.as_json() | {"draft": None}])
def test_no_entry(data: dict[str, object] | None) -> None:
    assert Saisie.from_json(data) is None


def test_a_number_of_failures_may_come_back_as_a_float() -> None:
    assert Saisie.from_json(COMPLETE.as_json() | {"failures": 1.0}) == Saisie.from_json(
        COMPLETE.as_json() | {"failures": 1}
    )


@given(SAISIES, GIVEN, ORDERED)
def test_no_scope_is_invented_and_their_order_is_the_usual_one(saisie: Saisie, told: Given, allowed) -> None:
    after = applied(saisie, told, allowed=allowed).demarches
    assert list(after) == [one for one in ALL if one in after]
    assert set(after) <= set(saisie.demarches) | set(told.demarches) | (set(allowed) if told.everything else set())


@given(SAISIES, st.text(max_size=60))
@settings(deadline=None)
def test_nothing_said_changes_nothing(saisie: Saisie, text: str) -> None:
    if not (told := read(text)).anything:
        after = applied(saisie, told, allowed=ALL)
        assert after == saisie


@given(st.lists(st.one_of(GIVEN, st.booleans()), max_size=8))
def test_nothing_is_confirmed_while_something_is_missing_or_forbidden(steps: list[Given | bool]) -> None:
    saisie = Saisie()
    for step in steps:
        if isinstance(step, bool):
            saisie = answered_yes_or_no(saisie, yes=step) or saisie
        else:
            saisie = applied(saisie, step, allowed=ALL)
        complete = bool(saisie.demarches) and None not in (
            saisie.duration,
            saisie.present,
            saisie.adult,
            saisie.protected,
        )
        assert (saisie.asked is Field.CONFIRM) == complete
        if saisie.ready:
            assert check(saisie.demarches, saisie.eligibility, allowed=ALL) == saisie.demarches
        elif complete:
            with pytest.raises(MandatRefused) as refused:
                check(saisie.demarches, saisie.eligibility, allowed=ALL)
            assert refused.value.reason is saisie.refusal
        else:
            assert saisie.refusal in (None, Refusal.MINOR, Refusal.PROTECTED, Refusal.REMOTE)


def test_questions_come_in_order_and_what_is_known_is_not_asked() -> None:
    saisie = Saisie()
    asked = []
    for told in (
        Given(demarches=(D.PAPIERS,)),
        Given(duration=Duration.LONG),
        Given(present=True),
        Given(adult=True),
        Given(protected=False),
    ):
        asked.append(saisie.asked)
        saisie = applied(saisie, told, allowed=ALL)
    assert asked == [Field.DEMARCHES, Field.DURATION, Field.PRESENT, Field.CAPACITY, Field.CAPACITY]
    assert saisie.ready


def test_eligibility_is_not_told_before_it_is_known() -> None:
    with pytest.raises(ValueError, match="not known"):
        _ = Saisie(present=True, adult=True).eligibility


def test_no_protection_answers_the_whole_question_unless_a_minor_was_said() -> None:
    asked = Saisie(demarches=(D.PAPIERS,), duration=Duration.SHORT, present=True)
    assert applied(asked, Given(protected=False), allowed=ALL).ready
    assert applied(asked, Given(protected=False, adult=False), allowed=ALL).refusal is Refusal.MINOR
    minor = applied(asked, Given(adult=False), allowed=ALL)
    assert applied(minor, Given(protected=False), allowed=ALL).refusal is Refusal.MINOR


@pytest.mark.parametrize(
    ("said", "scopes"),
    [
        ("travail", "travail"),
        ("et travail", "papiers travail logement"),
        ("enlève papiers", "logement"),
        ("remplace papiers par travail", "travail logement"),
        ("justice, pas les loisirs", "justice"),
        ("tout sauf justice", "papiers social logement"),
        ("un an", "papiers logement"),
    ],
)
def test_scopes_are_corrected(said: str, scopes: str) -> None:
    saisie = Saisie(demarches=(D.PAPIERS, D.LOGEMENT))
    allowed = (D.PAPIERS, D.SOCIAL, D.LOGEMENT, D.JUSTICE)
    assert " ".join(applied(saisie, read(said), allowed=allowed).demarches) == scopes


def test_a_proposed_scope_is_replaced_by_one_that_is_named_and_completed_by_one_that_is_added() -> None:
    proposed = Saisie(demarches=(D.PAPIERS,), suggested=True)
    replaced = applied(proposed, read("logement"), allowed=ALL)
    assert (replaced.demarches, replaced.suggested) == ((D.LOGEMENT,), False)
    assert applied(proposed, read("et aussi logement"), allowed=ALL).demarches == (D.PAPIERS, D.LOGEMENT)
    assert not applied(proposed, read("papiers"), allowed=ALL).suggested
    assert applied(proposed, read("un an"), allowed=ALL).suggested


def test_yes_and_no_to_a_proposed_scope() -> None:
    proposed = Saisie(demarches=(D.PAPIERS,), suggested=True)
    assert answered_yes_or_no(proposed, yes=True) == Saisie(demarches=(D.PAPIERS,))
    assert answered_yes_or_no(proposed, yes=False) == Saisie()


def test_a_plain_no_does_not_tell_whether_the_usager_is_minor_or_protected() -> None:
    asked = Saisie(demarches=(D.PAPIERS,), duration=Duration.SHORT, present=True)
    assert answered_yes_or_no(asked, yes=False) is None
    settled = answered_yes_or_no(asked, yes=True)
    assert settled is not None
    assert settled.ready


@pytest.mark.parametrize("saisie", [Saisie(), Saisie(demarches=(D.PAPIERS,)), COMPLETE])
def test_yes_answers_no_question_about_what(saisie: Saisie) -> None:
    assert answered_yes_or_no(saisie, yes=True) is None


def test_something_given_forgets_the_failures() -> None:
    assert applied(Saisie(failures=3), Given(duration=Duration.LONG), allowed=ALL).failures == 0
    assert applied(Saisie(failures=3), Given(), allowed=ALL).failures == 3
