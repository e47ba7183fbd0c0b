"""« Demandes »: the lists of requests, live, and the fiches to put in an answer."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from bot.gateway.desk.access import Signed, guarded
from bot.gateway.desk.desk import Desk
from bot.gateway.desk.helpdesk.access import HELP, QUEUE, Answering, unattended
from bot.gateway.desk.helpdesk.live import Watch, state_of
from bot.gateway.desk.helpdesk.services import HelpDeskServices

_TABS = {QUEUE: "En attente", "miennes": "Les miennes", "autres": "Suivies par d'autres", "closes": "Closes"}
_EVENTS = {"X-Accel-Buffering": "no"}  # some proxies would keep the events until the end of the stream


def routes(desk: Desk, services: HelpDeskServices) -> APIRouter:
    """``/aide``, and what its pages ask by themselves."""
    router = APIRouter(route_class=guarded(desk))
    requests, watch = services.requests, Watch(services.requests.beats)

    @router.get(HELP)
    def inbox(request: Request, visitor: Signed, agent: Answering, etat: str = QUEUE) -> Response:
        tab = etat if etat in _TABS else QUEUE
        return desk.render(
            request,
            "helpdesk",
            visitor,
            tabs=_TABS,
            tab=tab,
            counts=requests.counts(agent),
            requests=requests.listed(agent, tab),
        )

    @router.get(f"{HELP}/liste")
    def fragment(request: Request, visitor: Signed, agent: Answering, etat: str = QUEUE) -> Response:
        tab = etat if etat in _TABS else QUEUE
        page = desk.render(request, "helpdesk_liste", visitor, form=None, tab=tab, requests=requests.listed(agent, tab))
        return unattended(request, page)

    @router.get(f"{HELP}/etat")
    def state(request: Request, agent: Answering) -> Response:
        told = state_of(agent, requests.beats()) | {"session": round(desk.sessions.left(request).total_seconds())}
        return unattended(request, JSONResponse(told))

    @router.get(f"{HELP}/presence")
    def presence(request: Request, agent: Answering) -> Response:  # noqa: ARG001  reserved to agents
        """Someone is there: a page that is open says so when it is touched, and the session goes on."""
        return JSONResponse({"session": round(desk.sessions.renewed(request).total_seconds())})

    @router.get(f"{HELP}/evenements")
    async def events(request: Request, agent: Answering) -> Response:
        return unattended(
            request, StreamingResponse(watch.stream(agent), media_type="text/event-stream", headers=_EVENTS)
        )

    @router.get(f"{HELP}/fiches")
    def fiches(agent: Answering, q: str = "") -> Response:  # noqa: ARG001  reserved to agents
        found = services.fiches.search(q[:200])
        return JSONResponse([{"id": one.id, "title": one.title, "url": one.url} for one in found])

    return router
