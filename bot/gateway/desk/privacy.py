"""« Données personnelles », for admins: what is kept, retention, the rights of a person, the register of processing."""

import json
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bot.gateway.desk.access import Administrating, Posted, guarded
from bot.gateway.desk.admin import ADMIN
from bot.gateway.desk.desk import Desk, Visitor, see
from bot.gateway.pages.fields import Sent
from bot.mandats import reference as references
from bot.mandats.erasure import WHY, Erasable, UnknownUsager
from bot.privacy.dossier import Dossier, as_json
from bot.privacy.officer import DataProtection
from bot.privacy.register import register, sheet
from bot.privacy.retention import Report

PRIVACY = f"{ADMIN}/donnees"
_USAGER = f"{PRIVACY}/usagers/{{usager_id}}"
_CONFIRMED = "effacer"
_COUNTED = {
    "usagers": "Usagers effacés, leurs mandats étant finis depuis trop longtemps",
    "drafts": "Brouillons jamais signés",
    "originals": "Données en attente de préremplissage",
    "tokens": "Liens et codes à usage unique périmés",
    "messages": "Messages trop anciens",
    "conversations": "Conversations trop longtemps silencieuses",
    "events": "Événements de la mémoire du dialogue",
}
_OUT_OF_REACH = "hors d'atteinte : réessayez plus tard"
_REASONS = {
    "request": "La personne le demande",
    "mistake": "Le mandat a été établi par erreur",
    "order": "Une autorité ou un tribunal l'ordonne",
}
_UNKNOWN = "Aucun mandat n'a cette référence. Relisez-la sur l'attestation, par exemple M-2026-0042-K7."
_ERASED = "L'usager est effacé : son identité et sa signature sont illisibles, pour toujours."


def routes(desk: Desk) -> APIRouter:
    """``/admin/donnees`` and what hangs on it; none without ``DeskServices.protection``."""
    router = APIRouter(route_class=guarded(desk))
    if (protection := desk.services.protection) is None:
        return router
    _of_retention(router, desk, protection)
    _of_persons(router, desk, protection)
    _of_register(router, desk, protection)
    return router


def _main(desk: Desk, protection: DataProtection, request: Request, visitor: Visitor, **context: Any) -> Response:
    errors = context.get("errors")
    shown = {"report": None, "applied": False, "values": {}, "errors": {}} | context
    return desk.render(
        request,
        "donnees_admin",
        visitor,
        status=422 if errors else 200,
        entries=register(protection.durations),
        runs=[(run, counted(run.report)) for run in protection.runs()],
        **shown,
    )


def _of_retention(router: APIRouter, desk: Desk, protection: DataProtection) -> None:
    @router.get(PRIVACY)
    def privacy(request: Request, visitor: Administrating) -> Response:
        return _main(desk, protection, request, visitor)

    # Neither is asynchronous: each runs in a thread, and the other pages go on.
    @router.post(f"{PRIVACY}/essai")
    def dry_run(request: Request, visitor: Administrating, form: Posted) -> Response:  # noqa: ARG001  checked
        return _main(desk, protection, request, visitor, report=counted(protection.retention.report()))

    @router.post(f"{PRIVACY}/purge")
    def purge(request: Request, visitor: Administrating, form: Posted) -> Response:  # noqa: ARG001  checked
        done = protection.retention.enforce(by=visitor.id)
        return _main(desk, protection, request, visitor, report=counted(done), applied=True)


def _of_persons(router: APIRouter, desk: Desk, protection: DataProtection) -> None:
    def person(
        request: Request, visitor: Visitor, found: Erasable, *, values: Sent | None = None, errors: Sent | None = None
    ) -> Response:
        return desk.render(
            request,
            "donnees_usager",
            visitor,
            status=422 if errors else 200,
            found=found,
            reasons=[(name, _REASONS[name]) for name in WHY],
            confirmed=_CONFIRMED,
            done=_ERASED if request.query_params.get("fait") == "efface" else "",
            values=values or {},
            errors=errors or {},
        )

    @router.post(f"{PRIVACY}/usagers")
    def find(request: Request, visitor: Administrating, form: Posted) -> Response:
        typed = form.get("reference", "").strip()
        try:
            found = protection.erasure.of_reference(references.parse(typed) or typed)
        except UnknownUsager:
            wrong = _UNKNOWN if typed else "Saisissez la référence d'un mandat de la personne."
            return _main(desk, protection, request, visitor, values={"reference": typed}, errors={"reference": wrong})
        return see(f"{PRIVACY}/usagers/{found.usager}")

    @router.get(_USAGER)
    def show(request: Request, visitor: Administrating, usager_id: str) -> Response:
        return person(request, visitor, protection.erasure.of_id(usager_id))

    @router.get(f"{_USAGER}/dossier")
    def dossier(request: Request, visitor: Administrating, usager_id: str) -> Response:
        held = protection.dossiers.of(usager_id, "page", by=visitor.id)
        return desk.render(request, "dossier", visitor, dossier=held)

    @router.get(f"{_USAGER}/dossier.json")
    def dossier_json(visitor: Administrating, usager_id: str) -> Response:
        return _file(protection.dossiers.of(usager_id, "json", by=visitor.id))

    @router.post(f"{_USAGER}/effacer")
    def erase(request: Request, visitor: Administrating, usager_id: str, form: Posted) -> Response:
        found = protection.erasure.of_id(usager_id)
        errors = {}
        if form.get("why") not in WHY:
            errors["why"] = "Choisissez le motif de l'effacement."
        if form.get("confirmation", "").strip().lower() != _CONFIRMED:
            errors["confirmation"] = f"Écrivez « {_CONFIRMED} » pour confirmer."
        if errors:
            return person(request, visitor, found, values=form, errors=errors)
        protection.erasure.erase(usager_id, why=form["why"], by=visitor.id)
        return see(f"{PRIVACY}/usagers/{usager_id}?fait=efface")


def _of_register(router: APIRouter, desk: Desk, protection: DataProtection) -> None:
    @router.get(f"{PRIVACY}/registre")
    def processing(request: Request, visitor: Administrating) -> Response:
        return desk.render(
            request,
            "registre",
            visitor,
            entries=register(protection.durations),
            today=desk.kit.services.clock.now(),
        )

    @router.get(f"{PRIVACY}/registre.csv")
    def processing_csv(visitor: Administrating) -> Response:  # noqa: ARG001  who may
        return Response(
            sheet(register(protection.durations)),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="registre-des-traitements.csv"'},
        )


def counted(report: Report) -> tuple[tuple[str, str], ...]:
    """What was counted, in French, and how much of it."""
    return tuple(
        (_COUNTED[name], _OUT_OF_REACH if count is None else str(count)) for name, count in asdict(report).items()
    )


def _file(dossier: Dossier) -> Response:
    name = dossier.mandats[-1].view.reference if dossier.mandats else dossier.usager
    return Response(
        json.dumps(as_json(dossier), ensure_ascii=False, indent=2),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="donnees-{name}.json"'},
    )
