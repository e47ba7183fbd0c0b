"""« Mon compte »: who one is, for which organisation one acts, and the code that ties a conversation, or Telegram."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bot.channels.telegram.link import deep_link, qr_svg
from bot.gateway.desk.access import Posted, Signed, guarded
from bot.gateway.desk.desk import Desk, Visitor, see

ACCOUNT = "/compte"


def routes(desk: Desk) -> APIRouter:
    """``/compte`` and its two forms."""
    router = APIRouter(route_class=guarded(desk))
    services = desk.services

    bot = desk.kit.services.telegram_bot

    def show(request: Request, visitor: Visitor, *, code: str = "") -> Response:
        telegram = deep_link(bot, code) if bot and code else ""
        return desk.render(
            request,
            "compte",
            visitor,
            code=code,
            bot=bot,
            telegram=telegram,
            qr=qr_svg(telegram) if telegram else "",
            linked=services.conversations(visitor.id),
            switched=request.query_params.get("fait") == "structure",
        )

    @router.get(ACCOUNT)
    def account(request: Request, visitor: Signed) -> Response:
        return show(request, visitor)

    @router.post(f"{ACCOUNT}/code")
    def code(request: Request, visitor: Signed, form: Posted) -> Response:  # noqa: ARG001  checked
        # Shown at once and not after a redirection: it is kept nowhere.
        return show(request, visitor, code=services.aidants.conversation_code(visitor.id))

    @router.post(f"{ACCOUNT}/structure")
    def switch(visitor: Signed, form: Posted) -> Response:
        services.aidants.switch(visitor.id, form.get("organisation", ""))
        return see(f"{ACCOUNT}?fait=structure")

    return router
