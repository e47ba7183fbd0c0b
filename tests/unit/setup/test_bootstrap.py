"""The first stage, loaded by its path: it is a script, not a module of ours."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from bot.settings import ROOT

SCRIPT = ROOT / "deploy" / "bootstrap.py"


@pytest.fixture(scope="module")
def bootstrap() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("equipier_bootstrap", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their own module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture
def environment(bootstrap: ModuleType, tmp_path: Path) -> object:
    """An environment whose Python is the one that runs the tests."""
    (tmp_path / "x.lock").write_text("un==1")
    folder = tmp_path / "env"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return bootstrap.Environment("essai", folder, (version,), (tmp_path / "x.lock",))


def python(path: Path, says: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{says}\n")
    path.chmod(0o755)
    return path


def test_an_environment_is_current_until_its_lock_changes(environment, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert not environment.is_current()
    environment.mark_current()
    assert environment.is_current()
    (tmp_path / "x.lock").write_text("un==2")
    assert not environment.is_current()


def test_an_environment_copied_elsewhere_is_made_again(environment, bootstrap, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    environment.mark_current()
    environment.folder.rename(tmp_path / "ailleurs")
    moved = bootstrap.Environment("essai", tmp_path / "ailleurs", environment.pythons, environment.sources)
    assert moved.was_moved()
    assert not moved.is_current()


def test_an_environment_whose_python_is_gone_is_not_current(environment) -> None:  # type: ignore[no-untyped-def]
    environment.mark_current()
    environment.python.unlink()
    assert environment.version() is None
    assert not environment.is_current()


def test_a_shim_that_exists_but_fails_is_passed_over_for_a_python_that_runs(  # type: ignore[no-untyped-def]
    bootstrap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python(tmp_path / "shims" / "python3.10", "echo 'pyenv: python3.10: command not found' >&2; exit 127")
    good = python(tmp_path / "pyenv" / "versions" / "3.10.13" / "bin" / "python", f"echo '3.10|{tmp_path}/vrai'")
    monkeypatch.setenv("PATH", str(tmp_path / "shims"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    assert good.exists()
    assert bootstrap.find_python(["3.10"]) == f"{tmp_path}/vrai"


def test_the_preferred_version_wins_and_the_others_are_fallbacks(  # type: ignore[no-untyped-def]
    bootstrap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python(tmp_path / "bin" / "python3.77", "echo '3.77|/soixante-dix-sept'")
    python(tmp_path / "bin" / "python3.78", "echo '3.78|/soixante-dix-huit'")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert bootstrap.find_python(["3.78", "3.77"]) == "/soixante-dix-huit"
    assert bootstrap.find_python(["3.76", "3.77"]) == "/soixante-dix-sept"
    assert bootstrap.find_python(["3.76"]) is None


@pytest.mark.parametrize("says", ["exit 1", "echo bonjour", "echo '3.9|'; exit 3"])
def test_what_is_not_a_usable_python_is_not_taken(bootstrap, tmp_path: Path, says: str) -> None:  # type: ignore[no-untyped-def]
    assert bootstrap.probe(str(python(tmp_path / "python", says))) is None
    assert bootstrap.probe(str(tmp_path / "absent")) is None


def test_a_failed_step_says_what_to_do_and_keeps_what_the_tool_said(  # type: ignore[no-untyped-def]
    bootstrap, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(bootstrap.BootstrapError) as caught:
        bootstrap.Steps().run("Étape", ["sh", "-c", "echo 'réseau coupé'; exit 2"], hint="Vérifiez le réseau.")
    assert caught.value.hint == "Vérifiez le réseau."
    assert "réseau coupé" in caught.value.details
    assert "✘ Étape" in capsys.readouterr().out


def test_the_check_describes_both_environments_without_changing_anything() -> None:
    result = subprocess.run([sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, check=True)
    state = json.loads(result.stdout)
    assert {one["folder"] for one in state.values()} == {".venv", "nlu/.venv"}
    for one in state.values():
        assert set(one) == {"folder", "python", "accepted", "current"}


def test_the_script_is_readable_by_the_oldest_python_it_promises() -> None:
    import ast

    ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 9))
