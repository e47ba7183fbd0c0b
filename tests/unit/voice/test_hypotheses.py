"""Of several sentences that may have been heard, the likeliest is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.voice.hypotheses import Chosen, Weighing

SENTENCES = {1: "la carte de ces jours", 2: "La carte de ces jours.", 3: "la carte de séjour", 4: "lac arte de séjour"}


@dataclass
class Beam:
    """A model that hears the same sentences, one number each, in every window."""

    heard: list[int]
    scores: list[float]
    asked: list[dict[str, Any]] = field(default_factory=list)
    is_multilingual: bool = True

    def generate(self, features: object, prompts: object, **options: Any) -> list[Chosen]:
        self.asked.append(options)
        return [Chosen([[ids] for ids in self.heard], self.scores, 0.1)]


def weighing(beam: Beam, likelihood: dict[str, float]) -> Weighing:
    def decode(ids: Sequence[int]) -> str:
        return SENTENCES[ids[0]]

    return Weighing(beam, decode=decode, likelihood=lambda text: likelihood.get(text, -100.0))


def test_a_likely_sentence_is_preferred_to_one_that_is_heard_a_little_better() -> None:
    beam = Beam([1, 2, 3, 4], [-1.0, -1.1, -1.5, -1.6])
    (chosen,) = weighing(beam, {SENTENCES[1]: -20.0, SENTENCES[3]: -10.0}).generate("sound", [[0]], beam_size=4)
    assert (chosen.sequences_ids, chosen.scores, chosen.no_speech_prob) == ([[3]], [-1.5], 0.1)
    assert beam.asked == [{"beam_size": 4, "num_hypotheses": 4}]


def test_what_is_heard_much_better_wins() -> None:
    beam = Beam([1, 3], [-1.0, -9.0])
    (chosen,) = weighing(beam, {SENTENCES[1]: -20.0, SENTENCES[3]: -10.0}).generate("sound", [[0]], beam_size=2)
    assert chosen.sequences_ids == [[1]]


def test_a_draw_is_left_alone_and_the_rest_goes_to_the_model() -> None:
    beam = Beam([1, 3], [-1.0, -1.0])
    several = weighing(beam, {}).generate("sound", [[0]], beam_size=1, num_hypotheses=5)
    assert several[0].sequences_ids == [[1], [3]]
    assert beam.asked == [{"beam_size": 1, "num_hypotheses": 5}]
    assert weighing(beam, {}).is_multilingual
