"""The documentation names everything that exists, and nothing else."""

import re
import subprocess
from collections.abc import Iterator

import pytest
import typer
from honcho.environ import parse_procfile

from bot.settings import ROOT, Settings
from bot.setup.processes import NAMES, OPTIONAL, procfile
from bot.setup.secrets import MADE

# No-break spaces are for readers; what is compared here is words.
README = (ROOT / "README.md").read_text(encoding="utf-8").replace("\N{NO-BREAK SPACE}", " ")


def command_paths() -> Iterator[str]:
    from bot.cli import app, commands  # noqa: F401  registers every command

    def walk(command: object, path: str) -> Iterator[str]:
        children = getattr(command, "commands", None)
        if children is None:
            yield path
            return
        for name, child in children.items():
            yield from walk(child, f"{path} {name}")

    yield from walk(typer.main.get_command(app), "equipier")


def rows(heading: str) -> dict[str, list[str]]:
    """The rows of the table under *heading*, by their first cell in code."""
    section = README.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("| `")
    ]
    return {row[0].strip("`"): row[1:] for row in cells}


def test_the_readme_lists_exactly_the_commands_that_exist() -> None:
    real = set(command_paths())
    assert len(real) > 5, "this test checks nothing"
    listed = {name for name in rows("Les commandes") if name.startswith("equipier ")}
    assert listed == real


def test_the_readme_lists_exactly_the_make_targets() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    real = {f"make {name}" for name in re.findall(r"^([a-z]+):.*## ", makefile, flags=re.MULTILINE)} - {"make help"}
    assert real
    assert {name for name in rows("Les commandes") if name.startswith("make ")} == real


def test_the_readme_lists_every_setting_with_its_description_and_its_default() -> None:
    table = rows("Les réglages")
    assert set(table) == {f"EQUIPIER_{name.upper()}" for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        description, default = table[f"EQUIPIER_{name.upper()}"]
        assert description == (field.description or "").replace("\N{NO-BREAK SPACE}", " ")
        if name == "var_dir":
            assert default == "`var`"
        elif "SecretStr" in str(field.annotation):
            assert ("make run" in default) == (f"EQUIPIER_{name.upper()}" in MADE)
        else:
            assert default.strip("`") == str(field.default)


def test_the_readme_lists_every_process() -> None:
    table = rows("Comment c'est fait")
    assert {*NAMES, *OPTIONAL} <= set(table)


def test_the_procfile_is_that_of_the_process_table() -> None:
    content = (ROOT / "Procfile").read_text(encoding="utf-8")
    assert content == procfile()
    assert tuple(parse_procfile(content).processes) == NAMES


def test_make_alone_lists_its_targets() -> None:
    shown = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for target in ("run", "setup", "test", "lint", "bench", "lock", "clean"):
        assert re.search(rf"^{target}\s+\w", shown, flags=re.MULTILINE)


@pytest.mark.parametrize("command", ["make lint", "make test"])
def test_continuous_integration_runs_what_a_developer_runs(command: str) -> None:
    script = ROOT / ".ci" / "run"
    assert command in script.read_text(encoding="utf-8").splitlines()
    assert script.stat().st_mode & 0o111


def test_the_changelog_has_a_section_for_what_is_coming() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    section = changelog.split("## [Unreleased]", 1)[1].split("\n## ", 1)[0]
    assert re.search(r"^- \S", section, flags=re.MULTILINE)
