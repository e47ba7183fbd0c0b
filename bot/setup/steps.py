"""The steps that bring an installed checkout to a working assistant; each does nothing when it is already done.

A step returns a few French words that say what it did. They stand in the order in which they run: each one needs
those before it.
"""

import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from bot.errors import CorpusError
from bot.fiches.index.build import ensure_index
from bot.fiches.store import FicheStore
from bot.settings import ROOT, Settings, get_settings
from bot.setup.secrets import ensure_secrets
from bot.setup.training import ensure_model
from bot.storage.engine import Database
from bot.storage.migrate import upgrade

Progress = Callable[[str, int, int], None]  # label, done, total
ProgressBars = Callable[[], AbstractContextManager[Progress]]
# Runs `equipier …` on the same terminal; returns the exit code.
Command = Callable[[Sequence[str]], int]


def run_equipier(arguments: Sequence[str]) -> int:
    """Runs one of our own commands in a process of its own: its memory is given back when it ends."""
    argv = [sys.executable, "-m", "bot", *arguments]
    return subprocess.run(argv, cwd=ROOT, check=False).returncode  # noqa: S603  ourselves


def secrets_step() -> str:
    """Makes the development secrets that are missing; the settings are read again if so."""
    made = ensure_secrets()
    if not made:
        return "en place"
    get_settings.cache_clear()
    return f"créés dans var/equipier.env : {', '.join(made)}"


def database_step(settings: Settings) -> str:
    """Brings the database to the schema of this version."""
    database = Database.at(settings.sqlalchemy_url)
    try:
        upgrade(database)
    finally:
        database.close()
    return "à jour"


def fiches_step(settings: Settings, *, run: Command = run_equipier) -> str:
    """Imports the fiches when there are none; refreshing them is the operator's choice.

    Raises:
        CorpusError: the import failed; its own message is already on the terminal.
    """
    database = Database.at(settings.sqlalchemy_url)
    try:
        store = FicheStore(database)
        snapshot = store.current()
        if snapshot is None:
            if run(("fiches", "import", "--source", "auto")) != 0:
                raise CorpusError(
                    "les fiches n'ont pas pu être importées",
                    hint="Suivez l'indication donnée plus haut, puis relancez la commande.",
                )
            snapshot = store.current()
        if snapshot is None:
            raise CorpusError("l'import n'a laissé aucune fiche en base", hint="equipier fiches import")
        return f"{snapshot.count} en base ({snapshot.label})"
    finally:
        database.close()


def index_step(settings: Settings, bars: ProgressBars) -> str:
    """Builds the search index of the present fiches."""
    database = Database.at(settings.sqlalchemy_url)
    try:
        with bars() as progress:
            folder = ensure_index(settings, FicheStore(database), progress=progress)
    finally:
        database.close()
    return f"prêt ({folder.name})"


def model_step(settings: Settings) -> str:
    """Trains the model when its inputs changed; a failure is said and leaves the previous model in use."""
    state = ensure_model(settings)
    name = state.path.name if state.path else ""
    if state.failure:
        return f"⚠ {state.failure} ; le modèle précédent reste en service ({name})"
    return name
