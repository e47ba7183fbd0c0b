"""Every page of the dashboards, with the journal."""

from fastapi import APIRouter

from bot.gateway.desk import journal_pages
from bot.gateway.desk.dashboard import board, script, understanding
from bot.gateway.desk.dashboard.services import DashboardServices
from bot.gateway.desk.desk import Desk


def routes(desk: Desk, services: DashboardServices) -> APIRouter:
    """What those who supervise look through."""
    router = APIRouter()
    for topic in (board, understanding, journal_pages):
        router.include_router(topic.routes(desk, services))
    router.include_router(script.routes(desk.kit.services.static))
    return router
