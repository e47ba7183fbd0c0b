import pytest

from bot.evaluation.reliability import reliability


def test_the_error_is_the_weighted_gap_of_the_bins() -> None:
    measured = reliability([0.9, 0.2, 0.8, 0.4], [True, False, True, True], bins=2)
    assert [(one.n, round(one.confidence, 3), one.right) for one in measured.bins] == [(2, 0.3, 0.5), (2, 0.85, 1.0)]
    assert measured.ece == pytest.approx(0.175)  # (2 × 0.2 + 2 × 0.15) / 4


def test_a_confidence_that_tells_the_truth_has_no_error() -> None:
    assert reliability([0.5] * 10, [True, False] * 5, bins=1).ece == 0


@pytest.mark.parametrize(("answers", "bins"), [(1, 1), (11, 1), (24, 2), (59, 4), (1000, 10)])
def test_there_are_as_many_bins_as_the_answers_can_fill(answers: int, bins: int) -> None:
    measured = reliability([place / answers for place in range(answers)], [True] * answers)
    assert len(measured.bins) == bins
    assert sum(one.n for one in measured.bins) == answers


def test_the_interval_holds_the_share_and_stays_within_bounds() -> None:
    one = reliability([0.7] * 12, [True] * 12).bins[0]
    assert (round(one.low, 3), one.right, one.high) == (0.757, 1.0, pytest.approx(1.0))
    assert one.high <= 1


def test_nothing_to_measure_is_no_error() -> None:
    assert reliability([], []).bins == ()
