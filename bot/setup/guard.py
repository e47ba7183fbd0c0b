"""What must hold before the processes start: nobody else runs here, and their ports are free."""

import fcntl
import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import EquipierError
from bot.setup.processes import ProcessSpec


@contextmanager
def single_run(var_dir: Path) -> Iterator[None]:
    """Holds the right to run Équipier in this folder for the time of the block; the system frees it in any case.

    Raises:
        EquipierError: another run holds it.
    """
    var_dir.mkdir(parents=True, exist_ok=True)
    with (var_dir / "run.lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            raise EquipierError(
                f"Équipier est déjà lancé dans ce dossier (processus {file.read().strip() or 'inconnu'})",
                hint="Arrêtez-le d'abord (Ctrl-C dans son terminal).",
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on *port* now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a connection of a run that just ended must not keep its port for a minute.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def require_free_ports(specs: Iterable[ProcessSpec]) -> None:
    """Checks every port before anything starts.

    Raises:
        EquipierError: one or more are taken; the message names them all, the hint their settings.
    """
    taken = [spec for spec in specs if spec.port is not None and not port_is_free(spec.port)]
    if taken:
        ports = " ; ".join(f"le port {spec.port} ({spec.label})" for spec in taken)
        settings = ", ".join(f"{spec.setting} (processus « {spec.name} »)" for spec in taken)
        raise EquipierError(
            f"déjà pris par un autre programme : {ports}",
            hint=f"Arrêtez ce programme, ou choisissez un autre port avec {settings}.",
        )
