"""The widget's side of the socket, in a few lines: what a thousand open pages cost a load generator must stay small.

Socket.IO 5 over Engine.IO 4, WebSocket only, as the protocol's own description gives it.
"""

import asyncio
import json
from typing import Any

from websockets.asyncio.client import ClientConnection, connect


class Page:
    """An open page: a connection, what it was told, and the events that await their answer."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._count = 0
        self._reader = asyncio.create_task(self._read())
        self._known = asyncio.Event()
        self.token = ""
        self.uttered: list[dict[str, Any]] = []

    @classmethod
    async def open(cls, url: str, *, patience: float, address: str) -> "Page":
        """Connects from *address* as nobody in particular, and waits until the server has said who that is.

        Raises:
            TimeoutError: it has not, in *patience* seconds.
        """
        place = url.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket"
        options: dict[str, Any] = {"compression": None, "ping_interval": None, "open_timeout": patience}
        async with asyncio.timeout(patience):
            page = cls(await connect(place, local_addr=(address, 0), **options))
            await page._connection.send("40" + json.dumps({"client": "equipier"}))
            await page._known.wait()
        return page

    async def emit(self, event: str, data: Any, *, patience: float) -> Any:
        """Sends an event; returns what the server answers to it.

        Raises:
            TimeoutError: nothing in *patience* seconds.
            ConnectionError: the connection was lost.
        """
        self._count += 1
        number = self._count
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        try:
            await self._connection.send(f"42{number}" + json.dumps([event, data], ensure_ascii=False))
            async with asyncio.timeout(patience):
                return await answer
        finally:
            self._asked.pop(number, None)

    async def close(self) -> None:
        """Leaves."""
        await self._connection.close()
        await self._reader

    async def _read(self) -> None:
        async for frame in self._connection:
            text = frame if isinstance(frame, str) else frame.decode()
            if text == "2":
                await self._connection.send("3")
            elif text.startswith("43"):
                start = text.index("[")
                answer = self._asked.get(int(text[2:start]))
                if answer is not None and not answer.done():
                    answer.set_result((json.loads(text[start:]) or [None])[0])
            elif text.startswith("42"):
                event, data = json.loads(text[text.index("[") :])[:2]
                if event == "equipier_session":
                    self.token = data["token"]
                    self._known.set()
                elif event == "line" and data["direction"] == "out":
                    self.uttered.append(data)
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(ConnectionError("the server closed the connection"))
