"""The summary of an episode: a function of the tables, worked out again whenever one of them has something new.

Counting again what is small is safer than adding up: an event that comes twice, or late, changes nothing. It is noted
first that an episode has something new: what several messages bring is then counted once.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Select, case, func, select, update
from sqlalchemy.orm import Session

from bot.conversations.models import LoggedMessage, Rating
from bot.mandats.models import Draft
from bot.supervision.models import Episode, EpisodeLine, Turn
from bot.supervision.search import index_episode

_EXCERPT = 200
_AT_ONCE = 1_000  # ids in one statement: databases take some tens of thousands, and a first projection may bring more
_COMPLAINT = "signaler_erreur"


class Handovers(Protocol):
    """What the review needs of the help desk."""

    def since(self, session: Session, position: int) -> tuple[int, frozenset[str]]:
        """The conversations that have something new after *position*, and the position after it."""
        ...

    def asked_at(self, session: Session, conversation: str) -> Iterable[datetime]:
        """When someone asked for a human in *conversation*."""
        ...


class NoHandovers:
    """Nobody answers in person."""

    def since(self, session: Session, position: int) -> tuple[int, frozenset[str]]:  # noqa: ARG002
        return position, frozenset()

    def asked_at(self, session: Session, conversation: str) -> Iterable[datetime]:  # noqa: ARG002
        return ()


def to_summarise(session: Session, episodes: Collection[int]) -> None:
    """Notes that *episodes* have something new, within the unit of work of the caller."""
    session.flush()
    numbers = sorted(episodes)
    for start in range(0, len(numbers), _AT_ONCE):
        some = Episode.id.in_(numbers[start : start + _AT_ONCE])
        note = update(Episode).where(some, ~Episode.stale).values(stale=True)
        session.execute(note, execution_options={"synchronize_session": False})


def summarise(session: Session, handovers: Handovers, *, limit: int) -> int:
    """Brings the summaries and the searched words of *limit* noted episodes up to date; how many there were.

    Within the unit of work of the caller.
    """
    noted = session.scalars(select(Episode).where(Episode.stale).order_by(Episode.id).limit(limit)).all()
    for episode in noted:
        _summarise(session, episode, handovers)
        episode.stale = False
    return len(noted)


def _summarise(session: Session, episode: Episode, handovers: Handovers) -> None:
    episode_id = episode.id
    lines = session.execute(
        select(LoggedMessage.id, LoggedMessage.direction, LoggedMessage.text, LoggedMessage.created_at, Rating.rating)
        .join(EpisodeLine, EpisodeLine.line_id == LoggedMessage.id)
        .outerjoin(Rating, Rating.message_id == LoggedMessage.id)
        .where(EpisodeLine.episode_id == episode_id)
        .order_by(LoggedMessage.id)
    ).all()
    for at in (line.created_at for line in lines if line.rating == -1):
        _distrust(session, episode_id, at)
    turns = session.execute(_turns(episode_id)).one()
    episode.turns, episode.fallbacks, episode.abstentions = turns.number, turns.fallbacks or 0, turns.abstentions or 0
    episode.lowest_confidence, episode.complained = turns.lowest, bool(turns.complaints)
    episode.ratings_up = sum(line.rating == 1 for line in lines)
    episode.ratings_down = sum(line.rating == -1 for line in lines)
    first = next((line.text for line in lines if line.direction == "in" and line.text), None)
    if first is None:
        first = session.scalar(
            select(Turn.text).where(Turn.episode_id == episode_id, ~Turn.pressed).order_by(Turn.at).limit(1)
        )
    episode.excerpt = " ".join((first or "").split())[:_EXCERPT]
    if lines:
        episode.last_at = max(episode.last_at, *(line.created_at for line in lines))
    began, ended = episode.first_at - timedelta(seconds=1), episode.last_at + timedelta(minutes=1)
    episode.mandat = session.scalar(_sealed(episode, began, ended)) is not None
    episode.handover = any(began <= at <= ended for at in handovers.asked_at(session, episode.conversation_id))
    responses: Iterable[str] = ()
    if not lines:  # the log may be gone, or have another life: the turns then say it
        kept = session.execute(select(Turn.text, Turn.responses).where(Turn.episode_id == episode_id))
        responses = [part for row in kept for part in (row.text, *row.responses)]
    index_episode(session, episode_id, [*(line.text for line in lines), *responses])


def _turns(episode_id: int) -> Select[int, int | None, int | None, float | None, int | None]:
    return select(
        func.count(Turn.id).label("number"),
        func.sum(case((Turn.fallback, 1), else_=0)).label("fallbacks"),
        func.sum(case((Turn.abstained, 1), else_=0)).label("abstentions"),
        func.min(case((~Turn.pressed, Turn.confidence))).label("lowest"),
        func.sum(case((Turn.intent == _COMPLAINT, 1), else_=0)).label("complaints"),
    ).where(Turn.episode_id == episode_id)


def _sealed(episode: Episode, began: datetime, ended: datetime) -> Select[str]:
    """A mandate that was begun in the episode, and sealed since."""
    return (
        select(Draft.id)
        .where(Draft.conversation_id == episode.conversation_id, Draft.mandat_id.is_not(None))
        .where(Draft.created_at >= began, Draft.created_at <= ended)
        .where(Draft.organisation_id == episode.organisation_id)
        .limit(1)
    )


def _distrust(session: Session, episode_id: int, told_at: datetime) -> None:
    """The turn that gave the answer rated down is worth a look, however sure the understanding was."""
    answered = (
        select(Turn.id)
        .where(Turn.episode_id == episode_id, Turn.at <= told_at)
        .order_by(Turn.at.desc(), Turn.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    session.execute(
        update(Turn).where(Turn.id == answered).values(uncertainty=1.0),
        execution_options={"synchronize_session": False},
    )
