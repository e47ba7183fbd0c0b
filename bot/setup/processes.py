"""The table of Équipier's processes: how each one is started, and how it says that it is ready."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bot.errors import EquipierError
from bot.settings import ROOT, Settings
from bot.setup.rasa import rasa_environment, serving_command
from bot.setup.training import usable_model
from bot.voice.models import MODELS

# Products of small matrices: threads of theirs would only wait for each other, and for the other processes.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """One process.

    Attributes:
        label: what it does, in French, in a few words.
        environment: all its environment variables.
        url: address that answers 200 once it is ready; ``None`` for a process that serves nothing.
        port: the port it listens on; ``None`` likewise.
        setting: the setting that changes the port.
        alive: file that it touches when it works, for a process without address.
    """

    name: str
    label: str
    argv: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(repr=False)
    url: str | None = None
    port: int | None = None
    setting: str = ""
    alive: Path | None = None


NAMES = ("rasa", "actions", "gateway", "worker")
OPTIONAL = ("voice", "telegram")  # started once their models are installed, or their token is set


def procfile() -> str:
    """The content of ``Procfile``: the same table, for whoever runs it with honcho, foreman or systemd."""
    return "".join(f"{name}: .venv/bin/equipier process {name}\n" for name in NAMES)


def process_specs(settings: Settings, *, base: Mapping[str, str] | None = None) -> tuple[ProcessSpec, ...]:
    """The processes to start on this machine.

    Servers that the settings place on another machine are left out, and so is what is not set up.

    Raises:
        EquipierError: there is no trained model.
    """
    wanted = (name for name in (*NAMES, *OPTIONAL) if is_local(name, settings) and is_set_up(name, settings))
    return tuple(process_spec(name, settings, base=base) for name in wanted)


def is_local(name: str, settings: Settings) -> bool:
    """Whether the settings place the process *name* on this machine."""
    address = {"rasa": settings.rasa_url, "actions": settings.actions_url, "voice": settings.voice_url}.get(name)
    return address is None or urlsplit(address).hostname in _LOOPBACK


def is_set_up(name: str, settings: Settings) -> bool:
    """Whether the process *name* would have something to do."""
    match name:
        case "voice":
            return any(model.complete(settings.voice_dir) for model in MODELS)
        case "telegram":
            return bool(settings.telegram_token.get_secret_value()) and settings.telegram_mode == "polling"
        case _:
            return True


def process_spec(name: str, settings: Settings, *, base: Mapping[str, str] | None = None) -> ProcessSpec:
    """How to start the process *name* now: the model is the one in use at this instant.

    Raises:
        EquipierError: unknown name, or no trained model.
    """
    environment = dict(os.environ if base is None else base)
    match name:
        case "rasa":
            return _rasa(settings, environment)
        case "actions":
            port = _port(settings.actions_url, "EQUIPIER_ACTIONS_URL")
            return ProcessSpec(
                name=name,
                label="recherche et réponses",
                argv=(sys.executable, "-m", "actions"),
                folder=ROOT,
                environment=_ONE_THREAD | environment | {"EQUIPIER_ACTIONS_PORT": str(port)},
                url=f"http://127.0.0.1:{port}/health",
                port=port,
                setting="EQUIPIER_ACTIONS_URL",
            )
        case "gateway":
            return ProcessSpec(
                name=name,
                label="passerelle",
                argv=(sys.executable, "-m", "bot", "gateway"),
                folder=ROOT,
                environment=_ONE_THREAD | environment,
                url=f"http://{_reachable(settings.gateway_host)}:{settings.gateway_port}/healthz",
                port=settings.gateway_port,
                setting="EQUIPIER_GATEWAY_PORT",
            )
        case "worker":
            return ProcessSpec(
                name=name,
                label="travaux de fond",
                argv=(sys.executable, "-m", "bot", "worker"),
                folder=ROOT,
                environment=environment,
                alive=settings.var_dir / "worker.alive",
            )
        case "voice":
            port = _port(settings.voice_url, "EQUIPIER_VOICE_URL")
            return ProcessSpec(
                name=name,
                label="voix",
                argv=(sys.executable, "-m", "bot", "voice", "serve"),
                folder=ROOT,
                # glibc otherwise keeps for itself a quarter of a gigabyte of what its threads have used once.
                environment={"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "100000"} | environment,
                url=f"http://127.0.0.1:{port}/health",
                port=port,
                setting="EQUIPIER_VOICE_URL",
            )
        case "telegram":
            return ProcessSpec(
                name=name,
                label="messages de Telegram",
                argv=(sys.executable, "-m", "bot", "telegram"),
                folder=ROOT,
                environment=environment,
                alive=settings.var_dir / "telegram.alive",
            )
        case _:
            known = ", ".join((*NAMES, *OPTIONAL))
            raise EquipierError(f"processus inconnu : {name}", hint=f"Au choix : {known}.")


def _rasa(settings: Settings, environment: dict[str, str]) -> ProcessSpec:
    port = _port(settings.rasa_url, "EQUIPIER_RASA_URL")
    actions = _port(settings.actions_url, "EQUIPIER_ACTIONS_URL") if is_local("actions", settings) else None
    events = settings.events_url.get_secret_value()
    queue = urlsplit(events)
    return ProcessSpec(
        name="rasa",
        label="compréhension",
        argv=serving_command(
            *("--interface", settings.internal_host),
            *("--port", str(port)),
            *("--model", str(usable_model(settings).resolve())),
            *("--endpoints", "endpoints_rabbitmq.yml" if events else "endpoints.yml"),
        ),
        folder=ROOT / "nlu",
        environment=rasa_environment(environment)
        | {
            "EQUIPIER_ACTIONS_URL": f"http://127.0.0.1:{actions}" if actions else settings.actions_url.rstrip("/"),
            "EQUIPIER_TRACKER_URL": settings.tracker_sqlalchemy_url,
            "EQUIPIER_REDIS_URL": settings.redis_url.get_secret_value(),
            "EQUIPIER_EVENTS_DB": str((settings.var_dir / "rasa_events.db").resolve()),
            "EQUIPIER_EVENTS_URL": events,
            "EQUIPIER_EVENTS_USER": unquote(queue.username or ""),
            "EQUIPIER_EVENTS_PASSWORD": unquote(queue.password or ""),
            "EQUIPIER_EVENTS_PORT": str(queue.port or 5672),
        },
        url=f"http://127.0.0.1:{port}/status",
        port=port,
        setting="EQUIPIER_RASA_URL",
    )


def _port(url: str, setting: str) -> int:
    port = urlsplit(url).port
    if port is None:
        raise EquipierError(f"{setting} ne donne pas de port : {url}", hint="Par exemple : http://127.0.0.1:5005")
    return port


def _reachable(host: str) -> str:
    """The address at which a server bound to *host* can be reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104  read, not bound
