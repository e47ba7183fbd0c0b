"""Every page behind a sign-in, and the API."""

from fastapi import APIRouter

from bot.gateway.desk import (
    account,
    admin,
    api,
    audit,
    enrolling,
    mandat,
    mandats,
    privacy,
    revoking,
    signing,
    starting,
    structure,
)
from bot.gateway.desk.dashboard import pages as dashboard
from bot.gateway.desk.desk import Desk
from bot.gateway.desk.helpdesk import router as helpdesk
from bot.gateway.desk.services import DeskServices
from bot.gateway.desk.supervision import router as supervision
from bot.gateway.pages.kit import Kit


def desk_pages(kit: Kit, services: DeskServices) -> APIRouter:
    """Every page over *services*."""
    desk = Desk.over(kit, services)
    router = APIRouter()
    # « /mandats/nouveau » comes before « /mandats/{id} ».
    for topic in (signing, enrolling, account, mandats, starting, revoking, mandat, structure, admin, api):
        router.include_router(topic.routes(desk))
    router.include_router(audit.routes(desk))
    router.include_router(privacy.routes(desk))
    if services.helpdesk is not None:
        router.include_router(helpdesk.routes(desk, services.helpdesk))
    if services.supervision is not None:
        router.include_router(supervision.routes(desk, services.supervision))
    if services.dashboard is not None:
        router.include_router(dashboard.routes(desk, services.dashboard))
    return router
