"""Files that are damaged or half written: what can be used is, and what cannot is made again."""

import random
import shutil
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.conversations.replies import KEPT
from bot.fiches.index.build import ensure_index
from bot.fiches.index.files import is_whole as is_whole_index
from bot.settings import Settings, get_settings
from bot.setup.secrets import MADE, ensure_secrets
from bot.setup.training import current_model, ensure_model, is_whole, model_name, usable_model
from bot.storage.engine import Database
from bot.supervision.models import Turn
from tests.faults.stack import Stack, copied_base, environment, stack, unready_stack, with_the_built_parts
from tests.unit.fiches.tiny import HashedEncoder, tiny_fiches
from tests.unit.setup.test_training import FakeRasa


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def garble(path: Path) -> None:
    path.write_bytes(random.Random(3).randbytes(4096))


damages = pytest.mark.parametrize("damage", [cut, empty, garble], ids=lambda one: one.__name__)
Damage = Callable[[Path], None]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(_env_file=None, var_dir=tmp_path)
    settings.model_dir.mkdir()
    return settings


def model(path: Path) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        content = path.with_suffix(".txt")
        content.write_bytes(random.Random(1).randbytes(50_000))
        archive.add(content, arcname="weights")
    return path


@damages
def test_a_damaged_model_gives_way_to_the_one_before(settings: Settings, damage: Damage) -> None:
    before = model(settings.model_dir / "equipier-000000000000.tar.gz")
    present = model(settings.model_dir / model_name())
    assert usable_model(settings) == present
    damage(present)
    assert not is_whole(present)
    assert usable_model(settings) == before
    before.unlink()
    assert usable_model(settings) == present == current_model(settings)  # its process will say what is wrong


@damages
def test_a_damaged_model_is_trained_again(settings: Settings, tmp_path: Path, damage: Damage) -> None:
    root = tmp_path / "project"
    for name in ("nlu/config.yml", "nlu/domain/x.yml", "nlu/training/x.yml", "stories/x.yml"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    rasa = FakeRasa()
    path = ensure_model(settings, root=root, run=rasa).path
    assert path is not None
    ensure_model(settings, root=root, run=rasa)
    assert len(rasa.calls) == 1
    damage(path)
    assert ensure_model(settings, root=root, run=rasa).path == path
    assert is_whole(path)


def test_half_a_file_of_secrets_is_completed_and_what_is_there_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "equipier.env"
    ensure_secrets(path, environment={})
    lines = path.read_text().splitlines()
    kept = lines[: len(lines) // 2]
    path.write_text("\n".join(kept))
    path.with_name("equipier.env.partial").write_text("EQUIPIER_VAULT_")  # of a process killed meanwhile
    made = ensure_secrets(path, environment={})
    again = path.read_text()
    assert all(line in again for line in kept)
    assert {name for name in MADE if f"\n{name}=" in again} == set(MADE)
    assert 0 < len(made) < len(MADE)


@pytest.mark.rasa
@pytest.mark.corpus
def test_people_notice_nothing_of_a_damaged_file_of_events(tmp_path: Path) -> None:
    """And the review goes on, without what was in it."""
    copied_base(tmp_path)
    with_the_built_parts(tmp_path)
    events = tmp_path / "rasa_events.db"
    with stack(tmp_path, environment(tmp_path), "rasa", "actions", "gateway", "worker") as running:
        database = Database.at(running.settings.sqlalchemy_url)
        for number, damage in enumerate((empty, garble), start=1):
            reviewed(running, database, f"bonjour {damage.__name__}")
            with closing(sqlite3.connect(events)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # as SQLite does now and then
            damage(events)
            answered(running, f"au revoir {damage.__name__}")
            running.wait(lambda wanted=number: len(aside(tmp_path)) == wanted, "a new file")
            reviewed(running, database, f"merci {damage.__name__}")
        database.close()
        assert running.deaths("rasa") == running.deaths("worker") == 0
        assert running.all_well()


def answered(running: Stack, text: str) -> None:
    """Says *text*: the answer comes at once."""
    headers = {"Authorization": f"Bearer {running.settings.rest_token.get_secret_value()}"}
    said = running.client.post("/webhooks/rest/webhook", json={"sender": "guichet", "message": text}, headers=headers)
    assert said.status_code == 200, said.text
    assert said.json()
    assert said.json()[0]["text"] != KEPT


def reviewed(running: Stack, database: Database, text: str) -> None:
    """Says *text*, and waits until the review has it."""
    answered(running, text)

    def seen() -> bool:
        with database.unit_of_work() as session:
            return session.scalar(select(Turn.id).where(Turn.text == text)) is not None

    running.wait(seen, "the review", within=30)


def aside(folder: Path) -> list[Path]:
    return [path for path in folder.glob("rasa_events.db.damaged-*") if path.name.endswith("Z")]


def test_a_damaged_index_is_built_again(settings: Settings) -> None:
    index = ensure_index(settings, tiny_fiches(), encoder=HashedEncoder)
    for name in ("questions.npy", "meta.json", "axes.npy"):
        before = (index / name).read_bytes()
        for damage in (cut, empty, garble):
            damage(index / name)
            assert not is_whole_index(index), (name, damage)
        (index / name).write_bytes(before)
        assert is_whole_index(index)
    cut(index / "questions.npy")
    assert ensure_index(settings, tiny_fiches(), encoder=HashedEncoder) == index
    assert is_whole_index(index)


@pytest.mark.corpus
def test_the_search_waits_for_an_index_that_can_be_read(tmp_path: Path) -> None:
    """Its process starts again and again, as for any other fault; the gateway keeps the messages meanwhile."""
    copied_base(tmp_path)
    (folder,) = {path.parent for path in get_settings().index_dir.glob("*/meta.json")}
    index = tmp_path / "index" / folder.name
    index.mkdir(parents=True)
    for path in folder.iterdir():
        (index / path.name).symlink_to(path)
    broken = index / "questions.npy"
    broken.unlink()
    broken.write_bytes(b"half of")
    with unready_stack(tmp_path, environment(tmp_path), "actions") as running:
        running.wait(lambda: running.deaths("actions") > 0, "the end of the process")
        assert "IndexMissing" in running.logs()
        broken.unlink()
        broken.symlink_to(folder / broken.name)
        running.wait(lambda: running.rises("actions") > 0, "the process to be back")


@pytest.mark.rasa
@pytest.mark.corpus
def test_the_dialogue_starts_on_the_model_that_can_be_read(tmp_path: Path) -> None:
    copied_base(tmp_path)
    (tmp_path / "models").mkdir()
    whole = usable_model(get_settings())
    shutil.copy(whole, tmp_path / "models" / "equipier-000000000000.tar.gz")
    shutil.copy(whole, tmp_path / "models" / model_name())
    cut(tmp_path / "models" / model_name())
    with stack(tmp_path, environment(tmp_path), "rasa") as running:
        assert running.deaths("rasa") == 0
