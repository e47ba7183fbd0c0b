"""Stand-ins that keep the contract of what they replace."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.conversations.engine import Foresight
from bot.conversations.messages import Button, Reply
from bot.errors import EngineUnavailable
from bot.privacy.pseudonymise import Pseudonymised


class FakeClock:
    """Stands still until it is moved; noon and two minutes in Paris, in winter."""

    def __init__(self) -> None:
        self.instant = datetime(2026, 11, 25, 11, 2, tzinfo=UTC)

    def now(self) -> datetime:
        return self.instant

    def advance(self, **duration: float) -> None:
        self.instant += timedelta(**duration)


class FakeEngine:
    """Says what it was told to say, by default an echo; down when told so."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.replies: dict[str, tuple[Reply, ...]] = {}
        self.down = False
        self.delay = 0.0
        self.running = 0
        self.most_running = 0
        self.told: list[Mapping[str, Any]] = []
        self.intents: dict[str, str] = {}
        self.acting = False

    async def foresee(self, conversation: str, text: str) -> Foresight:
        if self.down:
            raise EngineUnavailable("fake engine down")
        return Foresight(self.intents.get(text, "question_demarche"), self.acting)

    async def ask(
        self, conversation: str, text: str, *, metadata: Mapping[str, Any] | None = None
    ) -> tuple[Reply, ...]:
        self.asked.append((conversation, text))
        self.told.append(dict(metadata or {}))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        await asyncio.sleep(self.delay)
        self.running -= 1
        replies = self.replies.get(text, (Reply(f"écho : {text}"),))
        if self.down or not replies:
            raise EngineUnavailable("fake engine down")
        return replies

    @property
    def texts(self) -> list[str]:
        return [text for _, text in self.asked]


class HidesDupont:
    """Knows one name."""

    def pseudonymise(self, text: str) -> Pseudonymised:
        return Pseudonymised(text.replace("Dupont", "[NOM]"))


FOLLOW_UPS = (
    Reply(
        "**Carte d'identité**",
        (Button("Pièces à fournir", "/demander_pieces"), Button("Coût", '/demander_cout{"fiche": "F1"}')),
        {"type": "guidance"},
    ),
)
