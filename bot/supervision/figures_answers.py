"""What people ask about, what they think of the answers, and what they asked in vain."""

import json
from collections import Counter
from dataclasses import dataclass

from sqlalchemy import ColumnElement, String, cast, func, or_, select
from sqlalchemy.orm import Session

from bot.conversations.models import Rating
from bot.fiches.models import FicheRow, FicheSnapshot
from bot.supervision.figures_period import Part, Period
from bot.supervision.models import Episode, EpisodeLine, Turn

_TOP = 10


@dataclass(frozen=True, slots=True)
class AskedFiche:
    """A démarche that was shown.

    Attributes:
        title: as in the present base of fiches; its id when it is there no more.
    """

    fiche: str
    title: str
    count: int


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question in words that got nothing: not understood, or no fiche good enough. Pseudonymised.

    Attributes:
        text: as it was last said; ``episode`` is the conversation where it was.
        count: how many times the same words were said.
    """

    text: str
    count: int
    fallbacks: int
    abstentions: int
    episode: int


@dataclass(frozen=True, slots=True)
class Answers:
    """Figures of the answers.

    Attributes:
        reasons: code of ``bot.conversations.feedback.REASONS`` and how many times, the most frequent first.
        liked: answers rated up, of those rated.
    """

    liked: Part
    reasons: tuple[tuple[str, int], ...]
    asked: tuple[AskedFiche, ...]
    unanswered: tuple[Unanswered, ...]

    @property
    def ups(self) -> int:
        return self.liked.count

    @property
    def downs(self) -> int:
        return self.liked.whole - self.liked.count


def answers(session: Session, period: Period, organisation: str | None) -> Answers:
    """The figures of *organisation*; ``None``: of everyone."""
    liked, reasons = _ratings(session, period, organisation)
    return Answers(liked, reasons, _asked(session, period, organisation), _unanswered(session, period, organisation))


def _ratings(session: Session, period: Period, organisation: str | None) -> tuple[Part, tuple[tuple[str, int], ...]]:
    given = cast(Rating.reasons, String)  # as text, which every database groups by
    query = select(Rating.rating, given, func.count()).where(period.holds(Rating.created_at))
    if organisation:
        query = (
            query.join(EpisodeLine, EpisodeLine.line_id == Rating.message_id)
            .join(Episode, Episode.id == EpisodeLine.episode_id)
            .where(Episode.organisation_id == organisation)
        )
    ups = whole = 0
    reasons: Counter[str] = Counter()
    for rating, written, times in session.execute(query.group_by(Rating.rating, given)):
        whole += times
        if rating > 0:
            ups += times
        else:
            reasons.update(dict.fromkeys(json.loads(written), times))
    ordered = sorted(reasons.items(), key=lambda one: (-one[1], one[0]))
    return Part(ups, whole), tuple(ordered)


def _asked(session: Session, period: Period, organisation: str | None) -> tuple[AskedFiche, ...]:
    count = func.count().label("count")
    query = select(Turn.fiche, count).where(*_turns(period, organisation), Turn.fiche.is_not(None))
    rows = session.execute(query.group_by(Turn.fiche).order_by(count.desc(), Turn.fiche).limit(_TOP)).all()
    current = select(func.max(FicheSnapshot.id)).scalar_subquery()
    titles = select(FicheRow.fiche_id, FicheRow.title).where(
        FicheRow.snapshot_id == current, FicheRow.fiche_id.in_([fiche for fiche, _ in rows])
    )
    known = {row.fiche_id: row.title for row in session.execute(titles)}
    return tuple(AskedFiche(fiche, known.get(fiche, fiche), count) for fiche, count in rows if fiche)


def _unanswered(session: Session, period: Period, organisation: str | None) -> tuple[Unanswered, ...]:
    wanted = (
        *_turns(period, organisation),
        or_(Turn.fallback, Turn.abstained),
        Turn.pressed.is_(False),
        Turn.same != "",
    )
    count, last = func.count().label("count"), func.max(Turn.id).label("last")
    grouped = (
        select(last, count, func.count().filter(Turn.fallback), func.count().filter(Turn.abstained))
        .where(*wanted)
        .group_by(Turn.same)
        .order_by(count.desc(), last.desc())
        .limit(_TOP)
    )
    rows = session.execute(grouped).all()
    said = {turn.id: turn for turn in session.scalars(select(Turn).where(Turn.id.in_([row[0] for row in rows])))}
    return tuple(
        Unanswered(said[turn].text, count, fallbacks, abstentions, said[turn].episode_id)
        for turn, count, fallbacks, abstentions in rows
    )


def _turns(period: Period, organisation: str | None) -> tuple[ColumnElement[bool], ...]:
    mine = (Turn.organisation_id == organisation,) if organisation else ()
    return (period.holds(Turn.at), *mine)
