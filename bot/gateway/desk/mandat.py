"""One mandate: what it says, what was done with it, its papers, and the use of an authorisation."""

import re
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bot.demarches import Demarche
from bot.gateway.desk.access import Acting, Posted, Signed, guarded
from bot.gateway.desk.desk import Desk, Visitor, see
from bot.gateway.desk.mandats import MANDATS, SOON, renewable
from bot.journal.actions import Action
from bot.journal.chain import Entry
from bot.mandats import history
from bot.mandats.identity import Identity
from bot.mandats.views import Actor, MandatView
from bot.privacy.envelope import normalised

_LONGEST_NOTE = 60
_NOTE = re.compile(r"[\w '’.,/()-]*")
_MANY_DIGITS = re.compile(r"(?:\d[ .-]?){6,}")
_FICHE = re.compile(r"[FNR]\d{1,6}")
_DONE = {
    "utilisation": "L'utilisation est inscrite au journal du mandat.",
    "revocation": "La révocation est enregistrée. Imprimez le certificat et remettez-le à l'usager.",
}


def routes(desk: Desk) -> APIRouter:
    """``/mandats/{mandat_id}``, its papers and its use."""
    router = APIRouter(route_class=guarded(desk))
    services = desk.services
    register, attestations, journal = services.register, services.attestations, services.journal

    def show(
        request: Request,
        visitor: Visitor,
        actor: Actor,
        mandat: MandatView,
        *,
        values: dict[str, str] | None = None,
        errors: dict[str, str] | None = None,
    ) -> Response:
        entries = journal.entries(actor.organisation, mandat=mandat.id)
        return desk.render(
            request,
            "mandat",
            visitor,
            status=422 if errors else 200,
            mandat=mandat,
            signed_by=services.aidants.view(mandat.aidant).name,
            renewed=_reference_of(desk, actor, mandat.renews),
            uses=[(*history.uses([one])[0], _name_of(desk, one)) for one in entries if _is_use(one)],
            life=history.events(entries[::-1])[::-1],  # scopes of one instant stay in their order
            soon=SOON,
            renewable=renewable(mandat, now=desk.kit.services.clock.now()),
            ended={one.demarche: one for one in mandat.scopes if one.ended_by in {"revocation", "remplacement"}},
            done=_DONE.get(request.query_params.get("fait", ""), ""),
            values=values or {},
            errors=errors or {},
        )

    def paper(actor: Actor, mandat_id: str, made: bytes, kind: str) -> Response:
        reference = _reference_of(desk, actor, mandat_id)
        return Response(
            made,
            media_type="application/pdf",
            headers={"Content-Disposition": f'attachment; filename="{kind}-{reference}.pdf"'},
        )

    @router.get(f"{MANDATS}/{{mandat_id}}")
    def detail(request: Request, visitor: Signed, actor: Acting, mandat_id: str) -> Response:
        return show(request, visitor, actor, register.mandat(actor, mandat_id))

    @router.get(f"{MANDATS}/{{mandat_id}}/attestation.pdf")
    def attestation(actor: Acting, mandat_id: str) -> Response:
        return paper(actor, mandat_id, attestations.mandat(actor, mandat_id), "attestation")

    @router.get(f"{MANDATS}/{{mandat_id}}/revocation.pdf")
    def revocation(actor: Acting, mandat_id: str) -> Response:
        return paper(actor, mandat_id, attestations.revocation(actor, mandat_id), "revocation")

    @router.get(f"{MANDATS}/{{mandat_id}}/utilisations.pdf")
    def uses(actor: Acting, mandat_id: str) -> Response:
        return paper(actor, mandat_id, attestations.uses(actor, mandat_id), "utilisations")

    @router.post(f"{MANDATS}/{{mandat_id}}/utiliser")
    def use(request: Request, visitor: Signed, actor: Acting, mandat_id: str, form: Posted) -> Response:
        mandat = register.mandat(actor, mandat_id)
        note, chosen = " ".join(form.get("note", "").split()), form.get("demarche", "")
        errors: dict[str, str] = {}
        if chosen not in list(Demarche):
            errors["demarche"] = "Choisissez la démarche pour laquelle vous agissez."
        if sentence := wrong_note(note, mandat.usager):
            errors["note"] = sentence
        if errors:
            return show(request, visitor, actor, mandat, values={"note": note, "demarche": chosen}, errors=errors)
        register.use(actor, mandat_id, Demarche(chosen), note=note)
        return see(f"{MANDATS}/{mandat_id}?fait=utilisation")

    @router.post(f"{MANDATS}/{{mandat_id}}/numero")
    def attach(request: Request, visitor: Signed, actor: Acting, mandat_id: str, form: Posted) -> Response:
        number = "".join(form.get("number", "").split())
        if not re.fullmatch(r"[A-Za-z0-9-]{1,20}", number):
            wrong = {
                "number": "Recopiez le numéro du mandat d'Aidants Connect : des chiffres, des lettres, des tirets."
            }
            mandat = register.mandat(actor, mandat_id)
            return show(request, visitor, actor, mandat, values={"number": form.get("number", "")}, errors=wrong)
        register.attach_official_number(actor, mandat_id, number)
        return see(f"{MANDATS}/{mandat_id}")

    return router


def wrong_note(note: str, usager: Identity | None) -> str | None:
    """Why *note* cannot go into the journal, where nothing is ever erased; ``None`` when it can.

    It catches what is easily caught (the usager's own name, numbers, addresses); the page says the rest.
    """
    if len(note) > _LONGEST_NOTE:
        return f"Abrégez : {_LONGEST_NOTE} caractères au plus."
    if _FICHE.fullmatch(note):
        return None
    names = normalised(f"{usager.family_name} {usager.given_names}").split() if usager else []
    if not _NOTE.fullmatch(note) or _MANY_DIGITS.search(note):
        return "Indiquez seulement la démarche, en quelques mots : ni numéro, ni adresse, ni signe particulier."
    if set(normalised(note).split()) & {name for name in names if len(name) > 2}:
        return "N'écrivez pas le nom de l'usager : le journal ne s'efface jamais."
    return None


def _is_use(entry: Entry) -> bool:
    return entry.action == Action.USE_AUTORISATION


def _name_of(desk: Desk, entry: Entry) -> str:
    """Who did it: the structure may know, unlike the citizen's own copy."""
    return desk.services.aidants.view(entry.aidant).name if entry.aidant else ""


def _reference_of(desk: Desk, actor: Actor, mandat_id: str | None) -> str:
    """Told by the journal, so that nothing more is read of the mandate; empty when it is not told."""
    entries: tuple[Entry, ...] = (
        desk.services.journal.entries(actor.organisation, mandat=mandat_id) if mandat_id else ()
    )
    found: list[Any] = [one.details.get("reference") for one in entries if one.action == Action.CREATE_ATTESTATION]
    return str(found[0]) if found else ""
