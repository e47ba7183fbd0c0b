"""From replies to what is handed over: buttons given out, lines of the log, what waited, what has to be pushed.

Every function works within the unit of work of its caller.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update
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
_HANDED_OVER = (
    select(OutboxEntry.id, OutboxEntry.reply)
    .where(OutboxEntry.conversation_id == bindparam("conversation"), OutboxEntry.delivered_at.is_not(None))
    .order_by(OutboxEntry.seq)
)
_REMEMBER = (
    update(OutboxEntry)
    .where(OutboxEntry.conversation_id == bindparam("conversation"), OutboxEntry.seq == bindparam("number"))
    .values(reply=bindparam("handed"))
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
    return tuple(reply for _, reply in _take_waiting(session, conversation, new_button=new_button, now=now))


def fetch_unreceived(
    session: Session, conversation: str, *, received: int, new_button: Callable[[], str], now: datetime
) -> Answer:
    """The replies that this function handed over and that were not received, word for word, then those that waited.

    They are all given each time, in order: to have received one is to have received those before it. Those that were
    received are forgotten; what waited is given once at least, whatever *received* says.

    Args:
        received: id of the last reply that was received; 0 when none was.
    """
    # Taken first: whoever takes something at the same time is waited for, and what they took is seen below.
    taken = _take_waiting(session, conversation, new_button=new_button, now=now)
    connection = session.connection()
    rows = connection.execute(_HANDED_OVER, {"conversation": conversation}).all()
    handed = [(row.id, Reply.from_json(row.reply)) for row in rows]  # what is given once, ever, has no id there
    if done := [entry for entry, reply in handed if reply.id is not None and reply.id <= received]:
        connection.execute(delete(OutboxEntry).where(OutboxEntry.id.in_(done)))
    if taken:
        kept = [{"conversation": conversation, "number": seq, "handed": reply.as_kept()} for seq, reply in taken]
        connection.execute(_REMEMBER, kept)
    again = (reply for _, reply in handed if reply.id is not None and reply.id > received)
    return (*again, *(reply for _, reply in taken))


def _take_waiting(
    session: Session, conversation: str, *, new_button: Callable[[], str], now: datetime
) -> list[tuple[int, Reply]]:
    """The replies that waited, as they are handed over now, each with its number in the outbox."""
    # One statement marks and reads: two readers can never both get an entry.
    session.flush()
    told = {"conversation": conversation, "now": now}
    waiting = sorted(session.connection().execute(_FETCH, told).all(), key=lambda entry: entry[0])
    if not waiting:
        return []
    replies = [Reply.from_json(reply) for _, reply in waiting]
    handed = hand_over(session, conversation, replies, new_button=new_button, now=now)
    return [(seq, reply) for (seq, _), reply in zip(waiting, handed, strict=True)]


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
