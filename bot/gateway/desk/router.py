"""Every page behind a sign-in, and the API."""

from fastapi import APIRouter

from bot.gateway.desk import account, admin, api, enrolling, mandat, mandats, revoking, signing, starting, structure
from bot.gateway.desk.desk import Desk
from bot.gateway.desk.services import DeskServices
from bot.gateway.pages.kit import Kit


def desk_pages(kit: Kit, services: DeskServices) -> APIRouter:
    """Every page over *services*."""
    desk = Desk.over(kit, services)
    router = APIRouter()
    # « /mandats/nouveau » comes before « /mandats/{id} ».
    for topic in (signing, enrolling, account, mandats, starting, revoking, mandat, structure, admin, api):
        router.include_router(topic.routes(desk))
    return router
