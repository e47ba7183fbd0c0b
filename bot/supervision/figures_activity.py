"""How much is asked, where, how fast it is answered, and how well it is understood."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, String, case, cast, func, select
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
    heard = _lines(period, organisation, direction="in")
    said = _by_hour(session, heard.at, heard.channel, heard.wanted)
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


@dataclass(frozen=True, slots=True)
class _Lines:
    """Messages to count, and where what is counted of them stands.

    Attributes:
        answer: with the instant, what the replies of one answer share.
    """

    at: InstrumentedAttribute[Any]
    channel: InstrumentedAttribute[str | None]
    latency: InstrumentedAttribute[int | None]
    answer: InstrumentedAttribute[Any]
    wanted: tuple[ColumnElement[bool], ...]


def _conversations(period: Period, organisation: str | None) -> tuple[ColumnElement[bool], ...]:
    begun = (period.holds(Episode.first_at),)
    if organisation is None:
        return begun
    # The second condition adds nothing, but the index of the conversations of an organisation is in its order.
    return (*begun, Episode.last_at >= period.since, Episode.organisation_id == organisation)


def _lines(period: Period, organisation: str | None, *, direction: str) -> _Lines:
    if organisation is None:
        one = LoggedMessage
        wanted = (one.direction == direction, period.holds(one.created_at))
        return _Lines(one.created_at, one.channel, one.latency_ms, one.conversation_id, wanted)
    copy = EpisodeLine
    mine = (copy.organisation_id == organisation, copy.direction == direction, period.holds(copy.at))
    return _Lines(copy.at, copy.channel, copy.latency_ms, copy.episode_id, mine)


def _by_hour(
    session: Session,
    at: InstrumentedAttribute[datetime],
    channel: InstrumentedAttribute[Any],
    wanted: Sequence[ColumnElement[bool]],
) -> Mapping[date, Counter[str]]:
    """How many rows of *wanted* for each day and channel."""
    hour = hour_of(session, at)
    counts: defaultdict[date, Counter[str]] = defaultdict(Counter)
    query = select(hour, channel, func.count()).where(*wanted).group_by(hour, channel)
    for one, where, count in session.execute(query):
        counts[day_of(one)][where or ""] += count
    return counts


def _channels(begun: Mapping[date, Counter[str]], said: Mapping[date, Counter[str]]) -> tuple[ChannelVolume, ...]:
    conversations, messages = sum(begun.values(), Counter[str]()), sum(said.values(), Counter[str]())
    found = [ChannelVolume(one, conversations[one], messages[one]) for one in {*conversations, *messages}]
    return tuple(sorted(found, key=lambda one: (-one.messages, -one.conversations, one.channel)))


def _durations(session: Session, period: Period, organisation: str | None) -> Mapping[date, list[int]]:
    """The times to answer of each day, in milliseconds; an answer in several replies counts once."""
    lines = _lines(period, organisation, direction="out")
    each = (
        select(hour_of(session, lines.at).label("hour"), lines.latency.label("latency"))
        .where(*lines.wanted, lines.latency.is_not(None))
        # The replies of one answer were written at the same instant.
        .group_by(lines.at, lines.answer, lines.latency)
        .subquery()
    )
    # One row an hour: a row for each answer would take longer to fetch than to find.
    together = func.aggregate_strings(cast(each.c.latency, String), " ")
    durations: defaultdict[date, list[int]] = defaultdict(list)
    for one, written in session.execute(select(each.c.hour, together).group_by(each.c.hour)):
        durations[day_of(one)].extend(map(int, written.split()))
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
