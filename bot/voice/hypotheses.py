"""Several sentences that the transcriber may have heard, and the choice of the likeliest."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

_WEIGHED = 4  # sentences
_WHOLE = 0.8  # of the characters of the first one: a sentence cut short is likelier, and is not what was said
# How much is believed of what people usually say, against the ear. Measured on 40 questions that the model does not
# hold, over the range 0.1 to 0.5; higher was no better than this by more than one word.
_LANGUAGE = 0.3


class Generated(Protocol):
    """What the model says of one window of sound (a part of CTranslate2's), the best first."""

    @property
    def sequences_ids(self) -> Sequence[Sequence[int]]: ...
    @property
    def scores(self) -> Sequence[float]: ...
    @property
    def no_speech_prob(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Chosen:
    """One sentence alone, in the shape of ``Generated``."""

    sequences_ids: list[list[int]]
    scores: list[float]
    no_speech_prob: float


class Weighing:
    """The model of the transcriber, which gives of all the sentences of its beam the likeliest one.

    Args:
        model: the model itself; whatever else is asked of it goes through.
        decode: the text of a sequence.
        likelihood: how likely a text is, as a natural logarithm, up to a constant.
    """

    def __init__(
        self, model: Any, *, decode: Callable[[Sequence[int]], str], likelihood: Callable[[str], float]
    ) -> None:
        self._model = model
        self._decode = decode
        self._likelihood = likelihood

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def generate(self, features: Any, prompts: Any, **options: Any) -> Sequence[Generated]:
        """As the model's; a draw at random (a beam of 1) is left as it is."""
        if options.get("beam_size", 1) == 1:
            drawn: Sequence[Generated] = self._model.generate(features, prompts, **options)
            return drawn
        several = self._model.generate(features, prompts, **options | {"num_hypotheses": options["beam_size"]})
        return [self._likeliest(generated) for generated in several]

    def _likeliest(self, generated: Generated) -> Chosen:
        distinct: dict[str, tuple[float, float, Sequence[int]]] = {}
        for ids, score in zip(generated.sequences_ids, generated.scores, strict=True):
            text = self._decode(ids).strip()
            words = re.sub(r"\W+", " ", text.lower())
            cut = distinct and len(words) < _WHOLE * len(next(iter(distinct)))
            if not cut and words not in distinct and len(distinct) < _WEIGHED:
                distinct[words] = (score * len(ids) + _LANGUAGE * self._likelihood(text), score, ids)
        _, score, ids = max(distinct.values(), key=lambda weighed: weighed[0])
        return Chosen([list(ids)], [score], generated.no_speech_prob)
