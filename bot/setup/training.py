"""Trains the understanding and dialogue model when its inputs changed, and says which model is in use."""

import os
import shutil
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.errors import EquipierError
from bot.fiches.training import write_training_questions
from bot.settings import ROOT, Settings
from bot.setup.hashing import content_hash
from bot.setup.rasa import rasa_command, rasa_environment

INPUTS = (
    "nlu/components",
    "nlu/config.yml",
    "nlu/domain",
    "nlu/lexicons",
    "nlu/requirements.lock",
    "nlu/training",
    "stories",
    # The inputs of the generated examples (``write_training_questions``).
    "bot/fiches/bank",
    "bot/fiches/guides",
    "bot/fiches/training.py",
)
_KEPT = 2  # the present model and the one before, which serves if the next training fails
_TIMEOUT = 1800  # seconds

# argv, folder, environment, log file → exit code
Runner = Callable[[Sequence[str], Path, Mapping[str, str], Path], int]


@dataclass(frozen=True, slots=True)
class ModelState:
    """The model in use.

    Attributes:
        path: the archive to load; ``None`` when no model was ever trained.
        current: it was trained from the present inputs.
        failure: why a training that was just tried gave nothing; empty otherwise.
    """

    path: Path | None
    current: bool
    failure: str = ""


def run_training(argv: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path) -> int:
    """Runs the training, its output going to *log*; 124 when it took longer than half an hour."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as output:
        try:
            return subprocess.run(  # noqa: S603  our own interpreter and arguments
                argv,
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=_TIMEOUT,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            return 124
        except OSError as error:
            output.write(f"{error}\n")
            return 127


def model_name(root: Path = ROOT) -> str:
    """File name of the model that the present inputs give."""
    return f"equipier-{content_hash(root, INPUTS)[:12]}.tar.gz"


def model_state(settings: Settings, *, root: Path = ROOT) -> ModelState:
    """The model of the present inputs, else the newest one there is."""
    wanted = settings.model_dir / model_name(root)
    if wanted.is_file():
        return ModelState(wanted, current=True)
    newest = _newest_first(settings.model_dir)
    return ModelState(newest[0] if newest else None, current=False)


def current_model(settings: Settings, *, root: Path = ROOT) -> Path:
    """The archive to load.

    Raises:
        EquipierError: no model was trained yet.
    """
    state = model_state(settings, root=root)
    if state.path is None:
        raise EquipierError("aucun modèle de compréhension", hint="Entraînez-le : equipier nlu train")
    return state.path


def usable_model(settings: Settings, *, root: Path = ROOT) -> Path:
    """The archive to load: that of :func:`current_model`, or the newest whole one when that one is damaged.

    When none is whole the damaged one is given: its process says what is wrong with it.

    Raises:
        EquipierError: no model was trained yet.
    """
    wanted = current_model(settings, root=root)
    return next((path for path in (wanted, *_newest_first(settings.model_dir)) if is_whole(path)), wanted)


def is_whole(archive: Path) -> bool:
    """Whether *archive* can be read to its end."""
    try:
        with tarfile.open(archive) as content:
            return len(content.getnames()) > 0
    except (OSError, EOFError, tarfile.TarError, zlib.error):
        return False


def ensure_model(
    settings: Settings, *, force: bool = False, root: Path = ROOT, run: Runner = run_training
) -> ModelState:
    """Trains the model unless that of the present inputs is there; a failure leaves the previous one in use.

    Args:
        force: train even if nothing changed.

    Raises:
        EquipierError: the training failed and there is no previous model.
    """
    before = model_state(settings, root=root)
    if before.current and before.path and not force and is_whole(before.path):
        os.utime(before.path)  # it is the newest again, even if an older state of the inputs came back
        return before
    log = settings.var_dir / "log" / "train.log"
    settings.model_dir.mkdir(parents=True, exist_ok=True)
    generated = settings.var_dir / "nlu-generated"
    write_training_questions(generated)
    nlu = root / "nlu"
    wanted = settings.model_dir / model_name(root)
    scratch = Path(tempfile.mkdtemp(prefix=".training-", dir=settings.model_dir))
    try:
        code = run(
            rasa_command(
                "train",
                *("--config", str(nlu / "config.yml")),
                *("--domain", str(nlu / "domain")),
                *("--data", str(nlu / "training"), str(root / "stories"), str(generated.resolve())),
                *("--out", str(scratch.resolve())),
                *("--fixed-model-name", wanted.name.removesuffix(".tar.gz")),
                "--force",  # Rasa's cache sees neither the lexicons nor a component's helper functions
                nlu=nlu,
            ),
            nlu,
            rasa_environment(nlu=nlu),
            log,
        )
        trained = scratch / wanted.name
        if code == 0 and trained.is_file():
            trained.replace(wanted)  # whole or absent: an interrupted training never looks finished
            _drop_old(settings.model_dir)
            return ModelState(wanted, current=True)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    failure = f"l'entraînement a échoué (code {code}) : voir {log}"
    if before.path is None:
        raise EquipierError(failure, hint="Corrigez ce que dit ce journal, puis : equipier nlu train")
    return ModelState(before.path, current=before.current, failure=failure)


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("equipier-*.tar.gz"), key=lambda path: path.stat().st_mtime_ns, reverse=True)


def _drop_old(folder: Path) -> None:
    for path in _newest_first(folder)[_KEPT:]:
        path.unlink(missing_ok=True)
