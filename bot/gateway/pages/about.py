"""The pages that every page points to: home, accessibility, personal data."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bot.gateway.pages.kit import Kit

HOME = "/accueil"


def routes(kit: Kit) -> APIRouter:
    """``/accueil``, ``/accessibilite`` and ``/donnees-personnelles``."""
    router = APIRouter()

    @router.get(HOME)
    def home(request: Request) -> Response:
        return kit.pages.render(request, "accueil")

    @router.get("/accessibilite")
    def accessibility(request: Request) -> Response:
        return kit.pages.render(request, "accessibilite")

    @router.get("/donnees-personnelles")
    def personal_data(request: Request) -> Response:
        return kit.pages.render(request, "donnees")

    return router
