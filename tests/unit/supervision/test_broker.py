"""Where Rasa is told to leave its events."""

import re
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from bot.settings import ROOT, Settings
from bot.setup.processes import process_spec
from bot.supervision.rabbit import QUEUE, RabbitQueue
from bot.supervision.services import event_source
from bot.supervision.sources import RasaEventFile

QUEUE_URL = "amqp://equipier:s%40cret@mq.interne:5673/equipier"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(var_dir=tmp_path / "var")
    settings.model_dir.mkdir(parents=True)
    (settings.model_dir / "equipier-0123456789ab.tar.gz").write_bytes(b"modele")
    return settings


@pytest.mark.parametrize(("url", "file"), [("", "endpoints.yml"), (QUEUE_URL, "endpoints_rabbitmq.yml")])
def test_the_configuration_follows_the_address_and_gets_all_its_variables(
    settings: Settings, url: str, file: str
) -> None:
    rasa = process_spec("rasa", settings.model_copy(update={"events_url": SecretStr(url)}), base={})
    assert rasa.argv[rasa.argv.index("--endpoints") + 1] == file
    content = (ROOT / "nlu" / file).read_text(encoding="utf-8")
    names = set(re.findall(r"\$\{(\w+)\}", content.split("\n", 1)[1]))
    assert any("EVENTS" in name for name in names)
    assert names <= set(rasa.environment)
    if url:
        assert rasa.environment["EQUIPIER_EVENTS_USER"] == "equipier"
        assert rasa.environment["EQUIPIER_EVENTS_PASSWORD"] == "s@cret"
        assert rasa.environment["EQUIPIER_EVENTS_PORT"] == "5673"
        assert not any("cret" in part for part in rasa.argv)


def test_rasa_writes_where_the_worker_reads(settings: Settings) -> None:
    written = process_spec("rasa", settings, base={}).environment["EQUIPIER_EVENTS_DB"]
    source = event_source(settings)
    assert isinstance(source, RasaEventFile)
    assert source.path.resolve() == Path(written)
    assert isinstance(event_source(settings, url=QUEUE_URL), RabbitQueue)
    document = yaml.safe_load((ROOT / "nlu" / "endpoints_rabbitmq.yml").read_text(encoding="utf-8"))
    assert document["event_broker"]["queues"] == [QUEUE]
