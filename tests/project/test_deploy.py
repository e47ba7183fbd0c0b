"""The files of `deploy/`: what they promise holds, as far as it can be read without a container engine."""

import configparser
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import ROOT, Settings
from bot.setup.processes import NAMES, OPTIONAL
from bot.setup.secret_files import ensure_secret_files
from bot.storage.schema import known_revisions
from tests.project.files import is_under, project_files

DEPLOY = ROOT / "deploy"
OURS = ("gateway", "worker", "actions", "rasa", "voice", "migrate", "prepare")
ONCE = ("migrate", "prepare")
PINNED = re.compile(r"[a-z-]+:\d+(\.\d+)+(-alpine)?")
# Root, without any power but that of opening the ports 80 and 443.
ROOT_ALLOWED = {"proxy"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose["services"]
    return found


def secrets_of(service: dict[str, Any]) -> set[str]:
    return {one if isinstance(one, str) else one["source"] for one in service.get("secrets", ())}


def test_every_process_has_its_service(services: dict[str, dict[str, Any]]) -> None:
    for name in (*NAMES, "voice"):
        assert services[name]["command"] == ["equipier", "process", name]
    assert {"telegram", "voice"} == set(OPTIONAL), "a new process needs a service, or a reason to have none"


def test_only_the_proxy_is_reached_from_outside(services: dict[str, dict[str, Any]], compose: dict[str, Any]) -> None:
    assert {name for name, service in services.items() if "ports" in service} == {"proxy"}
    assert compose["networks"]["back"]["internal"] is True
    for name in ("rasa", "actions", "worker", "voice", "postgres", "redis", "rabbitmq", "migrate"):
        assert services[name]["networks"] == ["back"], name
    assert services["proxy"]["networks"] == ["front"]
    # A gateway believes who is on the network of the balancer about where a request comes from, and nobody else.
    (network,) = compose["networks"]["back"]["ipam"]["config"]
    assert services["gateway"]["environment"]["FORWARDED_ALLOW_IPS"] == network["subnet"]
    assert "front" not in services["gateway"]["networks"]


def test_everything_is_read_only_and_without_powers(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert set(service.get("cap_add", ())) <= {"NET_BIND_SERVICE"}, name
        assert not service.get("privileged"), name
        assert "root" not in str(service.get("user", "")), name
        assert name in ROOT_ALLOWED or service.get("user"), f"{name} has no user"
        assert service.get("logging"), f"the log of {name} grows for ever"
        assert not any("docker.sock" in str(volume) for volume in service.get("volumes", ()))


def test_every_service_tells_whether_it_is_well(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        health = service["healthcheck"]
        assert (health == {"disable": True}) if name in ONCE else health["test"], name
    # Compose replaces « $ »: one that is for the shell is doubled.
    assert "$(" not in json.dumps(services["worker"]["healthcheck"]).replace("$$(", "")


def test_the_images_of_others_are_pinned_and_come_from_no_named_registry(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        image = str(service["image"])
        if name in OURS:
            assert re.fullmatch(r"equipier-(app|nlu|voice):\$\{EQUIPIER_VERSION:-[\d.]+\}", image), image
        else:
            assert PINNED.fullmatch(image), image
    for file in DEPLOY.glob("Dockerfile.*"):
        for image in re.findall(r"^FROM (\S+)", file.read_text(encoding="utf-8"), re.MULTILINE):
            assert re.fullmatch(r"python:3\.\d+-slim-[a-z]+", image), image


def test_each_container_gets_the_secrets_that_it_needs_and_no_other(
    services: dict[str, dict[str, Any]], compose: dict[str, Any], tmp_path: Path
) -> None:
    # What Rasa does not know it cannot leak: neither the base of the application nor any key.
    assert secrets_of(services["rasa"]) == {"equipier_tracker_url", "equipier_redis_url", "equipier_events_url"}
    assert secrets_of(services["migrate"]) == {"equipier_database_url"}
    assert "equipier_tracker_url" not in secrets_of(services["gateway"])
    assert not secrets_of(services["voice"]) | secrets_of(services["proxy"]) | secrets_of(services["balancer"])
    used = set().union(*map(secrets_of, services.values()))
    assert used == set(compose["secrets"])
    for name in OURS:  # the folder of the secrets exists where there is one
        given = services[name]["environment"].get("EQUIPIER_SECRETS_DIR")
        assert (given is None) == bool(secrets_of(services[name])), name
    # The command makes every file that is mounted, and no other.
    assert set(ensure_secret_files(tmp_path)) == used
    assert all(secret == {"file": f"secrets/{name}"} for name, secret in compose["secrets"].items())


def test_every_variable_of_the_services_is_a_setting(services: dict[str, dict[str, Any]]) -> None:
    known = {f"EQUIPIER_{name.upper()}" for name in Settings.model_fields} | {"EQUIPIER_SECRETS_DIR"}
    for name in OURS:
        wrong = {key for key in services[name]["environment"] if key.startswith("EQUIPIER_")} - known
        assert not wrong, f"{name}: {wrong}"
    for file in DEPLOY.glob("Dockerfile.*"):
        named = set(re.findall(r"\b(EQUIPIER_[A-Z_]+)=", file.read_text(encoding="utf-8")))
        assert named <= known, named - known


def test_the_example_gives_every_value_that_has_to_be_given() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    given = set(re.findall(r"^(\w+)=", (DEPLOY / "env.example").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?<!\$)\$\{(\w+)", text)) == given


def test_the_balancer_sends_elsewhere_only_what_was_not_sent(services: dict[str, dict[str, Any]]) -> None:
    text = (DEPLOY / "haproxy.cfg").read_text(encoding="utf-8")
    assert re.findall(r"^ *retry-on (.*)", text, re.MULTILINE) == ["conn-failure"]
    ports = dict(re.findall(r"server-template (\w+) \d+ \1:(\d+)", text))
    assert ports == {"gateway": "8000", "rasa": "5005", "actions": "5055"}
    for name in ("RASA", "ACTIONS"):
        url = services["gateway"]["environment"][f"EQUIPIER_{name}_URL"]
        assert url == f"http://balancer:{ports[name.lower()]}"
    assert "reverse_proxy balancer:8000" in (DEPLOY / "Caddyfile").read_text(encoding="utf-8")


def test_what_the_dockerfiles_copy_is_there_and_the_secrets_are_not() -> None:
    for file in DEPLOY.glob("Dockerfile.*"):
        text = file.read_text(encoding="utf-8")
        copied = [line.split()[1:-1] for line in re.findall(r"^COPY (?!--from).*", text, re.MULTILINE)]
        assert copied
        for source in (one for line in copied for one in line):
            assert (ROOT / source).exists(), source
            assert source != ".", "the whole folder would come along, with what is not ours to give"
        assert {"bot", "actions", "nlu", "stories"} <= {one for line in copied for one in line}, file.name
        assert "USER 10001:10001" in text
        assert "HEALTHCHECK" in text
        assert "--require-hashes" in text or "deploy/bootstrap.py" in text  # which asks for them
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {"var", "deploy/secrets", "**/.venv", ".git"} <= set(ignored)
    assert "deploy/secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_the_units_start_processes_that_exist_and_write_only_where_they_must() -> None:
    for path in (DEPLOY / "systemd").glob("*.service"):
        unit = configparser.ConfigParser(interpolation=None, strict=False)
        unit.optionxform = str  # type: ignore[assignment, method-assign]  # names keep their case
        unit.read_string(path.read_text(encoding="utf-8"))
        service = unit["Service"]
        assert service["User"] == "equipier"
        assert service["ProtectSystem"] == "strict"
        assert service["NoNewPrivileges"] == "yes"
        assert "/opt/equipier/var" in service["ReadWritePaths"]
        assert service["ExecStart"].startswith("/opt/equipier/.venv/bin/equipier ")
    target = (DEPLOY / "systemd" / "equipier.target").read_text(encoding="utf-8")
    assert set(re.findall(r"equipier@(\w+)\.service", target)) == set(NAMES)


def migrations() -> list[Path]:
    return sorted(path for path in project_files(".py") if is_under(path, "bot/storage/migrations/versions"))


# The versions until here were never deployed side by side; what comes after must be.
FIRST_WITHOUT_DOWNTIME = "0009"
_UPGRADE = re.compile(r"def upgrade\(\).*?(?=^def |\Z)", re.DOTALL | re.MULTILINE)


def test_a_migration_leaves_the_version_before_able_to_work() -> None:
    """Expand, migrate, contract (docs/deployment.md): the old code goes on reading and writing meanwhile."""
    later = [path for path in migrations() if path.name[:4] >= FIRST_WITHOUT_DOWNTIME]
    assert len(known_revisions()) == len(migrations())
    assert later
    for path in later:
        text = path.read_text(encoding="utf-8")
        found = _UPGRADE.search(text)
        assert found, path.name
        body = found[0]
        if "# contract:" in text:  # says which release has stopped using what goes
            continue
        for forbidden in ("drop_column", "drop_table", "rename_table", "new_column_name"):
            assert forbidden not in body, f"{path.name}: {forbidden} in the release that stops using it"
        for added in re.findall(r"add_column\((.*?)\n", body):
            assert "nullable=False" not in added or "server_default" in added, f"{path.name}: {added}"
        assert "alter_column" not in body or "nullable=False" not in body, path.name
