"""Every page of the supervision."""

from fastapi import APIRouter

from bot.gateway.desk.desk import Desk
from bot.gateway.desk.supervision import conversation, correcting, exporting, listing, queue
from bot.gateway.desk.supervision.services import SupervisionServices

TOPICS = (listing, conversation, correcting, queue, exporting)


def routes(desk: Desk, services: SupervisionServices) -> APIRouter:
    """Every page over *services*."""
    router = APIRouter()
    for topic in TOPICS:
        router.include_router(topic.routes(desk, services))
    return router
