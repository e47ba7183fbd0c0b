from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.errors import EquipierError
from bot.settings import ROOT, Settings
from bot.setup.processes import NAMES, OPTIONAL, process_spec, process_specs
from bot.voice.models import MODELS

SECRETS = {"EQUIPIER_REST_TOKEN": "jeton", "EQUIPIER_VAULT_KEY": "clé", "EQUIPIER_DATABASE_URL": "postgresql://x"}
BASE = {"PATH": "/usr/bin", "VIRTUAL_ENV": "/ailleurs", **SECRETS}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(var_dir=tmp_path / "var")
    settings.model_dir.mkdir(parents=True)
    (settings.model_dir / "equipier-0123456789ab.tar.gz").write_bytes(b"modele")
    return settings


def test_every_process_has_what_it_needs_to_say_that_it_is_ready(settings: Settings) -> None:
    specs = process_specs(settings, base=BASE)
    assert tuple(spec.name for spec in specs) == NAMES
    for spec in specs:
        assert spec.url or spec.alive
        assert spec.label
        assert (spec.port is None) == (spec.setting == "")


def test_rasa_listens_on_the_loopback_only_with_the_model_in_use(settings: Settings) -> None:
    rasa = process_spec("rasa", settings, base=BASE)
    argv = rasa.argv
    assert argv[argv.index("--interface") + 1] == "127.0.0.1"
    assert argv[argv.index("--port") + 1] == "5005"
    assert argv[argv.index("--model") + 1].endswith("equipier-0123456789ab.tar.gz")
    assert rasa.folder == ROOT / "nlu"


def test_rasa_gets_neither_the_secrets_nor_the_application_database(settings: Settings) -> None:
    rasa = process_spec("rasa", settings, base=BASE)
    assert not set(SECRETS) & set(rasa.environment)
    assert "VIRTUAL_ENV" not in rasa.environment
    assert not set(SECRETS.values()) & set(rasa.argv)


def test_the_environment_of_rasa_gives_every_variable_of_its_configuration(settings: Settings) -> None:
    import re

    names = set(re.findall(r"\$\{(\w+)\}", (ROOT / "nlu" / "endpoints.yml").read_text().split("\n", 1)[1]))
    assert names
    assert names <= set(process_spec("rasa", settings, base=BASE).environment)


def test_a_changed_port_reaches_the_process_and_whoever_calls_it(settings: Settings) -> None:
    changed = settings.model_copy(
        update={"actions_url": "http://127.0.0.1:6055", "rasa_url": "http://127.0.0.1:6005", "gateway_port": 9000}
    )
    specs = {spec.name: spec for spec in process_specs(changed, base=BASE)}
    assert [specs[name].port for name in NAMES] == [6005, 6055, 9000, None]
    assert specs["actions"].environment["EQUIPIER_ACTIONS_PORT"] == "6055"
    assert specs["rasa"].environment["EQUIPIER_ACTIONS_URL"] == "http://127.0.0.1:6055"


def test_a_server_that_is_elsewhere_is_not_started_here(settings: Settings) -> None:
    elsewhere = settings.model_copy(update={"rasa_url": "http://rasa.interne:5005"})
    assert "rasa" not in {spec.name for spec in process_specs(elsewhere, base=BASE)}


def test_a_gateway_open_to_the_network_is_still_asked_on_this_machine(settings: Settings) -> None:
    opened = settings.model_copy(update={"gateway_host": "0.0.0.0"})
    assert process_spec("gateway", opened, base=BASE).url == "http://127.0.0.1:8000/healthz"


def test_an_unknown_process_is_refused_with_the_known_names(settings: Settings) -> None:
    with pytest.raises(EquipierError, match="facteur") as caught:
        process_spec("facteur", settings, base=BASE)
    assert "worker" in caught.value.hint


def test_without_a_model_the_error_says_how_to_train_one(tmp_path: Path) -> None:
    with pytest.raises(EquipierError) as caught:
        process_specs(Settings(var_dir=tmp_path), base=BASE)
    assert "equipier nlu train" in caught.value.hint


def test_what_is_optional_starts_once_it_is_set_up(settings: Settings) -> None:
    for model in MODELS:
        for file in model.files:
            path = settings.voice_dir / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as content:
                content.truncate(file.size)
    ready = settings.model_copy(update={"telegram_token": SecretStr("1:jeton")})
    specs = {spec.name: spec for spec in process_specs(ready, base=BASE)}
    assert tuple(specs) == (*NAMES, *OPTIONAL)
    assert specs["voice"].port == 5056
    assert not {"1:jeton"} & set(specs["telegram"].argv)
    pushed = ready.model_copy(update={"telegram_mode": "webhook", "voice_url": "http://voix.interne:5056"})
    assert tuple(spec.name for spec in process_specs(pushed, base=BASE)) == NAMES
