"""Every page, and the page of an error."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bot.gateway.desk.router import desk_pages
from bot.gateway.errors import ErrorPage
from bot.gateway.pages import about, assistant, opening, preparing, sealed, verifying, widget
from bot.gateway.pages.kit import Kit
from bot.gateway.pages.opening import PREPARE
from bot.gateway.pages.services import PageServices

# The form of a mandate holds a drawn signature.
WIDE_BODIES = {PREPARE: 512 * 1024}
_TITLES = {
    403: "Cette page n'a pas pu être envoyée",
    404: "Cette page n'existe pas",
    405: "Cette page ne s'ouvre pas ainsi",
    413: "Ce que vous avez envoyé est trop lourd",
    429: "Trop de demandes en peu de temps",
    500: "Une erreur inattendue s'est produite",
    503: "Le service ne répond pas pour l'instant",
}


def pages(services: PageServices) -> APIRouter:
    """Every page over *services*."""
    kit = Kit.over(services)
    router = APIRouter(include_in_schema=False)
    for topic in (opening, preparing, sealed, verifying, about, assistant, widget):
        router.include_router(topic.routes(kit))
    if services.desk is not None:
        router.include_router(desk_pages(kit, services.desk))
    return router


def error_page(services: PageServices) -> ErrorPage:
    """Shows an error to someone, in a page like the others."""
    kit = Kit.over(services)

    def show(request: Request, status: int, detail: str) -> Response:
        title = _TITLES.get(status, "Cette page ne peut pas s'afficher")
        return kit.pages.render(request, "erreur", status=status, title=title, detail=detail, number=status)

    return show
