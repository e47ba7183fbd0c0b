"""What a dashboard is about: a structure within the visitor's reach, and a period, as they stand in its address."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlencode

from starlette.requests import Request

from bot.aidants.models import Role
from bot.aidants.views import OrganisationView
from bot.calendar import french_day
from bot.gateway.desk.access import Elsewhere, Reserved
from bot.gateway.desk.desk import Desk, Visitor
from bot.gateway.pages.fields import date_of
from bot.supervision.figures_period import LONGEST, Period

LENGTHS = {"7": "7 derniers jours", "30": "30 derniers jours", "90": "90 derniers jours"}
CUSTOM = "libre"
_USUAL = "30"


@dataclass(frozen=True, slots=True)
class Reach:
    """The structure that was asked for.

    Attributes:
        chosen: ``None`` for all of them, which only admins may ask for.
        choices: those that the visitor may ask for.
    """

    chosen: OrganisationView | None
    choices: tuple[OrganisationView, ...]
    everything: bool

    @property
    def id(self) -> str | None:
        return self.chosen.id if self.chosen else None

    @property
    def name(self) -> str:
        return self.chosen.name if self.chosen else "Toutes les structures"


@dataclass(frozen=True, slots=True)
class View:
    """What to show.

    Attributes:
        length: a key of :data:`LENGTHS`, or :data:`CUSTOM`.
        typed: the dates that were typed, by the name of their field; *errors* tells what is wrong with them.
    """

    reach: Reach
    period: Period
    length: str
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The end of the address that shows the same."""
        shown = {"periode": self.length, "structure": self.reach.id or ""}
        if self.length == CUSTOM:
            shown |= {"du": self.period.first.isoformat(), "au": self.period.last.isoformat()}
        return urlencode({name: value for name, value in shown.items() if value})

    @property
    def conversations(self) -> str:
        """The same, as the list of conversations asks for it."""
        shown = {"du": self.period.first.isoformat(), "au": self.period.last.isoformat()}
        return urlencode(shown | ({"structure": self.reach.id} if self.reach.id else {}))

    @property
    def told(self) -> str:
        """« du 1er au 30 novembre 2026 », in full."""
        return f"du {french_day(self.period.first)} au {french_day(self.period.last)}"


def reach(desk: Desk, visitor: Visitor, wanted: str) -> Reach:
    """The structure called *wanted*; when it is empty, all of them for an admin, else the current one.

    Raises:
        Reserved: the visitor supervises nothing, or only works there.
        Elsewhere: it is not theirs.
        UnknownOrganisation: there is none.
    """
    aidants = desk.services.aidants
    if visitor.account.admin:
        chosen = aidants.organisation(wanted) if wanted else None
        return Reach(chosen, tuple(sorted(aidants.organisations(), key=lambda one: one.name.casefold())), True)
    mine = [one for one in visitor.memberships if one.role is Role.SUPERVISEUR]
    if not mine:
        raise Reserved("supervisors")
    if wanted and not any(one.organisation.id == wanted for one in mine):
        raise Reserved("supervisors") if visitor.belongs_to(wanted) else Elsewhere("another organisation")
    usual = next((one for one in mine if one.current), mine[0]).organisation
    chosen = next((one.organisation for one in mine if one.organisation.id == wanted), usual)
    return Reach(chosen, tuple(one.organisation for one in mine), False)


def view_of(request: Request, reached: Reach, *, today: date) -> View:
    """What the address of *request* asks for; what cannot be read is said, and the usual period is shown."""
    query = request.query_params
    length = query.get("periode", _USUAL)
    if length in LENGTHS:
        return View(reached, Period.ending(today, days=int(length)), length)
    typed = {name: query.get(name, "")[:20] for name in ("du", "au")}
    first, last = _day(typed["du"]), _day(typed["au"])
    errors = {
        name: "Écrivez la date ainsi\u202f: 05/02/2026." for name, day in (("du", first), ("au", last)) if day is None
    }
    if first and last:
        if first > last:
            errors["au"] = "La fin est avant le début."
        elif (last - first).days >= LONGEST:
            errors["au"] = f"Choisissez {LONGEST} jours au plus."
        else:
            return View(reached, Period(first, last), CUSTOM, typed)
    usual = Period.ending(today, days=int(_USUAL))
    return View(reached, usual, CUSTOM if length == CUSTOM else _USUAL, typed, errors if length == CUSTOM else {})


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return date_of(typed)
