"""Filters: their conditions, and how they are kept."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, false, or_, select

from bot.supervision.models import Episode, EpisodeTag, Turn
from bot.supervision.search import says
from bot.supervision.views import Filter, State

NOBODY = "-"


def conditions(wanted: Filter, *, dialect: str) -> list[ColumnElement[bool]]:
    """The conditions of *wanted* on ``Episode``, but that of the organisation, which belongs to the reach."""
    found: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        found.append(Episode.last_at >= wanted.since)
    if wanted.until is not None:
        found.append(Episode.last_at < wanted.until)
    if wanted.channel:
        found.append(Episode.channel == wanted.channel)
    if wanted.aidant:
        found.append(Episode.aidant_id == wanted.aidant)
    if wanted.assignee:
        mine = Episode.assignee_id
        found.append(mine.is_(None) if wanted.assignee == NOBODY else mine == wanted.assignee)
    if wanted.intent:
        intent, _, topic = wanted.intent.partition("/")
        understood = select(Turn.episode_id).where(Turn.intent == intent)
        found.append(Episode.id.in_(understood.where(Turn.topic == topic) if topic else understood))
    if wanted.confidence_below is not None:
        found.append(Episode.lowest_confidence < wanted.confidence_below)
    found += _facts(wanted)
    if wanted.text.strip():
        said = says(dialect, wanted.text)
        found.append(false() if said is None else said)
    if wanted.state is not None:
        found.append(Episode.state == wanted.state.value)
    if wanted.tag:
        found.append(Episode.id.in_(select(EpisodeTag.episode_id).where(EpisodeTag.tag == wanted.tag)))
    return found


def as_json(wanted: Filter) -> dict[str, Any]:
    """*wanted* for a table or an address; what does not matter is left out."""
    kept: dict[str, Any] = {}
    for one in fields(wanted):
        value = getattr(wanted, one.name)
        if value is None or value == "":
            continue
        kept[one.name] = value.isoformat() if isinstance(value, datetime) else value
    return kept


def from_json(kept: Mapping[str, Any]) -> Filter:
    """The inverse of :func:`as_json`; what another version wrote and this one does not know is left out."""
    known = {one.name for one in fields(Filter)}
    values = {name: value for name, value in kept.items() if name in known}
    for name in ("since", "until"):
        if name in values:
            values[name] = datetime.fromisoformat(str(values[name]))
    if "state" in values:
        values["state"] = State(values["state"])
    return Filter(**values)


def _facts(wanted: Filter) -> list[ColumnElement[bool]]:
    """Conditions that are yes or no, asked either way."""
    found: list[ColumnElement[bool]] = []
    for asked, count in ((wanted.fallback, Episode.fallbacks), (wanted.abstained, Episode.abstentions)):
        if asked is not None:
            found.append(count > 0 if asked else count == 0)
    if wanted.rating is not None:
        found.append((Episode.ratings_up if wanted.rating > 0 else Episode.ratings_down) > 0)
    if wanted.flagged is not None:
        flagged = or_(Episode.complained, Episode.flagged_by.is_not(None))
        found.append(flagged if wanted.flagged else ~flagged)
    for asked, fact in ((wanted.handover, Episode.handover), (wanted.mandat, Episode.mandat)):
        if asked is not None:
            found.append(fact.is_(asked))
    return found
