"""The mandates of the organisation: those in force, those that ended, and the search."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bot.gateway.desk.access import Acting, Posted, Signed, guarded
from bot.gateway.desk.desk import Desk, see
from bot.gateway.pages.security import Signer
from bot.mandats import reference, rules
from bot.mandats.rules import Scope, Status
from bot.mandats.views import Actor, MandatView, UnknownMandat

MANDATS = "/mandats"
SOON = 30  # days before the end
_COOKIE = "equipier_recherche"
_KEPT_FOR = timedelta(minutes=30)
_LONGEST = 200  # characters looked for
_PER_PAGE = 25


@dataclass(frozen=True, slots=True)
class _Page:
    """Some of the mandates found."""

    mandats: tuple[MandatView, ...]
    number: int
    last: int
    total: int


def routes(desk: Desk) -> APIRouter:
    """``/mandats``."""
    router = APIRouter(route_class=guarded(desk))
    kit, register = desk.kit, desk.services.register
    # A name would stay in the history of the browser and in the logs on the way: it travels in a cookie instead.
    signer = Signer(kit.services.keys, kit.services.clock, purpose="search", valid_for=_KEPT_FOR)

    @router.get(MANDATS)
    def listed(request: Request, visitor: Signed, actor: Acting, etat: str = "", page: str = "1") -> Response:
        searching = "recherche" in request.query_params
        wanted = (signer.read(request.cookies.get(_COOKIE)) or "") if searching else ""
        found = register.mandats(actor, name=wanted)
        over = etat == "termines"
        near = register.near(actor, wanted) if wanted and not found else ()
        return desk.render(
            request,
            "mandats",
            visitor,
            wanted=wanted,
            over=over,
            near=near,
            counts=_counts(found),
            shown=_paged([view for view in found if (view.status is not Status.ACTIVE) is over], page),
            soon=SOON,
        )

    @router.post(MANDATS)
    def search(actor: Acting, form: Posted) -> Response:
        wanted = " ".join(form.get("recherche", "").split())[:_LONGEST]
        if not wanted:
            return see(MANDATS)
        if mandat := _called(actor, wanted):
            return see(f"{MANDATS}/{mandat.id}")
        response = see(f"{MANDATS}?recherche")
        kit.cookies.put(response, _COOKIE, signer.sign(wanted), path=MANDATS, valid_for=_KEPT_FOR)
        return response

    def _called(actor: Actor, wanted: str) -> MandatView | None:
        written = reference.parse(wanted)
        if written is None:
            return None
        try:
            return register.by_reference(actor, written)
        except UnknownMandat:
            return None

    return router


def renewable(mandat: MandatView, *, now: datetime) -> bool:
    """Whether another mandate may take over from *mandat*."""
    scopes = [Scope(one.demarche, one.ended_at) for one in mandat.scopes]
    return mandat.usager is not None and rules.renewable(
        scopes, expires=mandat.expires_at, revoked_at=mandat.revoked_at, now=now
    )


def _counts(found: tuple[MandatView, ...]) -> tuple[int, int]:
    """How many are in force, and how many are over."""
    active = sum(view.status is Status.ACTIVE for view in found)
    return active, len(found) - active


def _paged(found: list[MandatView], typed: str) -> _Page:
    last = max(1, -(-len(found) // _PER_PAGE))
    number = min(int(typed), last) if typed.isascii() and typed.isdigit() and int(typed) else 1
    return _Page(tuple(found[(number - 1) * _PER_PAGE : number * _PER_PAGE]), number, last, len(found))
