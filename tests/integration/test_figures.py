"""The figures of the development sets, on the real corpus and the trained model: the bar, and no step back."""

from typing import Any

import pytest

from bot.bootstrap import guidance_service
from bot.evaluation.baseline import DevelopmentSets, compare, fallen, measure, read_baseline
from bot.evaluation.guidance import asking
from bot.evaluation.understanding import running_model
from bot.settings import get_settings
from bot.setup.training import current_model

pytestmark = [pytest.mark.corpus, pytest.mark.rasa]


@pytest.fixture(scope="module")
def figures() -> dict[str, dict[str, Any]]:
    settings = get_settings()
    ask = asking(guidance_service(settings))
    with running_model(current_model(settings)) as model:
        return measure(DevelopmentSets(), ask=ask, model=model)


def test_no_figure_falls_by_more_than_a_point(figures: dict[str, dict[str, Any]]) -> None:
    lost = fallen(compare(read_baseline(), figures))
    assert not lost, "if it is meant: equipier evaluate check --update"


def test_the_right_fiche_is_found(figures: dict[str, dict[str, Any]]) -> None:
    guidance = figures["guidance"]
    assert guidance["ok_at_1"] >= 0.84
    assert guidance["ok_at_5"] >= 0.97
    assert guidance["mrr"] >= 0.89


def test_intents_are_understood(figures: dict[str, dict[str, Any]]) -> None:
    assert figures["intents"]["accuracy"] >= 0.94
    assert figures["intents"]["macro_f1"] >= 0.92


def test_questions_about_mandates_get_their_topic(figures: dict[str, dict[str, Any]]) -> None:
    assert figures["faq"]["accuracy"] >= 0.92
