"""HTTP to our own servers, on connections that are kept: what a message costs most in the gateway, made small.

A general client spends five milliseconds of processor on cookies, redirections and proxies that none of our servers
uses. This one speaks HTTP/1.1 and raises the errors of ``httpx``, in whose place it stands.
"""

import asyncio
import json
import ssl
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

# Our servers close what is idle for five seconds; a connection that may be closing must not carry a message.
_IDLE = 4.0  # seconds
_MAX_ANSWER = 16 * 1024 * 1024  # bytes
_MAX_HEAD = 64 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered."""

    status_code: int
    content: bytes

    def json(self) -> Any:
        """The body.

        Raises:
            json.JSONDecodeError: it is not JSON.
            UnicodeDecodeError: it is not text.
        """
        return json.loads(self.content)


@dataclass(slots=True)
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    since: float = 0.0  # when it became idle, on the clock of the loop

    def usable(self, now: float) -> bool:
        return now - self.since < _IDLE and not self.reader.at_eof() and not self.writer.is_closing()


class Wire:
    """A client of servers that we run; one for a process, in one event loop."""

    def __init__(self) -> None:
        self._idle: defaultdict[tuple[str, int, bool], deque[_Connection]] = defaultdict(deque)

    async def request(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        params: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Answer:
        """Asks, and waits for the whole answer.

        Args:
            json: the body, for a method that has one.
            timeout: seconds for all of it; ``None``: the caller has its own limit.

        Raises:
            httpx.ConnectError: nobody listens at *url*.
            httpx.RemoteProtocolError: the server went away, or answered something else than HTTP.
            TimeoutError: it took too long.
        """
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        place = (parts.hostname or "", parts.port or (443 if secure else 80), secure)
        target = (parts.path or "/") + (f"?{urlencode(params)}" if params else "")
        async with asyncio.timeout(timeout):
            connection = await self._connected(place)
            reusable = False
            try:
                connection.writer.write(_request(method, target, parts.netloc.rpartition("@")[2], json))
                await connection.writer.drain()
                answer, reusable = await _answer(connection.reader)
            except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
                raise httpx.RemoteProtocolError(type(error).__name__) from error
            finally:
                # Whatever cut it short, time included: what is left of the answer must not be taken for another's.
                if reusable:
                    connection.since = asyncio.get_running_loop().time()
                    self._idle[place].append(connection)
                else:
                    connection.writer.close()
            return answer

    async def aclose(self) -> None:
        """Closes the connections that are kept."""
        for connections in self._idle.values():
            while connections:
                connections.pop().writer.close()

    async def _connected(self, place: tuple[str, int, bool]) -> _Connection:
        idle, now = self._idle[place], asyncio.get_running_loop().time()
        while idle:
            connection = idle.pop()  # the one used last; the others may grow old
            if connection.usable(now):
                return connection
            connection.writer.close()
        host, port, secure = place
        try:
            context = ssl.create_default_context() if secure else None
            return _Connection(*await asyncio.open_connection(host, port, ssl=context, limit=_MAX_HEAD))
        except OSError as error:
            raise httpx.ConnectError(type(error).__name__) from error


def _request(method: str, target: str, host: str, body: Any) -> bytes:
    content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "backslashreplace")
    head = [f"{method} {target} HTTP/1.1", f"Host: {host}", "Accept: application/json"]
    if body is not None:
        head += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join((*head, "", "")).encode("ascii") + content


async def _answer(reader: asyncio.StreamReader) -> tuple[Answer, bool]:
    """The answer, and whether its connection can carry another one."""
    status_line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    version, code, *_ = status_line.split(" ", 2)
    if not version.startswith("HTTP/1."):
        raise ValueError("not HTTP")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    kept = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
    if "chunked" in headers.get("transfer-encoding", "").lower():
        content = await _chunks(reader)
    elif "content-length" in headers:
        content = await reader.readexactly(_bounded(int(headers["content-length"])))
    elif int(code) == 204:
        content = b""
    else:
        content, kept = await _rest(reader), False
    return Answer(int(code), content), kept


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    content = bytearray()
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        _bounded(len(content) + size)
        content += await reader.readexactly(size)
        await reader.readexactly(2)
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass  # trailers
    return bytes(content)


async def _rest(reader: asyncio.StreamReader) -> bytes:
    content = bytearray()
    while part := await reader.read(65536):
        content += part
        _bounded(len(content))
    return bytes(content)


def _bounded(size: int) -> int:
    if not 0 <= size <= _MAX_ANSWER:
        raise ValueError("answer too large")
    return size
