import json

import pytest

from bot.privacy.evaluate import EvaluationFileError, evaluate_pii
from bot.privacy.spans import PiiType, Span


class Says:
    def __init__(self, *spans: Span) -> None:
        self._spans = spans

    def spans(self, text: str) -> tuple[Span, ...]:
        return self._spans


def _file(tmp_path, *lines):
    path = tmp_path / "pii.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    return path


def _one(tmp_path, start, end, kind="NOM"):
    return _file(tmp_path, {"id": "x", "text": "abcdefghij", "spans": [{"start": start, "end": end, "type": kind}]})


@pytest.mark.parametrize(
    ("predicted", "recall", "precision"),
    [
        (Span(0, 4, PiiType.NOM), 1.0, 1.0),
        (Span(2, 10, PiiType.NOM), 1.0, 1.0),  # half of the gold characters
        (Span(3, 10, PiiType.NOM), 0.0, 1.0),  # less than half is not found, and yet not invented
        (Span(0, 4, PiiType.NIR), 0.0, 1.0),
        (Span(5, 9, PiiType.NOM), 0.0, 0.0),
    ],
)
def test_half_of_the_characters_with_the_right_type_is_found(tmp_path, predicted, recall, precision):
    scores = evaluate_pii(_one(tmp_path, 0, 4), Says(predicted))
    assert (scores["recall"], scores["precision"], scores["recall_by_type"]) == (recall, precision, {"NOM": recall})


def test_nothing_to_find_and_nothing_found_is_perfect(tmp_path):
    scores = evaluate_pii(_file(tmp_path, {"id": "x", "text": "bonjour", "spans": []}), Says())
    assert (scores["kind"], scores["n"], scores["recall"], scores["precision"]) == ("pii", 1, 1.0, 1.0)


def test_a_wrong_line_is_named(tmp_path):
    path = _file(tmp_path, {"id": "x", "text": "a", "spans": []}, {"id": "y"})
    with pytest.raises(EvaluationFileError, match="ligne 2"):
        evaluate_pii(path, Says())


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(EvaluationFileError, match=r"absent\.jsonl"):
        evaluate_pii(tmp_path / "absent.jsonl", Says())
