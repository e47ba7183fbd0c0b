"""The page that follows a seal: the reference, and the attestation to print. A cookie holds both, for a short while."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bot.demarches import Demarche
from bot.gateway.pages.kit import Kit
from bot.gateway.pages.refusals import NO_PAGE, refusal
from bot.gateway.pages.security import Signer
from bot.mandats.views import MandatView

SEALED = "/mandat/scelle"
_COOKIE = "equipier_scelle"
_SHOWN_FOR = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class _Sealed:
    """What the page shows: nothing personal."""

    id: str
    reference: str
    demarches: list[str]
    expires_at: str
    on_paper: bool


def keep_sealed(kit: Kit, response: Response, mandat: MandatView) -> None:
    """Puts in *response* the cookie that lets this browser see the page of *mandat*."""
    shown = {
        "id": mandat.id,
        "reference": mandat.reference,
        "demarches": [demarche.value for demarche in mandat.open_demarches],
        "expires_at": mandat.expires_at.isoformat(),
        "on_paper": mandat.signature == "paper",
    }
    kit.cookies.put(response, _COOKIE, _signer(kit).sign(json.dumps(shown)), path=SEALED, valid_for=_SHOWN_FOR)


def routes(kit: Kit) -> APIRouter:
    """``/mandat/scelle`` and its PDF."""
    router = APIRouter()
    signer = _signer(kit)

    def sealed(request: Request) -> _Sealed | None:
        kept = signer.read(request.cookies.get(_COOKIE))
        return _Sealed(**json.loads(kept)) if kept else None

    @router.get(SEALED)
    def show(request: Request) -> Response:
        mandat = sealed(request)
        if mandat is None:
            return refusal(kit.pages, request, NO_PAGE)
        return kit.pages.render(
            request,
            "scelle",
            mandat=mandat,
            demarches=[Demarche(value) for value in mandat.demarches],
            until=datetime.fromisoformat(mandat.expires_at),
        )

    @router.get(f"{SEALED}/attestation.pdf")
    def download(request: Request) -> Response:
        mandat = sealed(request)
        if mandat is None:
            return refusal(kit.pages, request, NO_PAGE)
        return Response(
            kit.services.attestation(mandat.id),
            media_type="application/pdf",
            headers={"Content-Disposition": f'attachment; filename="mandat-{mandat.reference}.pdf"'},
        )

    return router


def _signer(kit: Kit) -> Signer:
    return Signer(kit.services.keys, kit.services.clock, purpose="sealed", valid_for=_SHOWN_FOR)
