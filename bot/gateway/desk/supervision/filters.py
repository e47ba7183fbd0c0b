"""The filters of the list, as they stand in the address of the page; the same words both ways."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, Literal
from urllib.parse import urlencode

from bot.calendar import PARIS, short_day
from bot.gateway.desk.supervision.labels import CHANNELS, intent_name
from bot.gateway.pages.fields import date_of
from bot.supervision.views import Filter, State

NOBODY = "-"
FIRST_YEAR, LAST_YEAR = 2000, 2999
YES, NO = "oui", "non"
_RATINGS: dict[str, Literal[1, -1]] = {"plus": 1, "moins": -1}
_SWITCHES = {
    "repli": "fallback",
    "abstention": "abstained",
    "signalee": "flagged",
    "humain": "handover",
    "mandat": "mandat",
}
_WORDS = {
    "canal": "channel",
    "aidant": "aidant",
    "structure": "organisation",
    "charge": "assignee",
    "intention": "intent",
    "etiquette": "tag",
}
NAMES = ("texte", "du", "au", "etat", *_WORDS, "confiance", "avis", *_SWITCHES)
_ON = {YES: True, NO: False}
_CLOSED: dict[str, Collection[str]] = {
    "etat": tuple(one.value for one in State),
    "avis": tuple(_RATINGS),
    **dict.fromkeys(_SWITCHES, tuple(_ON)),
}
_LONGEST = 200  # characters of a value
# What each switch is called among the filters in use: when it is on, and when it is off.
_SWITCH_LABELS = {
    "repli": ("Un message non compris", "Aucun message non compris"),
    "abstention": ("Une question sans réponse", "Aucune question sans réponse"),
    "signalee": ("Signalée", "Non signalée"),
    "humain": ("A demandé à parler à quelqu'un", "N'a pas demandé à parler à quelqu'un"),
    "mandat": ("Un mandat a été ouvert", "Aucun mandat ouvert"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for.

    Attributes:
        values: what was typed, by name; only what is not empty.
        errors: by name, what could not be read, which is left out of ``filter``.
    """

    filter: Filter
    values: Mapping[str, str]
    errors: Mapping[str, str]

    def address(self, **changes: str) -> str:
        """The filters as the end of an address, « » when there is none; an empty change takes one out."""
        kept = {name: value for name, value in (dict(self.values) | changes).items() if value}
        return f"?{urlencode(kept)}" if kept else ""


def read(query: Mapping[str, str]) -> Wanted:
    """The filters of *query*; what is unknown there is left out."""
    values = {name: value for name in NAMES if (value := " ".join(query.get(name, "").split())[:_LONGEST])}
    for name, known in _CLOSED.items():
        if values.get(name, "") not in known:
            values.pop(name, None)
    errors: dict[str, str] = {}
    since, until = _day(values, "du", errors), _day(values, "au", errors)
    if since and until and since > until:
        errors["au"] = "La fin est avant le début."
        until = None
    kept = Filter(
        since=_midnight(since) if since else None,
        until=_midnight(until + timedelta(days=1)) if until else None,
        confidence_below=_confidence(values, errors),
        rating=_RATINGS.get(values.get("avis", "")),
        text=values.get("texte", ""),
        state=State(values["etat"]) if "etat" in values else None,
    )
    words: dict[str, Any] = {field: values.get(name) for name, field in _WORDS.items()}
    switches: dict[str, Any] = {field: _ON.get(values.get(name, "")) for name, field in _SWITCHES.items()}
    return Wanted(replace(kept, **words, **switches), values, errors)


def written(kept: Filter) -> Wanted:
    """The address that asks for *kept*."""
    values = {
        "texte": kept.text,
        "du": f"{kept.since.astimezone(PARIS):%Y-%m-%d}" if kept.since else "",
        "au": f"{kept.until.astimezone(PARIS) - timedelta(days=1):%Y-%m-%d}" if kept.until else "",
        "etat": kept.state.value if kept.state else "",
        "confiance": "" if kept.confidence_below is None else f"{round(kept.confidence_below * 100)}",
        "avis": next((name for name, rating in _RATINGS.items() if rating == kept.rating), ""),
    }
    values |= {name: getattr(kept, field) or "" for name, field in _WORDS.items()}
    values |= {name: {True: YES, False: NO}.get(getattr(kept, field), "") for name, field in _SWITCHES.items()}
    return read(values)


def in_words(wanted: Wanted, people: Mapping[str, str], organisations: Mapping[str, str]) -> dict[str, str]:
    """Each filter in use, by its name, as it is told on the page; what could not be read is left out."""
    told: dict[str, Callable[[str], str]] = {
        "texte": lambda value: f"«\u202f{value}\u202f»",
        "du": lambda value: f"Depuis le {_told_day(value)}",
        "au": lambda value: f"Jusqu'au {_told_day(value)}",
        "etat": lambda value: State(value).label,
        "canal": lambda value: CHANNELS.get(value, value),
        "aidant": lambda value: people.get(value, "Un autre aidant"),
        "structure": lambda value: organisations.get(value, "Une autre structure"),
        "charge": lambda value: "Confiée à " + ("personne" if value == NOBODY else people.get(value, "quelqu'un")),
        "intention": intent_name,
        "etiquette": lambda value: f"Étiquette «\u202f{value}\u202f»",
        "confiance": lambda value: f"Confiance sous {value.removesuffix('%').strip()}\u202f%",
        "avis": lambda value: "Une réponse jugée utile" if value == "plus" else "Une réponse jugée inutile",
    }
    told |= {name: partial(_switched, labels) for name, labels in _SWITCH_LABELS.items()}
    return {name: told[name](value) for name, value in wanted.values.items() if name not in wanted.errors}


def _switched(labels: tuple[str, str], value: str) -> str:
    return labels[value == NO]


def _day(values: Mapping[str, str], name: str, errors: dict[str, str]) -> date | None:
    typed = values.get(name, "")
    if not typed:
        return None
    try:
        day: date | None = date.fromisoformat(typed)
    except ValueError:
        day = date_of(typed)
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        errors[name] = "Écrivez la date ainsi\u202f: 05/02/2026."
        return None
    return day


def _told_day(typed: str) -> str:
    day = _day({"": typed}, "", {})
    return f"{short_day(day)} {day.year}" if day else typed


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS)


def _confidence(values: Mapping[str, str], errors: dict[str, str]) -> float | None:
    typed = values.get("confiance", "").removesuffix("%").strip()
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit() and 1 <= int(typed) <= 100):
        errors["confiance"] = "Écrivez un nombre de 1 à 100."
        return None
    return int(typed) / 100
