"""The bar of the development sets, held on the real corpus and the trained model.

The figures last reached, less a point or one item: a change that falls below has to say why.
"""

from pathlib import Path

import pytest

from bot.bootstrap import guidance_service
from bot.evaluation.files import GuidanceItem, IntentItem, TopicItem, read_items
from bot.evaluation.guidance import evaluate_guidance
from bot.evaluation.understanding import evaluate_faq, evaluate_intents, running_model
from bot.settings import get_settings
from bot.setup.training import current_model

EVAL = Path(__file__).resolve().parent.parent / "eval"


@pytest.mark.corpus
def test_the_right_fiche_is_found() -> None:
    service = guidance_service(get_settings())
    items = read_items(EVAL / "guidance.dev.jsonl", GuidanceItem)
    result = evaluate_guidance(items, lambda text: [found.fiche.id for found in service.ask(text)[0].found])
    assert result["ok_at_1"] >= 0.88
    assert result["ok_at_5"] >= 0.97
    assert result["mrr"] >= 0.91


@pytest.mark.rasa
def test_intents_and_topics_are_understood() -> None:
    with running_model(current_model(get_settings())) as model:
        intents = evaluate_intents(read_items(EVAL / "intents.dev.jsonl", IntentItem), model)
        topics = evaluate_faq(read_items(EVAL / "faq.dev.jsonl", TopicItem), model)
    assert intents["accuracy"] >= 0.94
    assert intents["macro_f1"] >= 0.92
    assert topics["accuracy"] >= 0.83
