"""The locks of the dialogues, among several Rasa on one Redis, and without it."""

import json
import subprocess
from pathlib import Path

import pytest

from bot.setup.rasa import NLU, rasa_environment
from tests.unit.shared.servers import own_redis

pytestmark = [pytest.mark.rasa, pytest.mark.services]
SCRIPT = Path(__file__).with_name("locks_script.py")


def test_one_message_at_a_time_among_all_and_each_alone_when_redis_dies(tmp_path: Path) -> None:
    with own_redis(tmp_path) as server:
        command = (str(NLU / ".venv" / "bin" / "python"), "-W", "ignore", str(SCRIPT))
        done = subprocess.run(
            (*command, server.url.get_secret_value(), str(server.pid)),
            env=rasa_environment(),
            cwd=NLU,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert report == {"whole": True, "answered": 12, "kept": True, "taken_over": True, "alone": True}
