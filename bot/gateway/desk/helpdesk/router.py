"""Every page of the help desk."""

from fastapi import APIRouter

from bot.gateway.desk.desk import Desk
from bot.gateway.desk.helpdesk import canned, inbox, requests
from bot.gateway.desk.helpdesk.services import HelpDeskServices


def routes(desk: Desk, services: HelpDeskServices) -> APIRouter:
    """``/aide`` and what is under it."""
    router = APIRouter()
    router.include_router(inbox.routes(desk, services))
    router.include_router(canned.routes(desk, services.canned))
    router.include_router(requests.routes(desk, services))
    return router
