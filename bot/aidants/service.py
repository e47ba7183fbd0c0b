"""People: their organisations, their enrolment, how they are recognised, and for whom they act."""

from sqlalchemy import select

from bot.aidants.audit import Audit
from bot.aidants.conversations import Linking
from bot.aidants.enrolment import Enrolment
from bot.aidants.fields import email_of
from bot.aidants.models import Membership, Organisation, Role
from bot.aidants.organisations import Organisations
from bot.aidants.reading import account_called, account_of, open_account_of, organisation_of
from bot.aidants.safety import Safety
from bot.aidants.views import AidantView, MembershipView, UnknownAidant, aidant_view, organisation_view
from bot.journal.actions import Action
from bot.mandats.views import AccessRefused


class Aidants(Organisations, Enrolment, Safety, Audit, Linking):
    """Every use case of people, each group in its own module.

    Every change and its journal entry are one unit of work. The journal names people by id only.
    """

    def by_email(self, email: str) -> AidantView:
        """The account of that address, however it is written.

        Raises:
            WrongField: it is not an address.
            UnknownAidant: it has no account.
        """
        with self._database.unit_of_work() as session:
            account = account_called(session, email_of(email))
            if account is None:
                raise UnknownAidant("no account of that address")
            return aidant_view(account)

    def memberships(self, aidant_id: str) -> tuple[MembershipView, ...]:
        """The organisations of an aidant, by name; the closed ones too.

        Raises:
            UnknownAidant: there is none with that id.
        """
        query = (
            select(Organisation, Membership.role)
            .join(Membership, Membership.organisation_id == Organisation.id)
            .where(Membership.aidant_id == aidant_id)
            .order_by(Organisation.name)
        )
        with self._database.unit_of_work() as session:
            current = account_of(session, aidant_id).current_organisation_id
            return tuple(
                MembershipView(organisation_view(row), Role(role), row.id == current)
                for row, role in session.execute(query)
            )

    def switch(self, aidant_id: str, organisation_id: str) -> AidantView:
        """Changes the organisation for which the aidant acts; both journals tell it.

        Raises:
            UnknownAidant: there is none with that id.
            UnknownOrganisation: there is none with that id.
            ClosedAccount: it was deactivated.
            AccessRefused: they do not belong to that organisation, or it is closed.
        """
        former = self.view(aidant_id).organisation
        self.organisation(organisation_id)
        chains = {organisation_id, former or organisation_id}
        with self._acting(aidant_id, *chains, tried="switch_organisation", target=organisation_id) as session:
            account = open_account_of(session, aidant_id)
            if not organisation_of(session, organisation_id).active:
                raise AccessRefused("closed organisation")
            if session.get(Membership, (aidant_id, organisation_id)) is None:
                raise AccessRefused("not a member of this organisation")
            if former != organisation_id:
                account.current_organisation_id = organisation_id
                for chain in sorted(chains):
                    self._journal.append(
                        session,
                        Action.SWITCH_ORGANISATION,
                        organisation=chain,
                        aidant=aidant_id,
                        details={"from": former, "to": organisation_id},
                    )
            return aidant_view(account)
