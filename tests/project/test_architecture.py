"""Who may import whom."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.settings import ROOT
from tests.project.files import is_under, project_files

# Above this, a module is to be split by sub-topic; the house signal is 300, a little more is tolerated.
LONGEST_MODULE = 330


def imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module


def modules_under(folder: str) -> list[Path]:
    found = [path for path in project_files(".py") if is_under(path, folder)]
    assert found, f"no module under {folder}: this test checks nothing"
    return found


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        ("bot", {"actions", "nlu", "rasa", "rasa_sdk", "tests"}),
        ("actions", {"nlu", "rasa", "tests"}),
        ("nlu", {"bot", "actions", "tests", "rasa_sdk"}),
        ("deploy", {"bot", "actions", "nlu", "rasa", "rasa_sdk", "tests"}),
    ],
)
def test_a_layer_imports_only_what_it_may(folder: str, forbidden: set[str]) -> None:
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules_under(folder)
        for name in imported_modules(path)
        if name.partition(".")[0] in forbidden
    }
    assert not wrong


def test_the_bootstrap_needs_nothing_but_the_standard_library() -> None:
    import sys

    names = {name.partition(".")[0] for path in modules_under("deploy") for name in imported_modules(path)}
    assert names
    assert names <= sys.stdlib_module_names


def test_no_module_outgrows_its_topic() -> None:
    long = {
        f"{path.relative_to(ROOT)}: {lines} lines"
        for folder in ("bot", "actions", "nlu", "deploy")
        for path in modules_under(folder)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_MODULE
    }
    assert not long
