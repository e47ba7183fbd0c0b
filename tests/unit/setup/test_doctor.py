import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.errors import EquipierError
from bot.fiches.index.build import all_questions, index_folder
from bot.fiches.store import FicheStore
from bot.settings import Settings
from bot.setup import doctor
from bot.setup.assets import dsfr_dir
from bot.setup.doctor import Finding, Level
from bot.setup.processes import ProcessSpec
from bot.setup.secrets import ensure_secrets
from bot.setup.training import model_name
from bot.setup.widget import widget_dir
from bot.storage.engine import Database
from bot.storage.migrate import upgrade
from bot.voice.models import MODELS
from tests.unit.fiches.samples import CARTE


class FixedClock:
    def __init__(self, *when: int) -> None:
        self._now = datetime(*when, tzinfo=UTC)  # type: ignore[arg-type,misc]

    def now(self) -> datetime:
        return self._now


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var_dir=tmp_path / "var")


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    database = Database.at(settings.sqlalchemy_url)
    upgrade(database)
    yield database
    database.close()


def import_sample(database: Database) -> None:
    FicheStore(database).replace([CARTE], source="mirror", label="miroir", imported_at=datetime(2026, 3, 2, tzinfo=UTC))


def levels(findings: list[Finding]) -> list[Level]:
    return [finding.level for finding in findings]


def mends(finding: Finding) -> bool:
    """Whatever is not well comes with what to do."""
    return (finding.level is Level.OK) == (finding.fix == "")


def test_a_new_database_is_not_up_to_date_and_a_migrated_one_is(settings: Settings) -> None:
    before = doctor.database(settings)
    assert (before.level, before.fix) == (Level.FAIL, "equipier db upgrade")
    database = Database.at(settings.sqlalchemy_url)
    upgrade(database)
    database.close()
    assert doctor.database(settings).level is Level.OK


def test_a_database_that_does_not_answer_is_said_without_its_address(tmp_path: Path) -> None:
    (tmp_path / "abîmée.db").write_text("ceci n'est pas une base de données, mais un texte assez long")
    found = doctor.database(Settings(var_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'abîmée.db'}"))
    assert found.level is Level.FAIL
    assert "abîmée" not in found.message


def test_without_fiches_nothing_else_is_asked_of_the_corpus(settings: Settings, database: Database) -> None:
    found = doctor.fiches(settings, FixedClock(2026, 4, 1))
    assert levels(found) == [Level.FAIL]
    assert found[0].fix == "equipier fiches import"


@pytest.mark.parametrize(("clock", "level"), [((2026, 4, 1), Level.OK), ((2028, 4, 1), Level.WARN)])
def test_old_fiches_are_a_warning(
    settings: Settings, database: Database, clock: tuple[int, int, int], level: Level
) -> None:
    import_sample(database)
    found = doctor.fiches(settings, FixedClock(*clock))
    assert found[0].level is level
    assert all(mends(one) for one in found)


def test_the_index_has_to_be_that_of_the_present_fiches(settings: Settings, database: Database) -> None:
    import_sample(database)
    clock = FixedClock(2026, 4, 1)
    assert doctor.fiches(settings, clock)[1].level is Level.FAIL
    snapshot = FicheStore(database).current()
    assert snapshot
    folder = index_folder(settings, snapshot, all_questions())
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text("{}")
    assert doctor.fiches(settings, clock)[1].level is Level.OK


def test_secrets_have_to_be_there_and_private(tmp_path: Path) -> None:
    path = tmp_path / "equipier.env"
    missing = doctor.secrets(Settings(var_dir=tmp_path, rest_token="", vault_key=""), env_file=path)
    assert missing.level is Level.FAIL
    assert "EQUIPIER_VAULT_KEY" in missing.message
    ensure_secrets(path, environment={})
    given = Settings(var_dir=tmp_path, rest_token="jeton", vault_key="clé")
    assert doctor.secrets(given, env_file=path).level is Level.OK
    path.chmod(0o640)
    opened = doctor.secrets(given, env_file=path)
    assert opened.level is Level.FAIL
    assert opened.fix.startswith("chmod 600 ")
    assert "jeton" not in opened.message


def test_a_model_is_missing_out_of_date_or_current(settings: Settings) -> None:
    assert doctor.model(settings).level is Level.FAIL
    settings.model_dir.mkdir(parents=True)
    (settings.model_dir / "equipier-000000000000.tar.gz").write_bytes(b"x")
    assert doctor.model(settings).level is Level.WARN
    (settings.model_dir / model_name()).write_bytes(b"x")
    assert doctor.model(settings).level is Level.OK


def test_a_full_disk_is_an_error(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert mends(doctor.disk(settings))
    usage = shutil.disk_usage("/")._replace(free=1024**3)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    found = doctor.disk(settings)
    assert (found.level, found.message) == (Level.FAIL, "1,0 Gio libres, il en faut 2")


def spec(name: str, port: int | None) -> ProcessSpec:
    return ProcessSpec(
        name=name, label="essai", argv=(), folder=Path("/"), environment={}, port=port, setting="EQUIPIER_X"
    )


def test_a_process_answers_is_stopped_or_has_lost_its_port_to_another() -> None:
    import socket

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        taken = server.getsockname()[1]
        found = doctor.processes(
            [spec("actions", 5055), spec("worker", None), spec("gateway", taken)], lambda one: one.name == "actions"
        )
    assert levels(found) == [Level.OK, Level.WARN, Level.FAIL]
    assert str(taken) in found[2].message
    assert "EQUIPIER_X" in found[2].fix
    assert all(mends(one) for one in found)


@pytest.mark.parametrize(
    ("state", "level"),
    [
        ({"python": "3.11", "current": True}, Level.OK),
        ({"python": "3.11", "current": False}, Level.FAIL),
        ({"python": "3.9", "current": False}, Level.FAIL),
        ({"python": None, "current": False}, Level.FAIL),
    ],
)
def test_each_environment_is_judged_by_what_the_bootstrap_says(
    tmp_path: Path, state: dict[str, object], level: Level
) -> None:
    said = {"application": {"folder": ".venv", "accepted": ["3.11", "3.12"], **state}}
    script = tmp_path / "deploy" / "bootstrap.py"
    script.parent.mkdir()
    script.write_text(f"print({json.dumps(said)!r})")
    found = doctor.environments(tmp_path)
    assert levels(found) == [level]
    assert mends(found[0])


def test_the_whole_examination_goes_to_its_end_on_an_empty_installation(settings: Settings) -> None:
    def no_model() -> list[ProcessSpec]:
        raise EquipierError("aucun modèle", hint="equipier nlu train")

    findings = doctor.examine(settings, FixedClock(2026, 4, 1), specs=no_model, probe=lambda _spec: False)
    assert {"npm", "secrets", "disque", "base de données", "fiches", "modèle", "processus"} <= {
        one.name for one in findings
    }
    assert all(mends(one) for one in findings)


def test_pages_without_their_design_or_their_assistant_are_said(settings: Settings) -> None:
    assert levels(doctor.pages(settings)) == [Level.WARN, Level.WARN]
    for folder in (dsfr_dir(settings.static_dir), widget_dir(settings.static_dir)):
        folder.mkdir(parents=True)
    assert levels(doctor.pages(settings)) == [Level.OK, Level.OK]
    assert all(map(mends, doctor.pages(settings)))


def test_a_voice_half_installed_is_said(settings: Settings) -> None:
    assert doctor.voice(settings).level is Level.OK
    for file in MODELS[0].files:
        path = settings.voice_dir / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as content:
            content.truncate(file.size)  # a hole takes no room
    assert doctor.voice(settings) == Finding("voix", Level.WARN, "en partie installée", "equipier voice install")


@pytest.mark.parametrize(
    ("token", "secret", "bot", "level"),
    [
        ("", "", "", Level.OK),
        ("1:x", "", "robot", Level.FAIL),
        ("1:x", "s", "", Level.WARN),
        ("1:x", "s", "robot", Level.OK),
    ],
)
def test_a_telegram_bot_half_set_up_is_said(
    settings: Settings, token: str, secret: str, bot: str, level: Level
) -> None:
    given = {"telegram_token": SecretStr(token), "telegram_secret": SecretStr(secret), "telegram_bot": bot}
    finding = doctor.telegram(settings.model_copy(update=given))
    assert finding.level is level
    assert mends(finding)


def test_what_one_machine_alone_does_not_need_is_not_looked_at(settings: Settings) -> None:
    assert doctor.shared(settings) == []


def test_a_redis_that_does_not_answer_is_a_warning_without_its_address(settings: Settings) -> None:
    (redis,) = doctor.shared(settings.model_copy(update={"redis_url": SecretStr("redis://:secret@127.0.0.1:1/0")}))
    assert redis.level is Level.WARN
    assert mends(redis)
    assert "secret" not in redis.message


def test_without_the_tools_of_postgresql_no_backup_can_be_made(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    on_server = settings.model_copy(update={"database_url": "postgresql+psycopg://nobody@127.0.0.1:1/none"})
    monkeypatch.setenv("PATH", str(tmp_path))
    backups, redis = doctor.shared(on_server)
    assert (backups.level, redis.level) == (Level.WARN, Level.OK)
    assert "pg_dump, pg_restore, psql" in backups.message
    for tool in ("pg_dump", "pg_restore", "psql"):
        (tmp_path / tool).touch(mode=0o755)
    assert levels(doctor.shared(on_server)) == [Level.OK, Level.OK]
