"""What must not be in any file of the project."""

import re

from bot.settings import ROOT
from tests.project.files import is_under, project_files

# The folder of a person or of one machine: it means nothing elsewhere, and tells where the work was done.
MACHINE_PATH = re.compile(r"(?<![\w/.])/(?:home/\w+|Users/\w+|root/\w*|tmp/\w+|work/\w+)")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b")
TEXT = {".py", ".md", ".toml", ".yml", ".yaml", ".lock", ".sh", ".cfg", ".mako", ".json", ""}


def found(pattern: re.Pattern[str], *, but: tuple[str, ...] = ()) -> list[str]:
    files = [path for path in project_files() if path.suffix in TEXT and not is_under(path, *but)]
    assert len(files) > 50, "this test checks nothing"
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_file_holds_a_path_of_a_machine() -> None:
    assert not found(MACHINE_PATH, but=("tests/project/test_files.py",))


def test_nothing_is_left_for_later() -> None:
    assert not found(UNFINISHED, but=("tests/project/test_files.py",))


def test_no_secret_and_no_product_of_the_machine_is_versioned() -> None:
    files = project_files()
    assert files
    wrong = [path for path in files if is_under(path, "var", ".venv", "nlu/.venv") or path.suffix in {".env", ".db"}]
    assert not wrong
