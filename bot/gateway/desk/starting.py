"""A mandate started, or renewed, without the conversation: its scopes, its duration, and who may be helped."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bot.demarches import Demarche
from bot.gateway.desk.access import Acting, Posted, Signed, guarded
from bot.gateway.desk.desk import Desk, Visitor, see
from bot.gateway.desk.mandats import MANDATS, renewable
from bot.gateway.pages.fields import Sent
from bot.mandats.attestation import DESCRIPTIONS
from bot.mandats.notices import scopes
from bot.mandats.rules import Duration, Eligibility, MandatRefused, Refusal
from bot.mandats.views import Actor, MandatView, NotRenewable

# The question, and the answer with which a mandate is possible.
_QUESTIONS = {
    "present": "Dites si l'usager est avec vous.",
    "adult": "Dites si l'usager est majeur.",
    "protected": "Dites si l'usager a une mesure de protection.",
}
_REFUSED = {
    Refusal.MINOR: (
        "adult",
        "Un mandat ne peut être signé que par une personne majeure. La personne qui a l'autorité parentale peut faire "
        "la démarche elle-même, avec votre aide.",
    ),
    Refusal.PROTECTED: (
        "protected",
        "Ce mandat n'est pas possible. Adressez-vous à la personne chargée de la mesure : c'est elle qui fait la "
        "démarche, ou qui vous dit ce que l'usager peut faire seul.",
    ),
    Refusal.REMOTE: (
        "present",
        "L'usager doit être avec vous pour signer : Aidants Connect a retiré le consentement à distance en juin 2026. "
        "Proposez-lui un rendez-vous, dans votre structure ou chez lui.",
    ),
    Refusal.NO_SCOPE: ("demarches", "Choisissez au moins une démarche."),
    Refusal.SCOPE_NOT_ALLOWED: ("demarches", "Votre structure n'ouvre pas de mandat pour : {demarches}."),
}
_NO_DURATION = "Choisissez la durée du mandat."
_ORDER = ("demarches", "duration", "present", "adult", "protected")


def routes(desk: Desk) -> APIRouter:
    """``/mandats/nouveau`` and ``/mandats/{mandat_id}/renouveler``."""
    router = APIRouter(route_class=guarded(desk))
    services, drafts = desk.services, desk.kit.services.drafts

    def show(
        request: Request,
        visitor: Visitor,
        actor: Actor,
        former: MandatView | None,
        *,
        values: Sent,
        errors: Sent | None = None,
    ) -> Response:
        allowed = services.aidants.organisation(actor.organisation).demarches
        return desk.render(
            request,
            "brouillon",
            visitor,
            status=422 if errors else 200,
            former=former,
            allowed=allowed,
            refused=[one for one in Demarche if one not in allowed],
            descriptions=DESCRIPTIONS,
            durations=tuple(Duration),
            values=values,
            errors=errors or {},
        )

    def start(
        request: Request, visitor: Visitor, actor: Actor, form: Sent, former: MandatView | None = None
    ) -> Response:
        errors = {name: sentence for name, sentence in _QUESTIONS.items() if form.get(name) not in {"oui", "non"}}
        if form.get("duration") not in list(Duration):
            errors["duration"] = _NO_DURATION
        wanted = [one for one in Demarche if form.get(f"demarche-{one.value}")]
        if not wanted:
            errors["demarches"] = _REFUSED[Refusal.NO_SCOPE][1]
        if not errors:
            answered = Eligibility(**{name: form[name] == "oui" for name in _QUESTIONS})
            try:
                _, secret = drafts.create(
                    actor, wanted, Duration(form["duration"]), answered, renews=former.id if former else None
                )
            except MandatRefused as error:
                field, sentence = _REFUSED[error.reason]
                errors[field] = sentence.format(demarches=scopes(error.demarches))
            else:
                return see(f"/s/{secret}")
        told = {name: errors[name] for name in _ORDER if name in errors}
        return show(request, visitor, actor, former, values=form, errors=told)

    @router.get(f"{MANDATS}/nouveau")
    def new(request: Request, visitor: Signed, actor: Acting) -> Response:
        return show(request, visitor, actor, None, values={})

    @router.post(f"{MANDATS}/nouveau")
    def create(request: Request, visitor: Signed, actor: Acting, form: Posted) -> Response:
        return start(request, visitor, actor, form)

    @router.get(f"{MANDATS}/{{mandat_id}}/renouveler")
    def renew(request: Request, visitor: Signed, actor: Acting, mandat_id: str) -> Response:
        former = services.register.mandat(actor, mandat_id)
        if not renewable(former, now=desk.kit.services.clock.now()):
            raise NotRenewable(former.reference)
        same = {f"demarche-{scope.demarche.value}": "oui" for scope in former.scopes}
        return show(request, visitor, actor, former, values=same)

    @router.post(f"{MANDATS}/{{mandat_id}}/renouveler")
    def create_renewal(request: Request, visitor: Signed, actor: Acting, mandat_id: str, form: Posted) -> Response:
        return start(request, visitor, actor, form, services.register.mandat(actor, mandat_id))

    return router
