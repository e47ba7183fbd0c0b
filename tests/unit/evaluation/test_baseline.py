import json
from pathlib import Path
from typing import Any

import pytest

from bot.errors import EquipierError
from bot.evaluation.baseline import (
    HELD,
    DevelopmentSets,
    compare,
    fallen,
    measure,
    read_baseline,
    write_baseline,
)
from bot.evaluation.guidance import Outcome
from tests.unit.evaluation.fakes import FakeModel, search, understood


def accepted() -> dict[str, dict[str, Any]]:
    return {kind: {"n": 60, **dict.fromkeys(figures, 0.92)} for kind, figures in HELD.items()}


def with_accuracy(value: float | None) -> dict[str, dict[str, Any]]:
    figures = accepted()
    figures["intents"]["accuracy"] = value
    return figures


def test_the_same_figures_hold() -> None:
    assert not fallen(compare(accepted(), accepted()))


@pytest.mark.parametrize(("now", "holds"), [(1.0, True), (0.915, True), (0.91, True), (0.909, False), (0.9, False)])
def test_a_figure_may_lose_one_point_and_no_more(now: float, holds: bool) -> None:
    lost = fallen(compare(accepted(), with_accuracy(now)))
    assert [(one.kind, one.figure) for one in lost] == ([] if holds else [("intents", "accuracy")])


def test_a_figure_that_is_missing_on_either_side_does_not_hold() -> None:
    without = accepted()
    del without["faq"]
    assert [one.kind for one in fallen(compare(without, accepted()))] == ["faq"]
    assert [one.before for one in fallen(compare(without, accepted()))] == [None]
    assert [one.now for one in fallen(compare(accepted(), with_accuracy(None)))] == [None]


def test_a_set_that_grew_is_told() -> None:
    now = accepted()
    now["faq"]["n"] = 62
    assert {one.kind: one.grown_by for one in compare(accepted(), now)} == {"guidance": 0, "intents": 0, "faq": 2}


def test_what_is_written_is_read_again_and_holds_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    figures = accepted()
    figures["faq"]["p95_ms"] = 12.0
    write_baseline(figures, path)
    assert read_baseline(path) == accepted()


@pytest.mark.parametrize("content", [None, "{", "[]", '{"guidance": 1}'])
def test_a_baseline_that_cannot_be_read_says_how_to_write_it(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "baseline.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(EquipierError, match="référence") as caught:
        read_baseline(path)
    assert "--update" in caught.value.hint


def test_the_baseline_of_the_project_has_every_figure() -> None:
    baseline = read_baseline()
    assert not fallen(compare(baseline, baseline))


def test_the_three_sets_are_measured_together(tmp_path: Path) -> None:
    def made(name: str, *items: dict[str, Any]) -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
        return path

    (tmp_path / "hs.txt").write_text("beau temps\nun conte\n", encoding="utf-8")
    sets = DevelopmentSets(
        guidance=made("g", {"id": "1", "text": "carte", "best": ["F1"]}, {"id": "2", "text": "bail", "best": ["F2"]}),
        intents=made("i", {"id": "1", "text": "salut", "intent": "saluer"}),
        faq=made("f", {"id": "1", "text": "duree ?", "topic": "duree"}),
        out_of_scope=tmp_path / "hs.txt",
    )
    figures = measure(
        sets,
        ask=search({"carte": Outcome(("F1",), 0.9, sure=True), "un conte": Outcome(("F1",), 0.6, sure=True)}),
        model=FakeModel({"salut": understood("saluer"), "duree ?": understood("faq_mandat", topic="duree")}),
    )
    held = {kind: {name: figures[kind][name] for name in names} for kind, names in HELD.items()}
    assert held == {
        "guidance": {"ok_at_1": 0.5, "ok_at_5": 0.5, "mrr": 0.5, "out_of_scope_unanswered": 0.5},
        "intents": {"accuracy": 1.0, "macro_f1": 1.0},
        "faq": {"accuracy": 1.0},
    }
