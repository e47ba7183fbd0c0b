"""From replies to what is handed over: buttons given out, lines of the log, what waited, what has to be pushed.

Every function works within the unit of work of its caller.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import bindparam, insert, update
from sqlalchemy.orm import Session

from bot.conversations.buttons import give_out
from bot.conversations.messages import Reply
from bot.conversations.models import ButtonPayload, Conversation, Delivery, LoggedMessage, OutboxEntry

Answer = tuple[Reply, ...]

_FETCH = (
    update(OutboxEntry)
    .where(OutboxEntry.conversation_id == bindparam("conversation"), OutboxEntry.delivered_at.is_(None))
    .values(delivered_at=bindparam("now"))
    .returning(OutboxEntry.seq, OutboxEntry.reply)
)
_NEXT_TURN = (
    update(Conversation)
    .where(Conversation.id == bindparam("conversation"))
    .values(turn=Conversation.turn + 1)
    .returning(Conversation.turn)
)
_OFFER = insert(ButtonPayload)
_LOG = insert(LoggedMessage).returning(LoggedMessage.id)


def fetch_outbox(session: Session, conversation: str, *, new_button: Callable[[], str], now: datetime) -> Answer:
    """The replies that waited for *conversation*, handed over now, once, ever."""
    # One statement marks and reads: two readers can never both get an entry.
    session.flush()
    told = {"conversation": conversation, "now": now}
    waiting = sorted(session.connection().execute(_FETCH, told).all(), key=lambda entry: entry[0])
    replies = tuple(Reply.from_json(reply) for _, reply in waiting)
    return hand_over(session, conversation, replies, new_button=new_button, now=now) if replies else ()


def hand_over(
    session: Session,
    conversation: str,
    answer: Sequence[Reply],
    *,
    new_button: Callable[[], str],
    now: datetime,
    ms: int | None = None,
) -> Answer:
    """*answer* as it goes out: with opaque buttons, which may be typed from now on, and its ids in the log.

    Args:
        ms: the time that it took to answer, in milliseconds; ``None`` when nobody asked.
    """
    outside, given = give_out(answer, new_id=new_button)
    session.flush()
    connection = session.connection()
    turn = connection.execute(_NEXT_TURN, {"conversation": conversation}).scalar()
    if given:
        rows = [
            {
                "id": button.id,
                "conversation_id": conversation,
                "payload": button.payload,
                "title": button.title,
                "turn": turn,
                "position": button.position,
                "created_at": now,
            }
            for button in given
        ]
        connection.execute(_OFFER, rows)
    ids = []
    for reply in outside:  # one by one: their ids must be in their order
        line = {
            "conversation_id": conversation,
            "direction": "out",
            "text": reply.text,
            "custom": reply.custom,
            "buttons": reply.as_json().get("buttons"),
            "created_at": now,
            "latency_ms": ms,
        }
        ids.append(connection.execute(_LOG, line).scalar_one())
    return tuple(replace(reply, id=line) for reply, line in zip(outside, ids, strict=True))


def push(session: Session, place: int, conversation: str, replies: Sequence[Reply], *, now: datetime) -> None:
    """Notes that *replies*, already handed over, have to be sent to a place."""
    session.add_all(
        Delivery(
            place_id=place,
            conversation_id=conversation,
            reply=reply.as_kept(),
            parts_sent=0,
            attempts=0,
            created_at=now,
            next_attempt_at=now,
        )
        for reply in replies
    )
