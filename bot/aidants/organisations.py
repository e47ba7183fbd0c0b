"""Organisations, and who works in them."""

from collections.abc import Collection
from uuid import uuid4

from sqlalchemy import delete, select

from bot.aidants import tokens
from bot.aidants.accounts import Accounts
from bot.aidants.fields import address_of, demarches_of, name_of
from bot.aidants.models import Aidant, LinkedConversation, Membership, Organisation, Role
from bot.aidants.reading import account_of, organisation_of
from bot.aidants.rights import answers_for, organisations_of, require_admin, require_supervisor
from bot.aidants.views import (
    AidantView,
    MemberView,
    OrganisationView,
    UnknownAidant,
    WrongField,
    aidant_view,
    organisation_view,
)
from bot.demarches import Demarche
from bot.journal.actions import Action
from bot.mandats.views import AccessRefused


class Organisations(Accounts):
    """The use cases of organisations. *by* is the id of who acts; ``None`` is the command line."""

    def create_organisation(
        self, name: str, *, address: str = "", demarches: Collection[Demarche] = tuple(Demarche), by: str | None = None
    ) -> OrganisationView:
        """Adds an organisation, whose journal begins with that.

        Raises:
            WrongField: the name is not one, or is taken; no scope; an address too long.
            AccessRefused: *by* is not an admin.
        """
        row = Organisation(
            id=uuid4().hex,
            name=name_of(name, field="organisation"),
            address=address_of(address),
            demarches=demarches_of(demarches),
            active=True,
            created_at=self._clock.now(),
        )
        with self._acting(by, None, row.id, tried="create_organisation", target="") as session:
            require_admin(session, by)
            if session.scalar(select(Organisation.id).where(Organisation.name == row.name)) is not None:
                raise WrongField("organisation", "taken")
            session.add(row)
            session.flush()
            self._journal.append(
                session,
                Action.CREATE_ORGANISATION,
                organisation=row.id,
                aidant=by,
                details={"name": row.name, "demarches": row.demarches},
            )
            return organisation_view(row)

    def update_demarches(
        self, organisation: str, demarches: Collection[Demarche], by: str | None = None
    ) -> OrganisationView:
        """Changes the scopes that *organisation* allows; mandates already sealed keep theirs.

        Raises:
            UnknownOrganisation: there is none with that id.
            WrongField: no scope.
            AccessRefused: *by* neither supervises it nor is an admin.
        """
        wanted = demarches_of(demarches)
        self.organisation(organisation)
        with self._acting(by, organisation, tried="update_organisation", target=organisation) as session:
            require_supervisor(session, by, organisation)
            row = organisation_of(session, organisation)
            before, row.demarches = row.demarches, wanted
            if before != wanted:
                self._journal.append(
                    session,
                    Action.UPDATE_ORGANISATION,
                    organisation=organisation,
                    aidant=by,
                    details={"before": before, "demarches": wanted},
                )
            return organisation_view(row)

    def organisation(self, organisation_id: str) -> OrganisationView:
        """The organisation with that id.

        Raises:
            UnknownOrganisation: there is none.
        """
        with self._database.unit_of_work() as session:
            return organisation_view(organisation_of(session, organisation_id))

    def organisations(self) -> tuple[OrganisationView, ...]:
        """Every organisation, by name."""
        with self._database.unit_of_work() as session:
            return tuple(map(organisation_view, session.scalars(select(Organisation).order_by(Organisation.name))))

    def people(self, organisation: str) -> tuple[MemberView, ...]:
        """Who works in *organisation*, by name; deactivated accounts too."""
        query = (
            select(Aidant, Membership.role)
            .join(Membership, Membership.aidant_id == Aidant.id)
            .where(Membership.organisation_id == organisation)
            .order_by(Aidant.name, Aidant.email)
        )
        with self._database.unit_of_work() as session:
            return tuple(MemberView(aidant_view(row), Role(role)) for row, role in session.execute(query))

    def everyone(self) -> tuple[AidantView, ...]:
        """Every account, by name."""
        with self._database.unit_of_work() as session:
            return tuple(map(aidant_view, session.scalars(select(Aidant).order_by(Aidant.name, Aidant.email))))

    def remove_member(self, aidant_id: str, organisation: str, by: str | None = None) -> None:
        """Takes *aidant_id* out of *organisation*: from now on, its mandates are out of their reach.

        When it was their current one they have none any more, rather than another that they did not choose.

        Raises:
            UnknownOrganisation: there is none with that id.
            UnknownAidant: they do not belong to it.
            AccessRefused: *by* neither supervises it nor is an admin.
        """
        self.organisation(organisation)
        with self._acting(by, organisation, tried="remove_membership", target=aidant_id) as session:
            require_supervisor(session, by, organisation)
            membership = session.get(Membership, (aidant_id, organisation))
            if membership is None:
                raise UnknownAidant(aidant_id)
            session.delete(membership)
            account = account_of(session, aidant_id)
            if account.current_organisation_id == organisation:
                account.current_organisation_id = None
            self._journal.append(
                session,
                Action.REMOVE_MEMBERSHIP,
                organisation=organisation,
                aidant=by,
                details={"aidant": aidant_id},
            )

    def deactivate(self, aidant_id: str, by: str | None = None) -> None:
        """Closes an account: its links, codes and conversations open nothing any more. Nothing else is erased.

        Journalled by every organisation of the aidant. Inviting them again opens the account again.

        Raises:
            UnknownAidant: there is none with that id.
            AccessRefused: *by* neither supervises all their organisations nor is an admin.
        """
        with self._database.unit_of_work() as session:
            account_of(session, aidant_id)
            chains: list[str | None] = [*sorted(organisations_of(session, aidant_id))] or [None]
        now = self._clock.now()
        with self._acting(by, *chains, tried="deactivate_aidant", target=aidant_id) as session:
            account = account_of(session, aidant_id)
            if not answers_for(session, by, account):
                raise AccessRefused("account of another organisation")
            if not account.active:
                return
            account.active = False
            tokens.cancel(session, aidant_id, (*tokens.LINKS, *tokens.CODES), now=now)
            session.execute(delete(LinkedConversation).where(LinkedConversation.aidant_id == aidant_id))
            for chain in chains:
                self._journal.append(
                    session,
                    Action.DEACTIVATE_AIDANT,
                    organisation=chain,
                    aidant=by,
                    details={"aidant": aidant_id},
                )
