"""Messages that the engine could not answer, until it can."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import Update, exists, or_, select, update
from sqlalchemy.orm import aliased

from bot.conversations.cipher import Cipher, Unreadable
from bot.conversations.messages import Reply
from bot.conversations.models import KeptMessage
from bot.conversations.outbox import post
from bot.storage.engine import Database
from bot.storage.sql import changed

KEPT_FOR = timedelta(hours=24)
_DELAYS = (5, 10, 30, 60)  # seconds; the last one goes on
_LONGEST_WAIT = timedelta(seconds=_DELAYS[-1])
# A message that the dialogue can never answer must not hold back for a day those that came after it.
_STOPS_BLOCKING_AFTER = 30


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept message in the hands of one worker.

    Attributes:
        text: what to ask the engine: the pseudonymised message, or the command of a button; empty when the key has
            changed since, so that the message can only be given up.
        excerpt: the first words that the person will recognise, pseudonymised.
        token: proof of the lease.
    """

    id: int
    conversation: str
    text: str
    excerpt: str
    attempts: int
    received_at: datetime
    token: str


def delay_after(attempts: int) -> timedelta:
    """How long to wait after *attempts* failed tries, the first of which was the person's own."""
    return timedelta(seconds=_DELAYS[min(attempts, len(_DELAYS) - 1)])


class KeptMessages:
    """Keeps messages encrypted and hands each to one worker at a time.

    Args:
        lease: how long a worker may hold a message; longer than its engine's timeout.
    """

    def __init__(
        self,
        database: Database,
        *,
        cipher: Cipher,
        lease: timedelta = timedelta(seconds=120),
        new_token: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        self._database = database
        self._cipher = cipher
        self._lease = lease
        self._new_token = new_token

    def keep(self, conversation: str, text: str, *, excerpt: str, received_at: datetime, now: datetime) -> None:
        """Keeps a message; the first new try is due five seconds from *now*."""
        content = json.dumps({"text": text, "excerpt": excerpt}, ensure_ascii=False)
        with self._database.unit_of_work() as session:
            session.add(
                KeptMessage(
                    conversation_id=conversation,
                    ciphertext=self._cipher.encrypt(content),
                    state="waiting",
                    attempts=0,
                    received_at=received_at,
                    next_attempt_at=now + delay_after(0),
                )
            )

    def claim_due(self, *, now: datetime, limit: int) -> list[Kept]:
        """Leases up to *limit* messages whose time has come: the oldest of each conversation, oldest first."""
        older = aliased(KeptMessage)
        blocked = exists().where(
            older.conversation_id == KeptMessage.conversation_id,
            older.state == "waiting",
            older.id < KeptMessage.id,
            older.attempts < _STOPS_BLOCKING_AFTER,
        )
        # What is held or put off for longer than anyone does was so by a clock that ran ahead.
        free = or_(
            KeptMessage.lease_until.is_(None),
            KeptMessage.lease_until <= now,
            KeptMessage.lease_until > now + self._lease * 2,
        )
        time_has_come = or_(KeptMessage.next_attempt_at <= now, KeptMessage.next_attempt_at > now + _LONGEST_WAIT * 2)
        due = (
            select(KeptMessage)
            .where(KeptMessage.state == "waiting", time_has_come, free, ~blocked)
            .order_by(KeptMessage.id)
            .limit(limit)
        )
        claimed = []
        with self._database.unit_of_work() as session:
            for row in session.scalars(due).all():
                token = self._new_token()
                # Another worker may have read the same row: only the first of the two updates finds it free.
                lease = (
                    update(KeptMessage)
                    .where(KeptMessage.id == row.id, KeptMessage.state == "waiting", free)
                    .values(lease_until=now + self._lease, lease_token=token)
                )
                if changed(session, lease):
                    claimed.append((row, token))
        return [self._kept(row, token) for row, token in claimed]

    def answered(self, kept: Kept, replies: Sequence[Reply], *, now: datetime) -> bool:
        """Puts *replies* in the outbox and forgets the message; false, and nothing done, if the lease was lost."""
        return self._close(kept.id, kept.token, kept.conversation, replies, state="answered", now=now)

    def failed(self, kept: Kept, *, now: datetime) -> None:
        """Gives the message back: it is tried again later, a little longer each time."""
        attempts = kept.attempts + 1
        with self._database.unit_of_work() as session:
            session.execute(
                _held(kept.id, kept.token).values(
                    attempts=attempts,
                    next_attempt_at=now + delay_after(attempts),
                    lease_until=None,
                    lease_token=None,
                )
            )

    def put_off(self, kept: Kept, *, until: datetime) -> None:
        """Gives the message back for *until*; it was not tried."""
        with self._database.unit_of_work() as session:
            session.execute(
                _held(kept.id, kept.token).values(next_attempt_at=until, lease_until=None, lease_token=None)
            )

    def give_up(self, kept: Kept, farewell: Sequence[Reply], *, now: datetime) -> bool:
        """Stops trying, with a word to the author; false, and nothing done, if the lease was lost."""
        return self._close(kept.id, kept.token, kept.conversation, farewell, state="expired", now=now)

    def expire(self, farewell: Callable[[Kept], Sequence[Reply]], *, now: datetime) -> int:
        """Gives up the messages kept for more than a day, each with a word to its author; how many."""
        old = (
            select(KeptMessage)
            .where(KeptMessage.state == "waiting", KeptMessage.received_at <= now - KEPT_FOR)
            .where(or_(KeptMessage.lease_until.is_(None), KeptMessage.lease_until <= now))
            .order_by(KeptMessage.id)
        )
        with self._database.unit_of_work() as session:
            rows = session.scalars(old).all()
        closed = 0
        for row in rows:
            kept = self._kept(row, row.lease_token)
            closed += self._close(kept.id, row.lease_token, kept.conversation, farewell(kept), state="expired", now=now)
        return closed

    def _close(
        self,
        kept_id: int,
        token: str | None,
        conversation: str,
        replies: Sequence[Reply],
        *,
        state: str,
        now: datetime,
    ) -> bool:
        done = _held(kept_id, token).values(state=state, ciphertext=b"", lease_until=None, lease_token=None)
        with self._database.unit_of_work() as session:
            if not changed(session, done):
                return False
            post(session, conversation, replies, now=now)
        return True

    def _kept(self, row: KeptMessage, token: str | None) -> Kept:
        try:
            content = json.loads(self._cipher.decrypt(row.ciphertext))
        except Unreadable:
            content = {"text": "", "excerpt": "…"}
        return Kept(
            row.id, row.conversation_id, content["text"], content["excerpt"], row.attempts, row.received_at, token or ""
        )


def _held(kept_id: int, token: str | None) -> Update:
    """The message, provided that nobody else has taken it over since."""
    mine = KeptMessage.lease_token.is_(None) if token is None else KeptMessage.lease_token == token
    return update(KeptMessage).where(KeptMessage.id == kept_id, KeptMessage.state == "waiting", mine)
