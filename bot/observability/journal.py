"""Counts what the journal takes in, once it is committed: mandates sealed, sign-ins refused…"""

from collections import Counter
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from bot.journal.actions import Action
from bot.journal.models import JournalEntry
from bot.observability import metrics

_KEY = "equipier_journal_entries"
_KNOWN = {action.value for action in Action}


def count_journal_entries() -> None:
    """Counts from now on, in this process; asked again, it changes nothing."""
    if event.contains(JournalEntry, "after_insert", _written):
        return
    event.listen(JournalEntry, "after_insert", _written)
    event.listen(Session, "after_commit", _committed)
    event.listen(Session, "after_soft_rollback", _rolled_back)


def _written(_mapper: Any, _connection: Any, entry: JournalEntry) -> None:
    session = Session.object_session(entry)
    if session is not None:
        session.info.setdefault(_KEY, Counter())[entry.action] += 1


def _committed(session: Session) -> None:
    for action, count in session.info.pop(_KEY, {}).items():
        metrics.JOURNAL_ENTRIES.labels(action if action in _KNOWN else "other").inc(count)


def _rolled_back(session: Session, _previous: SessionTransaction) -> None:
    session.info.pop(_KEY, None)
