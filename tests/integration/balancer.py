"""A load balancer of a few lines: each connection goes to the next server that accepts it."""

import asyncio
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress


class Balancer:
    """Listens on a port of its own, in a thread of its own.

    Attributes:
        taken: how many connections each server has got.
    """

    def __init__(self, servers: Sequence[int]) -> None:
        self._all = list(servers)
        self._servers = self._all
        self._next = 0
        self.taken: Counter[int] = Counter()
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> "Balancer":
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def use(self, count: int) -> None:
        """From now on connections go to the first *count* servers only; those that are open stay."""
        self._servers = self._all[:count]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _listen(self) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in self._servers:
            port = self._servers[self._next % len(self._servers)]
            self._next += 1
            try:
                there, back = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                continue
            self.taken[port] += 1
            await asyncio.gather(_copy(reader, back), _copy(there, writer))
            break
        writer.close()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    target.close()
