"""Conversations in the database: what they may press, what they were answered, what waits for them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from bot.conversations.buttons import VALID_FOR, Offered, new_button_id
from bot.conversations.handing import Answer, fetch_outbox, hand_over, push
from bot.conversations.messages import Reply
from bot.conversations.models import (
    ButtonPayload,
    Conversation,
    Delivery,
    LoggedMessage,
    OutboxEntry,
    ReceivedMessage,
)
from bot.conversations.places import note_seen
from bot.storage.engine import Database
from bot.storage.sql import changed

REPEATS_KNOWN_FOR = timedelta(hours=24)
# A claim older than this belongs to a process that died: no answer takes a minute.
ABANDONED_AFTER = timedelta(seconds=60)
_LAST_BUTTONS = (
    select(ButtonPayload.id, ButtonPayload.payload, ButtonPayload.title, ButtonPayload.position)
    .join(Conversation, Conversation.id == ButtonPayload.conversation_id)
    .where(ButtonPayload.conversation_id == bindparam("conversation"), ButtonPayload.turn == Conversation.turn)
    .where(ButtonPayload.created_at > bindparam("oldest"))
    .order_by(ButtonPayload.position)
)
_LOGGED = (
    select(LoggedMessage.id)
    .where(LoggedMessage.conversation_id == bindparam("conversation"), LoggedMessage.message_id == bindparam("message"))
    .where(LoggedMessage.channel.is_not_distinct_from(bindparam("channel")))
    .limit(1)
)
_ANSWERED = select(ReceivedMessage.answer).where(ReceivedMessage.message_id == bindparam("message"))
_CLAIM = insert(ReceivedMessage)
_LOG = insert(LoggedMessage).returning(LoggedMessage.id)


class ConversationStore:
    """Each method is one unit of work. Instants are passed in; so is the source of buttons' ids."""

    def __init__(self, database: Database, *, new_button: Callable[[], str] = new_button_id) -> None:
        self._database = database
        self._new_button = new_button

    def answer_to(self, message_id: str) -> Answer | None:
        """What *message_id* was answered, whatever conversation its place holds now; ``None`` when it was not yet."""
        answers = (row.answer for row in self._database.read(_ANSWERED, message=message_id) if row.answer is not None)
        return next(map(_answer, answers), None)

    def claim(self, conversation: str, message_id: str, *, now: datetime) -> bool:
        """Takes charge of *message_id*: false when it is answered or being answered, here or elsewhere."""
        try:
            with self._database.engine.begin() as connection:
                claim = {"conversation_id": conversation, "message_id": message_id, "claimed_at": now}
                connection.execute(_CLAIM, claim)
        except IntegrityError:
            with self._database.unit_of_work() as session:
                taken_over = (
                    update(ReceivedMessage)
                    .where(*_is(conversation, message_id), ReceivedMessage.answer.is_(None))
                    .where(
                        or_(
                            ReceivedMessage.claimed_at <= now - ABANDONED_AFTER,
                            ReceivedMessage.claimed_at > now + ABANDONED_AFTER,  # by a clock that ran ahead
                        )
                    )
                    .values(claimed_at=now)
                )
                return changed(session, taken_over) == 1
        return True

    def release(self, conversation: str, message_id: str) -> None:
        """Gives up a claim that came to nothing: the same message may be sent again."""
        with self._database.unit_of_work() as session:
            session.execute(
                delete(ReceivedMessage).where(*_is(conversation, message_id), ReceivedMessage.answer.is_(None))
            )

    def button(self, conversation: str, button_id: str, *, now: datetime) -> Offered | None:
        """The button *button_id* if it was given to this very conversation less than a day ago."""
        query = select(ButtonPayload).where(
            ButtonPayload.id == button_id,
            ButtonPayload.conversation_id == conversation,
            ButtonPayload.created_at > now - VALID_FOR,
        )
        with self._database.unit_of_work() as session:
            found = session.scalar(query)
            return None if found is None else _offered(found)

    def last_buttons(self, conversation: str, *, now: datetime) -> tuple[Offered, ...]:
        """The buttons of the last answer, in the order shown; none when that answer had none."""
        rows = self._database.read(_LAST_BUTTONS, conversation=conversation, oldest=now - VALID_FOR)
        return tuple(Offered(row.id, row.payload, row.title, row.position) for row in rows)

    def log_incoming(
        self,
        conversation: str,
        text: str,
        *,
        custom: dict[str, Any] | None,
        now: datetime,
        channel: str | None = None,
        message_id: str | None = None,
        place: int | None = None,
    ) -> int:
        """Writes down what a person said, which must be pseudonymised; its id in the log.

        A message that is taken up again after a failure is there already.

        Args:
            place: where it was written, to note that someone was there; ``None`` when that is noted already.
        """
        line = {
            "conversation_id": conversation,
            "direction": "in",
            "text": text,
            "custom": custom,
            "channel": channel,
            "message_id": message_id,
            "created_at": now,
        }
        with self._database.engine.begin() as connection:
            if message_id is not None:
                told = {"conversation": conversation, "message": message_id, "channel": channel}
                if (known := connection.execute(_LOGGED, told).scalar()) is not None:
                    return known
            if place is not None:
                note_seen(connection, place, conversation, now=now)
            return connection.execute(_LOG, line).scalar_one()

    def deliver(
        self,
        conversation: str,
        answer: Answer,
        *,
        message_id: str | None,
        received_at: datetime,
        now: datetime,
        push_to: int | None = None,
    ) -> Answer:
        """What to send now: the replies that waited, then *answer*, with opaque buttons.

        Written in the same breath: the buttons given out, the log, what to push to the place *push_to*, and the answer
        to repeat if *message_id* comes back.
        """
        latency = round((now - received_at).total_seconds() * 1000)
        with self._database.unit_of_work() as session:
            late = fetch_outbox(session, conversation, new_button=self._new_button, now=now)
            sent = (*late, *hand_over(session, conversation, answer, new_button=self._new_button, now=now, ms=latency))
            if push_to is not None:
                push(session, push_to, conversation, sent, now=now)
            if message_id is not None:
                session.execute(
                    update(ReceivedMessage)
                    .where(*_is(conversation, message_id))
                    .values(answer=[reply.as_kept() for reply in sent])
                )
        return sent

    def collect(self, conversation: str, *, now: datetime) -> Answer:
        """The replies that waited, each handed over once, ever."""
        with self._database.unit_of_work() as session:
            return fetch_outbox(session, conversation, new_button=self._new_button, now=now)

    def purge(self, *, now: datetime) -> None:
        """Deletes what is of no more use: old buttons, answers kept for repeats, replies delivered a day ago."""
        with self._database.unit_of_work() as session:
            session.execute(delete(ButtonPayload).where(ButtonPayload.created_at <= now - VALID_FOR))
            session.execute(delete(ReceivedMessage).where(ReceivedMessage.claimed_at <= now - REPEATS_KNOWN_FOR))
            session.execute(delete(OutboxEntry).where(OutboxEntry.delivered_at <= now - REPEATS_KNOWN_FOR))
            session.execute(delete(Delivery).where(Delivery.delivered_at <= now - REPEATS_KNOWN_FOR))


def _is(conversation: str, message_id: str) -> tuple[Any, Any]:
    return ReceivedMessage.conversation_id == conversation, ReceivedMessage.message_id == message_id


def _offered(row: ButtonPayload) -> Offered:
    return Offered(row.id, row.payload, row.title, row.position)


def _answer(stored: list[dict[str, Any]]) -> Answer:
    return tuple(Reply.from_json(reply) for reply in stored)
