from bot.evaluation.files import GuidanceItem
from bot.evaluation.guidance import Outcome, guidance_figures, judge_guidance
from tests.unit.evaluation.fakes import search

ITEMS = [
    GuidanceItem(id="1", text="carte perdue", best=("F1",)),
    GuidanceItem(id="2", text="carte volée", best=("F1",), ok=("F2",)),
    GuidanceItem(id="3", text="bail", best=("F3",)),
    GuidanceItem(id="4", text="étang", best=("F4",)),
]
ANSWERS = {
    "carte perdue": Outcome(("F1", "F2"), 0.9, sure=True),
    "carte volée": Outcome(("F2", "F1"), 0.8, sure=True),
    "bail": Outcome(("F9", "F3"), 0.4, sure=False),
    "il fait beau": Outcome(("F7",), 0.7, sure=True),
    "un poème": Outcome(("F8",), 0.3, sure=False),
}
STRANGE = [
    GuidanceItem(id="5", text="il fait beau", best=()),
    GuidanceItem(id="6", text="un poème", best=()),
    GuidanceItem(id="7", text="azerty", best=()),
    GuidanceItem(id="8", text="qsdf", best=()),
]


def test_scores_are_those_of_a_hand_count() -> None:
    figures = guidance_figures(judge_guidance(ITEMS, search(ANSWERS)))
    assert figures["n"] == 4
    assert figures["ok_at_1"] == 0.5
    assert figures["ok_at_5"] == 0.75
    assert figures["best_at_1"] == 0.25
    assert figures["mrr"] == 0.625  # (1 + 1 + 1/2 + 0) / 4
    assert figures["abstained"] == 1


def test_what_is_out_of_scope_is_counted_apart() -> None:
    alone = guidance_figures(judge_guidance(ITEMS, search(ANSWERS)))
    both = guidance_figures(judge_guidance([*ITEMS, *STRANGE], search(ANSWERS)))
    in_scope = ("n", "ok_at_1", "ok_at_5", "best_at_1", "mrr", "abstained")
    assert {name: both[name] for name in in_scope} == {name: alone[name] for name in in_scope}
    assert (both["out_of_scope_n"], both["out_of_scope_answered"], both["out_of_scope_proposed"]) == (4, 1, 1)
    assert both["out_of_scope_unanswered"] == 0.75
    assert (alone["out_of_scope_n"], alone["out_of_scope_unanswered"]) == (0, None)


def test_a_set_of_strangers_alone_has_no_ranking() -> None:
    figures = guidance_figures(judge_guidance(STRANGE, search(ANSWERS)))
    assert (figures["n"], figures["ok_at_1"], figures["mrr"], figures["p95_ms"]) == (0, None, None, 0.0)


def test_the_gate_is_asked_about_strangers_only() -> None:
    asked: list[str] = []

    def gate(text: str) -> bool:
        asked.append(text)
        return text != "il fait beau"

    figures = guidance_figures(judge_guidance([*ITEMS, *STRANGE], search(ANSWERS), gate=gate))
    assert asked == [item.text for item in STRANGE]
    assert figures["out_of_scope_answered"] == 1
    assert figures["out_of_scope_answered_end_to_end"] == 0
