"""Signing in, with an address, a password and a code; and out."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from bot.aidants import recovery
from bot.aidants.views import AidantView, SignInRefused
from bot.calendar import PARIS
from bot.conversations.limits import check_async
from bot.gateway.desk.access import ACCOUNT, SIGN_IN, Posted, Signed, guarded, local_path, sign_out
from bot.gateway.desk.admin import ADMIN
from bot.gateway.desk.desk import Desk, see
from bot.gateway.desk.helpdesk.access import HELP
from bot.gateway.desk.mandats import MANDATS
from bot.gateway.pages.fields import Sent, sent

_FORM = "connexion"
_MISSING = {
    "email": "Saisissez votre adresse électronique.",
    "password": "Saisissez votre mot de passe.",
    "code": "Saisissez les 6 chiffres affichés par votre application de codes, ou un code de secours.",
}
_WRONG = (
    "L'adresse, le mot de passe ou le code ne convient pas. Un code ne sert qu'une fois : si le vôtre vient de servir, "
    "attendez que votre application affiche le suivant."
)
_LOCKED = "Trop d'essais manqués : la connexion est bloquée jusqu'à {until}. Réessayez après cette heure."
# What is told on arrival, by the parameter ``fin`` of the address.
_ENDED = {
    "ended": "Votre session est terminée. Reconnectez-vous : ce qui n'était pas encore envoyé n'a pas été enregistré.",
    "closed": "Votre compte est fermé. Adressez-vous à la personne qui supervise votre structure.",
    "everywhere": "Cette session a été fermée, avec toutes celles de votre compte. Reconnectez-vous.",
    "partie": "Vous êtes déconnecté.",
    "partout": "Toutes vos sessions sont fermées, sur tous vos appareils.",
    "inscrit": "Votre compte est prêt. Connectez-vous, avec le prochain code de votre application : celui que vous "
    "venez de saisir a déjà servi.",
}


def routes(desk: Desk) -> APIRouter:
    """``/connexion`` and ``/deconnexion``."""
    router = APIRouter(route_class=guarded(desk))
    kit, aidants = desk.kit, desk.services.aidants

    def home(account: AidantView) -> str:
        current = next((one for one in aidants.memberships(account.id) if one.current), None)
        if current is None:
            return ADMIN if account.admin else ACCOUNT
        if current.role.mandates:
            return MANDATS
        return ACCOUNT if desk.services.helpdesk is None else HELP

    async def limited(request: Request) -> None:
        # Asynchronous on purpose: a limiter in memory then has one thread. A password takes long to verify.
        origin = f"sign in {_network_address(request)}"
        await check_async(kit.services.limiter, origin, now=kit.services.clock.now())

    def show(
        request: Request, *, status: int = 200, after: str = "", values: Sent | None = None, errors: Sent | None = None
    ) -> Response:
        told = _ENDED.get(request.query_params.get("fin", ""), "")
        return desk.render(
            request,
            "connexion",
            None,
            status=status,
            form=_FORM,
            after=after,
            told="" if errors else told,
            good=request.query_params.get("fin") in {"partie", "partout", "inscrit"},
            values=values or {},
            errors=errors or {},
        )

    @router.get(SIGN_IN)
    def ask(request: Request, suite: str = "") -> Response:
        if desk.sessions.read(request) is not None:
            return see(local_path(suite) or ACCOUNT)
        return show(request, after=local_path(suite) or "")

    @router.post(SIGN_IN, dependencies=[Depends(limited)])
    def sign_in(request: Request, form: Annotated[Sent, Depends(sent)]) -> Response:
        kit.forms.check(request, form, _FORM)
        after = local_path(form.get("suite")) or ""
        values = {"email": form.get("email", "")}
        errors = {name: sentence for name, sentence in _MISSING.items() if not form.get(name, "").strip()}
        if not errors:
            try:
                account = aidants.sign_in(
                    form["email"], form["password"], form["code"], origin=_network_address(request)
                )
            except SignInRefused as error:
                errors[""] = _LOCKED.format(until=_hour(error.until)) if error.until else _WRONG
            else:
                if recovery.written(form["code"]):  # it has served: how many are left comes first
                    after = f"{ACCOUNT}?fait=secours"
                response = see(after or home(account))
                desk.sessions.open(response, account.id)
                return response
        return show(request, status=422, after=after, values=values, errors=errors)

    @router.post("/deconnexion")
    def leave(request: Request, visitor: Signed, form: Posted) -> Response:  # noqa: ARG001  checked
        response = see(f"{SIGN_IN}?fin=partie")
        sign_out(request, response)
        if desk.kit.services.signed_out is not None:
            desk.kit.services.signed_out(visitor.session.id)
        return response

    return router


def _network_address(request: Request) -> str:
    """From where the browser comes; empty when it is not known."""
    return request.client.host if request.client else ""


def _hour(until: datetime) -> str:
    there = until.astimezone(PARIS)
    return f"{there.hour} h {there.minute:02}"
