"""The revocation of a whole mandate, or of one of its scopes: a page asks first."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bot.demarches import Demarche
from bot.gateway.desk.access import Acting, Posted, Signed, guarded
from bot.gateway.desk.desk import Desk, see
from bot.gateway.desk.mandats import MANDATS
from bot.mandats.views import NotActive


def routes(desk: Desk) -> APIRouter:
    """``/mandats/{mandat_id}/revoquer``."""
    router = APIRouter(route_class=guarded(desk))
    register = desk.services.register

    @router.get(f"{MANDATS}/{{mandat_id}}/revoquer")
    def ask(request: Request, visitor: Signed, actor: Acting, mandat_id: str, demarche: str = "") -> Response:
        mandat = register.mandat(actor, mandat_id)
        chosen = _chosen(demarche)
        if not mandat.open_demarches or any(one not in mandat.open_demarches for one in chosen):
            raise NotActive(mandat.reference)
        left = [one for one in mandat.open_demarches if chosen and one not in chosen]
        return desk.render(request, "revoquer", visitor, mandat=mandat, chosen=chosen, left=left)

    @router.post(f"{MANDATS}/{{mandat_id}}/revoquer")
    def revoke(actor: Acting, mandat_id: str, form: Posted) -> Response:
        register.revoke(actor, mandat_id, _chosen(form.get("demarche", "")))
        return see(f"{MANDATS}/{mandat_id}?fait=revocation")

    return router


def _chosen(typed: str) -> tuple[Demarche, ...]:
    """The scope named; none for the whole mandate.

    Raises:
        NotActive: there is no such scope; never taken for the whole mandate.
    """
    if not typed:
        return ()
    if typed not in list(Demarche):
        raise NotActive(typed[:20])
    return (Demarche(typed),)
