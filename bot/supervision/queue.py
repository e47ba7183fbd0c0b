"""What is most useful to look at: what the assistant is least sure of, and is asked most often."""

from datetime import timedelta

from sqlalchemy import func, select

from bot.clock import Clock
from bot.storage.engine import Database
from bot.supervision.judgements import QueueItem
from bot.supervision.models import Correction, Turn
from bot.supervision.scope import reach_of

LOOKED_BACK = timedelta(days=90)
# Below, the understanding is as sure as it gets: to correct it teaches nothing.
_WORTH_A_LOOK = 0.15


class ReviewQueue:
    """Orders the messages that nobody has judged."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def next(self, by: str | None, *, limit: int = 50, intent: str | None = None) -> tuple[QueueItem, ...]:
        """The most useful messages of the last 90 days within the reach of *by*, best first.

        The same words, however they are written, count once: uncertainty is that of the worst time they were said, and
        frequency tells how many times. Words that were judged, by anyone within reach, do not come back.

        Raises:
            AccessRefused: *by* reviews nothing.
        """
        with self._database.unit_of_work() as session:
            reach = reach_of(session, by)
            judged = select(Correction.same).where(reach.within(Correction.organisation_id))
            mine = [
                reach.within(Turn.organisation_id),
                Turn.at >= self._clock.now() - LOOKED_BACK,
                Turn.same != "",
                Turn.same.not_in(judged),
            ]
            if intent is not None:
                mine.append(Turn.intent == intent)
            frequency, uncertainty = func.count(Turn.id), func.max(Turn.uncertainty)
            usefulness = (frequency * uncertainty).label("usefulness")
            ranked = (
                select(func.max(Turn.id), frequency, uncertainty, usefulness)
                .where(*mine)
                .group_by(Turn.same)
                .having(uncertainty >= _WORTH_A_LOOK)
                .order_by(usefulness.desc(), func.max(Turn.id).desc())
                .limit(limit)
            )
            found = session.execute(ranked).all()
            turns = {
                turn.id: turn for turn in session.scalars(select(Turn).where(Turn.id.in_([row[0] for row in found])))
            }
        return tuple(
            QueueItem(
                turn=turn.id,
                episode=turn.episode_id,
                text=turn.text,
                intent=turn.intent,
                confidence=turn.confidence,
                fiche=turn.fiche,
                frequency=int(times),
                uncertainty=float(worst),
                usefulness=float(useful),
            )
            for last, times, worst, useful in found
            if (turn := turns.get(last)) is not None
        )
