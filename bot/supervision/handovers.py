"""What the help desk has on a conversation, for the review."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.handover.models import HandoverEntry, HandoverRequest
from bot.supervision.models import Episode
from bot.supervision.views import HandedOver

_OVERLAP = 20  # numbers may be committed in another order


class HelpDesk:
    """The requests of ``bot.handover``, as ``bot.supervision.summaries.Handovers``."""

    def since(self, session: Session, position: int) -> tuple[int, frozenset[str]]:
        newest = session.scalar(select(func.max(HandoverRequest.id))) or 0
        if newest <= position:
            return position, frozenset()
        new = select(HandoverRequest.conversation_id).where(HandoverRequest.id > position - _OVERLAP)
        return newest, frozenset(session.scalars(new))

    def asked_at(self, session: Session, conversation: str) -> Iterable[datetime]:
        mine = HandoverRequest.conversation_id == conversation
        return session.scalars(select(HandoverRequest.opened_at).where(mine)).all()


def steps(session: Session, episode: Episode, began: datetime, ended: datetime) -> list[HandedOver]:
    """What happened to the requests made in *episode*, from the asking to the end, internal notes included."""
    found: list[HandedOver] = []
    requests = session.scalars(
        select(HandoverRequest)
        .where(HandoverRequest.conversation_id == episode.conversation_id)
        .where(HandoverRequest.opened_at >= began, HandoverRequest.opened_at <= ended)
        .where(HandoverRequest.organisation_id.is_not_distinct_from(episode.organisation_id))
    ).all()
    for request in requests:
        found.append(HandedOver(request.opened_at, "asked", request.aidant_id, request.reason))
        if request.first_reply_at is not None:
            found.append(HandedOver(request.first_reply_at, "replied", request.claimed_by))
        entries = session.scalars(select(HandoverEntry).where(HandoverEntry.handover_id == request.id)).all()
        found += [HandedOver(entry.created_at, entry.kind, entry.author_id, entry.text) for entry in entries]
        if request.closed_at is not None and not any(entry.kind == "closed" for entry in entries):
            found.append(HandedOver(request.closed_at, "closed", None, request.closing or ""))
    return found
