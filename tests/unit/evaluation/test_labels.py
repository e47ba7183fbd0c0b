import pytest

from bot.evaluation.files import IntentItem, TopicItem
from bot.evaluation.labels import intent_figures, judge_intents, judge_topics, lets_through, topic_figures
from bot.evaluation.scores import confusion, grouped, label_scores, macro_f1
from tests.unit.evaluation.fakes import FakeModel, understood

PAIRS = [("a", "a"), ("a", "b"), ("b", "b"), ("c", "nlu_fallback")]


def test_intents_are_scored_and_a_fallback_is_an_error() -> None:
    items = [IntentItem(id=text, text=text, intent=intent) for text, intent in (("1", "a"), ("2", "a"), ("3", "b"))]
    model = FakeModel({"1": understood("a"), "2": understood("b"), "3": understood("b", 0.2, fallback=True)})
    figures = intent_figures(judge_intents(items, model))
    assert figures == {
        "kind": "intents",
        "n": 3,
        "accuracy": 0.333,
        "macro_f1": 0.333,  # a: 2 × 1 / (2 + 1); b: 0
        "fallbacks": 1,
        "p95_ms": 2.0,
    }


def test_topics_count_whatever_the_intent() -> None:
    items = [TopicItem(id=text, text=text, topic="duree") for text in ("1", "2", "3", "4")]
    model = FakeModel(
        {
            "1": understood("saluer", topic="duree", topic_confidence=0.6),
            "2": understood("faq_mandat", topic="formation"),
            "3": understood("faq_mandat"),
            "4": understood("faq_mandat", topic="duree"),
        }
    )
    judged = judge_topics(items, model)
    assert topic_figures(judged) == {"kind": "faq", "n": 4, "accuracy": 0.5, "p95_ms": 2.0}
    assert [one.given for one in judged] == ["duree", "formation", "aucun", "duree"]
    assert [one.confidence for one in judged] == [0.6, None, None, None]


def test_precision_recall_and_f1_of_each_label() -> None:
    assert label_scores(PAIRS) == {
        "a": {"n": 2, "precision": 1.0, "recall": 0.5, "f1": 0.667},
        "b": {"n": 1, "precision": 0.5, "recall": 1.0, "f1": 0.667},
        "c": {"n": 1, "precision": 0.0, "recall": 0.0, "f1": 0.0},
    }
    assert macro_f1(PAIRS) == 0.444


def test_the_confusion_matrix_counts_what_was_given() -> None:
    assert confusion(PAIRS) == {"a": {"a": 1, "b": 1}, "b": {"b": 1}, "c": {"nlu_fallback": 1}}


def test_groups_come_largest_first_and_leave_the_unnamed_out() -> None:
    assert grouped(["sms", "oral", "", "sms"], str) == {"sms": ["sms", "sms"], "oral": ["oral"]}


@pytest.mark.parametrize(
    ("intent", "fallback", "through"),
    [
        ("hors_sujet", False, False),
        ("hors_sujet", True, True),  # below the threshold, the fallback action may search
        ("saluer", False, False),
        ("question_demarche", False, True),
        ("demander_cout", False, True),
        ("faq_mandat", False, True),
    ],
)
def test_what_reaches_the_search(intent: str, fallback: bool, through: bool) -> None:
    assert lets_through(FakeModel({"x": understood(intent, fallback=fallback)}), "x") is through
