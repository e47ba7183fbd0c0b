"""Rows of people and organisations, by id or by address."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.aidants.models import Aidant, Organisation
from bot.aidants.views import ClosedAccount, UnknownAidant, UnknownOrganisation


def account_of(session: Session, aidant_id: str) -> Aidant:
    """The account with that id.

    Raises:
        UnknownAidant: there is none.
    """
    account = session.get(Aidant, aidant_id)
    if account is None:
        raise UnknownAidant(aidant_id)
    return account


def open_account_of(session: Session, aidant_id: str) -> Aidant:
    """The account with that id, not deactivated.

    Raises:
        UnknownAidant: there is none.
        ClosedAccount: it was deactivated.
    """
    account = account_of(session, aidant_id)
    if not account.active:
        raise ClosedAccount(aidant_id)
    return account


def account_called(session: Session, email: str) -> Aidant | None:
    """The account of that address, in its usual form; ``None`` when there is none."""
    return session.scalar(select(Aidant).where(Aidant.email == email))


def organisation_of(session: Session, organisation_id: str) -> Organisation:
    """The organisation with that id.

    Raises:
        UnknownOrganisation: there is none.
    """
    organisation = session.get(Organisation, organisation_id)
    if organisation is None:
        raise UnknownOrganisation(organisation_id)
    return organisation
