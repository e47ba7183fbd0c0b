"""Requests as agents read them: lists, one request, its thread, and what changed; within the caller's unit of work."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from bot.aidants.models import Organisation
from bot.conversations.models import LoggedMessage, OutboxEntry, Place
from bot.conversations.places import OWN
from bot.handover import agents
from bot.handover.models import HandoverEntry, HandoverRequest
from bot.handover.views import (
    HUMAN,
    Agent,
    Beat,
    Closing,
    EntryKind,
    EntryView,
    Reason,
    RequestView,
    UnknownRequest,
    Waiting,
)

SHOWN = 50  # requests of a list; the oldest ones that wait come first, the others newest first


def found(session: Session, agent: Agent, request: int) -> HandoverRequest:
    """A request that *agent* may see.

    Raises:
        UnknownRequest: there is none.
    """
    row = session.scalar(select(HandoverRequest).where(HandoverRequest.id == request, agents.seen_by(agent)))
    if row is None:
        raise UnknownRequest(str(request))
    return row


def tabs(agent: Agent) -> dict[str, ColumnElement[bool]]:
    """The requests of each list, by its name."""
    open_ = HandoverRequest.closed_at.is_(None)
    return {
        "attente": open_ & HandoverRequest.claimed_by.is_(None),
        "miennes": open_ & (HandoverRequest.claimed_by == agent.id),
        "autres": open_ & HandoverRequest.claimed_by.is_not(None) & (HandoverRequest.claimed_by != agent.id),
        "closes": HandoverRequest.closed_at.is_not(None),
    }


def listed(session: Session, agent: Agent, tab: str) -> tuple[RequestView, ...]:
    """The requests of one list: first come, first served; those that are closed, the last one first."""
    order = HandoverRequest.closed_at.desc() if tab == "closes" else HandoverRequest.opened_at
    query = select(HandoverRequest).where(agents.seen_by(agent), tabs(agent)[tab]).order_by(order, HandoverRequest.id)
    return views(session, session.scalars(query.limit(SHOWN)).all())


def counts(session: Session, agent: Agent) -> dict[str, int]:
    """How many requests each list holds, save that of the closed ones, which only grows."""
    return {
        name: session.scalar(select(func.count()).select_from(HandoverRequest).where(agents.seen_by(agent), condition))
        or 0
        for name, condition in tabs(agent).items()
        if name != "closes"
    }


def views(session: Session, rows: Sequence[HandoverRequest]) -> tuple[RequestView, ...]:
    """*rows* with their names and last words."""
    names = agents.names_of(session, [one for row in rows for one in (row.aidant_id, row.claimed_by)])
    wanted = {row.organisation_id for row in rows if row.organisation_id}
    named = select(Organisation.id, Organisation.name).where(Organisation.id.in_(wanted))
    organisations = {one: name for one, name in session.execute(named)}  # noqa: C416  rows are not tuples to mypy
    return tuple(_view(session, row, names, organisations) for row in rows)


def entries(session: Session, request: int) -> tuple[EntryView, ...]:
    """What agents did and noted, oldest first."""
    query = select(HandoverEntry).where(HandoverEntry.handover_id == request).order_by(HandoverEntry.id)
    rows = session.scalars(query).all()
    names = agents.names_of(session, [one for row in rows for one in (row.author_id, row.other_id)])
    return tuple(
        EntryView(
            row.id,
            EntryKind(row.kind),
            names.get(row.author_id or ""),
            names.get(row.other_id or ""),
            row.text,
            row.created_at,
        )
        for row in rows
    )


def waiting_replies(session: Session, conversation: str) -> tuple[Waiting, ...]:
    """What waits for the person to come and fetch it, in order."""
    query = (
        select(OutboxEntry.reply, OutboxEntry.created_at)
        .where(OutboxEntry.conversation_id == conversation, OutboxEntry.delivered_at.is_(None))
        .order_by(OutboxEntry.seq)
    )
    return tuple(
        Waiting(reply.get("text", ""), (reply.get("custom") or {}).get("type") == HUMAN, at)
        for reply, at in session.execute(query)
    )


def beats(session: Session) -> tuple[Beat, ...]:
    """Every open request, whoever may see it: a few figures each, read again and again."""
    mine = HandoverRequest.conversation_id
    message = select(func.max(LoggedMessage.id)).where(LoggedMessage.conversation_id == mine).scalar_subquery()
    entry = select(func.max(HandoverEntry.id)).where(HandoverEntry.handover_id == HandoverRequest.id).scalar_subquery()
    waiting = (
        select(func.max(OutboxEntry.id))
        .where(OutboxEntry.conversation_id == mine, OutboxEntry.delivered_at.is_(None))
        .scalar_subquery()
    )
    query = (
        select(HandoverRequest, message, entry, waiting)
        .where(HandoverRequest.closed_at.is_(None))
        .order_by(HandoverRequest.id)
    )
    return tuple(
        Beat(
            row.id,
            row.organisation_id,
            row.claimed_by,
            row.ticket,
            f"{said or 0}.{noted or 0}.{left or 0}",
            row.heard_at.isoformat() if row.heard_at else "",
        )
        for row, said, noted, left in session.execute(query)
    )


def _view(session: Session, row: HandoverRequest, names: dict[str, str], organisations: dict[str, str]) -> RequestView:
    text, channel = _last_words(session, row)
    place = select(Place.id).where(
        Place.conversation_id == row.conversation_id, Place.channel != OWN, Place.blocked_at.is_(None)
    )
    return RequestView(
        id=row.id,
        conversation=row.conversation_id,
        organisation_id=row.organisation_id,
        organisation=organisations.get(row.organisation_id or ""),
        aidant=row.aidant_id,
        person=names.get(row.aidant_id or ""),
        reason=Reason(row.reason),
        ticket=row.ticket,
        opened_at=row.opened_at,
        opened_after=row.opened_after,
        claimed_by=row.claimed_by,
        claimed_name=names.get(row.claimed_by or ""),
        first_reply_at=row.first_reply_at,
        heard_at=row.heard_at,
        closed_at=row.closed_at,
        closing=Closing(row.closing) if row.closing else None,
        excerpt=text,
        channel=channel,
        reachable=session.scalar(place.limit(1)) is not None,
    )


def _last_words(session: Session, row: HandoverRequest) -> tuple[str, str | None]:
    """What the person said last, and where; what they said before asking tells more than « passez-moi quelqu'un »."""
    query = select(LoggedMessage.id, LoggedMessage.text, LoggedMessage.channel).where(
        LoggedMessage.conversation_id == row.conversation_id,
        LoggedMessage.direction == "in",
        LoggedMessage.text != "",
        _not_after_closing(row),
    )
    found = session.execute(query.order_by(LoggedMessage.id.desc()).limit(2)).all()
    if not found:
        return "", None
    shown = found[-1] if found[0].id <= row.opened_after else found[0]
    return shown.text, found[0].channel


def _not_after_closing(row: HandoverRequest) -> ColumnElement[bool]:
    """What someone says to the assistant once the request is closed is none of the agents' business."""
    if row.closed_at is None:
        return true()
    return LoggedMessage.created_at <= row.closed_at
