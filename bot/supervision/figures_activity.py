"""How much is asked, where, how fast it is answered, and how well it is understood."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from bot.conversations.models import LoggedMessage
from bot.supervision.figures_period import Part, Period, Spread, day_of, hour_of
from bot.supervision.models import Episode, EpisodeLine, Turn


@dataclass(frozen=True, slots=True)
class DayVolume:
    """What was said in one day: conversations that began then, and messages of the people who ask."""

    day: date
    conversations: int
    messages: int


@dataclass(frozen=True, slots=True)
class ChannelVolume:
    """The same for one channel; ``channel`` is empty when it could not be told."""

    channel: str
    conversations: int
    messages: int


@dataclass(frozen=True, slots=True)
class DaySpread:
    """The time to answer, in one day."""

    day: date
    spread: Spread


@dataclass(frozen=True, slots=True)
class DayUnderstanding:
    """What became of the messages in words of one day; buttons are always understood, and are not counted."""

    day: date
    words: int
    fallbacks: int
    abstentions: int


@dataclass(frozen=True, slots=True)
class Activity:
    """Figures of use.

    Attributes:
        answering: from the arrival of a message to its answer, the delivery left out; by day in *answering_by_day*.
        understood, fallbacks: of the messages in words.
        abstentions: of the questions for which a fiche was looked for.
    """

    volume: tuple[DayVolume, ...]
    channels: tuple[ChannelVolume, ...]
    answering: Spread
    answering_by_day: tuple[DaySpread, ...]
    understood: Part
    fallbacks: Part
    abstentions: Part
    understanding: tuple[DayUnderstanding, ...]

    @property
    def conversations(self) -> int:
        return sum(one.conversations for one in self.volume)

    @property
    def messages(self) -> int:
        return sum(one.messages for one in self.volume)


def activity(session: Session, period: Period, organisation: str | None) -> Activity:
    """The figures of *organisation*; ``None``: of everyone, those whom nobody recognised included."""
    begun = _by_hour(session, Episode.first_at, Episode.channel, _conversations(period, organisation))
    said = _by_hour(
        session, LoggedMessage.created_at, LoggedMessage.channel, _lines(period, organisation, direction="in")
    )
    durations = _durations(session, period, organisation)
    turns, searched = _turns(session, period, organisation)
    words = sum(one.words for one in turns)
    fallbacks = sum(one.fallbacks for one in turns)
    return Activity(
        volume=tuple(
            DayVolume(day, sum(begun.get(day, Counter()).values()), sum(said.get(day, Counter()).values()))
            for day in period.days
        ),
        channels=_channels(begun, said),
        answering=Spread.of(one for day in durations.values() for one in day),
        answering_by_day=tuple(DaySpread(day, Spread.of(durations.get(day, ()))) for day in period.days),
        understood=Part(words - fallbacks, words),
        fallbacks=Part(fallbacks, words),
        abstentions=Part(sum(one.abstentions for one in turns), searched),
        understanding=turns,
    )


def _conversations(period: Period, organisation: str | None) -> Select[Any]:
    query = select().select_from(Episode).where(period.holds(Episode.first_at))
    return query.where(Episode.organisation_id == organisation) if organisation else query


def _lines(period: Period, organisation: str | None, *, direction: str) -> Select[Any]:
    query = (
        select()
        .select_from(LoggedMessage)
        .where(period.holds(LoggedMessage.created_at), LoggedMessage.direction == direction)
    )
    if organisation is None:
        return query
    return (
        query.join(EpisodeLine, EpisodeLine.line_id == LoggedMessage.id)
        .join(Episode, Episode.id == EpisodeLine.episode_id)
        .where(Episode.organisation_id == organisation)
    )


def _by_hour(
    session: Session,
    at: InstrumentedAttribute[datetime],
    channel: InstrumentedAttribute[Any],
    query: Select[Any],
) -> Mapping[date, Counter[str]]:
    """How many rows of *query* for each day and channel."""
    hour = hour_of(session, at)
    counts: defaultdict[date, Counter[str]] = defaultdict(Counter)
    for one, where, count in session.execute(query.add_columns(hour, channel, func.count()).group_by(hour, channel)):
        counts[day_of(one)][where or ""] += count
    return counts


def _channels(begun: Mapping[date, Counter[str]], said: Mapping[date, Counter[str]]) -> tuple[ChannelVolume, ...]:
    conversations, messages = sum(begun.values(), Counter[str]()), sum(said.values(), Counter[str]())
    found = [ChannelVolume(one, conversations[one], messages[one]) for one in {*conversations, *messages}]
    return tuple(sorted(found, key=lambda one: (-one.messages, -one.conversations, one.channel)))


def _durations(session: Session, period: Period, organisation: str | None) -> Mapping[date, list[int]]:
    """The times to answer of each day, in milliseconds; an answer in several replies counts once."""
    hour = hour_of(session, LoggedMessage.created_at)
    each = (
        _lines(period, organisation, direction="out")
        .add_columns(hour.label("hour"), LoggedMessage.latency_ms)
        .where(LoggedMessage.latency_ms.is_not(None))
        # The replies of one answer were written at the same instant.
        .group_by(LoggedMessage.conversation_id, LoggedMessage.created_at, LoggedMessage.latency_ms)
        .subquery()
    )
    durations: defaultdict[date, list[int]] = defaultdict(list)
    query = select(each.c.hour, each.c.latency_ms, func.count()).group_by(each.c.hour, each.c.latency_ms)
    for one, milliseconds, times in session.execute(query):
        durations[day_of(one)].extend([milliseconds] * times)
    return durations


def _turns(session: Session, period: Period, organisation: str | None) -> tuple[tuple[DayUnderstanding, ...], int]:
    """What was understood each day, and how many times a fiche was looked for."""
    hour = hour_of(session, Turn.at)
    in_words = Turn.pressed.is_(False)

    def counted(condition: Any) -> Any:
        return func.sum(case((condition, 1), else_=0))

    query = select(
        hour,
        counted(in_words),
        counted(in_words & Turn.fallback),
        counted(Turn.abstained),
        counted(Turn.abstained | Turn.fiche.is_not(None)),
    ).where(period.holds(Turn.at))
    if organisation:
        query = query.where(Turn.organisation_id == organisation)
    days: defaultdict[date, list[int]] = defaultdict(lambda: [0, 0, 0])
    searched = 0
    for one, *counts, looked_for in session.execute(query.group_by(hour)):
        day = day_of(one)
        days[day] = [sum(pair) for pair in zip(days[day], counts, strict=True)]
        searched += looked_for
    return tuple(DayUnderstanding(day, *days[day]) for day in period.days), searched
