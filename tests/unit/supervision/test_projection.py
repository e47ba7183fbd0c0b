from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.aidants.models import Aidant
from bot.conversations.models import Conversation, LoggedMessage, Rating
from bot.journal.actions import Action
from bot.journal.service import Journal
from bot.privacy.forgetting import forget
from bot.storage.engine import Database
from bot.supervision.events import read_event, same_words
from bot.supervision.models import Episode, EpisodeLine, Turn
from bot.supervision.projection import Projection
from bot.supervision.sources import RasaEventFile, Received, SourceUnavailable
from bot.supervision.summaries import to_summarise
from tests.unit.supervision.talk import (
    NOON,
    NORD,
    SUD,
    FakeClock,
    ListSource,
    Town,
    action,
    bot,
    exchange,
    user,
    write_events,
)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def turns(database: Database) -> list[Turn]:
    with database.unit_of_work() as session:
        return list(session.scalars(select(Turn).order_by(Turn.at, Turn.id)))


def episodes(database: Database) -> list[Episode]:
    with database.unit_of_work() as session:
        return list(session.scalars(select(Episode).order_by(Episode.first_at, Episode.id)))


def test_a_turn_holds_one_message_and_all_that_followed(
    database: Database, town: Town, projection: Projection, source: ListSource
) -> None:
    town.open("c1", aidant=f"aidant-{NORD}")
    line = town.say("c1", NOON, "Il a perdu sa carte d'identité")
    source.events = exchange("c1", NOON + timedelta(milliseconds=40), "Il a perdu sa carte d'identité")
    town.tell("c1", NOON + timedelta(milliseconds=200), "Voici.", latency_ms=200)
    projection.catch_up()
    (turn,) = turns(database)
    assert (turn.line_id, turn.text, turn.intent, turn.confidence) == (
        line,
        "Il a perdu sa carte d'identité",
        "question_demarche",
        0.82,
    )
    assert turn.alternatives == [["hors_sujet", 0.07]]
    assert turn.entities == [["demarche", "papiers"]]
    assert turn.actions == ["action_repondre_question"]
    assert (turn.fiche, turn.fiches, turn.responses) == ("F1341", ["F1341"], ["Voici."])
    assert turn.passage == {"fiche": "F1341", "section": "Pièces à fournir", "text": "Une photo."}
    assert turn.latency_ms == 75
    assert (turn.organisation_id, turn.aidant_id) == (NORD, f"aidant-{NORD}")
    (episode,) = episodes(database)
    assert (episode.turns, episode.lowest_confidence, episode.excerpt) == (1, 0.82, "Il a perdu sa carte d'identité")
    assert (episode.first_at, episode.last_at) == (NOON, NOON + timedelta(milliseconds=200))


def test_the_same_events_again_change_nothing(
    database: Database, town: Town, projection: Projection, source: ListSource, clock: FakeClock
) -> None:
    town.open("c1")
    source.events = exchange("c1", NOON, "question")
    projection.catch_up()
    source.events += source.events  # as after a restore of an older file: other numbers, the same messages
    Projection(database, source, clock, batch=1).catch_up()
    assert [turn.text for turn in turns(database)] == ["question"]


@pytest.mark.parametrize("batch", [1, 2, 3, 7, 500])
def test_where_batches_are_cut_does_not_matter(
    database: Database, town: Town, source: ListSource, clock: FakeClock, batch: int
) -> None:
    for name in ("c1", "c2"):
        town.open(name)
    for n in range(4):
        for name in ("c1", "c2"):
            source.events += exchange(name, NOON + n * MINUTE, f"question {n}", f"réponse {name} {n}")
    Projection(database, source, clock, batch=batch).catch_up()
    found = turns(database)
    assert len(found) == 8
    assert {tuple(turn.responses) for turn in found} == {
        (f"réponse {turn.conversation_id} {turn.text[-1]}",) for turn in found
    }


def test_events_that_come_in_another_order_find_their_turn(
    database: Database, town: Town, projection: Projection, source: ListSource
) -> None:
    town.open("c1")
    first, second = exchange("c1", NOON, "un", "réponse un"), exchange("c1", NOON + MINUTE, "deux", "réponse deux")
    source.events = [*first[:1], *second[:1], second[3], first[3], *first[4:], *second[4:]]
    projection.catch_up()
    assert [(turn.text, turn.responses) for turn in turns(database)] == [
        ("un", ["réponse un"]),
        ("deux", ["réponse deux"]),
    ]


def test_an_hour_of_silence_begins_another_episode(
    database: Database, town: Town, projection: Projection, source: ListSource
) -> None:
    town.open("c1", aidant=f"aidant-{NORD}")
    for at in (NOON, NOON + 50 * MINUTE, NOON + 111 * MINUTE):
        town.say("c1", at, "question")
        source.events += exchange("c1", at + timedelta(milliseconds=9), "question")
    projection.catch_up()
    assert [episode.turns for episode in episodes(database)] == [2, 1]


def test_what_was_said_for_one_organisation_stays_there_when_the_aidant_switches(
    database: Database, town: Town, projection: Projection, source: ListSource, clock: FakeClock
) -> None:
    # The worker was late: it sees everything after the switch.
    town.open("c1", aidant=f"aidant-{NORD}")
    town.say("c1", NOON, "pour le nord")
    journal = Journal(database, clock)
    clock.advance(minutes=5)
    with database.unit_of_work() as session:
        for chain in (NORD, SUD):
            journal.append(
                session,
                Action.SWITCH_ORGANISATION,
                organisation=chain,
                aidant=f"aidant-{NORD}",
                details={"from": NORD, "to": SUD},
            )
        session.get_one(Aidant, f"aidant-{NORD}").current_organisation_id = SUD
    # Asked before, answered after: the answer goes with its question.
    town.tell("c1", NOON + 5 * MINUTE + timedelta(seconds=1), "réponse au nord", latency_ms=301_000)
    town.say("c1", NOON + 6 * MINUTE, "pour le sud")
    source.events = exchange("c1", NOON + timedelta(milliseconds=5), "pour le nord")
    source.events += exchange("c1", NOON + 6 * MINUTE + timedelta(milliseconds=5), "pour le sud")
    projection.catch_up()
    assert [(turn.text, turn.organisation_id) for turn in turns(database)] == [
        ("pour le nord", NORD),
        ("pour le sud", SUD),
    ]
    with database.unit_of_work() as session:
        kept = session.execute(
            select(LoggedMessage.text, Episode.organisation_id)
            .join(EpisodeLine, EpisodeLine.line_id == LoggedMessage.id)
            .join(Episode, Episode.id == EpisodeLine.episode_id)
            .order_by(LoggedMessage.id)
        ).all()
    assert [tuple(row) for row in kept] == [("pour le nord", NORD), ("réponse au nord", NORD), ("pour le sud", SUD)]


def test_what_was_said_before_the_link_is_nobody_s(
    database: Database, town: Town, projection: Projection, clock: FakeClock
) -> None:
    town.open("c1", aidant=f"aidant-{NORD}")
    town.say("c1", NOON, "avant")
    clock.advance(minutes=5)
    with database.unit_of_work() as session:
        Journal(database, clock).append(
            session,
            Action.LINK_CONVERSATION,
            organisation=NORD,
            aidant=f"aidant-{NORD}",
            details={"conversation": "c1", "former": None},
        )
    town.say("c1", NOON + 6 * MINUTE, "après")
    projection.catch_up()
    assert [episode.organisation_id for episode in episodes(database)] == [None, NORD]


def test_the_summary_follows_ratings(
    database: Database, town: Town, projection: Projection, source: ListSource, clock: FakeClock
) -> None:
    town.open("c1")
    town.say("c1", NOON, "question")
    source.events = exchange("c1", NOON, "question")
    answer = town.tell("c1", NOON + timedelta(seconds=1), "Voici.", latency_ms=1000)
    projection.catch_up()
    assert episodes(database)[0].ratings_down == 0
    for rating, later in ((-1, 10), (1, 20)):
        with database.unit_of_work() as session:
            at = NOON + later * MINUTE
            session.merge(
                Rating(message_id=answer, conversation_id="c1", rating=rating, reasons=[], comment="", created_at=at)
            )
        projection.catch_up()
        (episode,) = episodes(database)
        assert (episode.ratings_down, episode.ratings_up) == ((1, 0) if rating < 0 else (0, 1))
    assert turns(database)[0].uncertainty == 1.0


def test_a_fallback_keeps_the_intent_that_was_not_acted_on(
    database: Database, town: Town, projection: Projection, source: ListSource
) -> None:
    town.open("c1")
    source.events = [
        user("c1", NOON, "euh", intent="saluer", confidence=0.2, fallback=True),
        action("c1", NOON + MINUTE / 60, "action_repli"),
        bot("c1", NOON + MINUTE / 60, "Je n'ai pas compris."),
    ]
    projection.catch_up()
    (turn,) = turns(database)
    assert (turn.intent, turn.confidence, turn.fallback, turn.uncertainty) == ("saluer", 0.2, True, 1.0)
    assert episodes(database)[0].fallbacks == 1


def test_no_fiche_is_an_abstention(database: Database, town: Town, projection: Projection, source: ListSource) -> None:
    town.open("c1")
    source.events = exchange("c1", NOON, "le cri du homard", "Je ne trouve pas.", fiche=None)
    projection.catch_up()
    assert turns(database)[0].abstained
    assert episodes(database)[0].abstentions == 1


def test_a_button_is_shown_by_its_title_and_is_no_duplicate_of_anything(
    database: Database, town: Town, projection: Projection, source: ListSource
) -> None:
    town.open("c1")
    line = town.say("c1", NOON, "Pièces à fournir", custom={"payload": "/demander_pieces"})
    source.events = exchange("c1", NOON, "/demander_pieces", intent="demander_pieces", confidence=1.0)
    projection.catch_up()
    (turn,) = turns(database)
    assert (turn.text, turn.pressed, turn.same, turn.line_id) == ("Pièces à fournir", True, "", line)


def test_the_line_that_the_gateway_names_wins(
    database: Database, town: Town, projection: Projection, source: ListSource
) -> None:
    town.open("c1")
    old = town.say("c1", NOON - 3 * HOUR, "gardé")
    town.say("c1", NOON, "gardé")
    source.events = exchange("c1", NOON, "gardé", line=old)
    projection.catch_up()
    assert turns(database)[0].line_id == old
    assert [episode.turns for episode in episodes(database)] == [1, 0]


def test_the_address_of_a_secure_page_is_not_kept(
    database: Database, town: Town, projection: Projection, source: ListSource
) -> None:
    town.open("c1")
    link = "[ouvrir](http://127.0.0.1:8000/s/QBvficSrF4KkvzVVojCVaJt9zAqExs11DJT9Xrj0J3k)"
    source.events = exchange("c1", NOON, "oui", link)
    projection.catch_up()
    assert turns(database)[0].responses == ["[ouvrir](http://127.0.0.1:8000/s/…)"]


def test_events_of_a_forgotten_conversation_do_not_bring_it_back(
    database: Database, town: Town, projection: Projection, source: ListSource
) -> None:
    source.events = exchange("oubliée", NOON, "question")
    assert projection.catch_up() == 6
    assert turns(database) == []


def test_forgetting_a_conversation_takes_its_turns_and_its_words(
    database: Database, town: Town, projection: Projection, source: ListSource
) -> None:
    town.open("c1")
    town.say("c1", NOON, "le passeport de la petite")
    source.events = exchange("c1", NOON, "le passeport de la petite")
    projection.catch_up()
    with database.unit_of_work() as session:
        forget(session, "c1")
        assert session.get(Conversation, "c1") is None
    assert (turns(database), episodes(database)) == ([], [])
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM episode_search").scalar_one() == 0


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "{",
        "[]",
        "null",
        '{"event": "user"}',
        '{"sender_id": "c", "timestamp": "hier", "event": "user", "text": "x"}',
    ],
)
def test_what_is_not_an_event_stops_nothing(raw: str) -> None:
    assert read_event(raw) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Carte d'identité perdue ?", "carte d’identite   perdue", True),
        ("Carte d'identité perdue", "carte d'identité volée", False),
    ],
)
def test_duplicates_differ_by_nothing_but_how_they_are_written(one: str, other: str, same: bool) -> None:
    assert (same_words(one) == same_words(other)) == same
    assert same_words("?!") == ""


def test_the_event_file_is_emptied_but_for_its_last_row(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    source = RasaEventFile(path)
    assert source.read(0, limit=10) == ()
    write_events(path, exchange("c1", NOON, "question"))
    received = source.read(0, limit=10)
    assert [one.position for one in received] == [1, 2, 3, 4, 5, 6]
    source.done(received)
    assert [one.position for one in source.read(0, limit=10)] == [6]
    write_events(path, exchange("c1", NOON, "autre")[:1])
    assert [one.position for one in source.read(6, limit=10)] == [7]


def test_a_new_event_file_is_read_from_its_beginning(
    database: Database, town: Town, clock: FakeClock, tmp_path: Path
) -> None:
    town.open("c1")
    path = tmp_path / "events.db"
    write_events(path, exchange("c1", NOON, "ancien fichier"))
    projection = Projection(database, RasaEventFile(path), clock)
    projection.catch_up()
    path.unlink()
    for other in ("-wal", "-shm"):
        path.with_name(path.name + other).unlink(missing_ok=True)
    write_events(path, exchange("c1", NOON + MINUTE, "nouveau fichier")[:4])
    projection.catch_up()
    projection.catch_up()
    assert [turn.text for turn in turns(database)] == ["ancien fichier", "nouveau fichier"]
    assert turns(database)[1].actions == ["action_repondre_question"]


def test_a_file_that_is_not_rasa_s_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    path.write_bytes(b"not a database, " * 100)
    with pytest.raises(SourceUnavailable):
        RasaEventFile(path).read(0, limit=1)


def test_a_message_that_had_to_wait_finds_its_line(
    database: Database, town: Town, projection: Projection, source: ListSource
) -> None:
    town.open("c1")
    line = town.say("c1", NOON, "pendant la panne")
    late = exchange("c1", NOON + 3 * HOUR, "pendant la panne")
    late[0]["metadata"] = {"late": True}
    source.events = late
    projection.catch_up()
    (turn,) = turns(database)
    assert (turn.line_id, turn.channel) == (line, "web")


def test_a_worker_that_has_nothing_to_do_writes_nothing(
    database: Database, town: Town, projection: Projection, source: ListSource
) -> None:
    town.open("c1")
    town.say("c1", NOON, "question")
    source.events = exchange("c1", NOON, "question")
    projection.step()
    with database.engine.connect() as holder:  # someone else is writing, for long
        holder.exec_driver_sql("UPDATE projection_marks SET position = position")
        assert projection.catch_up() == 0
        holder.rollback()


def test_a_worker_killed_before_it_summarised_leaves_that_to_the_next(
    database: Database, town: Town, projection: Projection, source: ListSource, clock: FakeClock
) -> None:
    town.open("c1")
    town.say("c1", NOON, "question")
    source.events = exchange("c1", NOON, "question")
    projection.take_lines()
    projection.take_events()
    assert [(one.turns, one.excerpt, one.stale) for one in episodes(database)] == [(0, "", True)]
    assert Projection(database, source, clock).catch_up() == 0
    assert [(one.turns, one.excerpt, one.stale) for one in episodes(database)] == [(1, "question", False)]


class GoneSource(ListSource):
    """A source that is away."""

    def read(self, after: int, *, limit: int) -> Sequence[Received]:
        raise SourceUnavailable("away")


def test_while_events_cannot_be_read_the_log_is_summarised_all_the_same(
    database: Database, town: Town, clock: FakeClock
) -> None:
    town.open("c1")
    town.say("c1", NOON, "question")
    with pytest.raises(SourceUnavailable):
        Projection(database, GoneSource(), clock).catch_up()
    assert [(one.excerpt, one.stale) for one in episodes(database)] == [("question", False)]


def test_much_that_waits_is_summarised_as_it_comes(
    database: Database, town: Town, source: ListSource, clock: FakeClock
) -> None:
    for n in range(45):
        town.open(f"c{n}")
        town.say(f"c{n}", NOON + n * MINUTE, f"question {n}")
        source.events += exchange(f"c{n}", NOON + n * MINUTE, f"question {n}")
    Projection(database, source, clock, batch=2).catch_up()
    assert [(one.turns, one.excerpt, one.stale) for one in episodes(database)] == [
        (1, f"question {n}", False) for n in range(45)
    ]


def test_more_episodes_than_a_statement_holds_can_be_noted(
    database: Database, town: Town, projection: Projection
) -> None:
    town.open("c1")
    town.say("c1", NOON, "question")
    projection.catch_up()
    with database.unit_of_work() as session:
        to_summarise(session, range(1, 70_001))
    assert [one.stale for one in episodes(database)] == [True]
