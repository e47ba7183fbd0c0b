"""The steps that bring an installed checkout to a working assistant; each does nothing when it is already done.

A step returns a few French words that say what it did. They stand in the order in which they run: each one needs
those before it.
"""

import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from bot.bootstrap import mandats_services
from bot.errors import CorpusError, EquipierError
from bot.fiches.index.build import ensure_index
from bot.fiches.store import FicheStore
from bot.settings import ROOT, Settings, get_settings
from bot.setup import charts
from bot.setup.assets import PACKAGE, VERSION, ensure_assets
from bot.setup.charts import ensure_charts
from bot.setup.npm import ensure_npm
from bot.setup.secrets import ensure_secrets
from bot.setup.training import ensure_model
from bot.setup.widget import ensure_widget
from bot.storage.engine import Database
from bot.storage.migrate import upgrade

Progress = Callable[[str, int, int], None]  # label, done, total
ProgressBars = Callable[[], AbstractContextManager[Progress]]
_ADMIN_NAME = "Administration"
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


def admin_step(settings: Settings) -> str:
    """Invites the first admin when there is none: the link is told once, and nobody has a password by default.

    Raises:
        WrongField: the address of the settings is not one.
    """
    services = mandats_services(settings)
    try:
        secret = services.aidants.first_admin(settings.admin_email, _ADMIN_NAME)
        if secret is not None:
            link = f"{settings.public_url.rstrip('/')}/inscription/{secret}"
            return f"invité ({settings.admin_email}) ; lien d'inscription, bon une seule fois et 72 heures : {link}"
        if any(one.admin and one.active and one.enrolled for one in services.aidants.everyone()):
            return "en place"
        return f"inscription en attente ; lien perdu ? equipier aidants reinitialiser {settings.admin_email}"
    finally:
        services.close()


def assets_step(settings: Settings) -> str:
    """Fetches the files of the pages' design; without them the pages still work, bare."""
    return _optional(
        lambda npm: ensure_assets(settings.static_dir, npm=npm),
        settings,
        said=lambda _, fetched: f"{PACKAGE} {VERSION} {'téléchargé' if fetched else 'en place'}",
        without="les pages s'afficheront sans mise en forme",
    )


def charts_step(settings: Settings) -> str:
    """Fetches what draws the charts; without it the dashboards show their tables."""
    return _optional(
        lambda npm: ensure_charts(settings.static_dir, npm=npm),
        settings,
        said=lambda _, fetched: f"{charts.PACKAGE} {charts.VERSION} {'téléchargé' if fetched else 'en place'}",
        without="le tableau de bord n'aura que ses tableaux",
    )


def widget_step(settings: Settings) -> str:
    """Builds the help-desk widget; without it the other pages still work."""
    return _optional(
        lambda npm: ensure_widget(settings.static_dir, npm=npm),
        settings,
        said=lambda folder, built: f"{'construit' if built else 'en place'} ({folder.name})",
        without="la page de l'assistant ne fonctionnera pas",
    )


def _optional(
    ensure: Callable[[Callable[[], Path]], tuple[Path, bool]],
    settings: Settings,
    *,
    said: Callable[[Path, bool], str],
    without: str,
) -> str:
    """Gets with npm what the pages can do without: that it is missing is said, not fatal."""
    try:
        return said(*ensure(lambda: ensure_npm(settings)))
    except EquipierError as error:
        return f"⚠ {error} ; {without}. {error.hint}".rstrip()


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
