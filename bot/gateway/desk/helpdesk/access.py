"""Who may open the pages of the help desk, and what does not count as a visit."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from bot.gateway.desk.access import Reserved, Signed
from bot.gateway.desk.desk import Desk
from bot.handover.views import Agent

HELP = "/aide"
QUEUE = "attente"  # the list of the requests that nobody has taken


def answering(request: Request, visitor: Signed) -> Agent:
    """Who visits, when they answer requests.

    Raises:
        Reserved: they answer none.
    """
    desk: Desk = request.state.desk
    services = desk.services.helpdesk
    agent = services.requests.agent(visitor.id) if services is not None else None
    if agent is None:
        raise Reserved("help desk")
    return agent


Answering = Annotated[Agent, Depends(answering)]


def unattended(request: Request, response: Response) -> Response:
    """What a page asks by itself does not prove that someone is there: their session is not prolonged."""
    request.state.visitor = None
    return response
