from pathlib import Path

import pytest

from bot.setup.hashing import content_hash


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.yml").write_text("un")
    (tmp_path / "data" / "b.yml").write_text("deux")
    (tmp_path / "config.yml").write_text("langue")
    return tmp_path


INPUTS = ("config.yml", "data")


def test_the_same_content_gives_the_same_hash_whatever_the_order(root: Path) -> None:
    assert content_hash(root, INPUTS) == content_hash(root, reversed(INPUTS))


def test_any_change_of_content_changes_the_hash(root: Path) -> None:
    before = content_hash(root, INPUTS)
    (root / "data" / "b.yml").write_text("trois")
    assert content_hash(root, INPUTS) != before


def test_a_new_file_and_a_renamed_one_change_the_hash(root: Path) -> None:
    before = content_hash(root, INPUTS)
    (root / "data" / "c.yml").write_text("")
    added = content_hash(root, INPUTS)
    (root / "data" / "c.yml").rename(root / "data" / "d.yml")
    assert len({before, added, content_hash(root, INPUTS)}) == 3


def test_moving_bytes_from_one_file_to_the_next_changes_the_hash(root: Path) -> None:
    before = content_hash(root, INPUTS)
    (root / "data" / "a.yml").write_text("und")
    (root / "data" / "b.yml").write_text("eux")
    assert content_hash(root, INPUTS) != before


def test_bytecode_and_hidden_files_do_not_count(root: Path) -> None:
    before = content_hash(root, INPUTS)
    (root / "data" / "__pycache__").mkdir()
    (root / "data" / "__pycache__" / "a.pyc").write_bytes(b"x")
    (root / "data" / ".cache").write_text("x")
    assert content_hash(root, INPUTS) == before


def test_an_input_that_does_not_exist_yet_counts_when_it_arrives(root: Path) -> None:
    before = content_hash(root, (*INPUTS, "lexicons"))
    (root / "lexicons").mkdir()
    (root / "lexicons" / "mots.yml").write_text("rsa")
    assert content_hash(root, (*INPUTS, "lexicons")) != before
