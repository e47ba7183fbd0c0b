"""Redis for a test: the one of this machine, or one of its own when it has to go away."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from pydantic import SecretStr

from tests.required import missing

SHARED = os.environ.get("EQUIPIER_TEST_REDIS_URL", "redis://127.0.0.1:6379/9")


def redis_url() -> SecretStr:
    """The address of a Redis that answers.

    Without any, the test is skipped; it fails when EQUIPIER_REQUIRE_SERVICES is 1.
    """
    try:
        with redis.Redis.from_url(SHARED, socket_connect_timeout=2) as client:
            client.ping()
    except redis.RedisError:
        missing("Redis")
    return SecretStr(SHARED)


class OwnRedis:
    """A Redis that is started and killed at will."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> SecretStr:
        return SecretStr(f"redis://127.0.0.1:{self.port}/0")

    @property
    def pid(self) -> int:
        """The process that runs.

        Raises:
            AssertionError: none does.
        """
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(command, cwd=self._folder, stdout=subprocess.DEVNULL)
        with redis.Redis(port=self.port) as client:
            for _ in range(200):
                try:
                    client.ping()
                except redis.RedisError:
                    time.sleep(0.05)
                else:
                    return
        raise AssertionError("redis-server does not start")

    def kill(self) -> None:
        """It is gone, with all that it held."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def own_redis(folder: Path) -> Iterator[OwnRedis]:
    """One for this test, running."""
    if shutil.which("redis-server") is None:
        missing("redis-server")
    server = OwnRedis(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()
