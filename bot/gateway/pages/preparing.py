"""The secure page of a draft: the identity, the text, the signature, and the seal."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.aidants.views import Locked, WrongCode
from bot.calendar import french_moment
from bot.clock import today
from bot.gateway.pages.fields import Sent, sent
from bot.gateway.pages.kit import Kit
from bot.gateway.pages.opening import PAGE_COOKIE, PREPARE, page_signer
from bot.gateway.pages.prefill import prefilled
from bot.gateway.pages.refusals import NO_PAGE, OTHER_DRAFT, refusal
from bot.gateway.pages.sealed import SEALED, keep_sealed
from bot.gateway.pages.typed import Typed, typed
from bot.mandats import rules, wording
from bot.mandats.identity import Identity
from bot.mandats.notices import scopes
from bot.mandats.rules import MandatRefused, Refusal
from bot.mandats.views import DraftView, LinkRefused, Wording

DRAFT_FIELD = "draft"
_REFUSED = {
    Refusal.MINOR: "L'usager a moins de 18 ans : le mandat n'est pas possible.",
    Refusal.SCOPE_NOT_ALLOWED: "Votre structure ne permet plus ces démarches : {scopes}. Revenez dans la conversation "
    "et préparez le mandat sans elles.",
}
_ANY_REFUSAL = "Les règles ne permettent pas ce mandat. Revenez dans la conversation et préparez-le de nouveau."


def routes(kit: Kit) -> APIRouter:
    """``/mandat/preparer``."""
    router = APIRouter()
    services, signer = kit.services, page_signer(kit)

    def opened(request: Request) -> tuple[DraftView, str]:
        page = signer.read(request.cookies.get(PAGE_COOKIE))
        if page is None:
            raise LinkRefused(NO_PAGE)
        try:
            return services.drafts.of_page(page), page
        except LinkRefused as error:
            # A page that belongs to no draft any more: a newer link closed it, or the seal did.
            raise LinkRefused(NO_PAGE if error.reason == "unknown" else error.reason) from error

    def show(request: Request, draft: DraftView, known: Identity | None, filled: Typed, *, status: int) -> Response:
        organisation = services.people.organisation(draft.organisation).name
        aidant = services.people.view(draft.aidant).name
        now, text = services.clock.now(), wording.current()
        end = rules.expires_at(now, draft.duration)
        return kit.pages.render(
            request,
            "preparer",
            status=status,
            form=_form_name(draft),
            draft=draft,
            draft_field=DRAFT_FIELD,
            organisation=organisation,
            aidant=aidant,
            known=known,
            values=filled.values,
            errors=filled.errors,
            paragraphs=text.paragraphs(
                organisation,
                aidant,
                known,
                draft.demarches,
                draft.duration.label,
                now,
                end,
                text.warnings(draft.demarches),
            ),
            unnamed=wording.UNNAMED,
        )

    @router.get(PREPARE)
    def prepare(request: Request) -> Response:
        try:
            draft, _ = opened(request)
        except LinkRefused as error:
            return refusal(kit.pages, request, error.reason)
        said = prefilled(services.vault.get(draft.conversation)) if draft.conversation else {}
        return show(request, draft, services.drafts.identity(draft), Typed(said), status=200)

    @router.post(PREPARE)
    def seal(request: Request, form: Annotated[Sent, Depends(sent)]) -> Response:
        try:
            draft, page = opened(request)
            # Two links opened in one browser share its cookie: only the page of the last one may be sent.
            if form.get(DRAFT_FIELD) != draft.id:
                return refusal(kit.pages, request, OTHER_DRAFT)
            kit.forms.check(request, form, _form_name(draft))
            known = services.drafts.identity(draft)
            filled = typed(form, known=known, today=today(services.clock))
            if not filled.errors:
                _check_code(kit, draft, filled)
            if filled.errors or filled.identity is None or filled.signature is None:
                return show(request, draft, known, filled, status=422)
            text = wording.current()
            mandat = services.sealing.seal(page, filled.identity, filled.signature, Wording(text.version, text.digest))
        except LinkRefused as error:
            return refusal(kit.pages, request, error.reason)
        except MandatRefused as error:
            sentence = _REFUSED.get(error.reason, _ANY_REFUSAL)
            filled.errors[""] = sentence.format(scopes=scopes(error.demarches))
            return show(request, draft, known, filled, status=422)
        if draft.conversation:
            services.vault.forget(draft.conversation)
        response = RedirectResponse(SEALED, status_code=303)
        keep_sealed(kit, response, mandat)
        kit.cookies.remove(response, PAGE_COOKIE, path=PREPARE)
        return response

    return router


def _form_name(draft: DraftView) -> str:
    return f"seal {draft.id}"


def _check_code(kit: Kit, draft: DraftView, filled: Typed) -> None:
    """Checks the aidant's code last, once all the rest is right: it serves once."""
    try:
        kit.services.people.check_code(draft.aidant, filled.code)
    except WrongCode as error:
        left = "un essai" if error.left == 1 else f"{error.left} essais"
        filled.errors["code"] = (
            "Ce code n'est pas le bon, ou il a déjà servi. Attendez que votre application affiche le suivant, puis "
            f"saisissez-le. Il vous reste {left}."
        )
    except Locked as error:
        filled.errors["code"] = (
            f"Trop de codes faux : votre compte est bloqué jusqu'au {french_moment(error.until)}. Gardez cette page "
            "ouverte et réessayez après, ou demandez un nouveau lien dans la conversation."
        )
