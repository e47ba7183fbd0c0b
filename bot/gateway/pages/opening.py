"""The one-time link: its landing page, which changes nothing (programs preview links), and the button that opens."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.gateway.pages.fields import Sent, sent
from bot.gateway.pages.kit import Kit
from bot.gateway.pages.refusals import refusal
from bot.gateway.pages.security import Signer
from bot.mandats.views import LinkRefused

PREPARE = "/mandat/preparer"
PAGE_COOKIE = "equipier_page"
OPEN_FOR = timedelta(minutes=30)


def page_signer(kit: Kit) -> Signer:
    """Signs what an opened page holds in its cookie."""
    return Signer(kit.services.keys, kit.services.clock, purpose="page", valid_for=OPEN_FOR)


def routes(kit: Kit) -> APIRouter:
    """``/s/{secret}``."""
    router = APIRouter()
    services, signer = kit.services, page_signer(kit)

    @router.get("/s/{secret}")
    def land(request: Request, secret: str) -> Response:
        try:
            draft = services.drafts.of_link(secret)
        except LinkRefused as error:
            return refusal(kit.pages, request, error.reason)
        # For a renewal the usager is known, but not told here: whoever previews a link would read it.
        return kit.pages.render(
            request,
            "lien",
            form=f"open {secret}",
            draft=draft,
            organisation=services.people.organisation(draft.organisation).name,
            aidant=services.people.view(draft.aidant).name,
        )

    @router.post("/s/{secret}")
    def open_link(request: Request, secret: str, form: Annotated[Sent, Depends(sent)]) -> Response:
        kit.forms.check(request, form, f"open {secret}")
        try:
            _, page = services.drafts.open_link(secret)
        except LinkRefused as error:
            return refusal(kit.pages, request, error.reason)
        response = RedirectResponse(PREPARE, status_code=303)
        kit.cookies.put(response, PAGE_COOKIE, signer.sign(page), path=PREPARE, valid_for=OPEN_FOR)
        return response

    return router
