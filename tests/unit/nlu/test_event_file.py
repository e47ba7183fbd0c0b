"""The file of events between Rasa, which writes it, and the worker: damaged, it gives way to a new one for both."""

import json
import re
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bot.setup.rasa import NLU, rasa_environment
from bot.supervision.sources import RasaEventFile, SourceUnavailable
from tests.faults.test_files import cut, damages, empty, garble
from tests.unit.supervision.talk import FakeClock, write_events

SCRIPT = Path(__file__).with_name("event_file_script.py")
Damage = Callable[[Path], None]


class Writer:
    """Rasa, as far as the file goes."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        assert self._hears() == "ready"

    def write(self, text: str) -> None:
        """Publishes an event; fails if that failed."""
        assert self._process.stdin is not None
        print(text, file=self._process.stdin, flush=True)
        assert self._hears() == "written"

    def _hears(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextmanager
def writing(path: Path, *more: str) -> Iterator[Writer]:
    command = (str(NLU / ".venv" / "bin" / "python"), "-W", "ignore", str(SCRIPT), str(path), *more)
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=rasa_environment(), cwd=NLU, stdin=pipe, stdout=pipe, text=True) as process:
        yield Writer(process)


class Reader:
    """The worker, as far as the file goes."""

    def __init__(self, path: Path) -> None:
        self.source = RasaEventFile(path)
        self.mark = 0
        self.refusals = 0
        self.texts: list[str] = []

    def round(self) -> None:
        """What it does every second."""
        try:
            received = self.source.read(self.mark, limit=100)
            if received:
                self.mark = received[-1].position
                self.texts += [json.loads(one.raw)["text"] for one in received if one.raw]
                self.source.done(received)
        except SourceUnavailable:
            self.refusals += 1


def aside(path: Path) -> list[str]:
    return sorted(one.name for one in path.parent.glob("*.damaged-*Z"))


@pytest.mark.rasa
@damages
def test_both_go_on_with_a_new_file(tmp_path: Path, damage: Damage) -> None:
    path = tmp_path / "rasa_events.db"
    with writing(path) as rasa:
        worker = Reader(path)
        for text in ("un", "deux"):
            rasa.write(text)
        worker.round()
        rasa.write("checkpoint")
        damage(path)
        rasa.write("trois")
        worker.round()
        for text in ("quatre", "cinq"):
            rasa.write(text)
        worker.round()
    assert len(aside(path)) == 1
    assert re.fullmatch(r"rasa_events\.db\.damaged-\d{8}T\d{6}Z", aside(path)[0])
    # What was written before somebody found it out may be in the damaged file.
    assert [text for text in worker.texts if text != "trois"] == ["un", "deux", "quatre", "cinq"]
    assert worker.refusals <= int(damage is not empty)


@pytest.mark.rasa
@pytest.mark.parametrize("damage", [garble, empty], ids=lambda one: one.__name__)
def test_rasa_does_not_go_on_with_what_it_has_in_memory(tmp_path: Path, damage: Damage) -> None:
    """SQLite would: it reads no page twice while nobody else writes."""
    path = tmp_path / "rasa_events.db"
    with writing(path) as rasa:
        worker = Reader(path)
        rasa.write("un")
        worker.round()
        rasa.write("checkpoint")
        rasa.write("deux")
        damage(path)
        worker.round()
        assert worker.refusals == len(aside(path)) == int(damage is garble)
        for text in ("trois", "quatre"):
            rasa.write(text)
        worker.round()
    assert worker.texts == ["un", "trois", "quatre"]
    assert len(aside(path)) == 1


@pytest.mark.rasa
def test_what_was_written_to_a_file_that_was_put_aside_meanwhile_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "rasa_events.db"
    with writing(path, "robbed") as rasa:
        worker = Reader(path)
        for text in ("un", "deux"):
            rasa.write(text)
        worker.round()
    assert worker.texts == ["d'un autre", "un", "deux"]


@pytest.mark.rasa
@damages
def test_rasa_starts_on_a_damaged_file(tmp_path: Path, damage: Damage) -> None:
    path = tmp_path / "rasa_events.db"
    with writing(path) as rasa:
        rasa.write("un")
    damage(path)
    worker = Reader(path)
    worker.mark = 2  # of a file whose numbers began with 1
    with writing(path) as rasa:
        for text in ("deux", "trois"):
            rasa.write(text)
        worker.round()
    assert worker.texts == ["deux", "trois"]
    assert len(aside(path)) == int(damage is not empty)  # nothing is in an empty file


@pytest.mark.rasa
def test_whoever_finds_it_out_first_and_three_files_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "rasa_events.db"
    worker, stop = Reader(path), threading.Event()

    def work() -> None:
        while not stop.is_set():
            worker.round()
            time.sleep(0.002)

    thread = threading.Thread(target=work)
    with writing(path) as one, writing(path) as other:
        thread.start()
        try:
            for number, damage in enumerate((empty, garble, cut, empty, garble)):
                for event in range(20):
                    one.write(f"{number} {event}")
                    other.write(f"{number} {event}")
                damage(path)
                for name, rasa in (("un", one), ("autre", other)):
                    back = f"{number} {name}"
                    deadline = time.monotonic() + 10
                    while back not in worker.texts:
                        assert time.monotonic() < deadline
                        rasa.write(back)
                time.sleep(1)  # their names tell the second
        finally:
            stop.set()
            thread.join()
    assert 0 < len(aside(path)) <= 3


def test_a_damaged_file_is_kept_for_a_week(tmp_path: Path) -> None:
    path, clock = tmp_path / "rasa_events.db", FakeClock()
    source = RasaEventFile(path, clock=clock)
    garble(path)
    with pytest.raises(SourceUnavailable):
        source.read(0, limit=10)
    kept = "rasa_events.db.damaged-20261125T110000Z"
    assert [one.name for one in tmp_path.iterdir()] == [kept]
    (tmp_path / f"{kept}-wal").write_bytes(b"log")
    assert source.read(0, limit=10) == ()
    clock.advance(days=7)
    source.read(0, limit=10)
    assert aside(path) == [kept]
    clock.advance(seconds=1)
    source.read(0, limit=10)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_read_but_is_whole_stays(tmp_path: Path) -> None:
    path = tmp_path / "rasa_events.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE other (id INTEGER)")
    with pytest.raises(SourceUnavailable):
        RasaEventFile(path).read(0, limit=10)
    assert aside(path) == []
    write_events(path, [{"sender_id": "c1", "text": "un"}])
    assert len(RasaEventFile(path).read(0, limit=10)) == 1
