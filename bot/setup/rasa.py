"""How Rasa's own environment is called from ours."""

import os
from collections.abc import Mapping
from pathlib import Path

from bot.settings import ROOT

NLU = ROOT / "nlu"

# What Rasa does not know it cannot leak: it gets none of our settings but those that its configuration names.
_OURS = "EQUIPIER_"


def rasa_command(*arguments: str, nlu: Path = NLU) -> tuple[str, ...]:
    """The command line of `rasa …`; to be run in the folder *nlu*, from which `components` is imported."""
    return (*_module(nlu), "rasa", *arguments)


def serving_command(*arguments: str, nlu: Path = NLU) -> tuple[str, ...]:
    """The command line of our server of the dialogue (``nlu/serving``), likewise."""
    return (*_module(nlu), "serving", *arguments)


def rasa_environment(base: Mapping[str, str] | None = None, *, nlu: Path = NLU) -> dict[str, str]:
    """The environment variables of Rasa: the machine's without our settings, no telemetry, one thread per library.

    Two cores serve five processes; more threads only make them wait for each other.
    """
    environment = {key: value for key, value in (base or os.environ).items() if not key.startswith(_OURS)}
    for key in ("VIRTUAL_ENV", "PYTHONHOME"):
        environment.pop(key, None)
    return environment | {
        "PYTHONPATH": str(nlu),
        "RASA_TELEMETRY_ENABLED": "false",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_INTRA_OP_PARALLELISM_THREADS": "1",
        "TF_INTER_OP_PARALLELISM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _module(nlu: Path) -> tuple[str, ...]:
    return (str(nlu / ".venv" / "bin" / "python"), "-W", "ignore", "-m")
