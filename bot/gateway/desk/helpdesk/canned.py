"""« Réponses types »: what agents write once for all, for their organisation."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from bot.gateway.desk.access import Elsewhere, Posted, Signed, guarded
from bot.gateway.desk.desk import Desk, Visitor, see
from bot.gateway.desk.helpdesk.access import HELP, Answering
from bot.gateway.pages.fields import Sent
from bot.handover.canned import CannedReplies
from bot.handover.texts import LONGEST, LONGEST_TITLE
from bot.handover.views import Agent, CannedView, UnknownRequest, WrongText

CANNED = f"{HELP}/reponses"
_ONE = f"{CANNED}/{{reply_id:int}}"
_EVERYONE = "toutes"  # what the form says for no organisation
_DONE = {
    "ajout": "La réponse type est enregistrée.",
    "modification": "La réponse type est modifiée.",
    "suppression": "La réponse type est supprimée.",
}
_WRONG = {
    ("title", "missing"): "Donnez un titre à cette réponse.",
    ("title", "too_long"): f"Ce titre est trop long : {LONGEST_TITLE} caractères au plus.",
    ("text", "missing"): "Écrivez la réponse.",
    ("text", "too_long"): f"Cette réponse est trop longue : {LONGEST} caractères au plus.",
    ("text", "sensitive"): "Retirez ce qui identifie quelqu'un : une réponse type sert à tout le monde.",
}


def routes(desk: Desk, canned: CannedReplies) -> APIRouter:
    """``/aide/reponses``."""
    router = APIRouter(route_class=guarded(desk))

    def mine(agent: Answering, reply_id: int) -> CannedView:
        try:
            return canned.one(agent, reply_id)
        except UnknownRequest as error:
            raise Elsewhere("canned reply") from error

    Mine = Annotated[CannedView, Depends(mine)]

    def show(
        request: Request, visitor: Visitor, agent: Agent, *, values: Sent | None = None, errors: Sent | None = None
    ) -> Response:
        owners = _owners(visitor, agent)
        return desk.render(
            request,
            "helpdesk_reponses",
            visitor,
            status=422 if errors else 200,
            replies=canned.listed(agent),
            owners=owners,
            names=dict(owners),
            everyone=_EVERYONE,
            longest=LONGEST,
            done=_DONE.get(request.query_params.get("fait", ""), ""),
            values={"owner": owners[0][0]} | dict(values or {}),
            errors=errors or {},
        )

    @router.get(CANNED)
    def listed(request: Request, visitor: Signed, agent: Answering) -> Response:
        return show(request, visitor, agent)

    @router.post(CANNED)
    def add(request: Request, visitor: Signed, agent: Answering, form: Posted) -> Response:
        owner = form.get("owner", "")
        try:
            canned.add(agent, None if owner == _EVERYONE else owner, form.get("title", ""), form.get("text", ""))
        except WrongText as error:
            return show(request, visitor, agent, values=form, errors=_told(error))
        except UnknownRequest as error:
            raise Elsewhere("canned reply") from error
        return see(f"{CANNED}?fait=ajout")

    def edit(
        request: Request, visitor: Visitor, one: CannedView, *, values: Sent | None = None, errors: Sent | None = None
    ) -> Response:
        return desk.render(
            request,
            "helpdesk_reponse",
            visitor,
            status=422 if errors else 200,
            one=one,
            longest=LONGEST,
            values=values or {"title": one.title, "text": one.text},
            errors=errors or {},
        )

    @router.get(_ONE)
    def shown(request: Request, visitor: Signed, one: Mine) -> Response:
        return edit(request, visitor, one)

    @router.post(_ONE)
    def change(request: Request, visitor: Signed, agent: Answering, one: Mine, form: Posted) -> Response:
        try:
            canned.change(agent, one.id, form.get("title", ""), form.get("text", ""))
        except WrongText as error:
            return edit(request, visitor, one, values=form, errors=_told(error))
        return see(f"{CANNED}?fait=modification")

    @router.post(f"{_ONE}/supprimer")
    def remove(agent: Answering, one: Mine, form: Posted) -> Response:  # noqa: ARG001  checked
        canned.remove(agent, one.id)
        return see(f"{CANNED}?fait=suppression")

    return router


def _owners(visitor: Visitor, agent: Agent) -> list[tuple[str, str]]:
    """(value, name) of those for whom a reply may be written, the current organisation first."""
    own = [
        (one.organisation.id, one.organisation.name)
        for one in sorted(visitor.memberships, key=lambda one: not one.current)
        if one.organisation.id in agent.organisations
    ]
    return [*own, (_EVERYONE, "Toutes les structures")] if agent.admin else own


def _told(error: WrongText) -> dict[str, str]:
    return {error.field: _WRONG[error.field, error.reason]}
