"""Writers of SQLite take turns, in this process and in others."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bot.storage.engine import Database, WriteTurn

# Takes the turn, says so, and keeps it until its input ends.
_OTHER = """
import sys
from pathlib import Path
from bot.storage.engine import WriteTurn
turn = WriteTurn(Path(sys.argv[1]))
print(turn.take(), flush=True)
sys.stdin.read()
turn.give()
"""


def test_a_turn_comes_when_the_one_before_ends(tmp_path: Path) -> None:
    first, second = WriteTurn(tmp_path / "turn"), WriteTurn(tmp_path / "turn")
    said: list[str] = []
    assert first.take()

    def wait() -> None:
        assert second.take()
        said.append("second")
        second.give()

    waiting = threading.Thread(target=wait)
    waiting.start()
    waiting.join(0.05)
    assert waiting.is_alive()
    said.append("first")
    first.give()
    waiting.join(5)
    assert said == ["first", "second"]


def test_another_process_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "turn"
    argv = (sys.executable, "-c", _OTHER, str(path))
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "True\n"
        assert not WriteTurn(path, wait=0.05).take()
        other.stdin.close()
        assert WriteTurn(path, wait=5).take()


def test_a_process_that_dies_leaves_its_turn(tmp_path: Path) -> None:
    path = tmp_path / "turn"
    argv = (sys.executable, "-c", _OTHER, str(path))
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        other.kill()
    assert WriteTurn(path, wait=0.05).take()


@pytest.mark.parametrize("path", [None, Path("/nowhere/turn")])
def test_without_a_file_threads_take_turns_all_the_same(path: Path | None) -> None:
    turn = WriteTurn(path, wait=0.01)
    assert turn.take()
    assert not turn.take()
    turn.give()
    assert turn.take()


def test_a_unit_of_work_gives_its_turn_back_even_when_it_fails(tmp_path: Path) -> None:
    database = Database.at(f"sqlite:///{tmp_path / 'test.db'}")
    with database.unit_of_work() as session:
        session.execute(text("CREATE TABLE seen (n INTEGER UNIQUE)"))
    with pytest.raises(IntegrityError), database.unit_of_work() as session:
        session.execute(text("INSERT INTO seen VALUES (1), (1)"))
    other = WriteTurn(tmp_path / "test.db-turn", wait=0.01)
    assert other.take()
    other.give()
    with database.unit_of_work() as session:
        session.execute(text("INSERT INTO seen VALUES (1)"))
        assert not other.take()
    assert other.take()
    other.give()
    database.close()
