"""« Mon compte »: who one is, for which organisation one acts, the code that ties a conversation, and one's safety."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bot.aidants import recovery
from bot.aidants.views import Locked, WrongCode
from bot.calendar import french_hour
from bot.channels.telegram.link import deep_link, qr_svg
from bot.gateway.desk.access import ACCOUNT, SIGN_IN, Posted, Signed, guarded, sign_out
from bot.gateway.desk.desk import Desk, Visitor, see
from bot.gateway.pages.fields import Sent

_MISSING = "Saisissez les 6 chiffres affichés par votre application de codes."
_WRONG = (
    "Ce code ne convient pas. Un code ne sert qu'une fois : si le vôtre vient de servir, attendez le suivant. "
    "Essais restants : {left}."
)
_LOCKED = "Trop d'essais manqués : attendez jusqu'à {until}, puis réessayez."


def routes(desk: Desk) -> APIRouter:
    """``/compte`` and its forms."""
    router = APIRouter(route_class=guarded(desk))
    services, signed_out = desk.services, desk.kit.services.signed_out

    bot = desk.kit.services.telegram_bot

    def show(request: Request, visitor: Visitor, *, code: str = "", errors: Sent | None = None) -> Response:
        telegram = deep_link(bot, code) if bot and code else ""
        return desk.render(
            request,
            "compte",
            visitor,
            status=422 if errors else 200,
            code=code,
            bot=bot,
            telegram=telegram,
            qr=qr_svg(telegram) if telegram else "",
            linked=services.conversations(visitor.id),
            done=request.query_params.get("fait", ""),
            spare=services.aidants.recovery_codes_left(visitor.id),
            few=recovery.FEW,
            errors=errors or {},
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

    @router.post(f"{ACCOUNT}/codes-de-secours")
    def recovery_codes(request: Request, visitor: Signed, form: Posted) -> Response:
        typed = form.get("code", "").strip()
        if not typed:
            return show(request, visitor, errors={"code": _MISSING})
        try:
            made = services.aidants.new_recovery_codes(visitor.id, typed)
        except WrongCode as error:
            return show(request, visitor, errors={"code": _WRONG.format(left=error.left)})
        except Locked as error:
            return show(request, visitor, errors={"code": _LOCKED.format(until=french_hour(error.until))})
        return desk.render(
            request, "codes", visitor, codes=[recovery.shown(code) for code in made], next=f"{ACCOUNT}?fait=codes"
        )

    @router.post(f"{ACCOUNT}/deconnexions")
    def leave_everywhere(request: Request, visitor: Signed, form: Posted) -> Response:  # noqa: ARG001  checked
        services.aidants.sign_out_everywhere(visitor.id)
        response = see(f"{SIGN_IN}?fin=partout")
        sign_out(request, response)
        if signed_out is not None:
            signed_out(visitor.session.id)
        return response

    return router
