"""« Connexions »: who signed in, who was refused; for those who supervise a structure, and for admins."""

import re

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bot.aidants.audit import REFUSALS, Access
from bot.aidants.views import OrganisationView
from bot.gateway.desk.access import Administrating, Signed, guarded
from bot.gateway.desk.admin import ADMIN
from bot.gateway.desk.desk import Desk, Visitor
from bot.gateway.desk.structure import STRUCTURE, Supervised
from bot.journal.actions import Action

_PAGE = "connexions"
_REFUSALS = "refus"
_SENTENCES = {
    Action.CONNECT_AIDANT: "Connexion",
    Action.USE_RECOVERY_CODE: "Code de secours utilisé : il en reste {left}",
    Action.NEW_RECOVERY_CODES: "Nouveaux codes de secours",
    Action.SIGN_OUT_EVERYWHERE: "Toutes les sessions fermées",
}
_ENROLLED = {"enrolment": "Inscription", "reset": "Nouveau mot de passe, toutes les sessions fermées"}
_REASONS = {
    "password": "mot de passe faux",
    "code": "code faux, ou déjà utilisé",
    "unknown": "adresse sans compte",
}


def routes(desk: Desk) -> APIRouter:
    """``/structure/{organisation_id}/connexions`` and ``/admin/connexions``."""
    router = APIRouter(route_class=guarded(desk))

    def show(request: Request, visitor: Visitor, organisation: OrganisationView | None) -> Response:
        refusals, page = request.query_params.get("etat") == _REFUSALS, request.query_params.get("page", "")
        found = desk.services.aidants.accesses(
            organisation.id if organisation else None,
            refusals=refusals,
            page=int(page) if re.fullmatch(r"[1-9][0-9]{0,5}", page) else 1,
        )
        return desk.render(
            request,
            "connexions",
            visitor,
            organisation=organisation,
            refusals=refusals,
            lines=[(one, sentence(one), one.action in REFUSALS) for one in found.lines],
            found=found,
        )

    @router.get(f"{STRUCTURE}/{{organisation_id}}/{_PAGE}")
    def of_structure(request: Request, visitor: Signed, organisation: Supervised) -> Response:
        return show(request, visitor, organisation)

    @router.get(f"{ADMIN}/{_PAGE}")
    def everywhere(request: Request, visitor: Administrating) -> Response:
        return show(request, visitor, None)

    return router


def sentence(line: Access) -> str:
    """What happened, in French."""
    details = line.details
    if line.action is Action.ENROL_AIDANT:
        return _ENROLLED.get(str(details.get("purpose")), "Inscription")
    if line.action is Action.REFUSE_SIGN_IN:
        locked = ", essais bloqués un moment" if details.get("locked_until") else ""
        return f"Connexion refusée : {_REASONS.get(str(details.get('reason')), 'motif inconnu')}{locked}"
    if line.action is Action.REFUSE_ACCESS:
        return _refused(str(details.get("tried", "")))
    return _SENTENCES[line.action].format_map({"left": "?", **details})


def _refused(tried: str) -> str:
    method, _, route = tried.partition(" ")
    if route:
        return f"Page refusée : {route}" if method == "GET" else f"Formulaire refusé : {route}"
    if tried == "check_code":
        return "Codes faux avant une action protégée, essais bloqués un moment"
    return "Action refusée : hors de sa structure ou de son rôle"
