"""The end-to-end stories of this folder, run by `rasa test` on the trained model."""

import subprocess
from pathlib import Path

import pytest
import yaml

from bot.settings import ROOT, get_settings
from bot.setup.rasa import rasa_command, rasa_environment
from bot.setup.training import current_model

FOLDER = Path(__file__).resolve().parent


def test_there_are_at_least_forty_stories() -> None:
    stories = [
        story["story"]
        for path in FOLDER.glob("test_*.yml")
        for story in yaml.safe_load(path.read_text(encoding="utf-8"))["stories"]
    ]
    assert len(stories) >= 40
    assert len(set(stories)) == len(stories)


@pytest.mark.rasa
def test_every_story_is_understood_and_answered_by_the_right_action(tmp_path: Path) -> None:
    nlu = ROOT / "nlu"
    endpoints = tmp_path / "endpoints.yml"
    endpoints.write_text("{}\n", encoding="utf-8")
    finished = subprocess.run(
        rasa_command(
            *("test", "core"),
            *("--model", str(current_model(get_settings()).resolve())),
            *("--stories", str(FOLDER)),
            *("--endpoints", str(endpoints)),
            *("--out", str(tmp_path)),
            nlu=nlu,
        ),
        cwd=nlu,
        env=rasa_environment(nlu=nlu),
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
    failed = (tmp_path / "failed_test_stories.yml").read_text(encoding="utf-8")
    assert "None of the test stories failed" in failed, failed
