"""Whether each message gets its label: the intent, or the topic of a question about mandates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.evaluation.files import IntentItem, Item, TopicItem, p95
from bot.evaluation.scores import Pair, macro_f1, share
from bot.evaluation.understanding import Understands, Understood

FALLBACK = "nlu_fallback"
NO_TOPIC = "aucun"
# The intents whose action may search the fiches.
_SEARCHING = ("question_demarche", "faq_mandat", "demander_", FALLBACK)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A message, its right label and the one it was given.

    Attributes:
        confidence: in the label given, in [0, 1]; ``None`` when it is not known.
        milliseconds: time of the parse alone.
    """

    item: Item
    expected: str
    given: str
    confidence: float | None
    milliseconds: float

    @property
    def right(self) -> bool:
        return self.expected == self.given

    @property
    def pair(self) -> Pair:
        return self.expected, self.given


def judge_intents(items: Sequence[IntentItem], model: Understands) -> list[Labelled]:
    """The intent on which the assistant acts; below the model's threshold, it is ``nlu_fallback``."""
    judged = []
    for item in items:
        understood = model.parse(item.text)
        given = acted_on(understood)
        judged.append(Labelled(item, item.intent, given, understood.confidence, understood.milliseconds))
    return judged


def judge_topics(items: Sequence[TopicItem], model: Understands) -> list[Labelled]:
    """The topic, whatever the intent."""
    judged = []
    for item in items:
        understood = model.parse(item.text)
        given = understood.topic or NO_TOPIC
        judged.append(Labelled(item, item.topic, given, understood.topic_confidence, understood.milliseconds))
    return judged


def intent_figures(judged: Sequence[Labelled]) -> dict[str, Any]:
    """Accuracy, and macro-F1 over the intents present; a fallback counts as an error."""
    return {
        "kind": "intents",
        "n": len(judged),
        "accuracy": accuracy(judged),
        "macro_f1": macro_f1([one.pair for one in judged]),
        "fallbacks": sum(one.given == FALLBACK for one in judged),
        "p95_ms": p95([one.milliseconds for one in judged]),
    }


def topic_figures(judged: Sequence[Labelled]) -> dict[str, Any]:
    """Accuracy of the topic."""
    return {
        "kind": "faq",
        "n": len(judged),
        "accuracy": accuracy(judged),
        "p95_ms": p95([one.milliseconds for one in judged]),
    }


def accuracy(judged: Sequence[Labelled]) -> float | None:
    """Share of right labels; ``None`` of nothing."""
    return share(sum(one.right for one in judged), len(judged))


def acted_on(understood: Understood) -> str:
    """The intent on which the assistant acts."""
    return FALLBACK if understood.fallback else understood.intent


def lets_through(model: Understands, text: str) -> bool:
    """Whether the understanding of *text* may lead to a search of the fiches."""
    return acted_on(model.parse(text)).startswith(_SEARCHING)
