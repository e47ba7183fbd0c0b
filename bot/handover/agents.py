"""Who answers requests, and which; within the unit of work of the caller.

A help-desk agent or a supervisor answers those of their organisation; help-desk agents also those of nobody's; admins
all of them.
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, exists, or_, select, true
from sqlalchemy.orm import Session

from bot.aidants.models import Aidant, LinkedConversation, Membership, Role
from bot.handover.models import HandoverRequest
from bot.handover.views import Agent

ROLES = tuple(role.value for role in Role if role.answers)
_PRESENT = and_(Aidant.active.is_(True), Aidant.password_hash.is_not(None))


def agent_of(session: Session, aidant: str) -> Agent | None:
    """What *aidant* answers; ``None`` when they answer nothing."""
    account = session.get(Aidant, aidant)
    if account is None or not account.active:
        return None
    query = select(Membership.organisation_id, Membership.role).where(Membership.aidant_id == aidant)
    roles = {organisation: role for organisation, role in session.execute(query) if role in ROLES}
    if not (account.admin or roles):
        return None
    return Agent(
        account.id,
        account.name,
        account.admin,
        frozenset(roles),
        frozenset(one for one, role in roles.items() if role == Role.SUPERVISEUR.value),
        Role.HELPDESK.value in roles.values(),
    )


def anyone_for(session: Session, organisation: str | None) -> bool:
    """Whether someone may answer a request of *organisation*.

    An admin alone is not a help desk: where nobody has the role, nobody waits for requests.
    """
    configured = select(Aidant.id).where(_PRESENT, _with_role())
    if session.scalar(configured.limit(1)) is None:
        return False
    return session.scalar(select(Aidant.id).where(_PRESENT, _answers(organisation)).limit(1)) is not None


def agents_for(session: Session, organisation: str | None) -> tuple[tuple[str, str], ...]:
    """(id, name) of those who may answer a request of *organisation*, by name."""
    query = select(Aidant.id, Aidant.name).where(_PRESENT, _answers(organisation)).order_by(Aidant.name)
    return tuple((one, name) for one, name in session.execute(query))


def speaker_of(session: Session, conversation: str) -> tuple[str | None, str | None]:
    """The aidant who speaks in *conversation*, and the organisation for which they act; ``None`` for what is unknown.

    A closed account speaks for nobody.
    """
    query = (
        select(Aidant.id, Aidant.current_organisation_id)
        .join(LinkedConversation, LinkedConversation.aidant_id == Aidant.id)
        .where(LinkedConversation.conversation_id == conversation, Aidant.active.is_(True))
    )
    found = session.execute(query).first()
    return (found[0], found[1]) if found else (None, None)


def seen_by(agent: Agent) -> ColumnElement[bool]:
    """The requests that *agent* may see."""
    if agent.admin:
        return true()
    theirs = HandoverRequest.organisation_id.in_(agent.organisations)
    return or_(theirs, HandoverRequest.organisation_id.is_(None)) if agent.helpdesk else theirs


def names_of(session: Session, aidants: Iterable[str | None]) -> dict[str, str]:
    """Names by id; whoever is not there any more has none."""
    wanted = {one for one in aidants if one is not None}
    query = select(Aidant.id, Aidant.name).where(Aidant.id.in_(wanted))
    return {one: name for one, name in session.execute(query)}  # noqa: C416  rows are not tuples to mypy


def _with_role() -> ColumnElement[bool]:
    return exists().where(Membership.aidant_id == Aidant.id, Membership.role.in_(ROLES))


def _answers(organisation: str | None) -> ColumnElement[bool]:
    mine = Membership.aidant_id == Aidant.id
    if organisation is None:
        member = exists().where(mine, Membership.role == Role.HELPDESK.value)
    else:
        member = exists().where(mine, Membership.organisation_id == organisation, Membership.role.in_(ROLES))
    return or_(Aidant.admin.is_(True), member)
