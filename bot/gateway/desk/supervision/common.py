"""What the pages of the supervision share: who may come in, what they may choose among, and the renderer."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Path
from starlette.requests import Request
from starlette.responses import Response

from bot.aidants.models import Role
from bot.aidants.views import UnknownAidant
from bot.gateway.desk.access import Reserved, Signed
from bot.gateway.desk.desk import Desk, Visitor
from bot.gateway.desk.supervision.labels import in_templates
from bot.supervision.views import ConversationRow, WrongReview

SUPERVISION = "/supervision"
CONVERSATIONS = f"{SUPERVISION}/conversations"
Id = Annotated[int, Path(ge=1, le=2**31 - 1)]  # beyond, no database has one
Options = tuple[tuple[str, str], ...]  # id and name, as they are shown in a list
_WRONG = {
    ("reason", "missing"): "Choisissez pourquoi\u202f: la raison est inscrite au journal.",
    ("name", "too_many"): "Vous avez déjà cinquante filtres\u202f: supprimez-en un.",
    ("tag", "too_many"): "Il y a déjà vingt étiquettes\u202f: retirez-en une.",
    ("name", "missing"): "Donnez un nom au filtre.",
    ("note", "missing"): "La note est vide.",
    ("tag", "missing"): "L'étiquette est vide.",
    ("intent", "unknown"): "Choisissez la demande dans la liste.",
    ("fiche", "unknown"): "Cette fiche n'existe pas, ou plus.",
    ("verdict", "missing"): "Dites si la réponse est bonne ou mauvaise.",
    ("verdict", "unknown"): "Dites si la réponse est bonne ou mauvaise.",
    ("assignee", "unknown"): "Cette personne ne peut pas revoir cette conversation.",
}
_WRONG_ANYHOW = {
    "missing": "Remplissez ce champ.",
    "too_long": "C'est trop long\u202f: raccourcissez.",
    "unknown": "Choisissez dans la liste.",
    "taken": "Ce nom est déjà pris.",
}


def reviewing(visitor: Signed) -> Visitor:
    """Who visits, when there is something that they may review.

    Raises:
        Reserved: they supervise nothing.
    """
    if visitor.account.admin or any(one.role is Role.SUPERVISEUR for one in visitor.memberships):
        return visitor
    raise Reserved("supervisors")


Reviewing = Annotated[Visitor, Depends(reviewing)]


@dataclass(frozen=True, slots=True)
class Choices:
    """Among what a reviewer may choose: the organisations within their reach and who works there, by name."""

    organisations: Options
    people: Options

    @classmethod
    def of(cls, desk: Desk, visitor: Visitor) -> "Choices":
        aidants = desk.services.aidants
        if visitor.account.admin:
            everyone = {one.id: one.name for one in aidants.everyone()}
            return cls(_sorted({one.id: one.name for one in aidants.organisations()}), _sorted(everyone))
        supervised = [one.organisation for one in visitor.memberships if one.role is Role.SUPERVISEUR]
        members = [member.aidant for one in supervised for member in aidants.people(one.id)]
        return cls(_sorted({one.id: one.name for one in supervised}), _sorted({one.id: one.name for one in members}))


def reviewers_of(desk: Desk, visitor: Visitor, row: ConversationRow) -> Options:
    """To whom *row* may be given to review: who supervises its organisation, the visitor, and who has it now."""
    members = desk.services.aidants.people(row.organisation) if row.organisation else ()
    found = {one.aidant.id: one.aidant.name for one in members if one.role is Role.SUPERVISEUR}
    found[visitor.id] = visitor.account.name
    if row.assignee and row.assignee not in found:
        found[row.assignee] = row.assignee_name or "Quelqu'un"
    return _sorted(found)


def names_of(desk: Desk, people: Collection[str]) -> dict[str, str]:
    """The name of each of *people*, by id; those who are unknown are left out."""
    found = {}
    for one in people:
        with suppress(UnknownAidant):
            found[one] = desk.services.aidants.view(one).name
    return found


def show(
    request: Request, template: str, visitor: Visitor, *, keys: Options = (), status: int = 200, **context: Any
) -> Response:
    """A page of the supervision.

    Args:
        keys: the keys that it has, and what each does.
    """
    desk: Desk = request.state.desk
    return desk.render(
        request, f"supervision_{template}", visitor, status=status, **{"keys": keys} | in_templates() | context
    )


def told(error: WrongReview) -> dict[str, str]:
    """*error* as it stands beside its field."""
    return {error.field: _WRONG.get((error.field, error.reason)) or _WRONG_ANYHOW.get(error.reason, error.reason)}


def _sorted(names: Mapping[str, str]) -> Options:
    return tuple(sorted(names.items(), key=lambda one: one[1].casefold()))
