"""A backup and its restoration, on both databases: what was there is there again, and the journal holds."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text
from typer.testing import CliRunner

from bot.backup import dumps
from bot.backup.archive import Damaged
from bot.backup.keys import WrongPassphrase
from bot.backup.service import back_up, restore
from bot.bootstrap import mandats_services
from bot.cli import app, commands  # noqa: F401  the second registers them
from bot.errors import EquipierError
from bot.journal.actions import Action
from bot.journal.checkpoints import Verdict, read
from bot.journal.service import SYSTEM
from bot.settings import Settings
from bot.setup.guard import single_run
from bot.storage import migrations
from bot.storage.engine import Database
from bot.storage.schema import is_at_head, known_revisions
from tests.integration.test_rest_channel import settings_in
from tests.unit.conversations.fakes import FakeClock
from tests.unit.mandats.databases import postgresql_url, sqlite_url

NewPlace = Callable[[], Settings]
PHRASE = "une phrase assez longue"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewPlace]:
    """Makes installations with the same keys, each with an empty database at the present schema."""
    keys = settings_in(tmp_path)
    with ExitStack() as ends:

        def new() -> Settings:
            var = tmp_path / f"var{len(list(tmp_path.glob('var*')))}"
            var.mkdir()
            url = sqlite_url(var) if request.param == "sqlite" else ends.enter_context(postgresql_url())
            return keys.model_copy(update={"var_dir": var, "database_url": url})

        yield new


def act(settings: Settings, times: int) -> None:
    """Something happens, and is journalled."""
    services = mandats_services(settings, clock=FakeClock())
    for number in range(times):
        with services.database.unit_of_work() as session:
            services.journal.append(session, Action.PURGE, organisation=None, details={"n": number})
    services.close()


def entries(settings: Settings) -> int:
    services = mandats_services(settings, clock=FakeClock())
    verified = services.journal.verify(SYSTEM)
    assert verified.broken is None
    services.close()
    return verified.entries


def one_version_back(database: Database) -> None:
    """The schema that the version before had."""
    config = Config()
    config.set_main_option("script_location", str(next(iter(migrations.__path__))).replace("%", "%%"))
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "-1")
        connection.commit()


def dialogue(settings: Settings) -> None:
    """Rasa's memory, with one event."""
    with closing(sqlite3.connect(settings.var_dir / "rasa.db")) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, sender_id TEXT, data TEXT)")
        connection.execute("INSERT INTO events (sender_id, data) VALUES ('c1', 'bonjour')")


def test_what_was_backed_up_is_there_again_and_the_journal_holds(place: NewPlace, tmp_path: Path) -> None:
    here, there = place(), place()
    act(here, 3)
    dialogue(here)
    made = back_up(here, tmp_path, clock=FakeClock())
    assert made.path.name == "equipier-2026-11-25T110200Z.tar.gz"
    act(here, 2)  # after the backup
    manifest = restore(there, made.path)
    assert entries(there) == 3
    with closing(sqlite3.connect(there.var_dir / "rasa.db")) as connection:
        assert connection.execute("SELECT data FROM events").fetchall() == [("bonjour",)]
    services = mandats_services(there, clock=FakeClock())
    (checkpoint,) = (read(line) for line in manifest.checkpoints)
    assert services.checkpoints.check(SYSTEM, checkpoint) is Verdict.OK
    services.close()
    act(there, 1)  # it goes on from there
    assert entries(there) == 4
    assert not list(there.var_dir.glob(".restauration*"))


def test_a_database_that_holds_something_is_replaced_only_when_told_so(place: NewPlace, tmp_path: Path) -> None:
    here, there = place(), place()
    act(here, 1)
    made = back_up(here, tmp_path / "s.tar.gz", clock=FakeClock())
    act(there, 5)
    with pytest.raises(EquipierError, match="n'est pas vide"):
        restore(there, made.path)
    assert entries(there) == 5
    database = Database.at(there.sqlalchemy_url)
    with database.unit_of_work() as session:
        session.execute(text("CREATE TABLE left_by_another_version (n INTEGER)"))
    database.close()
    restore(there, made.path, force=True)
    assert entries(there) == 1


def test_a_damaged_archive_changes_nothing(place: NewPlace, tmp_path: Path) -> None:
    here, there = place(), place()
    act(here, 1)
    whole = back_up(here, tmp_path / "s.tar.gz", clock=FakeClock()).path.read_bytes()
    act(there, 2)
    for number, content in enumerate((whole[: len(whole) // 2], whole[:3000] + b"\0" + whole[3001:])):
        damaged = tmp_path / f"damaged{number}.tar.gz"
        damaged.write_bytes(content)
        with pytest.raises(Damaged):
            restore(there, damaged, force=True)
    assert entries(there) == 2


def test_an_older_schema_is_brought_to_this_one_and_a_later_one_refused(place: NewPlace, tmp_path: Path) -> None:
    here, there = place(), place()
    act(here, 1)
    database = Database.at(here.sqlalchemy_url)
    one_version_back(database)
    database.close()
    before = back_up(here, tmp_path / "before.tar.gz", clock=FakeClock())
    assert before.manifest.schema < max(known_revisions())
    assert before.manifest.checkpoints == ()  # this version cannot read that journal
    restore(there, before.path)
    assert entries(there) == 1
    database = Database.at(there.sqlalchemy_url)
    assert is_at_head(database)
    with database.unit_of_work() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    later = back_up(there, tmp_path / "later.tar.gz", clock=FakeClock())
    with pytest.raises(EquipierError, match="version plus récente"):
        restore(place(), later.path)


def test_the_keys_are_left_out_unless_asked_for_and_open_with_their_phrase_only(
    place: NewPlace, tmp_path: Path
) -> None:
    here, there = place(), place()
    act(here, 1)
    without = back_up(here, tmp_path / "without.tar.gz", clock=FakeClock())
    assert not without.manifest.keys
    made = back_up(here, tmp_path / "with.tar.gz", clock=FakeClock(), passphrase=PHRASE)
    secret = here.vault_key.get_secret_value()
    with pytest.raises(WrongPassphrase):
        restore(there, made.path, keys_to=tmp_path / "keys.env", passphrase="une autre phrase")
    restore(there, made.path, keys_to=tmp_path / "keys.env", passphrase=PHRASE)
    keys = tmp_path / "keys.env"
    assert f"EQUIPIER_VAULT_KEY='{secret}'\n" in keys.read_text()
    assert keys.stat().st_mode & 0o777 == 0o600
    with pytest.raises(EquipierError, match="12 caractères"):
        back_up(here, tmp_path / "short.tar.gz", clock=FakeClock(), passphrase="court")
    assert not (tmp_path / "short.tar.gz").exists()


def test_the_model_and_the_index_come_along_when_asked_for(place: NewPlace, tmp_path: Path) -> None:
    here, there = place(), place()
    act(here, 1)
    for folder, name in ((here.model_dir, "m1.tar.gz"), (here.index_dir / "f3", "words.npy")):
        folder.mkdir(parents=True)
        (folder / name).write_text(name)
    made = back_up(here, tmp_path / "s.tar.gz", clock=FakeClock(), built=True)
    restore(there, made.path)
    assert (there.model_dir / "m1.tar.gz").read_text() == "m1.tar.gz"
    assert (there.index_dir / "f3" / "words.npy").read_text() == "words.npy"


def test_a_journal_that_does_not_hold_is_backed_up_and_told(place: NewPlace, tmp_path: Path) -> None:
    here = place()
    act(here, 2)
    database = Database.at(here.sqlalchemy_url)
    with database.unit_of_work() as session:
        if database.engine.dialect.name == "postgresql":
            session.execute(text("ALTER TABLE journal_entries DISABLE TRIGGER ALL"))
        else:
            for (name,) in session.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                session.execute(text(f'DROP TRIGGER "{name}"'))
        session.execute(text("UPDATE journal_entries SET action = 'autre' WHERE seq = 1"))
    database.close()
    made = back_up(here, tmp_path / "s.tar.gz", clock=FakeClock())
    assert (made.broken, made.manifest.checkpoints) == ((SYSTEM,), ())
    assert made.path.exists()


def test_a_sqlite_backup_is_not_for_postgresql(tmp_path: Path) -> None:
    keys = settings_in(tmp_path)
    here = keys.model_copy(update={"database_url": sqlite_url(tmp_path)})
    act(here, 1)
    made = back_up(here, tmp_path / "s.tar.gz", clock=FakeClock())
    there = here.model_copy(update={"database_url": "postgresql+psycopg://nobody@127.0.0.1:1/none"})
    with pytest.raises(EquipierError, match="base sqlite"):
        restore(there, made.path)


def test_nothing_is_restored_under_a_running_installation(tmp_path: Path) -> None:
    here = settings_in(tmp_path).model_copy(update={"database_url": sqlite_url(tmp_path)})
    act(here, 1)
    made = back_up(here, tmp_path / "s.tar.gz", clock=FakeClock())
    with single_run(here.var_dir), pytest.raises(EquipierError, match="déjà lancé"):
        restore(here, made.path, force=True)


@pytest.mark.services
def test_nothing_is_restored_into_a_postgresql_that_others_use(tmp_path: Path) -> None:
    with postgresql_url() as one, postgresql_url() as two:
        here = settings_in(tmp_path).model_copy(update={"database_url": one})
        there = here.model_copy(update={"database_url": two})
        act(here, 1)
        made = back_up(here, tmp_path / "s.tar.gz", clock=FakeClock())
        other = Database.at(two)
        with other.engine.connect(), pytest.raises(EquipierError, match="utilisée par d'autres"):
            restore(there, made.path, force=True)
        other.close()


def test_without_the_tools_of_postgresql_the_sentence_says_which_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EquipierError, match="pg_dump manque") as refused:
        dumps.dumps_of("postgresql+psycopg://nobody:secret@127.0.0.1:1/none").dump(tmp_path / "d")
    assert "postgresql-client" in (refused.value.hint or "")


@pytest.mark.services
def test_a_failure_of_pg_dump_says_why_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(EquipierError, match="pg_dump a échoué") as refused:
        dumps.dumps_of("postgresql+psycopg://nobody:tres-secret@127.0.0.1:1/none").dump(tmp_path / "d")
    assert "tres-secret" not in str(refused.value)


def test_the_commands_tell_what_they_do_and_show_the_journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = settings_in(tmp_path).model_copy(update={"database_url": sqlite_url(tmp_path)})
    act(here, 3)
    monkeypatch.setattr("bot.settings.get_settings", lambda: here)
    runner = CliRunner()
    made = runner.invoke(app, ["backup", str(tmp_path / "s.tar.gz")])
    assert made.exit_code == 0, made.output
    assert "1 journal signé" in made.output
    assert "Les clés n'y sont pas" in made.output
    back = runner.invoke(app, ["restore", str(tmp_path / "s.tar.gz"), "--force"])
    assert back.exit_code == 0, back.output
    assert "chaîne intacte" in back.output
    assert "le journal passe par lui" in back.output
