"""The locks of the packages: exact, hashed, and without any download address."""

import re
import tomllib
from pathlib import Path

import pytest

from bot.settings import ROOT

LOCKS = [
    ROOT / "requirements.lock",
    ROOT / "deploy" / "voice.lock",
    ROOT / "nlu" / "requirements.lock",
    ROOT / "deploy" / "uv.lock",
    ROOT / "deploy" / "node.lock",
]
REQUIREMENT = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*(\[[^]]+\])?==\S+( ; .+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def lines_of(lock: Path) -> list[str]:
    lines = [line for line in lock.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    assert lines, f"{lock.name} is empty: this test checks nothing"
    return lines


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_every_package_is_pinned_and_followed_by_its_hashes(lock: Path) -> None:
    lines = lines_of(lock)
    wrong = [line for line in lines if not (REQUIREMENT.match(line) or HASH.match(line))]
    bare = [line for line, after in zip(lines, [*lines[1:], ""], strict=True) if "==" in line and not HASH.match(after)]
    assert not wrong
    assert not bare


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_no_lock_names_an_address_or_a_file(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert text
    assert not re.search(r"https?://|file:|git\+|--(extra-)?index-url|--find-links", text)


def test_every_direct_dependency_is_locked() -> None:
    for project, lock, without in (
        (ROOT / "pyproject.toml", ROOT / "requirements.lock", {"voice"}),
        (ROOT / "pyproject.toml", ROOT / "deploy" / "voice.lock", set()),
        (ROOT / "nlu" / "pyproject.toml", ROOT / "nlu" / "requirements.lock", set()),
    ):
        wanted = direct_dependencies(project, without=without)
        assert wanted
        assert {_normal(requirement) for requirement in wanted} <= {_normal(line) for line in pinned(lock)}


def test_the_voice_and_its_gpl_library_are_only_in_the_lock_of_the_voice() -> None:
    plain, whole = pinned(ROOT / "requirements.lock"), pinned(ROOT / "deploy" / "voice.lock")
    names = {_normal(line) for line in plain}
    voice = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert not names & {"espeakng-loader", *map(_normal, voice["voice"])}
    assert "espeakng-loader" in {_normal(line) for line in whole}
    assert plain < whole, "a package must have the same version in both"


def direct_dependencies(project: Path, *, without: set[str]) -> list[str]:
    table = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    extras = table.get("optional-dependencies", {})
    return [*table["dependencies"], *(one for name, group in extras.items() if name not in without for one in group)]


def pinned(lock: Path) -> set[str]:
    return {line for line in lines_of(lock) if "==" in line}


def _normal(requirement: str) -> str:
    name = re.split(r"[\[<>=~! ;]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()
