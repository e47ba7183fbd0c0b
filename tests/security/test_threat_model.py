"""The threat model names only tests that exist, and the policy says how to reach someone without naming anyone."""

import ast
import re

from bot.settings import ROOT

MODEL = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
POLICY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def defined_in(path: str) -> set[str]:
    """The functions of tests in a file, those of its classes included."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds) and node.name.startswith("test_")}


def rows() -> list[list[str]]:
    """The rows of the tables of threats."""
    section = MODEL.split("\n## Menaces, parades, preuves\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[0] != "Menace"]


def test_every_test_that_is_named_exists() -> None:
    named = set(NAMED.findall(MODEL))
    assert len(named) > 80, "this test checks nothing"
    files = {path for path, _ in named}
    known = {path: defined_in(path) for path in files if (ROOT / path).is_file()}
    assert {(path, name) for path, name in named if name not in known.get(path, set())} == set()


def test_every_threat_has_its_answer_and_its_tests() -> None:
    found = rows()
    assert len(found) > 35, "this test checks nothing"
    assert [row[0] for row in found if len(row) != 3 or not all(row)] == []
    assert [row[0] for row in found if not NAMED.findall(row[2])] == []


def test_every_actor_has_its_threats() -> None:
    actors = MODEL.split("\n## Qui peut attaquer\n", 1)[1].split("\n## ", 1)[0]
    assert actors.count("\n| ") - 1 == MODEL.count("\n### ")


def test_every_test_of_this_folder_is_named() -> None:
    """A protection that is tried and not told is one that nobody counts on."""
    named = {path for path, _ in NAMED.findall(MODEL)}
    here = {f"tests/security/{path.name}" for path in (ROOT / "tests" / "security").glob("test_*.py")}
    assert here - named == {"tests/security/test_threat_model.py"}


def test_the_policy_names_no_real_mailbox() -> None:
    addresses = re.findall(r"[\w.+-]+@[\w.-]+\w", POLICY)
    assert addresses
    assert {address for address in addresses if not address.endswith(".invalid")} == set()
    assert "docs/security.md" in POLICY
