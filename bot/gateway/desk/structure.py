"""« Ma structure »: who works there, and the scopes that it allows; for those who supervise it."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from bot.aidants.models import Role
from bot.aidants.views import MemberView, NoOrganisation, OrganisationView, UnknownAidant, WrongField
from bot.demarches import Demarche
from bot.gateway.desk.access import Elsewhere, Posted, Reserved, Signed, guarded
from bot.gateway.desk.desk import Desk, Visitor, see
from bot.gateway.desk.inviting import Invited, invite, link, told
from bot.gateway.pages.fields import Sent
from bot.mandats.attestation import DESCRIPTIONS
from bot.mandats.views import AccessRefused

STRUCTURE = "/structure"
_ONE = f"{STRUCTURE}/{{organisation_id}}"
_PERSON = f"{_ONE}/personnes/{{aidant_id}}"
_DONE = {
    "demarches": "Les démarches permises sont enregistrées. Les mandats déjà signés ne changent pas.",
    "retrait": "La personne est retirée : elle ne voit plus les mandats de la structure.",
}
_NOT_ONESELF = (
    "Vous ne pouvez pas vous retirer vous-même : demandez-le à une autre personne qui supervise la structure."
)
_ELSEWHERE = (
    "{name} travaille aussi pour une structure que vous ne supervisez pas : seule l'administration du service peut "
    "lui donner un nouveau lien."
)
_CLOSED = "Le compte de {name} est désactivé : invitez de nouveau cette personne pour le rouvrir."


def supervising(request: Request, visitor: Signed, organisation_id: str) -> OrganisationView:
    """The organisation, when *visitor* supervises it.

    Raises:
        Reserved: they only work there.
        Elsewhere: they do not even work there.
        UnknownOrganisation: there is none.
    """
    desk: Desk = request.state.desk
    if visitor.supervises(organisation_id):
        return desk.services.aidants.organisation(organisation_id)
    if visitor.belongs_to(organisation_id):
        raise Reserved("supervisors")
    raise Elsewhere("another organisation")


Supervised = Annotated[OrganisationView, Depends(supervising)]


def routes(desk: Desk) -> APIRouter:
    """``/structure`` and its forms."""
    router = APIRouter(route_class=guarded(desk))
    aidants = desk.services.aidants

    def show(
        request: Request,
        visitor: Visitor,
        organisation: OrganisationView,
        *,
        invited: Invited | None = None,
        values: Sent | None = None,
        errors: Sent | None = None,
    ) -> Response:
        return desk.render(
            request,
            "structure",
            visitor,
            status=422 if errors else 200,
            organisation=organisation,
            people=aidants.people(organisation.id),
            roles=[(role.value, role.label) for role in Role],
            demarches=tuple(Demarche),
            descriptions=DESCRIPTIONS,
            invited=invited,
            done=_DONE.get(request.query_params.get("fait", ""), ""),
            values=values or {},
            errors=errors or {},
        )

    def member(organisation: OrganisationView, aidant_id: str) -> MemberView:
        for one in aidants.people(organisation.id):
            if one.aidant.id == aidant_id:
                return one
        raise UnknownAidant(aidant_id)

    @router.get(STRUCTURE)
    def mine(visitor: Signed) -> Response:
        if visitor.current is None:
            raise NoOrganisation(visitor.id)
        return see(f"{STRUCTURE}/{visitor.current.organisation.id}")

    @router.get(_ONE)
    def structure(request: Request, visitor: Signed, organisation: Supervised) -> Response:
        return show(request, visitor, organisation)

    @router.post(f"{_ONE}/invitations")
    def invitation(request: Request, visitor: Signed, organisation: Supervised, form: Posted) -> Response:
        try:
            invited = invite(desk, visitor, form, organisation=organisation.id)
        except WrongField as error:
            return show(request, visitor, organisation, values=form, errors=told(error))
        return show(request, visitor, organisation, invited=invited)

    @router.post(f"{_ONE}/demarches")
    def demarches(request: Request, visitor: Signed, organisation: Supervised, form: Posted) -> Response:
        wanted = [one for one in Demarche if form.get(f"demarche-{one.value}")]
        try:
            aidants.update_demarches(organisation.id, wanted, by=visitor.id)
        except WrongField as error:
            return show(request, visitor, organisation, errors=told(error))
        return see(f"{STRUCTURE}/{organisation.id}?fait=demarches")

    @router.post(f"{_PERSON}/lien")
    def new_link(
        request: Request,
        visitor: Signed,
        organisation: Supervised,
        aidant_id: str,
        form: Posted,  # noqa: ARG001  checked
    ) -> Response:
        person = member(organisation, aidant_id).aidant
        if not person.active:
            return show(request, visitor, organisation, errors={"": _CLOSED.format(name=person.name)})
        try:
            secret = aidants.reset(aidant_id, by=visitor.id)
        except AccessRefused:
            return show(request, visitor, organisation, errors={"": _ELSEWHERE.format(name=person.name)})
        return show(request, visitor, organisation, invited=Invited(person.name, link(desk, secret)))

    @router.get(f"{_PERSON}/retirer")
    def ask(request: Request, visitor: Signed, organisation: Supervised, aidant_id: str) -> Response:
        person = member(organisation, aidant_id).aidant
        return desk.render(request, "retirer", visitor, organisation=organisation, person=person)

    @router.post(f"{_PERSON}/retirer")
    def remove(
        request: Request,
        visitor: Signed,
        organisation: Supervised,
        aidant_id: str,
        form: Posted,  # noqa: ARG001  checked
    ) -> Response:
        if aidant_id == visitor.id:
            return show(request, visitor, organisation, errors={"": _NOT_ONESELF})
        aidants.remove_member(aidant_id, organisation.id, by=visitor.id)
        return see(f"{STRUCTURE}/{organisation.id}?fait=retrait")

    return router
