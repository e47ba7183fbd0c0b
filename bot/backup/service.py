"""To back up an installation while it runs, and to restore one that is stopped."""

import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.backup import keys
from bot.backup.archive import Damaged, Manifest, pack, unpack
from bot.backup.dumps import ASIDE, Dumps, dumps_of, set_aside
from bot.bootstrap import mandats_services
from bot.clock import Clock
from bot.errors import EquipierError
from bot.journal.checkpoints import ChainBroken
from bot.journal.checkpoints import export as exported
from bot.settings import Settings
from bot.setup.guard import single_run
from bot.storage.engine import Database
from bot.storage.migrate import upgrade
from bot.storage.schema import is_at_head, known_revisions, revision_of

APP, DIALOGUES, KEYS = "application", "dialogues", "cles"
_BUILT = ("models", "index")
_STEPS = {
    APP: "la base de l'application",
    DIALOGUES: "la mémoire des dialogues",
}

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Backup:
    """One that was made.

    Attributes:
        broken: the organisations whose journal does not hold, and was not signed.
    """

    path: Path
    manifest: Manifest
    broken: tuple[str, ...]


def back_up(
    settings: Settings,
    target: Path,
    *,
    clock: Clock,
    built: bool = False,
    passphrase: str | None = None,
    tell: Tell = lambda _: None,
) -> Backup:
    """Writes a backup to the new file *target*, or to a file named after the instant in the folder *target*.

    Every journal is verified and signed first, so that the backup itself tells how far each one went; not those of a
    database that another version left, which are read once it is restored.

    Args:
        built: the model and the index too, which can be built again without them.
        passphrase: takes the keys too, under it; ``None`` leaves them out.
        tell: told each step, in French.

    Raises:
        EquipierError: a database cannot be read, or *target* exists.
    """
    now = clock.now()
    if target.is_dir():
        target = target / f"equipier-{now:%Y-%m-%dT%H%M%SZ}.tar.gz"
    if target.exists():
        raise EquipierError(f"{target} existe déjà", hint="Donnez un autre nom, ou un dossier.")
    if not target.absolute().parent.is_dir():
        raise EquipierError(f"le dossier {target.absolute().parent} n'existe pas")
    database = Database.at(settings.sqlalchemy_url)
    schema, readable = revision_of(database), is_at_head(database)
    database.close()
    checkpoints: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    if readable:
        tell("vérification et signature des journaux")
        checkpoints, broken = _signed(settings, clock)
    else:
        tell("la base n'est pas au schéma de cette version\u202f: les journaux ne sont ni vérifiés ni signés")
    with TemporaryDirectory(dir=target.absolute().parent, prefix=".equipier-") as folder:
        files: dict[str, Path] = {}
        kinds: dict[str, str] = {}
        for name, dumps in _databases(settings).items():
            tell(_STEPS[name])
            files[name] = Path(folder) / name
            kinds[name] = dumps.kind
            dumps.dump(files[name])
        if passphrase is not None:
            files[KEYS] = Path(folder) / KEYS
            files[KEYS].touch(mode=0o600)
            files[KEYS].write_bytes(keys.sealed(settings, passphrase))
        if built:
            files |= _built(settings)
        tell("écriture de l'archive")
        manifest = Manifest(now, schema, kinds, checkpoints, keys=passphrase is not None)
        return Backup(target, pack(manifest, files, target), broken)


def restore(
    settings: Settings,
    archive: Path,
    *,
    force: bool = False,
    keys_to: Path | None = None,
    passphrase: str = "",
    tell: Tell = lambda _: None,
) -> Manifest:
    """Puts the backup *archive* in the place of what the settings name, and brings it to the present schema.

    Everything is checked before anything is changed. What a SQLite file held is kept beside it.

    Args:
        force: replaces databases that hold something.
        keys_to: new file for the keys of the backup; ``None`` leaves them where they are.
        passphrase: opens them.

    Raises:
        Damaged: *archive* is not a whole backup.
        EquipierError: it cannot be restored here; the message says why.
    """
    if not archive.is_file():
        raise EquipierError(f"il n'y a pas de sauvegarde {archive}")
    with ExitStack() as held:
        held.enter_context(single_run(settings.var_dir))
        folder = Path(held.enter_context(TemporaryDirectory(dir=settings.var_dir, prefix=".restauration-")))
        tell("vérification de l'archive")
        manifest = unpack(archive, folder)
        if manifest.schema not in known_revisions():
            raise EquipierError(
                f"cette sauvegarde vient d'une version plus récente (révision {manifest.schema})",
                hint="Mettez Équipier à jour, puis recommencez.",
            )
        databases = _databases(settings, present=manifest.databases)
        _require_a_place_for(manifest, databases, force=force)
        opened = keys.opened((folder / KEYS).read_bytes(), passphrase) if keys_to is not None else {}
        if keys_to is not None:
            keys.write(opened, keys_to)
        for name, dumps in databases.items():
            tell(_STEPS[name])
            dumps.load(folder / name)
        # Events that were on their way belong to what was replaced; the message log has what they told.
        set_aside(settings.var_dir / "rasa_events.db")
        _put_back_built(folder, settings)
    tell("mise au schéma de cette version")
    database = Database.at(settings.sqlalchemy_url)
    try:
        upgrade(database)
    finally:
        database.close()
    return manifest


def _signed(settings: Settings, clock: Clock) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The checkpoints of the journals that hold, and the organisations of those that do not."""
    services = mandats_services(settings, clock=clock)
    signed, broken = [], []
    try:
        for organisation in services.journal.chains():
            try:
                signed.append(exported(services.checkpoints.sign(organisation)))
            except ChainBroken:
                broken.append(organisation)
    finally:
        services.close()
    return tuple(signed), tuple(broken)


def _databases(settings: Settings, *, present: Mapping[str, str] | None = None) -> dict[str, Dumps]:
    """Those of the settings; only the *present* ones, or those that there are."""
    all_of_them = {APP: dumps_of(settings.sqlalchemy_url), DIALOGUES: dumps_of(settings.tracker_sqlalchemy_url)}
    if present is not None:
        return {name: dumps for name, dumps in all_of_them.items() if name in present}
    # The first conversation makes it.
    if not settings.tracker_url.get_secret_value() and not (settings.var_dir / "rasa.db").exists():
        del all_of_them[DIALOGUES]
    return all_of_them


def _require_a_place_for(manifest: Manifest, databases: Mapping[str, Dumps], *, force: bool) -> None:
    if APP not in databases:
        raise Damaged("la base de l'application n'y est pas")
    for name, dumps in databases.items():
        if name not in manifest.files:
            raise Damaged(f"il y manque {name}")
        if manifest.databases[name] != dumps.kind:
            raise EquipierError(
                f"cette sauvegarde est celle d'une base {manifest.databases[name]}, et les réglages donnent une base "
                f"{dumps.kind}",
                hint="Réglez EQUIPIER_DATABASE_URL et EQUIPIER_TRACKER_URL sur des bases du même genre.",
            )
        if not force and not dumps.is_empty():
            raise EquipierError(
                f"{_STEPS[name]} n'est pas vide\u202f: rien n'a été changé",
                hint="Pour remplacer ce qu'elle contient\u202f: --force (un fichier SQLite est gardé sous "
                f"«\u00a0.{ASIDE}\u00a0»).",
            )
        if dumps.in_use():
            raise EquipierError(
                f"{_STEPS[name]} est utilisée par d'autres processus\u202f: rien n'a été changé",
                hint="Arrêtez tous les processus d'Équipier, sur toutes les machines, puis recommencez.",
            )


def _built(settings: Settings) -> dict[str, Path]:
    return {
        f"{name}/{path.relative_to(folder).as_posix()}": path
        for name, folder in zip(_BUILT, (settings.model_dir, settings.index_dir), strict=True)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def _put_back_built(folder: Path, settings: Settings) -> None:
    for name, target in zip(_BUILT, (settings.model_dir, settings.index_dir), strict=True):
        if (folder / name).is_dir():
            shutil.copytree(folder / name, target, dirs_exist_ok=True)
