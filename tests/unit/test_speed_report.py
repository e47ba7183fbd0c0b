"""The figures of `make bench`: what is divided by what, and where they are written."""

from pathlib import Path

import pytest

from tests.bench.speed.compare import Figures
from tests.bench.speed.length import Lengths
from tests.bench.speed.load import Load, summary
from tests.bench.speed.report import BEGIN, END, ratios, table, write


def load(per_second: float, p50: float, p95: float) -> Load:
    return Load(sent=round(per_second * 10), failed=0, seconds=10.0, p50=p50, p95=p95, p99=p95)


@pytest.fixture
def figures() -> Figures:
    made = Figures({"at": "2026-11-26", "cores": 2, "model": "x", "memory_gib": 8.0, "load_before": 0.1})
    made.training_s = {"stock": 60.0, "ours": 90.0}
    made.loads = {
        "stock": {1: [load(14, 70, 90), load(2, 700, 900), load(14, 72, 90)], 8: [load(13, 600, 1900)]},
        "stock_mixed": {1: [load(30, 30, 40)], 8: [load(28, 280, 400)]},
        "ours": {1: [load(40, 25, 40)], 8: [load(52, 150, 300)]},
    }
    made.parse = {"stock": [17.0] * 5, "ours": [6.0] * 5}
    made.memory = {"stock": {"stock-rasa": 1000.0, "stock-actions": 26.0}, "ours": {"rasa": 400.0, "gateway": 560.0}}
    made.processor = {"ours": {"rasa": 8.0, "gateway": 9.0}}
    made.lengths = Lengths(engine=[10.0] * 60, first=20.0, last=30.0)
    return made


def test_each_ratio_is_ours_over_the_stock_whose_every_message_calls_an_action(figures: Figures) -> None:
    found = {one.what: one for one in ratios(figures)}
    assert found["messages a second, 8 senders"].value == 4.0
    assert found["messages a second, 8 senders"].reached
    assert found["message p50, one sender"].stock == 72  # the median of the rounds: one bad round changes nothing
    assert found["message p95, 8 senders"].reached
    assert found["parse p50"].value == pytest.approx(6 / 17)
    assert found["memory"].ours == 960
    assert found["training"].value == 1.5
    assert not found["message p50, turn 500 to turn 1"].reached
    assert "no" in table(figures).splitlines()[-1]


def test_the_page_keeps_its_words_and_gets_its_figures(figures: Figures, tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"# Titre\n\n{BEGIN}\nanciens chiffres\n{END}\n\nSuite\n", encoding="utf-8")
    for _ in range(2):
        write(figures, {"answer_ms": {"p50": 5.0, "p95": 9.0}}, folder=tmp_path / "bench", page=page, pictures=tmp_path)
    content = page.read_text(encoding="utf-8")
    assert content.startswith(f"# Titre\n\n{BEGIN}")
    assert content.endswith(f"{END}\n\nSuite\n")
    assert "anciens chiffres" not in content
    assert content.count("| messages a second, 8 senders") == 1
    assert (tmp_path / "bench" / "speed.json").is_file()


def test_a_page_without_a_place_is_refused(figures: Figures, tmp_path: Path) -> None:
    page = tmp_path / "autre.md"
    page.write_text("rien", encoding="utf-8")
    with pytest.raises(ValueError, match=r"autre\.md"):
        write(figures, {}, folder=tmp_path, page=page, pictures=tmp_path)


def test_a_run_is_summed_up_by_its_percentiles() -> None:
    found = summary([float(n) for n in range(1, 101)], failed=2, seconds=4.0)
    assert (found.sent, found.failed, found.per_second) == (100, 2, 25.0)
    assert found.p50 == pytest.approx(50.5)
    assert found.p95 == pytest.approx(95.05)
