"""What `equipier doctor` looks at: each check says in one line what it found and how to mend it."""

import json
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from bot.clock import Clock, today
from bot.errors import EquipierError
from bot.fiches.index.build import all_questions, index_folder
from bot.fiches.store import FicheStore
from bot.settings import ROOT, Settings
from bot.setup.assets import dsfr_dir
from bot.setup.guard import port_is_free
from bot.setup.npm import find_npm
from bot.setup.processes import ProcessSpec
from bot.setup.readiness import Probe
from bot.setup.secrets import ENV_FILE
from bot.setup.training import model_state
from bot.setup.widget import widget_dir
from bot.shared.redis import SharedMemory, Unreachable
from bot.storage.engine import Database
from bot.storage.schema import is_at_head
from bot.voice.install import missing_packages
from bot.voice.models import MODELS

MINIMUM_FREE = 2 * 1024**3  # bytes


class Level(StrEnum):
    """How serious a finding is; only ``FAIL`` makes the command fail."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, what was found and, unless all is well, the command that mends it."""

    name: str
    level: Level
    message: str
    fix: str = ""


def environments(root: Path = ROOT) -> list[Finding]:
    """Both Python environments, as the bootstrap itself sees them."""
    result = subprocess.run(  # noqa: S603  our own script
        [sys.executable, str(root / "deploy" / "bootstrap.py"), "--check"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    findings = []
    for name, state in json.loads(result.stdout).items():
        label = f"environnement {name}"
        if state["python"] not in state["accepted"]:
            found = f"Python {state['python']}" if state["python"] else "aucun Python utilisable"
            message = f"{found} dans {state['folder']}, il faut {' ou '.join(state['accepted'])}"
            findings.append(Finding(label, Level.FAIL, message, "make setup"))
        elif not state["current"]:
            message = f"Python {state['python']}, mais les paquets ne sont pas ceux du verrou"
            findings.append(Finding(label, Level.FAIL, message, "make setup"))
        else:
            findings.append(Finding(label, Level.OK, f"Python {state['python']}, conforme à son verrou"))
    return findings


def npm(settings: Settings) -> Finding:
    """npm is needed only to fetch the mirror of the fiches."""
    found = find_npm(settings)
    if found:
        return Finding("npm", Level.OK, str(found))
    return Finding("npm", Level.WARN, "absent : il sera installé si le miroir des fiches est nécessaire", "make setup")


def pages(settings: Settings) -> list[Finding]:
    """The design of the pages and the web assistant are there, of this version."""
    static = settings.static_dir
    parts = (("mise en forme des pages", dsfr_dir(static)), ("assistant du web", widget_dir(static)))
    return [
        Finding(name, Level.OK, "en place")
        if folder.is_dir()
        else Finding(name, Level.WARN, "absent, ou d'une autre version", "make setup")
        for name, folder in parts
    ]


def voice(settings: Settings) -> Finding:
    """The voice is optional: its models are whole, or not there at all."""
    whole = [model.complete(settings.voice_dir) for model in MODELS]
    if all(whole) and not missing_packages():
        return Finding("voix", Level.OK, "écoute et lecture installées")
    if any(whole):
        return Finding("voix", Level.WARN, "en partie installée", "equipier voice install")
    return Finding("voix", Level.OK, "pas installée (facultative : equipier voice install)")


def telegram(settings: Settings) -> Finding:
    """Telegram is optional too; with a token, the rest has to follow."""
    if not settings.telegram_token.get_secret_value():
        return Finding("telegram", Level.OK, "pas de robot (facultatif : EQUIPIER_TELEGRAM_TOKEN)")
    if not settings.telegram_secret.get_secret_value():
        return Finding("telegram", Level.FAIL, "EQUIPIER_TELEGRAM_SECRET manque", "make setup")
    if not settings.telegram_bot:
        message = "EQUIPIER_TELEGRAM_BOT manque : la page « Mon compte » ne peut pas montrer de code QR"
        return Finding("telegram", Level.WARN, message, "réglez EQUIPIER_TELEGRAM_BOT")
    return Finding("telegram", Level.OK, f"@{settings.telegram_bot} ({settings.telegram_mode})")


def secrets(settings: Settings, *, env_file: Path = ENV_FILE) -> Finding:
    """Both secrets are set, and the file that holds them is its owner's alone."""
    values = {"EQUIPIER_REST_TOKEN": settings.rest_token, "EQUIPIER_VAULT_KEY": settings.vault_key}
    missing = [name for name, value in values.items() if not value.get_secret_value()]
    if missing:
        return Finding("secrets", Level.FAIL, f"manquants : {', '.join(missing)}", "make setup")
    if env_file.exists():
        mode = stat.S_IMODE(env_file.stat().st_mode)
        if mode & 0o077:
            message = f"{env_file.name} est lisible par d'autres que vous (mode {mode:o})"
            return Finding("secrets", Level.FAIL, message, f"chmod 600 {_shown(env_file)}")
    return Finding("secrets", Level.OK, "présents, et lisibles par vous seul")


def database(settings: Settings) -> Finding:
    """The database answers and its schema is the one of this version."""
    opened = Database.at(settings.sqlalchemy_url)
    try:
        if is_at_head(opened):
            return Finding("base de données", Level.OK, "joignable et à jour")
        return Finding("base de données", Level.FAIL, "son schéma n'est pas à jour", "equipier db upgrade")
    except SQLAlchemyError as error:
        message = f"injoignable ({type(error).__name__})"
        return Finding("base de données", Level.FAIL, message, "vérifiez EQUIPIER_DATABASE_URL")
    finally:
        opened.close()


def shared(settings: Settings) -> list[Finding]:
    """What an installation of several processes needs beside its database, as far as it is one."""
    findings = []
    if settings.redis_url.get_secret_value():
        memory = SharedMemory(settings.redis_url)
        try:
            memory.run("return 1", "equipier:doctor")
            findings.append(Finding("redis", Level.OK, "joignable"))
        except Unreachable:
            message = "injoignable : chaque passerelle compte ses limites seule"
            findings.append(Finding("redis", Level.WARN, message, "vérifiez EQUIPIER_REDIS_URL"))
        finally:
            memory.close_now()
    if not settings.sqlalchemy_url.startswith("sqlite"):
        missing = [tool for tool in ("pg_dump", "pg_restore", "psql") if shutil.which(tool) is None]
        if missing:
            message = f"impossibles sur cette machine : {', '.join(missing)} manque"
            findings.append(Finding("sauvegardes", Level.WARN, message, "installez « postgresql-client »"))
        else:
            findings.append(Finding("sauvegardes", Level.OK, "possibles (pg_dump est là)"))
        if not settings.redis_url.get_secret_value():
            message = "aucun : pas plus d'une passerelle"
            findings.append(Finding("redis", Level.OK, message))
    return findings


def fiches(settings: Settings, clock: Clock) -> list[Finding]:
    """Fiches are there, recent enough, and the search index is theirs."""
    opened = Database.at(settings.sqlalchemy_url)
    try:
        snapshot = FicheStore(opened).current()
    except SQLAlchemyError:
        snapshot = None  # the line about the database says more
    finally:
        opened.close()
    if snapshot is None:
        return [Finding("fiches", Level.FAIL, "aucune fiche en base", "equipier fiches import")]
    findings = []
    age = (today(clock) - snapshot.published).days if snapshot.published else None
    dated = f"{snapshot.count} fiches ({snapshot.label})"
    if age is None or age > settings.stale_after_days:
        what = "sans date connue" if age is None else f"la plus récente a {age} jours"
        findings.append(Finding("fiches", Level.WARN, f"{dated}, {what}", "equipier fiches import --source dila"))
    else:
        findings.append(Finding("fiches", Level.OK, f"{dated}, la plus récente a {age} jours"))
    if (index_folder(settings, snapshot, all_questions()) / "meta.json").exists():
        findings.append(Finding("index de recherche", Level.OK, "correspond aux fiches"))
    else:
        message = "absent, ou construit pour d'autres fiches"
        findings.append(Finding("index de recherche", Level.FAIL, message, "equipier index build"))
    return findings


def model(settings: Settings) -> Finding:
    """There is a model, and it was trained from the present data."""
    state = model_state(settings)
    if state.path is None:
        return Finding("modèle", Level.FAIL, "aucun modèle entraîné", "equipier nlu train")
    if not state.current:
        message = f"{state.path.name} : les données d'entraînement ont changé depuis"
        return Finding("modèle", Level.WARN, message, "equipier nlu train")
    return Finding("modèle", Level.OK, f"{state.path.name}, à jour")


def disk(settings: Settings) -> Finding:
    """Room for one more model, index and import."""
    folder = next(path for path in (settings.var_dir, *settings.var_dir.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    shown = f"{free / 1024**3:.1f} Gio libres".replace(".", ",")
    if free < MINIMUM_FREE:
        return Finding("disque", Level.FAIL, f"{shown}, il en faut 2", "libérez de la place sur ce disque")
    return Finding("disque", Level.OK, shown)


def processes(specs: Iterable[ProcessSpec], probe: Probe) -> list[Finding]:
    """Each process answers, or is stopped and its port is free."""
    findings = []
    for spec in specs:
        label = f"processus {spec.name}"
        if probe(spec):
            where = f" (port {spec.port})" if spec.port else ""
            findings.append(Finding(label, Level.OK, f"{spec.label} : prêt{where}"))
        elif spec.port is not None and not port_is_free(spec.port):
            message = f"le port {spec.port} est pris et n'y répond pas comme attendu"
            findings.append(Finding(label, Level.FAIL, message, f"arrêtez ce programme, ou changez {spec.setting}"))
        else:
            findings.append(Finding(label, Level.WARN, f"{spec.label} : arrêté", "make run"))
    return findings


def examine(
    settings: Settings, clock: Clock, *, specs: Callable[[], Iterable[ProcessSpec]], probe: Probe
) -> list[Finding]:
    """Every check, in the order in which things have to be mended."""
    findings = [*environments(), npm(settings), secrets(settings), disk(settings), database(settings)]
    findings += shared(settings)
    findings += [*pages(settings), *fiches(settings, clock), model(settings), voice(settings), telegram(settings)]
    try:
        findings += processes(specs(), probe)
    except EquipierError as error:
        findings.append(Finding("processus", Level.WARN, f"ne peuvent pas démarrer : {error}", error.hint))
    return findings


def _shown(path: Path) -> str:
    """*path* as one would type it from the project's folder."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
