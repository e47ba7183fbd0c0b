"""To which stretch of its conversation something belongs."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversations.models import LoggedMessage
from bot.mandats.models import Mandat
from bot.supervision.models import Episode, EpisodeLine
from bot.supervision.owners import Owner, Owners

SILENCE = timedelta(hours=1)  # as long as a session of the dialogue (nlu/domain/conversation.yml)


class Episodes:
    """The episodes of all conversations, within the unit of work of its caller; nobody else projects meanwhile."""

    def __init__(self, session: Session, owners: Owners) -> None:
        self._session = session
        self._owners = owners
        self._newest: dict[str, Episode] = {}  # of each conversation that was asked for: most often the next one again
        self._placed: dict[int, int | None] = {}  # the episode of each line that was asked for

    def look_up(self, lines: Collection[int]) -> None:
        """Learns at once where *lines* of the log belong."""
        query = select(EpisodeLine.line_id, EpisodeLine.episode_id).where(EpisodeLine.line_id.in_(lines))
        self._placed |= dict.fromkeys(lines) | {row.line_id: row.episode_id for row in self._session.execute(query)}

    def at(self, conversation: str, at: datetime, owner: Owner, *, channel: str | None) -> Episode:
        """The episode of *conversation* at *at*, made or stretched if need be.

        What comes late finds the episode that it falls in.
        """
        newest = self._newest.get(conversation)
        for near in (newest,) if newest is not None and newest.first_at <= at else self._around(conversation, at):
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
        self._session.add(made)
        self._session.flush()
        self._newest.pop(conversation, None)
        return made

    def place(self, line: LoggedMessage) -> tuple[int, bool]:
        """The id of the episode of *line*, which is noted once and for all; and whether it has just been."""
        if line.id not in self._placed:
            self.look_up([line.id])
        if (known := self._placed[line.id]) is not None:
            return known, False
        at = asked_at(line)
        episode = self.at(line.conversation_id, at, self._owner(line, at), channel=line.channel)
        self._session.add(EpisodeLine.of(line, episode))
        self._placed[line.id] = episode.id
        return episode.id, True

    def _around(self, conversation: str, at: datetime) -> tuple[Episode | None, Episode | None]:
        """The last episode that had begun at *at*, and the next one."""
        mine = select(Episode).where(Episode.conversation_id == conversation)
        before = self._session.scalar(
            mine.where(Episode.first_at <= at).order_by(Episode.first_at.desc(), Episode.id.desc()).limit(1)
        )
        after = self._session.scalar(mine.where(Episode.first_at > at).order_by(Episode.first_at, Episode.id).limit(1))
        if before is not None and after is None:
            self._newest[conversation] = before
        return before, after

    def _owner(self, line: LoggedMessage, at: datetime) -> Owner:
        owner = self._owners.of(line.conversation_id, at)
        reference = (line.custom or {}).get("reference")
        if line.direction == "out" and line.latency_ms is None and reference:
            # A notice about a mandate is read by the organisation that holds it, wherever its aidant has gone.
            holder = self._session.scalar(select(Mandat.organisation_id).where(Mandat.reference == str(reference)))
            return Owner(owner.aidant, holder or owner.organisation)
        return owner


def asked_at(line: LoggedMessage) -> datetime:
    """When what *line* answers was asked: an answer belongs with its question, whoever acts for whom meanwhile."""
    return line.created_at - timedelta(milliseconds=line.latency_ms or 0)
