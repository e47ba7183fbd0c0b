"""What an aidant does in an hour: visits of citizens, some messages each, pauses to read, to type, to talk. Pure."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

FOLLOW_UPS = (
    "il faut quoi comme papiers ?",
    "ça coûte combien ?",
    "et ça prend combien de temps ?",
    "où on doit s'adresser ?",
    "qui y a droit ?",
    "d'accord merci",
    "c'est quel thème de mandat ?",
    "merci beaucoup, bonne journée",
)
_BETWEEN_VISITS = 900.0  # seconds, on average
_PAUSE = 25.0  # seconds, half the pauses are shorter
_SPREAD = 0.7
_VOICE = 0.1


@dataclass(frozen=True, slots=True)
class Act:
    """One message.

    Attributes:
        wait: seconds of silence before it.
        text: what is written; ``None`` for a press on the first button of the last answer.
        note: number of the voice note that is spoken instead; ``None`` when it is written.
    """

    wait: float
    text: str | None
    note: int | None = None


def hour(chance: random.Random, questions: Sequence[str], *, seconds: float, notes: int) -> Iterator[Act]:
    """The messages of one aidant over *seconds*; every tenth is spoken (one of *notes* recordings)."""
    now = wait = chance.uniform(0, min(_BETWEEN_VISITS, seconds))
    while now < seconds:
        for place in range(chance.choices((1, 2, 3, 4, 5, 6), (20, 25, 20, 15, 12, 8))[0]):
            text: str | None = chance.choice(questions) if place == 0 else chance.choice((*FOLLOW_UPS, None, None))
            spoken = notes > 0 and text is not None and chance.random() < _VOICE * 1.25  # a fifth are pressed
            yield Act(wait, text, chance.randrange(notes) if spoken else None)
            wait = _PAUSE * chance.lognormvariate(0, _SPREAD)
            now += wait
            if now >= seconds:
                return
        pause = chance.expovariate(1 / _BETWEEN_VISITS)
        wait += pause
        now += pause
