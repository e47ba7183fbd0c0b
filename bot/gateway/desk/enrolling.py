"""The page of a one-time link: a password is chosen, and a generator of codes installed. Opening it changes nothing."""

from typing import Annotated

import segno
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from bot.aidants import codes, recovery
from bot.aidants.passwords import SHORTEST
from bot.aidants.views import AidantView, TokenRefused, WrongField
from bot.gateway.desk.access import SIGN_IN, Notice, guarded, sign_out
from bot.gateway.desk.desk import Desk
from bot.gateway.pages.fields import Sent, sent

ENROL = "/inscription"
_GROUP = 4
_ASK_AGAIN = "Demandez-en un autre à la personne qui vous a invité : elle le crée en un instant."
_REFUSED = {
    "unknown": Notice(
        404,
        "Ce lien n'ouvre aucune page",
        "Il a été mal recopié, ou un lien plus récent l'a remplacé.",
        f"Ouvrez le dernier lien reçu. {_ASK_AGAIN}",
    ),
    "expired": Notice(410, "Ce lien n'est plus valable", "Un lien d'inscription dure 72 heures.", _ASK_AGAIN),
    "used": Notice(
        410,
        "Ce lien a déjà servi",
        "Votre compte est prêt : ce lien ne sert qu'une fois.",
        "Connectez-vous avec le mot de passe que vous avez choisi. Si ce n'est pas vous qui avez ouvert ce lien, "
        "prévenez tout de suite la personne qui vous l'a envoyé.",
    ),
}
_SENTENCES = {
    ("password", "too_short"): f"Ce mot de passe est trop court : il en faut {SHORTEST} caractères ou plus.",
    ("password", "too_long"): "Ce mot de passe est trop long : 200 caractères au plus.",
    ("password", "unreadable"): "Ce mot de passe contient un signe que l'on ne peut pas retaper sur tous les claviers.",
    ("password", "common"): "Ce mot de passe est de ceux que l'on essaie en premier : choisissez-en un autre.",
    ("password", "personal"): "Ce mot de passe reprend surtout votre nom ou votre adresse : ajoutez d'autres mots.",
    ("code", "wrong"): "Ce code n'est pas le bon. Vérifiez que l'application lit bien ce code QR, puis saisissez les 6 "
    "chiffres qu'elle affiche maintenant.",
    ("code", "secret"): "La page a changé : lisez de nouveau le code QR ci-dessus avec votre application.",
}


def routes(desk: Desk) -> APIRouter:
    """``/inscription/{secret}``."""
    router = APIRouter(route_class=guarded(desk))
    aidants, kit = desk.services.aidants, desk.kit

    def refusal(request: Request, error: TokenRefused) -> Response:
        notice = _REFUSED[error.reason]
        return desk.render(request, "avis", None, status=notice.status, notice=notice)

    def show(
        request: Request, invited: AidantView, secret: str, totp: str, *, errors: Sent | None = None, password: str = ""
    ) -> Response:
        return desk.render(
            request,
            "inscription",
            None,
            status=422 if errors else 200,
            form=f"inscription {secret}",
            invited=invited,
            totp=totp,
            groups=[totp[place : place + _GROUP] for place in range(0, len(totp), _GROUP)],
            qr=_drawn(codes.provisioning_uri(totp, invited.email)),
            shortest=SHORTEST,
            values={"password": password},
            errors=errors or {},
        )

    @router.get(f"{ENROL}/{{secret}}")
    def open_link(request: Request, secret: str) -> Response:
        try:
            invited = aidants.enrolment(secret)
        except TokenRefused as error:
            return refusal(request, error)
        return show(request, invited, secret, codes.new_secret())

    @router.post(f"{ENROL}/{{secret}}")
    def enrol(request: Request, secret: str, form: Annotated[Sent, Depends(sent)]) -> Response:
        kit.forms.check(request, form, f"inscription {secret}")
        password, totp = form.get("password", ""), form.get("totp", "")
        try:
            invited = aidants.enrolment(secret)
            errors = {
                name: sentence
                for name, sentence in (
                    ("password", "Choisissez un mot de passe."),
                    ("code", "Saisissez les 6 chiffres affichés par votre application de codes."),
                )
                if not form.get(name, "").strip()
            }
            if not errors:
                try:
                    enrolled = aidants.enrol(secret, password, totp, form["code"])
                except WrongField as error:
                    errors = {error.field: _SENTENCES[error.field, error.reason]}
        except TokenRefused as error:
            return refusal(request, error)
        if errors:
            return show(request, invited, secret, _known(totp), errors=errors, password=password)
        response = desk.render(
            request,
            "codes",
            None,
            codes=[recovery.shown(code) for code in enrolled.codes],
            next=f"{SIGN_IN}?fin=inscrit",
        )
        sign_out(request, response)  # whoever was signed in here is not who has just enrolled
        return response

    return router


def _drawn(address: str) -> str:
    """The QR code of *address*, as an SVG that takes the size of the page."""
    return str(segno.make(address, micro=False, error="m").svg_inline(border=2, omitsize=True, svgclass=None))


def _known(totp: str) -> str:
    """The secret that the page showed; another when it was altered on its way."""
    try:
        return codes.secret_of(totp)
    except WrongField:
        return codes.new_secret()
