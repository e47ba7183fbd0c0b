from pathlib import Path

import pytest

from bot.errors import EquipierError
from bot.evaluation.files import IntentItem, read_items, read_out_of_scope


def test_a_line_separator_inside_a_text_does_not_cut_the_line(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text('{"id": "1", "text": "un\u2028deux", "intent": "aide"}\r\n\n', encoding="utf-8")
    assert [item.text for item in read_items(path, IntentItem)] == ["un\u2028deux"]


@pytest.mark.parametrize("line", ["{", '{"id": "2", "text": "x"}', '["x"]'])
def test_the_line_that_is_wrong_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(f'{{"id": "1", "text": "x", "intent": "aide"}}\n{line}\n', encoding="utf-8")
    with pytest.raises(EquipierError, match=r"set\.jsonl, ligne 2"):
        read_items(path, IntentItem)


def test_off_topic_messages_are_lines_of_text(tmp_path: Path) -> None:
    path = tmp_path / "hors_sujet.txt"
    path.write_text("il fait beau\n\n  un poème \n", encoding="utf-8")
    items = read_out_of_scope(path)
    assert [(item.id, item.text, item.best) for item in items] == [
        ("hs-0001", "il fait beau", ()),
        ("hs-0003", "un poème", ()),
    ]


@pytest.mark.parametrize("content", [None, "", "\n \n"])
def test_a_set_that_is_missing_or_empty_is_an_error(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "set"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(EquipierError, match="jeu d'évaluation"):
        read_out_of_scope(path)
    with pytest.raises(EquipierError, match="jeu d'évaluation"):
        read_items(path, IntentItem)
