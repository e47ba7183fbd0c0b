"""What a reviewer looked through, or took away as a file: the journal has the filters, never the words."""

import re
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from bot.clock import Clock
from bot.evaluation.judged import known_intents, known_topics
from bot.journal.actions import Action
from bot.journal.service import SYSTEM, Journal
from bot.storage.engine import Database
from bot.supervision.filters import NOBODY, as_json
from bot.supervision.scope import Reach, reach_of
from bot.supervision.views import Filter

AGAIN = timedelta(minutes=10)  # the same list, looked through again within it, is told once
_ID = re.compile(r"[0-9a-f]{32}")
_IDS = ("aidant", "organisation", "assignee")
_CHANNELS = ("web", "telegram", "rest")
_TYPED = ("text", "tag")  # anything may have been typed there, and name someone


class Listed(StrEnum):
    """What was looked through."""

    CONVERSATIONS = "conversations"
    QUEUE = "queue"
    CORRECTIONS = "corrections"


class Listings:
    """Tells the journal of each organisation concerned, on behalf of *by*; an admin who asks for all is told of once.

    All raise ``AccessRefused`` when *by* reviews nothing.
    """

    def __init__(self, database: Database, journal: Journal, clock: Clock) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock

    def seen(self, by: str, what: Listed, wanted: Filter | None = None) -> None:
        """A page of a list was shown; the other pages of it, and the same again within :data:`AGAIN`, add nothing."""
        details = {"list": what.value, "filters": _told(wanted)}
        for chain in self._chains(by, wanted):
            told, since = Action.LIST_CONVERSATIONS, self._clock.now() - AGAIN
            if not self._journal.told_since(since, told, organisation=chain, aidant=by, details=details):
                self._tell(by, chain, told, details)

    def taken(self, by: str, wanted: Filter, *, count: int) -> None:
        """*count* conversations were taken away as a file; told each time."""
        for chain in self._chains(by, wanted):
            self._tell(by, chain, Action.EXPORT_CONVERSATIONS, {"filters": _told(wanted), "count": count})

    def _chains(self, by: str, wanted: Filter | None) -> tuple[str, ...]:
        with self._database.unit_of_work() as session:
            reach: Reach = reach_of(session, by)
        only = wanted.organisation if wanted else None
        if only is not None and _ID.fullmatch(only) and reach.covers(only):
            return (only,)
        return (SYSTEM,) if reach.organisations is None else tuple(sorted(reach.organisations))

    def _tell(self, by: str, chain: str, action: Action, details: dict[str, Any]) -> None:
        with self._database.unit_of_work() as session:
            organisation = None if chain == SYSTEM else chain
            self._journal.append(session, action, organisation=organisation, aidant=by, details=details)


def _told(wanted: Filter | None) -> dict[str, Any]:
    """*wanted* for the journal: that words were looked for, not which; nothing that is not of a closed list."""
    kept = as_json(wanted) if wanted else {}
    kept |= {name: True for name in _TYPED if name in kept}
    if "confidence_below" in kept:
        kept["confidence_below"] = round(kept["confidence_below"] * 100)  # %: the journal takes no fraction
    return {name: value for name, value in kept.items() if _is_plain(name, value)}


def _is_plain(name: str, value: Any) -> bool:
    if name in _IDS:
        return value == NOBODY or _ID.fullmatch(value) is not None
    if name == "channel":
        return value in _CHANNELS
    if name == "intent":
        return value in _intents()
    return True


@lru_cache(maxsize=1)
def _intents() -> frozenset[str]:
    known = frozenset(known_intents())
    return known | {f"faq_mandat/{topic}" for topic in known_topics()}
