"""To which stretch of its conversation something belongs."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversations.models import LoggedMessage
from bot.mandats.models import Mandat
from bot.supervision.models import Episode, EpisodeLine
from bot.supervision.owners import Owner, Owners

SILENCE = timedelta(hours=1)  # as long as a session of the dialogue (nlu/domain/conversation.yml)


def episode_of(session: Session, conversation: str, at: datetime, owner: Owner, *, channel: str | None) -> Episode:
    """The episode of *conversation* at *at*, made or stretched if need be.

    What comes late finds the episode that it falls in.
    """
    mine = select(Episode).where(Episode.conversation_id == conversation)
    before = session.scalar(
        mine.where(Episode.first_at <= at).order_by(Episode.first_at.desc(), Episode.id.desc()).limit(1)
    )
    after = session.scalar(mine.where(Episode.first_at > at).order_by(Episode.first_at, Episode.id).limit(1))
    for near in (before, after):
        if near is None or (near.aidant_id, near.organisation_id) != (owner.aidant, owner.organisation):
            continue
        if near.first_at - at <= SILENCE and at - near.last_at <= SILENCE:
            near.first_at, near.last_at = min(near.first_at, at), max(near.last_at, at)
            near.channel = near.channel or channel or ""
            return near
    made = Episode(
        conversation_id=conversation,
        organisation_id=owner.organisation,
        aidant_id=owner.aidant,
        channel=channel or "",
        first_at=at,
        last_at=at,
        state="a_revoir",
        complained=False,
        handover=False,
        mandat=False,
    )
    session.add(made)
    session.flush()
    return made


def place_line(session: Session, line: LoggedMessage, owners: Owners) -> tuple[int, bool]:
    """The id of the episode of *line*, which is noted once and for all; and whether it has just been."""
    known = session.get(EpisodeLine, line.id)
    if known is not None:
        return known.episode_id, False
    at = asked_at(line)
    owner = _owner(session, line, at, owners)
    episode = episode_of(session, line.conversation_id, at, owner, channel=line.channel)
    session.add(EpisodeLine.of(line, episode))
    session.flush()
    return episode.id, True


def asked_at(line: LoggedMessage) -> datetime:
    """When what *line* answers was asked: an answer belongs with its question, whoever acts for whom meanwhile."""
    return line.created_at - timedelta(milliseconds=line.latency_ms or 0)


def _owner(session: Session, line: LoggedMessage, at: datetime, owners: Owners) -> Owner:
    owner = owners.of(line.conversation_id, at)
    reference = (line.custom or {}).get("reference")
    if line.direction == "out" and line.latency_ms is None and reference:
        # A notice about a mandate is read by the organisation that holds it, wherever its aidant has gone.
        holder = session.scalar(select(Mandat.organisation_id).where(Mandat.reference == str(reference)))
        return Owner(owner.aidant, holder or owner.organisation)
    return owner
