"""« Tableau de bord »: the figures of a period and of a structure, as charts, tables and files."""

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot.gateway.desk.access import Signed, guarded
from bot.gateway.desk.dashboard import numbers
from bot.gateway.desk.dashboard.charts import as_file, file_of
from bot.gateway.desk.dashboard.drawing import charts, tiles
from bot.gateway.desk.dashboard.scope import CUSTOM, LENGTHS, View, reach, view_of
from bot.gateway.desk.dashboard.script import script_address
from bot.gateway.desk.dashboard.services import DashboardServices
from bot.gateway.desk.desk import Desk, Visitor
from bot.gateway.desk.supervision.common import CONVERSATIONS
from bot.gateway.desk.supervision.queue import CORRECTIONS

BOARD = "/supervision/tableau"
_UNANSWERED = "questions-sans-reponse"
_UNANSWERED_HEAD = ("Question", "Fois", "Non comprise", "Sans fiche")


def routes(desk: Desk, services: DashboardServices) -> APIRouter:
    """``/supervision/tableau`` and its files."""
    router = APIRouter(route_class=guarded(desk))
    dashboards = services.dashboards

    def asked(request: Request, visitor: Visitor) -> View:
        reached = reach(desk, visitor, request.query_params.get("structure", ""))
        return view_of(request, reached, today=dashboards.last(1).last)

    @router.get(BOARD)
    def board(request: Request, visitor: Signed) -> Response:
        view = asked(request, visitor)
        figures = dashboards.figures(view.period, view.reach.id)
        return desk.render(
            request,
            "tableau",
            visitor,
            status=422 if view.errors else 200,
            view=view,
            board=BOARD,
            lengths=LENGTHS,
            custom=CUSTOM,
            tiles=tiles(figures),
            charts=charts(figures),
            unanswered=figures.answers.unanswered,
            unanswered_file=_UNANSWERED,
            conversations=CONVERSATIONS,
            queue=CORRECTIONS,
            count=numbers.count,
            script=script_address(),
        )

    @router.get(f"{BOARD}/{{figures}}.csv")
    def table(request: Request, visitor: Signed, figures: str) -> Response:
        view = asked(request, visitor)
        read = dashboards.figures(view.period, view.reach.id)
        name = f"equipier-{figures}-{view.period.first}-{view.period.last}"
        if figures == _UNANSWERED:
            rows = [(one.text, one.count, one.fallbacks, one.abstentions) for one in read.answers.unanswered]
            return as_file(name, _UNANSWERED_HEAD, rows)
        for chart in charts(read):
            if chart.topic == figures:
                return file_of(chart, name=name)
        raise HTTPException(404)

    return router
