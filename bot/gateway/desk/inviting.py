"""The invitation of someone, from the page of a structure or the administration: one form, one set of sentences."""

from dataclasses import dataclass

from bot.aidants.models import Role
from bot.aidants.views import WrongField
from bot.gateway.desk.desk import Desk, Visitor
from bot.gateway.pages.fields import Sent

_SENTENCES = {
    ("email", "missing"): "Indiquez l'adresse électronique de la personne.",
    ("email", "malformed"): "Écrivez l'adresse sous la forme nom@domaine.fr.",
    ("email", "pending"): "Une autre structure ouvre déjà un compte à cette adresse. Attendez que la personne s'y soit "
    "inscrite, puis invitez-la ici.",
    ("name", "missing"): "Indiquez le prénom et le nom de la personne.",
    ("name", "too_long"): "Abrégez le nom : 200 caractères au plus.",
    ("name", "not_a_name"): "Vérifiez le nom : des lettres, espaces, apostrophes et traits d'union.",
    ("organisation", "missing"): "Indiquez le nom de la structure.",
    ("organisation", "taken"): "Une structure porte déjà ce nom.",
    ("organisation", "too_long"): "Abrégez le nom de la structure : 200 caractères au plus.",
    ("organisation", "not_a_name"): "Vérifiez le nom de la structure : il doit contenir des lettres.",
    ("address", "too_long"): "Abrégez l'adresse : 300 caractères au plus.",
    ("address", "not_an_address"): "Vérifiez l'adresse : elle contient un signe qui n'y a pas sa place.",
    ("demarches", "missing"): "Gardez au moins une démarche.",
}


@dataclass(frozen=True, slots=True)
class Invited:
    """What is shown once, after an invitation or a new link.

    Attributes:
        link: ``None`` for someone who has enrolled already: nothing has to be sent.
    """

    name: str
    link: str | None


def told(error: WrongField) -> dict[str, str]:
    """The sentence to show beside the field."""
    return {error.field: _SENTENCES[error.field, error.reason]}


def link(desk: Desk, secret: str) -> str:
    """The address to send to the person."""
    return f"{desk.kit.services.public_url.rstrip('/')}/inscription/{secret}"


def invite(desk: Desk, visitor: Visitor, form: Sent, *, organisation: str | None) -> Invited:
    """Invites whom *form* names; as an admin when there is no *organisation*.

    Raises:
        WrongField: the address or the name is not one.
        AccessRefused: *visitor* may not.
    """
    role = next((role for role in Role if role == form.get("role")), Role.AIDANT)
    account, secret = desk.services.aidants.invite(
        form.get("email", ""),
        form.get("name", ""),
        organisation=organisation,
        role=role,
        admin=organisation is None,
        by=visitor.id,
    )
    return Invited(account.name, link(desk, secret) if secret else None)
