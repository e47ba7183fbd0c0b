"""The entry of a mandate in a conversation: what is known, what is asked next, what is wrong. Pure.

The state travels as JSON in the conversation's tracker; it never holds anything about who the usager is.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from bot.demarches import Demarche
from bot.mandats.lecture import Given
from bot.mandats.rules import Duration, Eligibility, Refusal

EXPLAIN_AFTER = 2  # failures in a row at one question, before it is explained and stopping is offered


class Field(StrEnum):
    """What is asked, in this order."""

    DEMARCHES = "demarches"
    DURATION = "duree"
    PRESENT = "presence"
    CAPACITY = "capacite"
    CONFIRM = "confirmation"


@dataclass(frozen=True, slots=True)
class Saisie:
    """A mandate being entered.

    Attributes:
        renews: id of the mandate that is renewed; ``None`` for a new one.
        suggested: the scopes come from the procedure on the table, nobody named them yet.
        named: a name was given: it will be on the secure page.
        failures: answers in a row that were not understood.
    """

    demarches: tuple[Demarche, ...] = ()
    duration: Duration | None = None
    present: bool | None = None
    adult: bool | None = None
    protected: bool | None = None
    renews: str | None = None
    suggested: bool = False
    named: bool = False
    failures: int = 0

    @property
    def asked(self) -> Field:
        """The question to ask now."""
        if not self.demarches:
            return Field.DEMARCHES
        if self.duration is None:
            return Field.DURATION
        if self.present is None:
            return Field.PRESENT
        if self.adult is None or self.protected is None:
            return Field.CAPACITY
        return Field.CONFIRM

    @property
    def refusal(self) -> Refusal | None:
        """The rule that already forbids this mandate; ``None`` as long as none does."""
        if self.adult is False:
            return Refusal.MINOR
        if self.protected:
            return Refusal.PROTECTED
        return Refusal.REMOTE if self.present is False else None

    @property
    def ready(self) -> bool:
        """Nothing is missing and nothing forbids it: a draft may be made, once confirmed."""
        return self.asked is Field.CONFIRM and self.refusal is None

    @property
    def eligibility(self) -> Eligibility:
        """What was answered.

        Raises:
            ValueError: not everything was.
        """
        if self.adult is None or self.protected is None or self.present is None:
            raise ValueError("eligibility is not known yet")
        return Eligibility(adult=self.adult, protected=self.protected, present=self.present)

    def as_json(self) -> dict[str, Any]:
        """The state as the tracker keeps it."""
        return asdict(self) | {"demarches": list(self.demarches)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> "Saisie | None":
        """The inverse; ``None`` for ``None``, and for what another version wrote."""
        if data is None:
            return None
        try:
            named = {Demarche(value) for value in data["demarches"]}
            saisie = cls(
                **dict(data)
                | {
                    "demarches": tuple(demarche for demarche in Demarche if demarche in named),
                    "duration": Duration(data["duration"]) if data["duration"] else None,
                    "failures": int(data["failures"]),  # a tracker may give 1 back as 1.0
                }
            )
        except (KeyError, TypeError, ValueError, OverflowError):
            return None
        return saisie if saisie._well_formed else None

    @property
    def _well_formed(self) -> bool:
        answers = (self.present, self.adult, self.protected)
        return (
            all(answer is None or isinstance(answer, bool) for answer in answers)
            and isinstance(self.suggested, bool)
            and isinstance(self.named, bool)
            and (self.renews is None or isinstance(self.renews, str))
            and self.failures >= 0
        )


def applied(saisie: Saisie, given: Given, *, allowed: Collection[Demarche]) -> Saisie:
    """*saisie* with what a message gives; what it does not speak of stays.

    Scopes replace those that were there, unless the message adds some, or swaps one for another. « Majeur » alone
    leaves the protection unknown; « aucune mesure de protection » answers the whole question, unless the usager was
    said to be a minor: the recap states « majeur », and the secure page asks for the date of birth.

    Args:
        allowed: what « tous les thèmes » means.
    """
    wanted = _scopes(saisie, given, allowed)
    adult = saisie.adult if given.adult is None else given.adult
    if adult is None and given.protected is False:
        adult = True
    return replace(
        saisie,
        demarches=wanted,
        suggested=saisie.suggested and wanted == saisie.demarches and not given.demarches,
        duration=given.duration or saisie.duration,
        present=saisie.present if given.present is None else given.present,
        adult=adult,
        protected=saisie.protected if given.protected is None else given.protected,
        failures=0 if given.anything else saisie.failures,
    )


def answered_yes_or_no(saisie: Saisie, *, yes: bool) -> Saisie | None:
    """*saisie* after a plain yes or no to the question asked; ``None`` when that answers nothing.

    « Oui » to « majeur et sans mesure de protection ? » settles both; « non » does not tell which one is wrong. While
    the scope is only proposed, « oui » and « non » are about it.
    """
    match saisie.asked:
        case Field.DURATION if saisie.suggested:
            return replace(saisie, demarches=saisie.demarches if yes else (), suggested=False, failures=0)
        case Field.PRESENT:
            return replace(saisie, present=yes, failures=0)
        case Field.CAPACITY if yes:
            return replace(saisie, adult=saisie.adult is not False, protected=saisie.protected is True, failures=0)
        case _:
            return None


def _scopes(saisie: Saisie, given: Given, allowed: Collection[Demarche]) -> tuple[Demarche, ...]:
    if given.everything:
        chosen = set(allowed) - set(given.removed)
    elif given.demarches and (given.adds or set(given.removed) & set(saisie.demarches)):
        chosen = (set(saisie.demarches) | set(given.demarches)) - set(given.removed)
    elif given.demarches:
        chosen = set(given.demarches)
    else:
        chosen = set(saisie.demarches) - set(given.removed)
    return tuple(demarche for demarche in Demarche if demarche in chosen)
