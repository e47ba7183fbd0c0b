"""Every figure of the dashboard against values computed by hand, on SQLite and on PostgreSQL."""

import json
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.evaluation.files import IntentItem
from bot.evaluation.labels import Labelled
from bot.storage.engine import Database
from bot.supervision.figures import Dashboards, Figures
from bot.supervision.figures_period import Part, Period, Spread, percentile
from bot.supervision.figures_understanding import Evaluations, Scores
from tests.unit.aidants.house import House
from tests.unit.mandats.databases import postgresql_url, sqlite_url
from tests.unit.supervision.figures_rows import Rows

# The clock of the house stands at 12:02 in Paris on 25 November 2026.
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))


def paris(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    """In winter, Paris is an hour ahead."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=1)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with nullcontext(sqlite_url(tmp_path)) if request.param == "sqlite" else postgresql_url() as url:
        database = Database.at(url)
        yield database
        database.close()


@pytest.fixture
def house(database: Database) -> House:
    return House.over(database)


@pytest.fixture
def rows(database: Database) -> Rows:
    return Rows(database)


@pytest.fixture
def home(house: House) -> str:
    return house.organisation("France Services de Guéret").id


@pytest.fixture
def other(house: House) -> str:
    return house.organisation("CCAS de Lens").id


def figures(house: House, organisation: str | None, period: Period = NOVEMBER) -> Figures:
    return Dashboards(house.database, house.clock).figures(period, organisation)


def test_a_period_holds_whole_days_of_paris_in_winter_and_in_summer() -> None:
    assert NOVEMBER.since == datetime(2026, 10, 31, 23, tzinfo=UTC)
    assert NOVEMBER.until == datetime(2026, 11, 30, 23, tzinfo=UTC)
    october = Period(date(2026, 10, 24), date(2026, 10, 26))
    assert (october.since, october.until) == (
        datetime(2026, 10, 23, 22, tzinfo=UTC),
        datetime(2026, 10, 26, 23, tzinfo=UTC),
    )
    assert len(october.days) == 3
    assert Period.ending(date(2026, 11, 25), days=7).first == date(2026, 11, 19)


@pytest.mark.parametrize(
    ("values", "p50", "p95"),
    [
        ((), None, None),
        ((7,), 7, 7),
        ((10, 20), 10, 20),
        (tuple(range(1, 101)), 50, 95),
        ((100, 200, 300, 400, 5000), 300, 5000),
    ],
)
def test_a_percentile_is_a_value_that_was_measured(values: tuple[int, ...], p50: int, p95: int) -> None:
    assert (percentile(values, 50), percentile(values, 95)) == (p50, p95)


def test_a_part_of_nothing_has_no_share() -> None:
    assert Part(0, 0).share is None
    assert Part(3, 4).share == 0.75


def test_conversations_and_messages_are_counted_on_the_days_of_paris(
    house: House, rows: Rows, home: str, other: str
) -> None:
    first = rows.episode(paris(3, 10), organisation=home)
    late = rows.episode(paris(4, 0, 30), organisation=home, channel="telegram")  # still the 3rd in UTC
    for episode, instant in ((first, paris(3, 10)), (first, paris(3, 11)), (late, paris(4, 0, 30))):
        rows.line(episode, instant)
    rows.line(first, paris(3, 10), out=True, ms=100)
    elsewhere = rows.episode(paris(3, 9), organisation=other)
    rows.line(elsewhere, paris(3, 9))
    nobody = rows.episode(paris(5, 9), channel="")
    rows.line(nobody, paris(5, 9))
    before = rows.episode(paris(31, 23, month=10), organisation=home)
    rows.line(before, paris(31, 23, month=10))

    ours = figures(house, home).activity
    days = {one.day.day: (one.conversations, one.messages) for one in ours.volume if one.messages}
    assert days == {3: (1, 2), 4: (1, 1)}
    assert len(ours.volume) == 30
    assert (ours.conversations, ours.messages) == (2, 3)
    assert [(one.channel, one.conversations, one.messages) for one in ours.channels] == [
        ("web", 1, 2),
        ("telegram", 1, 1),
    ]
    everyone = figures(house, None).activity
    assert (everyone.conversations, everyone.messages) == (4, 5)


def test_an_answer_in_several_replies_is_one_time_to_answer(house: House, rows: Rows, home: str) -> None:
    for day, milliseconds in ((2, 100), (2, 300), (2, 200), (9, 4000)):
        episode = rows.episode(paris(day, 10), organisation=home)
        rows.line(episode, paris(day, 10), out=True, ms=milliseconds)
        rows.line(episode, paris(day, 10), out=True, ms=milliseconds)
        rows.line(episode, paris(day, 11), out=True)  # nobody had asked
    found = figures(house, home).activity
    assert found.answering == Spread(4, 200, 4000)
    assert {one.day.day: one.spread for one in found.answering_by_day if one.spread.count} == {
        2: Spread(3, 200, 300),
        9: Spread(1, 4000, 4000),
    }


def test_what_is_understood_is_counted_over_messages_in_words(house: House, rows: Rows, home: str, other: str) -> None:
    episode = rows.episode(paris(6, 9), organisation=home)
    rows.turn(episode, paris(6, 9), fiche="F1341")
    rows.turn(episode, paris(6, 9, 1), fiche="F1341")
    rows.turn(episode, paris(6, 9, 2), fallback=True)
    rows.turn(episode, paris(7, 9), abstained=True)
    rows.turn(episode, paris(7, 9, 1), pressed=True, fiche="F34")
    rows.turn(rows.episode(paris(6, 9), organisation=other), paris(6, 9), fallback=True)
    found = figures(house, home).activity
    assert found.understood == Part(3, 4)
    assert found.fallbacks == Part(1, 4)
    assert found.abstentions == Part(1, 4)  # a fiche was looked for four times, once by a button
    assert [(one.day.day, one.words, one.fallbacks, one.abstentions) for one in found.understanding if one.words] == [
        (6, 3, 1, 0),
        (7, 1, 0, 1),
    ]
    assert figures(house, None).activity.fallbacks == Part(2, 5)


def test_ratings_are_counted_with_the_reasons_of_the_bad_ones(house: House, rows: Rows, home: str, other: str) -> None:
    episode = rows.episode(paris(6, 9), organisation=home)
    for rating, reasons in ((1, ()), (1, ()), (-1, ("incomplet", "perime")), (-1, ("perime",)), (-1, ())):
        rows.rating(rows.line(episode, paris(6, 9), out=True), paris(6, 10), rating, reasons)
    elsewhere = rows.line(rows.episode(paris(6, 9), organisation=other), paris(6, 9), out=True)
    rows.rating(elsewhere, paris(6, 9), -1, ("autre",))
    found = figures(house, home).answers
    assert (found.ups, found.downs, found.liked.share) == (2, 3, 0.4)
    assert found.reasons == (("perime", 2), ("incomplet", 1))
    assert figures(house, None).answers.downs == 4


def test_the_most_asked_fiches_have_their_present_title(house: House, rows: Rows, home: str) -> None:
    rows.fiches(paris(1, 8), {"F1341": "Ancien titre"})
    rows.fiches(paris(2, 8), {"F1341": "Carte d'identité", "F34": "Passeport"})
    episode = rows.episode(paris(6, 9), organisation=home)
    for fiche in ("F34", "F1341", "F1341", "F999", "F1341", None):
        rows.turn(episode, paris(6, 9), fiche=fiche)
    assert [(one.fiche, one.title, one.count) for one in figures(house, home).answers.asked] == [
        ("F1341", "Carte d'identité", 3),
        ("F34", "Passeport", 1),
        ("F999", "F999", 1),
    ]


def test_the_same_words_without_an_answer_count_together(house: House, rows: Rows, home: str, other: str) -> None:
    first = rows.episode(paris(6, 9), organisation=home)
    last = rows.episode(paris(8, 9), organisation=home)
    rows.turn(first, paris(6, 9), "Aide pour mon chauffage", abstained=True)
    rows.turn(first, paris(6, 9), "ma carte vitale est cassée", fiche="F1")
    rows.turn(first, paris(6, 9), "xyz", fallback=True)
    rows.turn(first, paris(6, 9), "/choisir_fiche", pressed=True, abstained=True)
    rows.turn(last, paris(8, 9), "aide pour mon chauffage !", fallback=True)
    rows.turn(rows.episode(paris(8, 9), organisation=other), paris(8, 9), "aide pour mon chauffage", abstained=True)
    found = figures(house, home).answers.unanswered
    assert [(one.text, one.count, one.fallbacks, one.abstentions, one.episode) for one in found] == [
        ("aide pour mon chauffage !", 2, 1, 1, last),
        ("xyz", 1, 1, 0, first),
    ]


def test_only_the_ten_most_frequent_are_listed(house: House, rows: Rows, home: str) -> None:
    episode = rows.episode(paris(6, 9), organisation=home)
    for number in range(12):
        rows.turn(episode, paris(6, 9), f"question {number}", fallback=True)
        rows.turn(episode, paris(6, 9), fiche=f"F{number}")
    found = figures(house, home).answers
    assert (len(found.unanswered), len(found.asked)) == (10, 10)


def test_handovers_tell_how_long_people_waited(house: House, rows: Rows, home: str, other: str) -> None:
    def asked(day: int, minutes: int | None, *, closed: bool = True, reason: str = "asked") -> None:
        episode = rows.episode(paris(day, 9), organisation=home)
        wait = timedelta(minutes=minutes) if minutes else None
        rows.handover(episode, paris(day, 9), replied_after=wait, closed=closed, reason=reason)

    asked(3, 2)
    asked(3, 10, reason="button")
    asked(4, 4)
    asked(5, None)
    asked(25, None, closed=False, reason="not_understood")
    rows.handover(rows.episode(paris(3, 9), organisation=other), paris(3, 9))
    found = figures(house, home).handovers
    minute = 60_000
    assert (found.asked, found.unanswered, found.waiting) == (5, 1, 1)
    assert found.first_reply == Spread(3, 4 * minute, 10 * minute)
    assert found.reasons == (("asked", 3), ("button", 1), ("not_understood", 1))
    assert [(one.day.day, one.asked, one.answered) for one in found.by_day if one.asked] == [
        (3, 2, 2),
        (4, 1, 1),
        (5, 1, 0),
        (25, 1, 0),
    ]
    assert figures(house, None).handovers.asked == 6


def test_mandates_are_counted_by_the_period_and_by_now(house: House, rows: Rows, home: str, other: str) -> None:
    aidant = house.enrolled("maiwenn@exemple.fr", home).id
    rows.mandat(home, aidant, paris(3, 9))
    rows.mandat(home, aidant, paris(3, 10), days=40)  # ends on 13 December: within thirty days
    rows.mandat(home, aidant, paris(4, 9), revoked_at=paris(20, 9))
    rows.mandat(home, aidant, paris(4, 9), replaced=True)
    rows.mandat(home, aidant, paris(1, 9, month=10), days=31)  # over since 1 November
    rows.mandat(home, aidant, paris(1, 9, month=10), revoked_at=paris(5, 9))
    rows.mandat(other, aidant, paris(3, 9), days=40)
    found = figures(house, home).mandats
    assert (found.opened, found.revoked, found.active, found.expiring) == (4, 2, 2, 1)
    assert [(one.day.day, one.opened, one.revoked) for one in found.by_day if one.opened or one.revoked] == [
        (3, 2, 0),
        (4, 2, 0),
        (5, 0, 1),
        (20, 0, 1),
    ]
    assert figures(house, None).mandats.expiring == 2


def test_nothing_at_all_makes_figures_of_nothing(house: House, home: str) -> None:
    found = figures(house, home)
    assert (found.activity.understood.share, found.answers.liked.share) == (None, None)
    assert found.activity.answering == found.handovers.first_reply == Spread(0, None, None)
    assert (found.activity.channels, found.answers.unanswered) == ((), ())
    assert len(found.activity.volume) == 30


def test_corrections_tell_what_is_mistaken_for_what(house: House, rows: Rows, home: str, other: str) -> None:
    for understood, right in (
        ("saluer", None),
        ("saluer", None),
        ("saluer", "aide"),
        ("aide", None),
        ("hors_sujet", "aide"),
    ):
        rows.correction(paris(6, 9), understood, right, organisation=home)
    rows.correction(paris(6, 9), "saluer", "au_revoir", organisation=home, progress="ecartee")
    rows.correction(paris(6, 9), "saluer", "remercier", organisation=other)
    rows.correction(paris(6, 9, month=10), "saluer", "remercier", organisation=home)
    dashboards = Dashboards(house.database, house.clock)
    found = dashboards.understanding(NOVEMBER, home)
    assert (found.count, found.accuracy) == (5, 0.6)
    assert found.confusion == {"aide": {"aide": 1, "hors_sujet": 1, "saluer": 1}, "saluer": {"saluer": 2}}
    assert found.mistakes == (("aide", "hors_sujet", 1), ("aide", "saluer", 1))
    # « aide »: found once of three; « saluer »: found twice of two, and given once too often.
    assert found.scores == (Scores("aide", 3, 1.0, 0.333, 0.5), Scores("saluer", 2, 0.667, 1.0, 0.8))
    assert found.macro_f1 == 0.65
    assert dashboards.understanding(NOVEMBER, None).count == 6


def test_the_reports_of_the_models_are_read_where_they_were_written(tmp_path: Path) -> None:
    content = {
        "kind": "intents",
        "set": "intents.dev.jsonl",
        "n": 3,
        "accuracy": 0.667,
        "macro_f1": 0.6,
        "fallbacks": 1,
        "p95_ms": 12.0,
        "by_label": {"saluer": {"n": 3, "precision": 1.0, "recall": 0.667, "f1": 0.8}},
        "confusion": {"saluer": {"nlu_fallback": 1, "saluer": 2}},
    }
    (tmp_path / "courant").mkdir()
    (tmp_path / "courant" / "intents.json").write_text(json.dumps(content), encoding="utf-8")
    evaluations = Evaluations(tmp_path)
    found = evaluations.current()
    assert found is not None
    assert (found.name, found.fallbacks, found.understanding.count) == ("intents.dev.jsonl", 1, 3)
    assert found.understanding.scores == (Scores("saluer", 3, 1.0, 0.667, 0.8),)
    assert found.understanding.mistakes == (("saluer", "nlu_fallback", 1),)
    assert evaluations.candidate() is None


def labelled(*pairs: tuple[str, str]) -> list[Labelled]:
    return [
        Labelled(IntentItem(id=str(number), text="…", intent=right), right, given, 0.9, 1.0)
        for number, (right, given) in enumerate(pairs)
    ]


def test_a_retraining_leaves_both_measures_and_the_candidate_becomes_the_model_in_use(tmp_path: Path) -> None:
    evaluations = Evaluations(tmp_path / "evaluation")
    evaluations.record("courant", labelled(("aide", "aide"), ("saluer", "nlu_fallback")), name="intents.dev")
    evaluations.record("candidat", labelled(("aide", "aide"), ("saluer", "saluer")), name="intents.dev")
    before, candidate = evaluations.current(), evaluations.candidate()
    assert before is not None
    assert candidate is not None
    assert (before.understanding.accuracy, before.fallbacks) == (0.5, 1)
    assert (candidate.understanding.accuracy, candidate.fallbacks) == (1.0, 0)
    evaluations.switched()
    now = evaluations.current()
    assert now is not None
    assert now.understanding == candidate.understanding
    assert evaluations.candidate() is None
    evaluations.switched()
    assert evaluations.current() == now


@pytest.mark.parametrize("content", ["", "[]", '{"set": "x"}', "{", "\udcff"])
def test_a_report_that_cannot_be_read_is_no_report(tmp_path: Path, content: str) -> None:
    (tmp_path / "candidat").mkdir()
    (tmp_path / "candidat" / "intents.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    assert Evaluations(tmp_path).candidate() is None
