"""The public verification of an attestation: anyone who holds the paper may ask whether it holds."""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from bot.conversations.limits import check_async
from bot.gateway.pages.fields import Sent, sent
from bot.gateway.pages.kit import Kit
from bot.mandats.views import Checked

VERIFY = "/verifier"
_FORM = "verify"
_SHORTEST = 4  # characters of a fingerprint: fewer would match by chance
_TOKEN = re.compile(r"^(?:https?://\S+?/v/)?([A-Za-z0-9_-]{8,64})/?$")


@dataclass(frozen=True, slots=True)
class _Verdict:
    """How a verdict is shown: by an icon (that of the level) and in words, never by colour alone."""

    level: str
    title: str
    meaning: str


_VERDICTS = {
    "valid": _Verdict(
        "success",
        "Ce mandat est valable",
        "Il est en cours, et tel qu'il a été scellé. La structure peut agir au nom de l'usager pour les démarches "
        "ci-dessous.",
    ),
    "expired": _Verdict(
        "warning",
        "Ce mandat a expiré",
        "Il est authentique, mais sa durée est passée : la structure ne peut plus agir avec lui.",
    ),
    "revoked": _Verdict(
        "warning",
        "Ce mandat a été révoqué",
        "Il est authentique, mais il y a été mis fin : la structure ne peut plus agir avec lui.",
    ),
    "altered": _Verdict(
        "error",
        "Ce mandat ne peut pas être confirmé",
        "Il ne correspond pas à ce qui a été scellé. Ne vous y fiez pas, et prévenez la structure.",
    ),
    "unknown": _Verdict(
        "error",
        "Ce mandat est inconnu",
        "Aucun mandat scellé ici n'a cette adresse. Vérifiez que vous l'avez recopiée en entier, avec ses majuscules "
        "et ses minuscules ; si c'est le cas, ne vous fiez pas à ce document.",
    ),
}
_OTHER_FINGERPRINT = (
    "L'empreinte saisie n'est pas celle de ce mandat. Vérifiez que vous l'avez bien recopiée ; si c'est le cas, ne "
    "vous fiez pas à ce document, et prévenez la structure."
)
_CODE_MISSING = "Saisissez l'adresse écrite à côté du code QR, ou seulement ce qui suit « /v/ »."
_CODE_WRONG = "Ce n'est pas une adresse de vérification : recopiez ce qui est écrit à côté du code QR."
_FINGERPRINT_WRONG = "Saisissez au moins les 4 premiers caractères de l'empreinte (chiffres et lettres de a à f)."


def routes(kit: Kit) -> APIRouter:
    """``/v/{token}`` and ``/verifier``."""
    services = kit.services

    async def limited(request: Request) -> None:
        # Asynchronous on purpose: a limiter in memory then has one thread.
        client = request.client.host if request.client else ""
        await check_async(services.limiter, f"verify {client}", now=services.clock.now())

    router = APIRouter(dependencies=[Depends(limited)])

    def show(
        request: Request,
        checked: Checked | None,
        *,
        status: int,
        values: Sent | None = None,
        errors: Sent | None = None,
        meaning: str = "",
    ) -> Response:
        verdict = _VERDICTS[checked.verdict] if checked else None
        return kit.pages.render(
            request,
            "verifier",
            status=status,
            form=_FORM,
            action=VERIFY,
            checked=checked,
            verdict=verdict,
            meaning=meaning or (verdict.meaning if verdict else ""),
            values=values or {},
            errors=errors or {},
        )

    @router.get("/v/{token}")
    def scanned(request: Request, token: str) -> Response:
        checked = services.verification.check(token)
        return show(request, checked, status=_status(checked))

    @router.get(VERIFY)
    def ask(request: Request) -> Response:
        return show(request, None, status=200)

    @router.post(VERIFY)
    def verify(request: Request, form: Annotated[Sent, Depends(sent)]) -> Response:
        kit.forms.check(request, form, _FORM)
        token, errors = form.get("code", "").strip(), {}
        fingerprint = "".join(form.get("fingerprint", "").lower().split())
        match = _TOKEN.match(token)
        if match is None:
            errors["code"] = _CODE_WRONG if token else _CODE_MISSING
        if fingerprint and not re.fullmatch(rf"[0-9a-f]{{{_SHORTEST},64}}", fingerprint):
            errors["fingerprint"] = _FINGERPRINT_WRONG
        if errors or match is None:
            return show(request, None, status=422, values=form, errors=errors)
        checked = services.verification.check(match[1], fingerprint=fingerprint or None)
        # The paper may be false though the mandate is whole: that is what the fingerprint typed tells.
        mistyped = checked.verdict == "altered" and bool(fingerprint)
        return show(
            request,
            checked,
            status=_status(checked),
            values=form if mistyped or checked.verdict == "unknown" else None,
            meaning=_OTHER_FINGERPRINT if mistyped else "",
        )

    return router


def _status(checked: Checked) -> int:
    return 404 if checked.verdict == "unknown" else 200
