"""Sends messages as a client would, each sender waiting for its answer before it goes on."""

import http.client
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol
from urllib.parse import urlsplit

import numpy as np

Replies = list[dict[str, Any]]


class Script(Protocol):
    """What someone says in one conversation, given the last replies: `send` what was answered, get the next message."""

    def __call__(self, number: int) -> Iterator[str]:
        """The messages of conversation *number*; replies are sent into the generator."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """Where messages go.

    Attributes:
        url: of a REST channel that speaks Rasa's protocol.
        headers: to send with each.
    """

    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Load:
    """What a run gave, times in milliseconds.

    Attributes:
        failed: requests that did not answer 200 with at least one reply.
    """

    sent: int
    failed: int
    seconds: float
    p50: float
    p95: float
    p99: float

    @property
    def per_second(self) -> float:
        return self.sent / self.seconds


class Sender:
    """One client, on one connection that is kept."""

    def __init__(self, target: Target) -> None:
        parts = urlsplit(target.url)
        self._path = parts.path
        self._headers = {"Content-Type": "application/json", **target.headers}
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=60)

    def say(self, sender: str, text: str) -> tuple[float, Replies]:
        """Milliseconds that the answer took, and the replies; none when it failed."""
        body = json.dumps({"sender": sender, "message": text})
        started = time.perf_counter()
        self._connection.request("POST", self._path, body, self._headers)
        response = self._connection.getresponse()
        content = response.read()
        spent = (time.perf_counter() - started) * 1000
        return spent, json.loads(content) if response.status == 200 else []

    def close(self) -> None:
        self._connection.close()


def run(target: Target, script: Any, *, senders: int, seconds: float, name: str) -> Load:
    """*senders* clients at once play conversations of *script* for *seconds*, without a pause between messages."""
    numbers = count()
    spent: list[float] = []
    failed = [0]
    deadline = time.perf_counter() + seconds

    def play() -> None:
        client = Sender(target)
        while time.perf_counter() < deadline:
            number = next(numbers)
            talk = script(number)
            text = next(talk)
            try:
                while time.perf_counter() < deadline:
                    took, replies = client.say(f"{name}-{senders}-{number}", text)
                    spent.append(took)
                    failed[0] += not replies
                    text = talk.send(replies)
            except StopIteration:
                continue
        client.close()

    started = time.perf_counter()
    threads = [threading.Thread(target=play) for _ in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return summary(spent, failed[0], time.perf_counter() - started)


def summary(spent: Sequence[float], failed: int, seconds: float) -> Load:
    """The figures of a run."""
    p50, p95, p99 = (float(np.percentile(spent, share)) for share in (50, 95, 99))
    return Load(len(spent), failed, seconds, p50, p95, p99)
