"""The secrets of an installation in containers: one file each, made once, never replaced."""

import os
import secrets
from pathlib import Path

from bot.setup.secrets import MADE, make_secret

_SERVERS = ("postgres", "redis", "rabbitmq")
_PASSWORD_BYTES = 24


def ensure_secret_files(folder: Path) -> tuple[str, ...]:
    """Makes the files that *folder* lacks, for ``deploy/compose.yaml``; returns their names.

    The folder is its owner's alone; its files can be read, since each is given to one container, whose user is
    another. The password of a server and the addresses that hold it are made together, or not at all.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    made = [name.lower() for name in MADE if _write(folder / name.lower(), make_secret(name))]
    for server in _SERVERS:
        files = _files_of(server, secrets.token_urlsafe(_PASSWORD_BYTES))
        if not any((folder / name).exists() for name in files):
            made += [name for name, content in files.items() if _write(folder / name, content)]
    return tuple(made)


def _files_of(server: str, password: str) -> dict[str, str]:
    match server:
        case "postgres":
            return {
                "postgres_password": password,
                "equipier_database_url": f"postgresql+psycopg://equipier:{password}@postgres:5432/equipier",
                "equipier_tracker_url": f"postgresql://equipier:{password}@postgres:5432/dialogues",
            }
        case "redis":
            conf = ("bind * -::*", f"requirepass {password}", 'save ""', "appendonly no", "dir /data")
            return {
                "redis_conf": "".join(f"{line}\n" for line in conf),
                "equipier_redis_url": f"redis://:{password}@redis:6379/0",
            }
        case _:
            return {
                "rabbitmq_conf": f"default_user = equipier\ndefault_pass = {password}\nloopback_users = none\n",
                "equipier_events_url": f"amqp://equipier:{password}@rabbitmq:5672/",
            }


def _write(path: Path, content: str) -> bool:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, 0o444)  # whatever the mask of the shell
        file.write(content)
    return True
