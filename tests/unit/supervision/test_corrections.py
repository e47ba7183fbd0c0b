import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from bot.errors import EquipierError
from bot.evaluation.files import GuidanceItem, IntentItem, TopicItem, read_items
from bot.fiches.index.bank import read_bank
from bot.journal.models import JournalEntry
from bot.journal.service import Journal
from bot.privacy.spans import PiiType, Span
from bot.storage.engine import Database
from bot.supervision.corrections import Corrections, use_of
from bot.supervision.events import same_words
from bot.supervision.export import Exports, learnt_intents, rule_actions
from bot.supervision.held_out import HeldOut
from bot.supervision.models import Correction, Turn
from bot.supervision.projection import Projection
from bot.supervision.queue import ReviewQueue
from bot.supervision.views import Judgement, Progress, UnknownItem, Use, Verdict, WrongReview
from tests.unit.supervision.talk import NORD, SUD, FakeClock, ListSource, Town, exchange

CHIEF = f"chef-{NORD}"
BAD, GOOD = Verdict.BAD, Verdict.GOOD
INTENTS = {"question_demarche", "saluer", "demander_pieces", "faq_mandat/duree"}


def no_personal_data(text: str) -> tuple[Span, ...]:
    """Knows one name."""
    return (Span(0, 6, PiiType.NOM),) if "Dupont" in text else ()


class Workshop:
    """Turns to correct, and what corrects and exports them."""

    def __init__(self, database: Database, source: ListSource, clock: FakeClock, root: Path) -> None:
        self.database, self.clock, self.root = database, clock, root
        self.town = Town(database)
        self.town.open("c1", aidant=f"aidant-{NORD}")
        self.town.open("c2", aidant=f"aidant-{SUD}")
        journal = Journal(database, clock)
        self.corrections = Corrections(
            database, journal, clock, intents=lambda: INTENTS, fiche_exists=lambda fiche: fiche.startswith("F")
        )
        self.exports = Exports(
            database,
            journal,
            clock,
            find_personal_data=no_personal_data,
            held_out=lambda: HeldOut.of_project(root),
            root=root,
        )
        self.source, self.projection = source, Projection(database, source, clock)

    def turn(self, text: str, *, conversation: str = "c1", **more: Any) -> int:
        """A turn that said *text*; its id."""
        self.clock.advance(minutes=1)
        self.source.events += exchange(conversation, self.clock.now(), text, **more)
        self.projection.catch_up()
        with self.database.unit_of_work() as session:
            return session.scalars(select(Turn.id).order_by(Turn.id.desc()).limit(1)).one()

    def validated(self, text: str, judgement: Judgement, *, use: Use, **more: Any) -> int:
        correction = self.corrections.correct(CHIEF, self.turn(text, **more), judgement)
        self.corrections.validate(CHIEF, correction, use=use)
        return correction


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small project: its sets, its training data, its rules, its bank."""
    files = {
        "tests/eval/intents.dev.jsonl": '{"id": "I1", "text": "Une question déjà mesurée", "intent": "saluer"}\n',
        "nlu/validation/intents.jsonl": '{"id": "v1", "text": "on a coupé le gaz chez une dame de quatre-vingts ans", '
        '"intent": "question_demarche"}\n',
        "bot/fiches/validation/guidance.jsonl": '{"id": "g1", "text": "validation du moteur", "best": ["F1"]}\n',
        "nlu/training/conversation.yml": "version: '3.1'\nnlu:\n- intent: saluer\n  examples: |\n    - Salut à toi\n",
        "bot/fiches/bank/papiers.jsonl": '{"fiche": "F1", "text": "Déjà dans la banque", "style": "oral"}\n',
        "stories/a.yml": "version: '3.1'\nrules:\n"
        "- rule: question\n  steps:\n  - intent: question_demarche\n  - action: action_repondre_question\n"
        "- rule: mandats\n  steps:\n  - intent: faq_mandat\n  - action: action_repondre_mandat\n",
    }
    for name, content in files.items():
        path = tmp_path / "projet" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return tmp_path / "projet"


@pytest.fixture
def workshop(database: Database, source: ListSource, clock: FakeClock, root: Path) -> Workshop:
    return Workshop(database, source, clock, root)


def test_a_correction_says_what_was_right_and_is_journalled(workshop: Workshop) -> None:
    turn = workshop.turn("Quels papiers ?", intent="question_demarche")
    correction = workshop.corrections.correct(
        CHIEF, turn, Judgement(BAD, intent="demander_pieces", fiche="F2", reasons=("mauvaise_intention",))
    )
    view = workshop.corrections.of_turn(CHIEF, turn)
    assert view is not None
    assert (view.id, view.understood, view.progress) == (correction, "question_demarche", Progress.PROPOSED)
    assert view.judgement == Judgement(BAD, "demander_pieces", "F2", None, ("mauvaise_intention",))
    with workshop.database.unit_of_work() as session:
        (entry,) = session.scalars(select(JournalEntry)).all()
    assert (entry.action, entry.organisation_id, entry.aidant_id) == ("correct_turn", NORD, CHIEF)
    assert "papiers" not in json.dumps(entry.details)  # the journal outlives the words


def test_a_good_answer_needs_no_more_words(workshop: Workshop) -> None:
    turn = workshop.turn("Carte perdue", fiche="F1344")
    workshop.corrections.correct(CHIEF, turn, Judgement(GOOD))
    view = workshop.corrections.of_turn(CHIEF, turn)
    assert view is not None
    assert view.judgement == Judgement(GOOD, "question_demarche", "F1344", "Pièces à fournir", ())


def test_correcting_again_replaces_what_was_not_validated(workshop: Workshop) -> None:
    turn = workshop.turn("Carte perdue")
    first = workshop.corrections.correct(CHIEF, turn, Judgement(GOOD))
    assert workshop.corrections.correct(CHIEF, turn, Judgement(BAD, fiche="F9")) == first
    workshop.corrections.validate(CHIEF, first)
    with pytest.raises(UnknownItem):
        workshop.corrections.correct(CHIEF, turn, Judgement(GOOD))
    workshop.corrections.set_aside(CHIEF, first)
    workshop.corrections.correct(CHIEF, turn, Judgement(GOOD))


@pytest.mark.parametrize(
    ("judgement", "field"),
    [
        (Judgement(BAD), "verdict"),
        (Judgement(BAD, intent="inventee"), "intent"),
        (Judgement(BAD, fiche="X1"), "fiche"),
        (Judgement(BAD, fiche="F1", reasons=("parce_que",)), "reasons"),
        (Judgement(BAD, fiche="F1", passage="x" * 201), "passage"),
    ],
)
def test_what_makes_no_sense_is_refused(workshop: Workshop, judgement: Judgement, field: str) -> None:
    with pytest.raises(WrongReview) as caught:
        workshop.corrections.correct(CHIEF, workshop.turn("Carte perdue"), judgement)
    assert caught.value.field == field


def test_a_complaint_alone_teaches_nothing(workshop: Workshop) -> None:
    turn = workshop.turn("Carte perdue")
    correction = workshop.corrections.correct(CHIEF, turn, Judgement(BAD, reasons=("pas_clair",)))
    with pytest.raises(WrongReview):
        workshop.corrections.validate(CHIEF, correction)


def test_a_button_can_be_judged_but_teaches_nothing(workshop: Workshop) -> None:
    turn = workshop.turn("/demander_pieces", intent="demander_pieces")
    correction = workshop.corrections.correct(CHIEF, turn, Judgement(BAD, fiche="F2"))
    with pytest.raises(WrongReview, match="no_words"):
        workshop.corrections.validate(CHIEF, correction)


def test_nothing_of_another_organisation_can_be_corrected_nor_seen(workshop: Workshop) -> None:
    theirs = workshop.turn("Question du sud", conversation="c2", confidence=0.2)
    kept = workshop.corrections.correct("admin", theirs, Judgement(BAD, fiche="F1"))
    for attempt in (
        lambda: workshop.corrections.correct(CHIEF, theirs, Judgement(GOOD)),
        lambda: workshop.corrections.of_turn(CHIEF, theirs),
        lambda: workshop.corrections.validate(CHIEF, kept),
        lambda: workshop.corrections.set_aside(CHIEF, kept),
    ):
        with pytest.raises(UnknownItem):
            attempt()
    workshop.corrections.validate("admin", kept, use=Use.TRAINING)
    assert workshop.corrections.list(CHIEF) == ()
    assert workshop.exports.collect(CHIEF).examples == ()
    assert [one.id for one in workshop.corrections.list("admin", Progress.VALIDATED)] == [kept]
    assert ReviewQueue(workshop.database, workshop.clock).next(CHIEF) == ()


def test_judged_words_leave_the_queue_with_all_their_duplicates(workshop: Workshop) -> None:
    workshop.turn("Le RSA ?", confidence=0.3)
    turn = workshop.turn("le rsa", confidence=0.3)
    queue = ReviewQueue(workshop.database, workshop.clock)
    assert [one.frequency for one in queue.next(CHIEF)] == [2]
    workshop.corrections.correct(CHIEF, turn, Judgement(GOOD))
    assert queue.next(CHIEF) == ()
    (view,) = workshop.corrections.list(CHIEF)
    assert view.frequency == 2


def test_duplicates_never_teach_and_measure_at_once(workshop: Workshop) -> None:
    workshop.validated("Le RSA ?", Judgement(GOOD), use=Use.EVALUATION)
    twin = workshop.corrections.correct(CHIEF, workshop.turn("le rsa"), Judgement(GOOD))
    with pytest.raises(WrongReview) as caught:
        workshop.corrections.validate(CHIEF, twin, use=Use.TRAINING)
    assert caught.value.field == "use"
    assert use_of(same_words("Le RSA ?")) is use_of(same_words("LE RSA"))


def test_an_export_is_read_by_all_that_it_is_for(workshop: Workshop, tmp_path: Path) -> None:
    teach, measure = Use.TRAINING, Use.EVALUATION
    workshop.validated("on lui a volé sa carte [NOM](hier)", Judgement(BAD, fiche="F1344"), use=teach)
    workshop.validated("il dure combien de temps ce mandat", Judgement(BAD, intent="faq_mandat/duree"), use=teach)
    workshop.validated("Comment refaire un passeport ?", Judgement(GOOD), use=measure, fiche="F14929")
    workshop.validated("une recette de tarte", Judgement(BAD, fiche=""), use=measure)
    workshop.validated("et la durée du mandat", Judgement(BAD, intent="faq_mandat/duree"), use=measure)
    folder = tmp_path / "export"
    written = workshop.exports.write(folder, workshop.exports.collect(), by="admin")
    assert {path.name: number for path, number in written.files.items()} == {
        "nlu.yml": 2,
        "bank.jsonl": 1,
        "guidance.jsonl": 2,
        "intents.jsonl": 3,
        "faq.jsonl": 1,
        "test_corrections.yml": 5,
    }
    document = yaml.safe_load((folder / "nlu.yml").read_text(encoding="utf-8"))
    assert {block["intent"]: block["examples"] for block in document["nlu"]} == {
        "faq_mandat/duree": "- il dure combien de temps ce mandat\n",
        "question_demarche": "- on lui a volé sa carte [NOM] (hier)\n",
    }
    bank = tmp_path / "banque"
    bank.mkdir()
    (folder / "bank.jsonl").rename(bank / "corrections.jsonl")
    assert [(one.fiche, one.style) for one in read_bank(bank)] == [("F1344", "sms")]
    questions = read_items(folder / "guidance.jsonl", GuidanceItem)
    assert [(one.id, one.best) for one in questions] == [("juge-0001", ("F14929",)), ("juge-0002", ())]
    assert [one.intent for one in read_items(folder / "intents.jsonl", IntentItem)][-1] == "faq_mandat"
    assert [one.topic for one in read_items(folder / "faq.jsonl", TopicItem)] == ["duree"]
    stories = yaml.safe_load((folder / "test_corrections.yml").read_text(encoding="utf-8"))["stories"]
    assert len({story["story"] for story in stories}) == 5
    assert stories[0]["steps"][0]["user"] == "on lui a volé sa carte [NOM] (hier)\n"
    assert stories[1]["steps"] == [
        {"user": "il dure combien de temps ce mandat\n", "intent": "faq_mandat"},
        {"action": "action_repondre_mandat"},
    ]
    with workshop.database.unit_of_work() as session:
        assert session.scalars(select(JournalEntry.action)).all()[-1] == "export_corrections"
        assert all(row.exported_at for row in session.scalars(select(Correction)))


@pytest.mark.parametrize(
    ("text", "use", "reason"),
    [
        ("une question DEJA mesurée !", Use.TRAINING, "mesurer"),
        ("bonjour on a coupé le gaz chez une dame de quatre-vingts ans", Use.TRAINING, "mesurer"),
        ("Validation du moteur", Use.TRAINING, "mesurer"),
        ("salut à toi", Use.TRAINING, "« saluer »"),
        ("Déjà dans la banque", Use.TRAINING, "déjà dans les données"),
        ("Salut, à toi", Use.EVALUATION, "ne peut rien mesurer"),
        ("Madame Dupont a perdu sa carte", Use.TRAINING, "personnelles"),
    ],
)
def test_what_would_falsify_the_figures_is_left_out(workshop: Workshop, text: str, use: Use, reason: str) -> None:
    workshop.validated(text, Judgement(GOOD), use=use)
    collected = workshop.exports.collect()
    assert collected.examples == ()
    ((left, why),) = collected.left_out
    assert left == text
    assert reason in why


def test_without_any_evaluation_set_nothing_is_learnt(tmp_path: Path) -> None:
    with pytest.raises(EquipierError):
        HeldOut.of_project(tmp_path)


def test_the_project_s_own_data_is_read() -> None:
    learnt, actions, held_out = learnt_intents(), rule_actions(), HeldOut.of_project()
    assert len(learnt) > 5000
    assert actions["question_demarche"] == "action_repondre_question"
    assert held_out.holds("raconte moi une BLAGUE")
    assert not held_out.holds("Une phrase qui n'est nulle part ailleurs qu'ici")


def test_an_undecided_correction_goes_with_its_conversation(workshop: Workshop) -> None:
    kept = workshop.validated("Carte perdue", Judgement(GOOD), use=Use.TRAINING)
    workshop.corrections.correct(CHIEF, workshop.turn("Passeport perdu"), Judgement(GOOD))
    with workshop.database.unit_of_work() as session:
        for turn in session.scalars(select(Turn)):
            session.delete(turn)
    assert workshop.projection.tidy() == 1
    assert [(one.id, one.turn, one.episode) for one in workshop.corrections.list(CHIEF)] == [(kept, None, None)]
