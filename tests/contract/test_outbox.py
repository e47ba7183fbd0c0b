"""Several processes leave replies for one conversation at once: none is lost, none takes the number of another."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from sqlalchemy import select

from bot.conversations.messages import Reply
from bot.conversations.models import Conversation, OutboxEntry
from bot.conversations.outbox import post
from bot.storage.engine import Database

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def test_replies_left_at_once_are_numbered_one_after_the_other(database: Database) -> None:
    with database.unit_of_work() as session:
        session.add(Conversation(id="c1", channel="rest", external_id="a", created_at=NOON, last_at=NOON, turn=0))

    def leave(number: int) -> None:
        with database.unit_of_work() as session:
            post(session, "c1", [Reply(f"{number}a"), Reply(f"{number}b")], now=NOON)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(leave, range(24)))
    with database.unit_of_work() as session:
        rows = session.scalars(select(OutboxEntry).order_by(OutboxEntry.seq)).all()
        texts = [row.reply["text"] for row in rows]
    assert [row.seq for row in rows] == list(range(1, 49))
    assert sorted(texts) == sorted(f"{number}{part}" for number in range(24) for part in "ab")
    assert all(texts[n][:-1] == texts[n + 1][:-1] for n in range(0, 48, 2))
