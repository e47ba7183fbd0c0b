"""One request: the conversation, and all that an agent does with it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from bot.gateway.desk.access import Elsewhere, Posted, Signed, guarded
from bot.gateway.desk.desk import Desk, Visitor, see
from bot.gateway.desk.helpdesk.access import HELP, QUEUE, Answering, unattended
from bot.gateway.desk.helpdesk.services import HelpDeskServices
from bot.gateway.desk.helpdesk.thread import items_of
from bot.gateway.pages.fields import Sent
from bot.handover.texts import LONGEST
from bot.handover.views import Agent, AlreadyClaimed, NoSuchAgent, NotInCharge, RequestView, UnknownRequest, WrongText

Earlier = Annotated[int | None, Query(ge=1, le=2**31 - 1)]  # beyond, no database has one
_ONE = f"{HELP}/{{request_id:int}}"
_DONE = {
    "prise": "La demande est à vous : la personne sait que vous allez lui répondre.",
    "reponse": "Votre réponse est partie.",
    "note": "La note est enregistrée.",
    "transmise": "La demande est transmise.",
    "remise": "La demande est de nouveau en attente.",
    "close": "La demande est close : la personne le sait, et l'assistant lui répond de nouveau.",
}
_MISSED = {
    "deja": "{name} vient de prendre cette demande.",
    "perdue": "Rien n'a été fait : la demande a changé de mains, ou elle est close.",
    "personne": "Choisissez à qui transmettre la demande.",
}
_WRONG = {
    "missing": "Écrivez quelque chose.",
    "too_long": f"Ce texte est trop long : {LONGEST} caractères au plus.",
    "sensitive": "Retirez ce qui identifie l'usager (numéro de sécurité sociale, de compte, de pièce, date de "
    "naissance) : la conversation est conservée.",
}


def routes(desk: Desk, services: HelpDeskServices) -> APIRouter:
    """``/aide/{id}`` and its forms."""
    router = APIRouter(route_class=guarded(desk))
    requests = services.requests

    def seen(agent: Answering, request_id: int) -> RequestView:
        try:
            return requests.view(agent, request_id)
        except UnknownRequest as error:
            raise Elsewhere("request") from error

    Seen = Annotated[RequestView, Depends(seen)]

    def show(
        request: Request,
        visitor: Visitor,
        agent: Agent,
        one: RequestView,
        *,
        since: int | None = None,
        values: Sent | None = None,
        **errors: str,
    ) -> Response:
        thread = requests.thread(one, since=since)
        asked = request.query_params.get("fait", "")
        holder = one.claimed_name or "Quelqu'un"
        return desk.render(
            request,
            "helpdesk_demande",
            visitor,
            status=422 if errors else 200,
            one=one,
            items=items_of(one, thread, brand=desk.kit.services.brand),
            earlier=thread.earlier,
            since=since,
            mine=one.claimed_by == agent.id,
            in_charge=one.claimed_by == agent.id or agent.may_take_over(one.organisation_id),
            colleagues=requests.colleagues(one),
            canned=services.canned.listed(agent),
            longest=LONGEST,
            done=_DONE.get(asked, ""),
            missed=_MISSED.get(asked, "").format(name=holder),
            values=values or {},
            errors=errors,
        )

    @router.get(_ONE)
    def one_request(request: Request, visitor: Signed, agent: Answering, one: Seen, depuis: Earlier = None) -> Response:
        requests.opened(agent, one, since=depuis)
        return show(request, visitor, agent, one, since=depuis)

    @router.get(f"{_ONE}/fil")
    def thread(request: Request, visitor: Signed, agent: Answering, one: Seen, depuis: Earlier = None) -> Response:
        requests.followed(agent, one, since=depuis)
        items = items_of(one, requests.thread(one, since=depuis), brand=desk.kit.services.brand)
        return unattended(request, desk.render(request, "helpdesk_fil", visitor, form=None, items=items))

    @router.post(f"{_ONE}/prendre")
    def claim(agent: Answering, one: Seen, form: Posted) -> Response:  # noqa: ARG001  checked
        try:
            requests.claim(agent, one.id)
        except AlreadyClaimed:
            return _back(one, "deja")
        except NotInCharge:
            return _back(one, "perdue")
        return _back(one, "prise")

    @router.post(f"{_ONE}/repondre")
    def reply(request: Request, visitor: Signed, agent: Answering, one: Seen, form: Posted) -> Response:
        try:
            requests.reply(agent, one.id, form.get("reponse", ""))
        except WrongText as error:
            return show(request, visitor, agent, one, values=form, reponse=_WRONG[error.reason])
        except NotInCharge:
            return _back(one, "perdue")
        return _back(one, "reponse")

    @router.post(f"{_ONE}/noter")
    def note(request: Request, visitor: Signed, agent: Answering, one: Seen, form: Posted) -> Response:
        try:
            requests.note(agent, one.id, form.get("note", ""))
        except WrongText as error:
            return show(request, visitor, agent, one, values=form, note=_WRONG[error.reason])
        except NotInCharge:
            return _back(one, "perdue")
        return _back(one, "note")

    @router.post(f"{_ONE}/transmettre")
    def transfer(agent: Answering, one: Seen, form: Posted) -> Response:
        to = form.get("agent", "")
        try:
            requests.transfer(agent, one.id, None if to == QUEUE else to)
        except NoSuchAgent:
            return _back(one, "personne")
        except NotInCharge:
            return _back(one, "perdue")
        return _back(one, "remise" if to == QUEUE else "transmise")

    @router.post(f"{_ONE}/clore")
    def close(agent: Answering, one: Seen, form: Posted) -> Response:  # noqa: ARG001  checked
        try:
            requests.close(agent, one.id)
        except NotInCharge:
            return _back(one, "perdue")
        return _back(one, "close")

    return router


def _back(one: RequestView, done: str) -> Response:
    return see(f"{HELP}/{one.id}?fait={done}")
