"""What was said before a request, in stretches: an agent reads the one that led to it, and the others if they ask."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversations.models import LoggedMessage
from bot.handover.views import RequestView
from bot.supervision.episodes import SILENCE, asked_at
from bot.supervision.owners import Owner, Owners

_LOOKED_BACK = 1_000  # messages


def stretches_before(session: Session, request: RequestView) -> tuple[tuple[int, ...], ...]:
    """The ids of the messages before *request*, by stretch of conversation, the last stretch first.

    They are cut as the review cuts them: after an hour of silence, and where the person or their organisation changes.
    What was said by someone else, or for another organisation, is in none.
    """
    query = (
        select(LoggedMessage)
        .where(LoggedMessage.conversation_id == request.conversation, LoggedMessage.id <= request.opened_after)
        .order_by(LoggedMessage.id.desc())
        .limit(_LOOKED_BACK)
    )
    lines = session.scalars(query).all()
    if not lines:
        return ()
    owners = Owners(session, since=min(asked_at(line) for line in lines) - timedelta(microseconds=1))
    theirs = Owner(request.aidant, request.organisation_id)
    found: list[list[int]] = []
    newer: LoggedMessage | None = None  # the one after it, when both may be of one stretch
    for line in lines:
        if owners.of(request.conversation, asked_at(line)) != theirs:
            newer = None
            continue
        if newer is None or newer.created_at - line.created_at > SILENCE:
            found.append([])
        found[-1].append(line.id)
        newer = line
    return tuple(tuple(reversed(stretch)) for stretch in found)
