"""Conversations in the database: who they are, what they may press, what they were answered, what waits for them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.conversations.buttons import VALID_FOR, Offered, give_out, new_button_id
from bot.conversations.messages import Reply
from bot.conversations.models import ButtonPayload, Conversation, LoggedMessage, OutboxEntry, ReceivedMessage
from bot.storage.engine import Database
from bot.storage.sql import changed

Answer = tuple[Reply, ...]
REPEATS_KNOWN_FOR = timedelta(hours=24)
# A claim older than this belongs to a process that died: no answer takes a minute.
_ABANDONED_AFTER = timedelta(seconds=60)


class ConversationStore:
    """Each method is one unit of work. Instants are passed in; so are the sources of ids."""

    def __init__(
        self,
        database: Database,
        *,
        new_id: Callable[[], str] = lambda: uuid4().hex,
        new_button: Callable[[], str] = new_button_id,
    ) -> None:
        self._database = database
        self._new_id = new_id
        self._new_button = new_button

    def open(self, channel: str, external_id: str, *, now: datetime) -> str:
        """The id of the conversation of *external_id* on *channel*, made if need be."""
        if (known := self.find(channel, external_id)) is None:
            conversation = Conversation(
                id=self._new_id(), channel=channel, external_id=external_id, created_at=now, last_at=now, turn=0
            )
            try:
                with self._database.unit_of_work() as session:
                    session.add(conversation)
                return conversation.id
            except IntegrityError:  # someone else has just made it
                known = self.find(channel, external_id)
                if known is None:
                    raise
        with self._database.unit_of_work() as session:
            session.execute(update(Conversation).where(Conversation.id == known).values(last_at=now))
        return known

    def find(self, channel: str, external_id: str) -> str | None:
        """The id of a conversation that exists; ``None`` when nothing was ever said there."""
        with self._database.unit_of_work() as session:
            return session.scalar(
                select(Conversation.id).where(Conversation.channel == channel, Conversation.external_id == external_id)
            )

    def answer_to(self, conversation: str, message_id: str) -> Answer | None:
        """What *message_id* was answered; ``None`` when it was not, or not yet."""
        with self._database.unit_of_work() as session:
            received = session.get(ReceivedMessage, (conversation, message_id))
            return _answer(received.answer) if received and received.answer is not None else None

    def claim(self, conversation: str, message_id: str, *, now: datetime) -> bool:
        """Takes charge of *message_id*: false when it is answered or being answered, here or elsewhere."""
        try:
            with self._database.unit_of_work() as session:
                session.add(ReceivedMessage(conversation_id=conversation, message_id=message_id, claimed_at=now))
        except IntegrityError:
            with self._database.unit_of_work() as session:
                taken_over = (
                    update(ReceivedMessage)
                    .where(*_is(conversation, message_id), ReceivedMessage.answer.is_(None))
                    .where(ReceivedMessage.claimed_at <= now - _ABANDONED_AFTER)
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
        query = (
            select(ButtonPayload)
            .join(Conversation, Conversation.id == ButtonPayload.conversation_id)
            .where(ButtonPayload.conversation_id == conversation, ButtonPayload.turn == Conversation.turn)
            .where(ButtonPayload.created_at > now - VALID_FOR)
            .order_by(ButtonPayload.position)
        )
        with self._database.unit_of_work() as session:
            return tuple(_offered(row) for row in session.scalars(query))

    def log_incoming(self, conversation: str, text: str, *, custom: dict[str, Any] | None, now: datetime) -> None:
        """Writes down what a person said; *text* must be pseudonymised."""
        with self._database.unit_of_work() as session:
            session.add(
                LoggedMessage(conversation_id=conversation, direction="in", text=text, custom=custom, created_at=now)
            )

    def deliver(
        self, conversation: str, answer: Answer, *, message_id: str | None, received_at: datetime, now: datetime
    ) -> Answer:
        """What to send now: the replies that waited, then *answer*, with opaque buttons.

        Written in the same breath: the buttons given out, the log, and the answer to repeat if *message_id* comes back.
        """
        latency = round((now - received_at).total_seconds() * 1000)
        with self._database.unit_of_work() as session:
            late = self._fetch_outbox(session, conversation, now)
            sent = (*late, *self._give_out(session, conversation, answer, now))
            for reply in sent[len(late) :]:
                session.add(_outgoing(conversation, reply, now, latency))
            if message_id is not None:
                session.execute(
                    update(ReceivedMessage)
                    .where(*_is(conversation, message_id))
                    .values(answer=[reply.as_json() for reply in sent])
                )
        return sent

    def collect(self, conversation: str, *, now: datetime) -> Answer:
        """The replies that waited, each handed over once, ever."""
        with self._database.unit_of_work() as session:
            return self._fetch_outbox(session, conversation, now)

    def purge(self, *, now: datetime) -> None:
        """Deletes what is of no more use: old buttons, answers kept for repeats, replies delivered a day ago."""
        with self._database.unit_of_work() as session:
            session.execute(delete(ButtonPayload).where(ButtonPayload.created_at <= now - VALID_FOR))
            session.execute(delete(ReceivedMessage).where(ReceivedMessage.claimed_at <= now - REPEATS_KNOWN_FOR))
            session.execute(delete(OutboxEntry).where(OutboxEntry.delivered_at <= now - REPEATS_KNOWN_FOR))

    def _fetch_outbox(self, session: Session, conversation: str, now: datetime) -> Answer:
        # One statement marks and reads: two readers can never both get an entry.
        mark = (
            update(OutboxEntry)
            .where(OutboxEntry.conversation_id == conversation, OutboxEntry.delivered_at.is_(None))
            .values(delivered_at=now)
            .returning(OutboxEntry.seq, OutboxEntry.reply)
        )
        waiting = sorted(session.execute(mark).all(), key=lambda entry: entry[0])
        replies = tuple(Reply.from_json(reply) for _, reply in waiting)
        for reply in replies:
            session.add(_outgoing(conversation, reply, now))
        return self._give_out(session, conversation, replies, now) if replies else ()

    def _give_out(self, session: Session, conversation: str, answer: Answer, now: datetime) -> Answer:
        outside, given = give_out(answer, new_id=self._new_button)
        turn = session.scalar(
            update(Conversation)
            .where(Conversation.id == conversation)
            .values(turn=Conversation.turn + 1)
            .returning(Conversation.turn)
        )
        session.add_all(
            ButtonPayload(
                id=button.id,
                conversation_id=conversation,
                payload=button.payload,
                title=button.title,
                turn=turn,
                position=button.position,
                created_at=now,
            )
            for button in given
        )
        return outside


def _is(conversation: str, message_id: str) -> tuple[Any, Any]:
    return ReceivedMessage.conversation_id == conversation, ReceivedMessage.message_id == message_id


def _offered(row: ButtonPayload) -> Offered:
    return Offered(row.id, row.payload, row.title, row.position)


def _answer(stored: list[dict[str, Any]]) -> Answer:
    return tuple(Reply.from_json(reply) for reply in stored)


def _outgoing(conversation: str, reply: Reply, now: datetime, latency_ms: int | None = None) -> LoggedMessage:
    return LoggedMessage(
        conversation_id=conversation,
        direction="out",
        text=reply.text,
        custom=reply.custom,
        created_at=now,
        latency_ms=latency_ms,
    )
