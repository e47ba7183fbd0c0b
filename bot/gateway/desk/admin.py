"""« Administration »: every organisation, and the admins; for admins."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bot.aidants.views import WrongField
from bot.gateway.desk.access import Administrating, Posted, guarded
from bot.gateway.desk.desk import Desk, Visitor, see
from bot.gateway.desk.inviting import Invited, invite, told
from bot.gateway.pages.fields import Sent

ADMIN = "/admin"


def routes(desk: Desk) -> APIRouter:
    """``/admin`` and its forms."""
    router = APIRouter(route_class=guarded(desk))
    aidants = desk.services.aidants

    def show(
        request: Request,
        visitor: Visitor,
        *,
        invited: Invited | None = None,
        values: Sent | None = None,
        errors: Sent | None = None,
    ) -> Response:
        return desk.render(
            request,
            "admin",
            visitor,
            status=422 if errors else 200,
            organisations=[(one, len(aidants.people(one.id))) for one in aidants.organisations()],
            admins=[one for one in aidants.everyone() if one.admin],
            invited=invited,
            protected=desk.services.protection is not None,
            created=request.query_params.get("fait") == "structure",
            values=values or {},
            errors=errors or {},
        )

    @router.get(ADMIN)
    def administration(request: Request, visitor: Administrating) -> Response:
        return show(request, visitor)

    @router.post(f"{ADMIN}/structures")
    def create(request: Request, visitor: Administrating, form: Posted) -> Response:
        try:
            aidants.create_organisation(form.get("organisation", ""), address=form.get("address", ""), by=visitor.id)
        except WrongField as error:
            return show(request, visitor, values=form, errors=told(error))
        return see(f"{ADMIN}?fait=structure")

    @router.post(f"{ADMIN}/invitations")
    def invitation(request: Request, visitor: Administrating, form: Posted) -> Response:
        try:
            invited = invite(desk, visitor, form, organisation=None)
        except WrongField as error:
            return show(request, visitor, values=form, errors=told(error))
        return show(request, visitor, invited=invited)

    return router
