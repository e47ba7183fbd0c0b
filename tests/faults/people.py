"""People who write while things break: each sends again what was not answered, as a channel does, and keeps count."""

import asyncio
import itertools
import random
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from bot.conversations.replies import KEPT
from bot.settings import Settings

_QUESTIONS = (
    "quels papiers pour refaire une carte d'identité perdue ?",
    "combien coûte un passeport ?",
    "comment demander le RSA ?",
    "bonjour",
    "c'est quoi un mandat ?",
    "où demander un acte de naissance ?",
)
# First words by which a late answer is recognised: nobody else says them.
_MARKS = [
    f"{fruit} {place} {colour}"
    for colour in "rouge vert bleu jaune noir blanc gris rose".split()
    for fruit in "abricot banane cerise datte figue goyave kaki litchi mangue noisette orange poire".split()
    for place in "panier placard tiroir jardin grenier salon".split()
]
_TELL_BACK = 0.2  # seconds before the same message is sent again
_LONGEST = 30.0  # seconds for one answer


@dataclass
class Said:
    """One message, and all that came of it."""

    sender: str
    number: int
    text: str
    answers: list[list[dict[str, Any]]] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)

    @property
    def mark(self) -> str:
        return self.text.partition(",")[0]

    @property
    def kept(self) -> bool:
        return any(reply.get("text") == KEPT for reply in self.answers[0])


class Crowd:
    """Several people, each in a conversation of their own.

    Args:
        repeats: share of the messages that are sent twice at once, as by a channel that doubts.
    """

    def __init__(
        self, url: str, settings: Settings, *, people: int = 4, pause: float, repeats: float = 0.3, name: str
    ) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {settings.rest_token.get_secret_value()}"}
        self._senders = [f"{name}-{number}" for number in range(people)]
        self._pause = pause
        self._repeats = repeats
        self._random = random.Random(7)
        self._stop = threading.Event()
        self.said: list[Said] = []
        self.late: dict[str, list[str]] = {sender: [] for sender in self._senders}

    @contextmanager
    def talking(self) -> Iterator[None]:
        """They talk during the block; after it, each has the answer to each message, or its promise."""
        failures: list[BaseException] = []

        def run() -> None:
            try:
                asyncio.run(self._everyone())
            except BaseException as error:  # noqa: BLE001  raised again below, in the thread of the test
                failures.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join(timeout=300)
        assert not thread.is_alive(), "somebody still waits for an answer"
        if failures:
            raise failures[0]

    def collect(self) -> None:
        """Fetches the late answers that are there."""
        with httpx.Client(base_url=self._url, headers=self._headers, trust_env=False, timeout=_LONGEST) as http:
            for sender in self._senders:
                answer = http.get("/webhooks/rest/outbox", params={"sender": sender})
                if answer.status_code == 200:
                    self.late[sender] += [reply.get("text", "") for reply in answer.json()]

    def waiting(self) -> list[Said]:
        """The messages that were kept, and not answered since."""
        return [one for one in self.said if one.kept and not self.late_answers(one)]

    def late_answers(self, one: Said) -> int:
        """How many times *one* was answered later."""
        # What waited is handed over in front of the next answer too.
        ahead = [
            reply.get("text", "") for other in self.said if other.sender == one.sender for reply in other.answers[0]
        ]
        heading = re.compile(rf"Réponse à votre message .*«\u00a0{re.escape(one.mark)},")
        return sum(heading.match(text) is not None for text in (*self.late[one.sender], *ahead))

    async def _everyone(self) -> None:
        async with httpx.AsyncClient(
            base_url=self._url, headers=self._headers, trust_env=False, timeout=_LONGEST
        ) as http:
            await asyncio.gather(*(self._person(http, sender) for sender in self._senders))

    async def _person(self, http: httpx.AsyncClient, sender: str) -> None:
        marks = iter(_MARKS)
        for number in itertools.count():
            if self._stop.is_set():
                return
            one = Said(sender, number, f"{next(marks)}, {self._random.choice(_QUESTIONS)}")
            self.said.append(one)
            copies = 2 if self._random.random() < self._repeats else 1
            await asyncio.gather(*(self._insist(http, one) for _ in range(copies)))
            await asyncio.sleep(self._pause)

    async def _insist(self, http: httpx.AsyncClient, one: Said) -> None:
        """Until it is answered."""
        body = {"sender": one.sender, "message": one.text, "message_id": f"{one.sender}-{one.number}"}
        while True:
            try:
                answer = await http.post("/webhooks/rest/webhook", json=body)
            except httpx.HTTPError as error:
                one.refusals[type(error).__name__] += 1
            else:
                if answer.status_code == 200:
                    one.answers.append(answer.json())
                    return
                detail = answer.json()["detail"]  # whatever happens, a sentence
                one.refusals[f"{answer.status_code} {detail}"] += 1
            await asyncio.sleep(_TELL_BACK)
