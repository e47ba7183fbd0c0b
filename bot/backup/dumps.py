"""A database as a file, and back: the whole of it at one instant, while it is in use."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Protocol

from sqlalchemy import URL, create_engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from bot.errors import EquipierError

ASIDE = "avant-restauration"
# What another version of the schema may have left: its tables would be in the way of ours.
_DROP_ALL = """DO $$ DECLARE name text; BEGIN
FOR name IN SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'
LOOP EXECUTE 'DROP TABLE IF EXISTS public.' || name || ' CASCADE'; END LOOP; END $$"""
# What a new database has rows in: its revision, and what SQLite keeps of an index of words.
_OF_THE_SCHEMA = ("alembic_version", "episode_search", "sqlite_")
_PLAIN = ("--no-owner", "--no-privileges")


class Dumps(Protocol):
    """One database."""

    kind: str

    def dump(self, target: Path) -> None:
        """Writes all that it holds now to the file *target*.

        Raises:
            EquipierError: it cannot be read.
        """
        ...

    def is_empty(self) -> bool:
        """Whether there is no row in any of its tables, that of its revision left out.

        Raises:
            EquipierError: it cannot be reached.
        """
        ...

    def in_use(self) -> bool:
        """Whether another process has it open, as far as can be told."""
        ...

    def load(self, source: Path) -> None:
        """Puts what *source* holds in the place of what was there: all of it, or nothing.

        Raises:
            EquipierError: it cannot be; nothing has changed.
        """
        ...


def dumps_of(url: str) -> Dumps:
    """What dumps and loads the database at the SQLAlchemy address *url*."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return SqliteFile(Path(parsed.database or ""))
    return PostgresqlDatabase(parsed)


class SqliteFile:
    """A file of SQLite. What it replaces is kept beside it."""

    kind = "sqlite"

    def __init__(self, path: Path) -> None:
        self._path = path

    def dump(self, target: Path) -> None:
        if not self._path.exists():
            raise EquipierError(f"la base {self._path.name} n'existe pas", hint="Lancez «\u00a0make setup\u00a0».")
        address = f"{self._path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without companions

    def is_empty(self) -> bool:
        return not self._path.exists() or _is_empty(URL.create("sqlite", database=str(self._path)))

    def in_use(self) -> bool:
        """The processes of this folder hold its lock (``bot.setup.guard``), which says more."""
        return False

    def load(self, source: Path) -> None:
        _require_whole(source)
        incoming = self._path.with_name(f".{self._path.name}.restauration")
        incoming.unlink(missing_ok=True)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, incoming)
        incoming.chmod(0o600)
        set_aside(self._path)
        incoming.replace(self._path)


class PostgresqlDatabase:
    """A database of PostgreSQL, by its own tools; the password is in no command line."""

    kind = "postgresql"

    def __init__(self, url: URL) -> None:
        self._url = url

    def dump(self, target: Path) -> None:
        self._run("pg_dump", "--format=custom", "--compress=0", *_PLAIN, f"--file={target}")

    def is_empty(self) -> bool:
        return _is_empty(self._driven)

    def in_use(self) -> bool:
        others = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        engine = create_engine(self._driven)
        try:
            with engine.connect() as connection:
                return bool(connection.scalar(text(others)))
        finally:
            engine.dispose()

    def load(self, source: Path) -> None:
        script = source.with_suffix(".sql")
        self._run("pg_restore", "--clean", "--if-exists", *_PLAIN, f"--file={script}", str(source))
        self._run(
            "psql",
            *("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null"),
            *("--command", _DROP_ALL, f"--file={script}"),
        )

    @property
    def _driven(self) -> URL:
        """The same address for the driver of this environment: Rasa's has another."""
        return self._url.set(drivername="postgresql+psycopg")

    def _run(self, tool: str, *arguments: str) -> None:
        found = shutil.which(tool)
        if found is None:
            raise EquipierError(
                f"la commande {tool} manque sur cette machine",
                hint="Installez les outils de PostgreSQL (paquet «\u00a0postgresql-client\u00a0»), de la version du "
                "serveur ou d'une plus récente.",
            )
        result = subprocess.run(  # noqa: S603  a tool of PostgreSQL and our own arguments
            (found, *arguments), env={**os.environ, **self._environment()}, capture_output=True, text=True, check=False
        )
        if result.returncode:
            said = next(iter(result.stderr.strip().splitlines()), f"code {result.returncode}")
            raise EquipierError(f"{tool} a échoué\u202f: {said}", hint="Cette base n'a pas été changée.")

    def _environment(self) -> Mapping[str, str]:
        url = self._url
        told = {
            "PGHOST": url.host,
            "PGPORT": str(url.port) if url.port else None,
            "PGUSER": url.username,
            "PGPASSWORD": url.password,
            "PGDATABASE": url.database,
            "PGSSLMODE": next(iter(url.normalized_query.get("sslmode", ())), None),
        }
        return {name: str(value) for name, value in told.items() if value} | {
            "PGOPTIONS": "-c client_min_messages=error"
        }


def set_aside(path: Path) -> None:
    """Renames a file of SQLite and its companions, if they are there; an earlier one set aside is replaced."""
    for suffix in ("", "-wal", "-shm"):
        file = path.with_name(path.name + suffix)
        kept = path.with_name(f"{path.name}.{ASIDE}{suffix}")
        kept.unlink(missing_ok=True)
        if file.exists():
            file.replace(kept)


def _require_whole(file: Path) -> None:
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            whole = connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    except sqlite3.Error:
        whole = False
    if not whole:
        raise EquipierError("la base de cette sauvegarde est abîmée", hint="Rien n'a été changé.")


def _is_empty(url: URL) -> bool:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            tables = [name for name in inspect(connection).get_table_names() if not name.startswith(_OF_THE_SCHEMA)]
            quote = connection.dialect.identifier_preparer.quote
            return not any(
                connection.scalar(text(f"SELECT 1 FROM {quote(table)} LIMIT 1"))  # noqa: S608  names of its own tables
                for table in tables
            )
    except DBAPIError as error:
        raise EquipierError(
            f"la base est injoignable ({type(error).__name__})", hint="Vérifiez EQUIPIER_DATABASE_URL."
        ) from error
    finally:
        engine.dispose()
