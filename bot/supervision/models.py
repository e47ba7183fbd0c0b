"""Tables of the review. Every text in them was pseudonymised before it was written."""

from datetime import datetime
from typing import Any

from sqlalchemy import DDL, JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, event, false, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import ExecutableDDLElement

from bot.conversations.models import LoggedMessage
from bot.storage.engine import Base
from bot.storage.sql import UtcDateTime


class ProjectionMark(Base):
    """How far a source was read. Its row is taken first by whoever projects, so that two workers follow each other.

    Attributes:
        position: id of the last row read, or an instant in microseconds since 1970.
    """

    __tablename__ = "projection_marks"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, default=0)


class ProjectedEvent(Base):
    """An event that came without a number and was taken in; ``id`` is the hash of its content."""

    __tablename__ = "projected_events"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


# A list that few conversations match is read from this index alone, instead of a hundred thousand rows.
_LISTED = (
    *("last_at", "id", "organisation_id", "aidant_id", "channel", "lowest_confidence", "fallbacks", "abstentions"),
    *("ratings_up", "ratings_down", "handover", "mandat", "complained", "flagged_by", "state", "assignee_id"),
)


class Episode(Base):
    """A stretch of a conversation, and its summary: the unit of review.

    Another begins after an hour of silence, and when the person, or the organisation for which they act, changes: what
    one organisation may read never depends on where its aidant goes next.

    Attributes:
        organisation_id, aidant_id: who spoke, for whom, at that time; ``None`` when nobody was recognised.
        lowest_confidence: of the turns in words; ``None`` when there is none.
        complained: the person said that an answer was wrong; ``flagged_by`` a supervisor did.
        stale: something came since the summary was worked out.
    """

    __tablename__ = "episodes"
    __table_args__ = (
        Index("ix_episodes_conversation", "conversation_id", "first_at"),
        Index("ix_episodes_last", *_LISTED),
        Index("ix_episodes_organisation", "organisation_id", "last_at", "id"),
        Index("ix_episodes_aidant", "aidant_id", "last_at"),
        Index("ix_episodes_first", "first_at", "channel"),
        Index("ix_episodes_stale", "id", sqlite_where=text("stale = 1"), postgresql_where=text("stale")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    organisation_id: Mapped[str | None] = mapped_column(String(32))
    aidant_id: Mapped[str | None] = mapped_column(String(32))
    channel: Mapped[str] = mapped_column(String(20))
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    turns: Mapped[int] = mapped_column(default=0)
    excerpt: Mapped[str] = mapped_column(String(200), default="")
    lowest_confidence: Mapped[float | None]
    fallbacks: Mapped[int] = mapped_column(default=0)
    abstentions: Mapped[int] = mapped_column(default=0)
    ratings_up: Mapped[int] = mapped_column(default=0)
    ratings_down: Mapped[int] = mapped_column(default=0)
    handover: Mapped[bool] = mapped_column(default=False)
    mandat: Mapped[bool] = mapped_column(default=False)
    complained: Mapped[bool] = mapped_column(default=False)
    flagged_by: Mapped[str | None] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(12), default="a_revoir")
    assignee_id: Mapped[str | None] = mapped_column(String(32))
    stale: Mapped[bool] = mapped_column(default=False, server_default=false())


def _of_episode(*, primary_key: bool = False) -> Mapped[int]:
    return mapped_column(ForeignKey("episodes.id", ondelete="CASCADE"), primary_key=primary_key, index=not primary_key)


_COUNTED = ("pressed", "fallback", "abstained", "fiche")
# As the queries write it, or they would not be answered from the index.
_UNANSWERED = {
    "sqlite": "(fallback = 1 OR abstained = 1) AND pressed IS 0",
    "postgresql": "(fallback OR abstained) AND pressed IS false",
}


class Turn(Base):
    """One message that reached the dialogue, and what followed; see ``bot.supervision.views.TurnView``.

    Attributes:
        key: Rasa's own id of the message: the same one is never two turns.
        same: hash of the folded words, the same for duplicates; empty for a button.
        uncertainty: in [0, 1]; 1 when it was not understood, or once the answer was rated down.
    """

    __tablename__ = "turns"
    __table_args__ = (
        Index("ix_turns_conversation", "conversation_id", "at"),
        Index("ix_turns_intent", "intent", "episode_id"),
        # The queue of what is worth a look is worked out from it alone.
        Index("ix_turns_same", "same", "at", "organisation_id", "intent", "uncertainty", "id"),
        # Those of the dashboards: a period is counted from them alone, of everyone or of one organisation.
        Index("ix_turns_at", "at", *_COUNTED),
        Index("ix_turns_organisation", "organisation_id", "at", *_COUNTED),
        Index(
            "ix_turns_unanswered",
            *("at", "organisation_id", "same", "fallback", "abstained"),
            sqlite_where=text(_UNANSWERED["sqlite"]),
            postgresql_where=text(_UNANSWERED["postgresql"]),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    episode_id: Mapped[int] = _of_episode()
    line_id: Mapped[int | None] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    channel: Mapped[str] = mapped_column(String(20))
    organisation_id: Mapped[str | None] = mapped_column(String(32))
    aidant_id: Mapped[str | None] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(Text)
    pressed: Mapped[bool] = mapped_column(default=False)
    same: Mapped[str] = mapped_column(String(32))
    intent: Mapped[str] = mapped_column(String(60))
    topic: Mapped[str | None] = mapped_column(String(60))
    confidence: Mapped[float]
    uncertainty: Mapped[float]
    alternatives: Mapped[list[list[Any]]] = mapped_column(JSON)
    entities: Mapped[list[list[str]]] = mapped_column(JSON)
    actions: Mapped[list[str]] = mapped_column(JSON)
    fallback: Mapped[bool] = mapped_column(default=False)
    abstained: Mapped[bool] = mapped_column(default=False)
    fiche: Mapped[str | None] = mapped_column(String(40))
    fiches: Mapped[list[str]] = mapped_column(JSON)
    passage: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    responses: Mapped[list[str]] = mapped_column(JSON)
    latency_ms: Mapped[int | None]


class EpisodeLine(Base):
    """A message of the log belongs to an episode. It goes with the message.

    What the dashboards count is copied, so that an organisation's share of the log is read from one index. The copies
    are ``NULL`` in the rows that a former version adds while both run: such a message is in no organisation's figures.

    Attributes:
        at: when the message was written; the others as in ``LoggedMessage`` and ``Episode``.
    """

    __tablename__ = "episode_lines"
    __table_args__ = (
        Index(
            "ix_episode_lines_counted",
            *("organisation_id", "direction", "at", "episode_id", "latency_ms", "channel"),
        ),
    )

    line_id: Mapped[int] = mapped_column(ForeignKey("message_log.id", ondelete="CASCADE"), primary_key=True)
    episode_id: Mapped[int] = _of_episode()
    organisation_id: Mapped[str | None] = mapped_column(String(32))
    direction: Mapped[str | None] = mapped_column(String(3))
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    channel: Mapped[str | None] = mapped_column(String(20))
    latency_ms: Mapped[int | None]

    @classmethod
    def of(cls, line: LoggedMessage, episode: Episode) -> "EpisodeLine":
        """*line* as a part of *episode*; both are in the database."""
        return cls(
            line_id=line.id,
            episode_id=episode.id,
            organisation_id=episode.organisation_id,
            direction=line.direction,
            at=line.created_at,
            channel=line.channel,
            latency_ms=line.latency_ms,
        )


class EpisodeTag(Base):
    """A word that a reviewer put on a conversation."""

    __tablename__ = "episode_tags"

    episode_id: Mapped[int] = _of_episode(primary_key=True)
    tag: Mapped[str] = mapped_column(String(40), primary_key=True, index=True)


class EpisodeNote(Base):
    """What a reviewer wrote beside a conversation, pseudonymised."""

    __tablename__ = "episode_notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    episode_id: Mapped[int] = _of_episode()
    author_id: Mapped[str] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class SavedFilterRow(Base):
    """A filter that someone gave a name to."""

    __tablename__ = "saved_filters"
    __table_args__ = (UniqueConstraint("aidant_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    aidant_id: Mapped[str] = mapped_column(ForeignKey("aidants.id"))
    name: Mapped[str] = mapped_column(String(80))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)


class Correction(Base):
    """What a reviewer says of a turn. The words are copied: once validated, the example outlives the conversation.

    Attributes:
        understood: the intent that it was given.
        progress, use: see ``bot.supervision.views``.
    """

    __tablename__ = "corrections"
    __table_args__ = (Index("ix_corrections_same", "same"), Index("ix_corrections_progress", "progress", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    turn_id: Mapped[int | None] = mapped_column(ForeignKey("turns.id", ondelete="SET NULL"), unique=True)
    organisation_id: Mapped[str | None] = mapped_column(String(32), index=True)
    text: Mapped[str] = mapped_column(Text)
    same: Mapped[str] = mapped_column(String(32))
    understood: Mapped[str] = mapped_column(String(120))
    actions: Mapped[list[str]] = mapped_column(JSON)
    verdict: Mapped[str] = mapped_column(String(10))
    intent: Mapped[str | None] = mapped_column(String(120))
    fiche: Mapped[str | None] = mapped_column(String(40))
    passage: Mapped[str | None] = mapped_column(String(200))
    reasons: Mapped[list[str]] = mapped_column(JSON)
    progress: Mapped[str] = mapped_column(String(10), default="proposee")
    use: Mapped[str] = mapped_column(String(15))
    by_id: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    validated_by: Mapped[str | None] = mapped_column(String(32))
    validated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    exported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


# The search of words: no ORM has it, and each database its own (bot/supervision/search.py).
SEARCH_TABLE = {
    "sqlite": (
        "CREATE VIRTUAL TABLE episode_search USING fts5(body, tokenize = 'unicode61 remove_diacritics 2')",
        "CREATE TRIGGER episode_search_forget AFTER DELETE ON episodes "
        "BEGIN DELETE FROM episode_search WHERE rowid = old.id; END",
    ),
    "postgresql": (
        "CREATE TABLE episode_search (episode_id integer PRIMARY KEY REFERENCES episodes (id) ON DELETE CASCADE, "
        "body tsvector NOT NULL)",
        "CREATE INDEX ix_episode_search_body ON episode_search USING gin (body)",
    ),
}
_DROP_SEARCH = "DROP TABLE IF EXISTS episode_search"


def _sql(statement: str, dialect: str) -> ExecutableDDLElement:
    return DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]


for _dialect, _statements in SEARCH_TABLE.items():
    for _statement in _statements:
        event.listen(Episode.__table__, "after_create", _sql(_statement, _dialect))
event.listen(Episode.__table__, "before_drop", _sql(_DROP_SEARCH, "postgresql"))
event.listen(Episode.__table__, "after_drop", _sql(_DROP_SEARCH, "sqlite"))
