"""The client of our own servers, asked of a server that says its bytes one by one."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest

from bot.conversations import wire
from bot.conversations.wire import Wire


@dataclass
class Server:
    """Answers each request with the next of *answers*; a connection lives as long as they say."""

    url: str = ""
    answers: list[bytes] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    closing: bool = False
    hung: asyncio.Event = field(default_factory=asyncio.Event)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    state = Server()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (int(x.split(b":")[1]) for x in head.split(b"\r\n") if x.lower().startswith(b"content-length")), 0
                )
                state.requests.append(head + await reader.readexactly(length))
                if not state.answers:
                    await state.hung.wait()
                for position in range(0, len(answer := state.answers.pop(0)), 7):
                    writer.write(answer[position : position + 7])
                    await writer.drain()
                if state.closing:
                    break
        except (EOFError, ConnectionError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    state.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    yield state
    state.hung.set()
    listening.close()


@pytest.fixture
async def client() -> AsyncIterator[Wire]:
    wire = Wire()
    yield wire
    await wire.aclose()


def whole(body: bytes, *more: str, status: str = "200 OK") -> bytes:
    head = "\r\n".join((f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *more, "", ""))
    return head.encode() + body


async def test_connections_are_kept_and_what_is_sent_is_json(server: Server, client: Wire) -> None:
    server.answers = [whole('{"a": "é"}'.encode()), whole(b"[]", "Content-Type: application/json"), whole(b"")]
    first = await client.request("POST", f"{server.url}/webhook", json={"message": "où ça\u202f?"})
    assert (first.status_code, first.json()) == (200, {"a": "é"})
    assert (await client.request("GET", f"{server.url}/x", params={"include_events": "NONE"})).json() == []
    await client.request("GET", server.url)
    assert server.connections == 1
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /webhook HTTP/1.1\r\nHost: 127.0.0.1:")
    assert json.loads(body) == {"message": "où ça\u202f?"}
    assert server.requests[1].startswith(b"GET /x?include_events=NONE HTTP/1.1\r\n")
    assert server.requests[2].startswith(b"GET / HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("answer", "content", "kept"),
    [
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=1\r\n[1,\r\n2\r\n2]\r\n0\r\nA: b\r\n\r\n",
            b"[1,2]",
            True,
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
        (whole(b"[]", "Connection: close"), b"[]", False),
        (b"HTTP/1.0 200 OK\r\n\r\n[3]", b"[3]", False),
    ],
)
async def test_every_way_to_end_an_answer_is_understood(
    server: Server, client: Wire, answer: bytes, content: bytes, kept: bool
) -> None:
    server.closing = not kept
    server.answers = [answer, whole(b"1")]
    assert (await client.request("GET", server.url)).content == content
    assert (await client.request("GET", server.url)).json() == 1
    assert server.connections == (1 if kept else 2)


async def test_many_at_once_have_a_connection_each_and_the_answers_are_theirs(server: Server, client: Wire) -> None:
    server.answers = [whole(b"0")] * 8
    await asyncio.gather(*(client.request("GET", server.url) for _ in range(4)))
    await asyncio.gather(*(client.request("GET", server.url) for _ in range(4)))
    assert server.connections == 4


async def test_what_is_cut_by_time_leaves_nothing_to_the_next(server: Server, client: Wire) -> None:
    with pytest.raises(TimeoutError):
        await client.request("GET", server.url, timeout=0.05)
    server.answers = [whole(b'"tard"'), whole(b'"bon"')]
    server.hung.set()
    assert (await client.request("GET", server.url)).json() in {"bon", "tard"}
    assert server.connections == 2


async def test_an_idle_connection_that_is_old_or_closed_carries_nothing(
    server: Server, client: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answers = [whole(b"1")] * 3
    await client.request("GET", server.url)
    monkeypatch.setattr(wire, "_IDLE", 0.0)
    await client.request("GET", server.url)
    assert server.connections == 2
    monkeypatch.setattr(wire, "_IDLE", 60.0)
    server.closing = True
    server.answers = [whole(b"2"), whole(b"3")]
    await client.request("GET", server.url)
    while not await _closed(client):
        await asyncio.sleep(0)
    assert (await client.request("GET", server.url)).json() == 3


async def _closed(client: Wire) -> bool:
    await asyncio.sleep(0.01)
    return all(one.reader.at_eof() for idle in client._idle.values() for one in idle)


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 deux cents\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK",
        b"",
    ],
)
async def test_what_is_no_answer_is_an_error_of_the_protocol(server: Server, client: Wire, answer: bytes) -> None:
    server.closing = True
    server.answers = [answer]
    with pytest.raises(httpx.RemoteProtocolError):
        await client.request("GET", server.url)


async def test_nobody_there_is_a_connection_error(client: Wire) -> None:
    with pytest.raises(httpx.ConnectError):
        await client.request("GET", "http://127.0.0.1:9")
