"""Rows that figures are computed from, written as the projection, the gateway and the desk would."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from bot.conversations.models import Conversation, LoggedMessage, Rating
from bot.fiches.models import FicheRow, FicheSnapshot
from bot.handover.models import HandoverRequest
from bot.mandats.models import Autorisation, Mandat, Usager
from bot.storage.engine import Database
from bot.supervision.events import same_words
from bot.supervision.models import Correction, Episode, EpisodeLine, Turn


@dataclass
class Rows:
    """Adds rows to *database*; each method returns the id of what it added."""

    database: Database
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def _id(self) -> str:
        return hashlib.sha256(str(next(self.numbers)).encode()).hexdigest()[:32]

    def add(self, row: Any) -> Any:
        with self.database.unit_of_work() as session:
            session.add(row)
            session.flush()
            return row.id

    def episode(
        self, at: datetime, *, organisation: str | None = None, aidant: str | None = None, channel: str = "web"
    ) -> int:
        conversation = self._id()
        self.add(Conversation(id=conversation, channel=channel, external_id=conversation, created_at=at, last_at=at))
        return self.add(
            Episode(
                conversation_id=conversation,
                organisation_id=organisation,
                aidant_id=aidant,
                channel=channel,
                first_at=at,
                last_at=at,
            )
        )

    def line(self, episode: int, at: datetime, text: str = "…", *, out: bool = False, ms: int | None = None) -> int:
        with self.database.unit_of_work() as session:
            of = session.get_one(Episode, episode)
            line = LoggedMessage(
                conversation_id=of.conversation_id,
                direction="out" if out else "in",
                text=text,
                channel=None if out else of.channel,
                created_at=at,
                latency_ms=ms,
            )
            session.add(line)
            session.flush()
            session.add(EpisodeLine.of(line, of))
            return line.id

    def turn(
        self,
        episode: int,
        at: datetime,
        text: str = "comment refaire ma carte grise",
        *,
        intent: str = "question_demarche",
        confidence: float = 0.9,
        pressed: bool = False,
        fallback: bool = False,
        abstained: bool = False,
        fiche: str | None = None,
    ) -> int:
        with self.database.unit_of_work() as session:
            of = session.get_one(Episode, episode)
            turn = Turn(
                key=self._id(),
                conversation_id=of.conversation_id,
                episode_id=episode,
                at=at,
                channel=of.channel,
                organisation_id=of.organisation_id,
                aidant_id=of.aidant_id,
                text=text,
                pressed=pressed,
                same="" if pressed else same_words(text),
                intent=intent,
                confidence=confidence,
                uncertainty=1.0 if fallback else 1 - confidence,
                alternatives=[],
                entities=[],
                actions=[],
                fallback=fallback,
                abstained=abstained,
                fiche=fiche,
                fiches=[fiche] if fiche else [],
                responses=[],
            )
            session.add(turn)
            session.flush()
            return turn.id

    def rating(self, line: int, at: datetime, rating: int, reasons: Sequence[str] = ()) -> None:
        with self.database.unit_of_work() as session:
            conversation = session.get_one(LoggedMessage, line).conversation_id
            session.add(
                Rating(
                    message_id=line,
                    conversation_id=conversation,
                    rating=rating,
                    reasons=list(reasons),
                    created_at=at,
                )
            )

    def handover(
        self,
        episode: int,
        at: datetime,
        *,
        reason: str = "asked",
        replied_after: timedelta | None = None,
        closed: bool = True,
    ) -> int:
        with self.database.unit_of_work() as session:
            of = session.get_one(Episode, episode)
            conversation, organisation, aidant = of.conversation_id, of.organisation_id, of.aidant_id
        return self.add(
            HandoverRequest(
                conversation_id=conversation,
                organisation_id=organisation,
                aidant_id=aidant,
                reason=reason,
                ticket=False,
                opened_at=at,
                opened_after=0,
                first_reply_at=at + replied_after if replied_after else None,
                closed_at=at + timedelta(hours=2) if closed else None,
                closing="agent" if closed else None,
            )
        )

    def mandat(
        self,
        organisation: str,
        aidant: str,
        sealed_at: datetime,
        *,
        days: int = 365,
        revoked_at: datetime | None = None,
        replaced: bool = False,
    ) -> str:
        usager, new = self._id(), self._id()
        self.add(Usager(id=usager, organisation_id=organisation, created_at=sealed_at))
        self.add(
            Mandat(
                id=new,
                reference=f"M-{new[:12]}",
                public_token=new,
                organisation_id=organisation,
                usager_id=usager,
                aidant_id=aidant,
                duration="LONG",
                sealed_at=sealed_at,
                expires_at=sealed_at + timedelta(days=days),
                commitment="0" * 64,
                sealed={},
                fingerprint="0" * 64,
                fingerprint_key="s1",
                revoked_at=revoked_at,
            )
        )
        self.add(
            Autorisation(
                id=self._id(),
                mandat_id=new,
                organisation_id=organisation,
                usager_id=usager,
                demarche="papiers",
                ended_at=revoked_at or (sealed_at if replaced else None),
                ended_by="revocation" if revoked_at else "remplacement" if replaced else None,
            )
        )
        return new

    def correction(
        self,
        at: datetime,
        understood: str,
        intent: str | None = None,
        *,
        organisation: str | None = None,
        progress: str = "validee",
        text: str = "…",
    ) -> int:
        return self.add(
            Correction(
                organisation_id=organisation,
                text=text,
                same=same_words(text),
                understood=understood,
                actions=[],
                verdict="mauvaise" if intent else "bonne",
                intent=intent,
                reasons=[],
                progress=progress,
                use="apprentissage",
                by_id=self._id(),
                at=at,
            )
        )

    def fiches(self, at: datetime, titles: dict[str, str]) -> None:
        snapshot = self.add(
            FicheSnapshot(
                source="essai",
                label="essai",
                published=at.date(),
                imported_at=at.replace(tzinfo=None),
                count=len(titles),
                digest=self._id(),
            )
        )
        with self.database.unit_of_work() as session:
            session.add_all(
                FicheRow(snapshot_id=snapshot, fiche_id=fiche, title=title, content=b"")
                for fiche, title in titles.items()
            )
