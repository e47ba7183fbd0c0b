"""One conversation in one order: messages, what was understood, ratings, mandates, journal, requests for a human."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.aidants.models import Aidant
from bot.conversations.messages import Button
from bot.conversations.models import LoggedMessage, Rating
from bot.journal.actions import Action
from bot.journal.models import JournalEntry
from bot.journal.service import SYSTEM
from bot.mandats.models import Draft
from bot.supervision.events import hide_links
from bot.supervision.handovers import steps
from bot.supervision.models import Correction, Episode, EpisodeLine, EpisodeNote, Turn
from bot.supervision.views import Moment, Note, Recorded, Said, Told, TurnView, Understood

# Readings are for the page of the journal: beside the conversation they would soon be all there is to see.
_LEFT_OUT = (Action.READ_CONVERSATION.value, Action.REFUSE_ACCESS.value)
# What reviewers did, whenever it was.
_REVIEWED = (Action.UNMASK_CONVERSATION.value, Action.CORRECT_TURN.value)
# Among what happens at one instant, what caused comes before what followed.
_ORDER = {"said": 0, "understood": 1, "handed_over": 2, "recorded": 3, "told": 4}


def moments_of(session: Session, episode: Episode) -> tuple[Moment, ...]:
    """Everything that happened in *episode*, oldest first."""
    turns = turns_of(session, episode.id)
    began, ended = episode.first_at - timedelta(seconds=1), episode.last_at + timedelta(minutes=1)
    found: list[Moment] = [
        *_lines(session, episode.id, turns),
        *_recorded(session, episode, turns, began=began, ended=ended),
        *steps(session, episode, began, ended),
    ]
    shown = {moment.line for moment in found if isinstance(moment, Said)}
    found += [Understood(turn.at, turn) for turn in turns if turn.line not in shown]
    return tuple(sorted(found, key=lambda moment: (moment.at, _ORDER[moment.kind])))


def turns_of(session: Session, episode: int) -> list[TurnView]:
    """The turns of *episode*, oldest first."""
    query = (
        select(Turn, Correction.id)
        .outerjoin(Correction, Correction.turn_id == Turn.id)
        .where(Turn.episode_id == episode)
        .order_by(Turn.at, Turn.id)
    )
    return [turn_view(turn, correction) for turn, correction in session.execute(query)]


def turn_view(turn: Turn, correction: int | None) -> TurnView:
    """*turn* as it is shown."""
    return TurnView(
        id=turn.id,
        at=turn.at,
        line=turn.line_id,
        text=turn.text,
        pressed=turn.pressed,
        intent=turn.intent,
        topic=turn.topic,
        confidence=turn.confidence,
        alternatives=tuple((str(name), float(confidence)) for name, confidence in turn.alternatives),
        entities=tuple((name, value) for name, value in turn.entities),
        actions=tuple(turn.actions),
        fallback=turn.fallback,
        abstained=turn.abstained,
        fiches=tuple(turn.fiches),
        passage=turn.passage,
        responses=tuple(turn.responses),
        latency_ms=turn.latency_ms,
        correction=correction,
    )


def notes_of(session: Session, episode: int) -> tuple[Note, ...]:
    """The notes of *episode*, oldest first."""
    query = (
        select(EpisodeNote, Aidant.name)
        .outerjoin(Aidant, Aidant.id == EpisodeNote.author_id)
        .where(EpisodeNote.episode_id == episode)
        .order_by(EpisodeNote.at, EpisodeNote.id)
    )
    return tuple(Note(note.id, note.author_id, name, note.text, note.at) for note, name in session.execute(query))


def _lines(session: Session, episode: int, turns: Sequence[TurnView]) -> list[Said | Told]:
    by_line = {turn.line: turn for turn in turns if turn.line is not None}
    query = (
        select(LoggedMessage, Rating)
        .join(EpisodeLine, EpisodeLine.line_id == LoggedMessage.id)
        .outerjoin(Rating, Rating.message_id == LoggedMessage.id)
        .where(EpisodeLine.episode_id == episode)
        .order_by(LoggedMessage.id)
    )
    found: list[Said | Told] = []
    for line, rating in session.execute(query):
        custom = line.custom or {}
        if line.direction == "in":
            refused = custom.get("refused")
            found.append(
                Said(
                    at=line.created_at,
                    line=line.id,
                    text=line.text,
                    channel=line.channel,
                    voice=custom.get("voice"),
                    refused=str(refused) if refused else None,
                    turn=by_line.get(line.id),
                )
            )
            continue
        found.append(
            Told(
                at=line.created_at,
                line=line.id,
                text=hide_links(line.text),
                buttons=tuple(Button(button["title"], "") for button in line.buttons or ()),
                custom={name: value for name, value in custom.items() if name != "secure_url"} or None,
                latency_ms=line.latency_ms,
                rating=rating.rating if rating else None,
                reasons=tuple(rating.reasons) if rating else (),
                comment=rating.comment if rating else "",
            )
        )
    return found


def _recorded(
    session: Session, episode: Episode, turns: Sequence[TurnView], *, began: datetime, ended: datetime
) -> list[Recorded]:
    """What the journal of the episode's organisation says of it, and of the mandates that were begun in it."""
    chain = episode.organisation_id or SYSTEM
    mandats = session.scalars(
        select(Draft.mandat_id)
        .where(Draft.conversation_id == episode.conversation_id, Draft.mandat_id.is_not(None))
        .where(Draft.created_at >= began, Draft.created_at <= ended, Draft.organisation_id == chain)
    ).all()
    then = (JournalEntry.at >= began) & (JournalEntry.at <= ended)
    since = (JournalEntry.at >= began) & JournalEntry.action.in_(_REVIEWED)
    entries = session.scalars(
        select(JournalEntry)
        .where(JournalEntry.organisation_id == chain, JournalEntry.action.not_in(_LEFT_OUT))
        .where(or_(then, since, JournalEntry.mandat_id.in_(mandats)))
        .order_by(JournalEntry.seq)
    )
    numbers = {turn.id for turn in turns}

    def mine(entry: JournalEntry) -> bool:
        if entry.action in _REVIEWED:
            return entry.details.get("episode") == episode.id or entry.details.get("turn") in numbers
        return entry.details.get("conversation") == episode.conversation_id or entry.mandat_id in mandats

    return [
        Recorded(entry.at, entry.action, entry.organisation_id, entry.seq, entry.aidant_id, entry.mandat_id)
        for entry in entries
        if mine(entry)
    ]
