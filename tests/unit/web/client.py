"""A page's end of the socket: socket.io 5 over engine.io 4, by WebSocket, which can be cut at any moment.

Source: the protocols as their authors describe them (github.com/socketio/socket.io-protocol, engine.io-protocol).
"""

import asyncio
import json
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PATIENCE = 10.0  # seconds


class TurnedAway(Exception):
    """The server refused the connection."""

    def __init__(self, said: dict[str, Any]) -> None:
        super().__init__(said.get("message"))
        self.sentence: str = said.get("message", "")
        self.data: dict[str, Any] = said.get("data") or {}


class Page:
    """One open page.

    Attributes:
        told: every event received, in order.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.told: list[tuple[str, Any]] = []
        self.closed = False
        self._acks: dict[int, asyncio.Future[Any]] = {}
        self._news = asyncio.Condition()
        self._read = 0
        self._pump: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        address: str,
        auth: Any = None,
        *,
        origin: str | None = None,
        cookie: str = "",
    ) -> "Page":
        """Connects, as *auth* says.

        Raises:
            TurnedAway: the server would not have it.
        """
        socket = await connect(
            f"{address.replace('http', 'ws', 1)}/socket.io/?EIO=4&transport=websocket",
            origin=origin,  # type: ignore[arg-type]
            additional_headers={"Cookie": cookie} if cookie else None,
            proxy=None,
        )
        page = cls(socket)
        assert (await page._receive()).startswith("0")
        await socket.send("40" + ("" if auth is None else json.dumps(auth)))
        answer = await page._receive()
        if answer.startswith("44"):
            await socket.close()
            raise TurnedAway(json.loads(answer[2:]))
        assert answer.startswith("40"), answer
        page._pump = asyncio.create_task(page._listen())
        return page

    async def emit(self, event: str, *data: Any) -> None:
        await self._socket.send("42" + json.dumps([event, *data]))

    async def send_raw(self, text: str) -> None:
        await self._socket.send(text)

    async def call(self, event: str, *data: Any) -> Any:
        """What the server answers to this event."""
        number = len(self._acks)
        self._acks[number] = asyncio.get_running_loop().create_future()
        await self._socket.send(f"42{number}" + json.dumps([event, *data]))
        return await asyncio.wait_for(self._acks[number], PATIENCE)

    async def next(self, event: str) -> Any:
        """The content of the next *event* that was not read yet; others are left out."""
        async with asyncio.timeout(PATIENCE), self._news:
            while True:
                while self._read < len(self.told):
                    name, content = self.told[self._read]
                    self._read += 1
                    if name == event:
                        return content
                if self.closed:
                    raise AssertionError(f"closed before {event}; told: {self.told}")
                await self._news.wait()

    def all(self, event: str) -> list[Any]:
        return [content for name, content in self.told if name == event]

    async def gone(self) -> None:
        """Waits until the server closes the page."""
        async with asyncio.timeout(PATIENCE), self._news:
            while not self.closed:
                await self._news.wait()

    async def cut(self) -> None:
        """The network fails: no goodbye."""
        self._socket.transport.abort()
        if self._pump:
            await self._pump

    async def close(self) -> None:
        await self._socket.close()
        if self._pump:
            await self._pump

    async def _receive(self) -> str:
        while True:
            text = await asyncio.wait_for(self._socket.recv(), PATIENCE)
            assert isinstance(text, str)
            if text != "2":
                return text
            await self._socket.send("3")

    async def _listen(self) -> None:
        try:
            async for text in self._socket:
                assert isinstance(text, str)
                if text == "2":
                    await self._socket.send("3")
                elif text.startswith("42"):
                    name, *content = json.loads(text[2:])
                    await self._note(name, content[0] if content else None)
                elif text.startswith("43"):
                    number, _, rest = text[2:].partition("[")
                    self._acks[int(number)].set_result(next(iter(json.loads("[" + rest)), None))
                elif text.startswith(("41", "1")):
                    break
        except ConnectionClosed:
            pass
        async with self._news:
            self.closed = True
            self._news.notify_all()
        for ack in self._acks.values():
            if not ack.done():
                ack.set_exception(ConnectionError("the page was cut"))
                ack.exception()  # whoever waits for it is told; nobody may be waiting

    async def _note(self, name: str, content: Any) -> None:
        async with self._news:
            self.told.append((name, content))
            self._news.notify_all()
