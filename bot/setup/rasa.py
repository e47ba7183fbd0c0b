"""How Rasa's own environment is called from ours."""

import os
from collections.abc import Mapping
from pathlib import Path

from bot.settings import ROOT

NLU = ROOT / "nlu"

# Rasa has no use for them, and what it does not know it cannot leak.
_KEPT_FROM_RASA = ("EQUIPIER_REST_TOKEN", "EQUIPIER_VAULT_KEY", "EQUIPIER_DATABASE_URL")


def rasa_command(*arguments: str, nlu: Path = NLU) -> tuple[str, ...]:
    """The command line of `rasa …`; to be run in the folder *nlu*, from which `components` is imported."""
    return (str(nlu / ".venv" / "bin" / "python"), "-W", "ignore", "-m", "rasa", *arguments)


def rasa_environment(base: Mapping[str, str] | None = None, *, nlu: Path = NLU) -> dict[str, str]:
    """The environment variables of Rasa: ours without the secrets, no telemetry, one thread per library.

    Two cores serve five processes; more threads only make them wait for each other.
    """
    environment = {key: value for key, value in (base or os.environ).items() if key not in _KEPT_FROM_RASA}
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
