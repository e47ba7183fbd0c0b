"""Who may act on whom. The command line acts as nobody (``None``) and may do everything: it holds the database."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.aidants.models import Aidant, Membership, Role
from bot.mandats.views import AccessRefused


def require_admin(session: Session, by: str | None) -> None:
    """Refuses whoever is not an admin.

    Raises:
        AccessRefused: they are not, or their account is closed.
    """
    if by is not None and not _active(session, by).admin:
        raise AccessRefused("reserved to admins")


def require_supervisor(session: Session, by: str | None, organisation: str) -> None:
    """Refuses whoever neither supervises *organisation* nor is an admin.

    Raises:
        AccessRefused: they do not, or their account is closed.
    """
    if by is None or _active(session, by).admin:
        return
    if organisation not in _supervised(session, by):
        raise AccessRefused("reserved to the supervisors of this organisation")


def answers_for(session: Session, by: str | None, account: Aidant) -> bool:
    """Whether *by* may be handed a link that opens *account*: an admin, or who supervises all its organisations.

    Supervising one of them is not enough: the link would open the mandates of the others.

    Raises:
        AccessRefused: the account of *by* is closed.
    """
    if by is None or _active(session, by).admin:
        return True
    own = organisations_of(session, account.id)
    return not account.admin and bool(own) and own <= _supervised(session, by)


def organisations_of(session: Session, aidant: str) -> set[str]:
    """Ids of the organisations that *aidant* belongs to."""
    return set(session.scalars(select(Membership.organisation_id).where(Membership.aidant_id == aidant)))


def _active(session: Session, by: str) -> Aidant:
    account = session.get(Aidant, by)
    if account is None or not account.active:
        raise AccessRefused("closed account")
    return account


def _supervised(session: Session, by: str) -> set[str]:
    return set(
        session.scalars(
            select(Membership.organisation_id).where(
                Membership.aidant_id == by, Membership.role == Role.SUPERVISEUR.value
            )
        )
    )
