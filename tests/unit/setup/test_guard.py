import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import EquipierError
from bot.setup.guard import port_is_free, require_free_ports, single_run
from bot.setup.processes import ProcessSpec


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def spec(name: str, port: int | None) -> ProcessSpec:
    return ProcessSpec(
        name=name,
        label="passerelle",
        argv=("true",),
        folder=Path("/"),
        environment={},
        port=port,
        setting="EQUIPIER_GATEWAY_PORT",
    )


def test_a_taken_port_is_named_with_the_setting_that_changes_it(taken: int) -> None:
    with pytest.raises(EquipierError, match=str(taken)) as caught:
        require_free_ports([spec("gateway", taken), spec("worker", None)])
    assert "EQUIPIER_GATEWAY_PORT" in caught.value.hint


def test_a_port_is_free_again_once_its_server_is_gone() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        assert not port_is_free(port)
    assert port_is_free(port)
    require_free_ports([spec("gateway", port)])


def test_two_runs_in_the_same_folder_are_refused_and_the_first_is_named(tmp_path: Path) -> None:
    other = (
        "import sys; from pathlib import Path; from bot.setup.guard import single_run\n"
        "with single_run(Path(sys.argv[1])): print('prêt', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", other, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "prêt\n"
    with pytest.raises(EquipierError, match=str(process.pid)), single_run(tmp_path):
        pass
    process.communicate("")
    with single_run(tmp_path):
        pass
