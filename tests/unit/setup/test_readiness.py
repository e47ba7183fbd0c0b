import asyncio
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from bot.setup.processes import ProcessSpec
from bot.setup.readiness import is_ready, show_alive


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 409)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silence."""


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answers) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


def spec(*, url: str | None = None, alive: Path | None = None) -> ProcessSpec:
    return ProcessSpec(name="x", label="x", argv=(), folder=Path("/"), environment={}, url=url, alive=alive)


def test_a_server_is_ready_when_it_answers_well(server: str) -> None:
    assert is_ready(spec(url=f"{server}/health"))


def test_a_server_without_its_model_is_not_ready(server: str) -> None:
    assert not is_ready(spec(url=f"{server}/status"))


def test_a_server_that_does_not_answer_is_not_ready(server: str) -> None:
    assert not is_ready(spec(url="http://127.0.0.1:1/health"))


def test_no_proxy_stands_before_our_own_machine(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert is_ready(spec(url=f"{server}/health"))


def test_a_worker_is_ready_while_it_keeps_showing_that_it_works(tmp_path: Path) -> None:
    alive = tmp_path / "worker.alive"
    assert not is_ready(spec(alive=alive))
    alive.touch()
    os.utime(alive, (1000.0, 1000.0))
    assert is_ready(spec(alive=alive), wall_clock=lambda: 1030.0)
    assert not is_ready(spec(alive=alive), wall_clock=lambda: 1200.0)


async def test_a_process_without_address_shows_that_it_works_until_it_stops(tmp_path: Path) -> None:
    mark = tmp_path / "var" / "worker.alive"
    stop = asyncio.Event()
    task = asyncio.create_task(show_alive(mark, stop, every=0.01))
    await asyncio.sleep(0.05)
    assert is_ready(spec(alive=mark))
    os.utime(mark, (1000.0, 1000.0))
    await asyncio.sleep(0.05)
    assert is_ready(spec(alive=mark))
    stop.set()
    await task
    assert not mark.exists()
