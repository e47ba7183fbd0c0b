"""The memory of the dialogues: bounded when read, whole when kept, the same for every process that shares it."""

import json
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.privacy.trackers import RasaTrackers, trackers_at
from bot.setup.rasa import NLU, rasa_environment
from tests.unit.mandats.databases import postgresql_url

pytestmark = pytest.mark.rasa
SCRIPT = Path(__file__).with_name("memory_script.py")
TURNS = 120


def played(url: str, turns: int = TURNS) -> dict[str, Any]:
    """What a store at *url* says of a conversation of so many turns."""
    command = (str(NLU / ".venv" / "bin" / "python"), "-W", "ignore", str(SCRIPT), url, str(turns))
    done = subprocess.run(command, env=rasa_environment(), cwd=NLU, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def check(report: dict[str, Any]) -> None:
    assert report["longest_read"] <= 20  # of six hundred: slots, and two turns
    assert report["slots"] == {"fiche": f"F{TURNS - 1}", "premier": "oui", "vus": ["F1"]}
    assert report["last"] == f"message {TURNS - 1}"
    assert report["kept"] == 5 + 5 * TURNS
    assert report["published"] == [f"message {n}" for n in range(TURNS)]
    assert report["stranger"]
    assert report["conversations"] == ["c1"]


def test_a_long_conversation_is_read_by_its_slots_and_last_turns_and_forgotten_whole(tmp_path: Path) -> None:
    path = tmp_path / "rasa.db"
    check(played(f"sqlite:///{path}"))
    trackers = trackers_at(f"sqlite:///{path}")
    assert isinstance(trackers, RasaTrackers)
    assert trackers.forget("c2") == 0
    assert trackers.forget("c1", dry_run=True) == 5 + 5 * TURNS
    assert trackers.forget_before(datetime.now(UTC) - timedelta(days=1)) == 0
    assert trackers.forget("c1") == 5 + 5 * TURNS
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM memories").fetchone() == (0,)
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"message 1" not in kept


@pytest.mark.services
def test_the_same_in_postgresql() -> None:
    with postgresql_url() as url:
        empty = trackers_at(url)
        assert empty.forget("c1") == 0
        check(played(url))
        assert empty.forget_before(datetime.now(UTC) + timedelta(minutes=1), dry_run=True) == 5 + 5 * TURNS
        assert empty.forget("c1") == 5 + 5 * TURNS
        assert empty.forget("c1") == 0
