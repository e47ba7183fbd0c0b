"""Who may touch what: a mandate is seen by its organisation alone, through someone who works there now."""

from sqlalchemy.orm import Session

from bot.aidants.models import Aidant, Membership, Organisation
from bot.journal.actions import Action
from bot.journal.service import Journal
from bot.mandats.models import Mandat
from bot.mandats.views import AccessRefused, Actor
from bot.storage.engine import Database


def member(session: Session, actor: Actor) -> Organisation:
    """The organisation of *actor*, once it is sure that they work there.

    Raises:
        AccessRefused: they do not (any more), or the organisation or the account is closed.
    """
    organisation = session.get(Organisation, actor.organisation)
    aidant = session.get(Aidant, actor.aidant)
    if organisation is None or not organisation.active or aidant is None or not aidant.active:
        raise AccessRefused("closed organisation or account")
    if session.get(Membership, (actor.aidant, actor.organisation)) is None:
        raise AccessRefused("not a member of this organisation")
    return organisation


def own_mandat(session: Session, actor: Actor, mandat_id: str) -> Mandat:
    """A mandate of *actor*'s organisation.

    Raises:
        AccessRefused: it is another organisation's, or no mandate at all: the two look the same from outside.
    """
    mandat = session.get(Mandat, mandat_id)
    if mandat is None or mandat.organisation_id != actor.organisation:
        raise AccessRefused("mandate of another organisation")
    return mandat


def note_refusal(database: Database, journal: Journal, actor: Actor, *, tried: str, target: str) -> None:
    """Journals, in the organisation of who tried, that *target* (an id) was out of their reach.

    A unit of work of its own: the one that was refused has been rolled back.
    """
    with database.unit_of_work() as session:
        journal.append(
            session,
            Action.REFUSE_ACCESS,
            organisation=actor.organisation,
            aidant=actor.aidant,
            details={"tried": tried, "target": target},
        )
