"""Writes turns: one message that reached the dialogue, and what followed."""

from bisect import bisect_right, insort
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversations.models import Conversation, LoggedMessage
from bot.supervision.episodes import Episodes
from bot.supervision.events import FALLBACK_ACTIONS, LISTEN, ActionRan, BotSaid, Event, UserSaid, same_words
from bot.supervision.models import Episode, Turn
from bot.supervision.owners import Owner, Owners

# A message is written down just before it reaches the dialogue, or long before when it had to be kept.
_SAME_MESSAGE = timedelta(minutes=2)
_KEPT_MESSAGE = timedelta(hours=25)


class TurnWriter:
    """Takes events in the order of their instants, within the unit of work of its caller."""

    def __init__(self, session: Session, episodes: Episodes, owners: Owners) -> None:
        self._session = session
        self._episodes = episodes
        self._owners = owners
        self._lines: dict[int, LoggedMessage] = {}  # those that the gateway named
        self._keys: set[str] = set()  # messages whose turn was begun before
        self._turns: dict[str, list[Turn]] = {}  # of each conversation, by instant, from the first that may go on
        self._touched: set[int] = set()

    def write(self, events: Sequence[Event]) -> set[int]:
        """The ids of the episodes that have something new."""
        with self._session.no_autoflush:  # what was begun here is in ``_turns``
            self._look_up(events)
            for event in events:
                if event.conversation not in self._turns:
                    continue  # forgotten meanwhile: it must not come back
                if isinstance(event, UserSaid):
                    self._begin(event)
                elif (turn := self._turn_at(event.conversation, event.at)) is not None:
                    self._go_on(turn, event)
                    self._touched.add(turn.episode_id)
        self._session.flush()
        return self._touched

    def _look_up(self, events: Sequence[Event]) -> None:
        """Which of the conversations there are, their turns that may go on, and what is known of the messages."""
        first: dict[str, datetime] = {}
        for event in events:
            first.setdefault(event.conversation, event.at)
        existing = self._session.scalars(select(Conversation.id).where(Conversation.id.in_(first))).all()
        for conversation in existing:
            mine = select(Turn).where(Turn.conversation_id == conversation)
            before = mine.where(Turn.at <= first[conversation]).order_by(Turn.at.desc(), Turn.id.desc()).limit(1)
            after = mine.where(Turn.at > first[conversation]).order_by(Turn.at, Turn.id)
            self._turns[conversation] = [*self._session.scalars(before), *self._session.scalars(after)]
        said = [event for event in events if isinstance(event, UserSaid)]
        if not said:
            return
        self._keys.update(self._session.scalars(select(Turn.key).where(Turn.key.in_([one.key for one in said]))))
        named = select(LoggedMessage).where(LoggedMessage.id.in_([one.line for one in said if one.line is not None]))
        self._lines = {line.id: line for line in self._session.scalars(named)}
        self._episodes.look_up(self._lines)

    def _begin(self, said: UserSaid) -> None:
        turns = self._turns[said.conversation]
        if said.key in self._keys:
            return
        self._keys.add(said.key)
        line = self._line(said)
        if line is not None:
            episode = self._session.get_one(Episode, self._episodes.place(line)[0])
        else:
            owner = self._owners.of(said.conversation, said.at)
            episode = self._episodes.at(said.conversation, said.at, owner, channel=said.channel)
        owner = Owner(episode.aidant_id, episode.organisation_id)
        text = line.text if line is not None and said.pressed else said.text
        turn = Turn(
            key=said.key,
            conversation_id=said.conversation,
            episode_id=episode.id,
            line_id=line.id if line is not None else None,
            at=said.at,
            channel=said.channel or episode.channel,
            organisation_id=owner.organisation,
            aidant_id=owner.aidant,
            text=text,
            pressed=said.pressed,
            same="" if said.pressed else same_words(text),
            intent=said.intent[:60],
            topic=said.topic and said.topic[:60],
            confidence=said.confidence,
            uncertainty=0.0 if said.pressed else 1.0 if said.fallback else 1.0 - said.confidence,
            alternatives=[[name, round(confidence, 4)] for name, confidence in said.alternatives],
            entities=[list(entity) for entity in said.entities],
            actions=[],
            fallback=said.fallback,
            abstained=False,
            fiches=[],
            responses=[],
        )
        self._session.add(turn)
        insort(turns, turn, key=lambda one: one.at)
        self._touched.add(episode.id)

    def _go_on(self, turn: Turn, event: ActionRan | BotSaid) -> None:
        if isinstance(event, ActionRan):
            if event.name == LISTEN:
                turn.latency_ms = turn.latency_ms or _between(turn.at, event.at)
            elif not event.silent:
                turn.actions = [*turn.actions, event.name]
                if event.name in FALLBACK_ACTIONS:
                    turn.fallback, turn.uncertainty = True, 1.0
            return
        turn.latency_ms = _between(turn.at, event.at)
        if event.text:
            turn.responses = [*turn.responses, event.text]
        custom = event.custom or {}
        if custom.get("type") == "guidance":
            fiches = [str(fiche["id"]) for fiche in custom.get("fiches") or () if fiche.get("id")]
            turn.fiches = list(dict.fromkeys([*turn.fiches, *fiches]))
            turn.fiche = turn.fiche or (fiches[0] if fiches else None)
            turn.passage = turn.passage or custom.get("passage")
            if not turn.fiches:
                turn.abstained, turn.uncertainty = True, 1.0
            else:
                turn.abstained = False

    def _turn_at(self, conversation: str, at: datetime) -> Turn | None:
        """The turn that goes on at *at*; ``None`` for what happens before any message."""
        turns = self._turns[conversation]
        place = bisect_right(turns, at, key=lambda one: one.at)
        return turns[place - 1] if place else None

    def _line(self, said: UserSaid) -> LoggedMessage | None:
        """The message of the log: the one that the gateway named, else the last one without a turn."""
        if said.line is not None:
            line = self._lines.get(said.line)
            return line if line is not None and line.conversation_id == said.conversation else None
        window = _KEPT_MESSAGE if said.late else _SAME_MESSAGE
        here = [turn.line_id for turn in self._turns[said.conversation] if turn.line_id is not None]
        taken = select(Turn.line_id).where(Turn.conversation_id == said.conversation, Turn.line_id.is_not(None))
        candidates = self._session.scalars(
            select(LoggedMessage)
            .where(LoggedMessage.conversation_id == said.conversation, LoggedMessage.direction == "in")
            .where(LoggedMessage.created_at <= said.at, LoggedMessage.created_at >= said.at - window)
            .where(LoggedMessage.id.not_in(taken), LoggedMessage.id.not_in(here))
            .order_by(LoggedMessage.id.desc())
            .limit(20)
        ).all()
        reached = [line for line in candidates if "refused" not in (line.custom or {})]
        if said.pressed:
            return next((line for line in reached if (line.custom or {}).get("payload")), None)
        same = same_words(said.text)
        return next((line for line in reached if same_words(line.text) == same), None)


def _between(start: datetime, end: datetime) -> int:
    return max(0, round((end - start).total_seconds() * 1000))
