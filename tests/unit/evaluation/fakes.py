"""A search and an understanding that answer what they are told."""

from collections.abc import Mapping

from bot.evaluation.guidance import Ask, Outcome
from bot.evaluation.understanding import Understood

NOTHING = Outcome((), None, sure=False)


def search(answers: Mapping[str, Outcome]) -> Ask:
    """A search that knows these messages, and abstains on any other."""
    return lambda text: answers.get(text, NOTHING)


def understood(
    intent: str,
    confidence: float = 0.9,
    *,
    fallback: bool = False,
    topic: str | None = None,
    topic_confidence: float | None = None,
) -> Understood:
    return Understood(
        intent=intent,
        fallback=fallback,
        confidence=confidence,
        topic=topic,
        topic_confidence=topic_confidence,
        milliseconds=2.0,
    )


class FakeModel:
    """An understanding that knows these messages only."""

    def __init__(self, answers: Mapping[str, Understood]) -> None:
        self._answers = answers

    def parse(self, text: str) -> Understood:
        return self._answers[text]
