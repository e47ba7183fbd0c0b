"""Who speaks in a conversation: a code shown to a signed-in aidant, typed in the chat."""

import unicodedata
from datetime import timedelta

from bot.aidants import tokens
from bot.aidants.accounts import Accounts
from bot.aidants.models import LinkedConversation, Membership, OneTimeToken, Purpose, Role
from bot.aidants.reading import account_of, open_account_of
from bot.aidants.views import AidantView, NoMandates, NoOrganisation, TokenRefused, aidant_view
from bot.conversations.limits import TooManyMessages
from bot.conversations.models import Conversation
from bot.journal.actions import Action
from bot.mandats.views import Actor
from bot.storage.sql import insert_if_absent

CODE_VALID_FOR = timedelta(minutes=15)
_DIGITS = 8


class Linking(Accounts):
    """The use cases of conversations, and the one way to know for whom, and for which organisation, one acts."""

    def actor(self, aidant_id: str, *, conversation: str | None = None) -> Actor:
        """Who *aidant_id* is to mandates: themselves, in their current organisation.

        Raises:
            UnknownAidant: there is none with that id.
            ClosedAccount: it was deactivated.
            NoOrganisation: they have no current organisation, or (``NoMandates``) only answer requests of help there.
        """
        with self._database.unit_of_work() as session:
            organisation = open_account_of(session, aidant_id).current_organisation_id
            if organisation is None:
                raise NoOrganisation(aidant_id)
            membership = session.get(Membership, (aidant_id, organisation))
        if membership is not None and not Role(membership.role).mandates:
            raise NoMandates(aidant_id)
        return Actor(aidant_id, organisation, conversation)

    def actor_of(self, conversation_id: str) -> Actor | None:
        """Who speaks in a conversation; ``None`` when it is tied to nobody.

        Raises:
            NoOrganisation: it is tied to an aidant who has no current organisation.
        """
        with self._database.unit_of_work() as session:
            linked = session.get(LinkedConversation, conversation_id)
            if linked is None or not account_of(session, linked.aidant_id).active:
                return None
        return self.actor(linked.aidant_id, conversation=conversation_id)

    def conversation_code(self, aidant_id: str) -> str:
        """A code to type in the chat within 15 minutes, as « 4829 1357 »; the former one stops working.

        Raises:
            UnknownAidant: there is none with that id.
            ClosedAccount: it was deactivated.
        """
        with self._in_chains(self._chain(aidant_id)) as session:
            open_account_of(session, aidant_id)
            code = self._new_code()
            while session.get(OneTimeToken, self._digest(code)) is not None:
                code = self._new_code()
            tokens.issue(
                session,
                self._digest(code),
                Purpose.CONVERSATION,
                aidant_id,
                now=self._clock.now(),
                valid_for=CODE_VALID_FOR,
            )
        return f"{code[:4]} {code[4:]}"

    def own_conversation(self, conversation_id: str, aidant_id: str) -> bool:
        """Makes sure that an aidant speaks in their own conversation; false, and nothing done, if they may not act.

        Journalled the first time.
        """
        with self._database.unit_of_work() as session:
            if not account_of(session, aidant_id).active:
                return False
            linked = session.get(LinkedConversation, conversation_id)
            if linked is not None:
                return linked.aidant_id == aidant_id
        chain = self._chain(aidant_id)
        with self._in_chains(chain) as session:
            insert_if_absent(
                session,
                LinkedConversation,
                conversation_id=conversation_id,
                aidant_id=aidant_id,
                linked_at=self._clock.now(),
            )
            details = {"conversation": conversation_id, "former": None, "own": True}
            self._journal.append(
                session, Action.LINK_CONVERSATION, organisation=chain, aidant=aidant_id, details=details
            )
        return True

    def left_conversation(self, conversation_id: str, aidant_id: str, *, channel: str) -> None:
        """Journals that a place of *channel* does not hold the aidant's own conversation any more."""
        chain = self._chain(aidant_id)
        with self._in_chains(chain) as session:
            details = {"conversation": conversation_id, "unlinked": True, "channel": channel}
            self._journal.append(
                session, Action.LINK_CONVERSATION, organisation=chain, aidant=aidant_id, details=details
            )

    def link_conversation(self, conversation_id: str, typed: str, *, tried_in: str | None = None) -> AidantView:
        """Ties a conversation to the aidant to whom the code *typed* was shown, instead of any other.

        Spaces and hyphens in it do not matter. One conversation may try 5 codes an hour.

        Args:
            tried_in: the conversation in which the code was typed, when it is another.

        Raises:
            TokenRefused: the code, or the conversation, is unknown; it served; it is too old; or too many were tried.
        """
        now = self._clock.now()
        code = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", typed)))
        if len(code) != _DIGITS or not (code.isascii() and code.isdigit()):
            raise TokenRefused("unknown")  # a slip of the hand, not a guess: not counted
        try:
            self._tries.check(tried_in or conversation_id, now=now)
        except TooManyMessages as error:
            raise TokenRefused("too_many") from error
        kept = self._digest(code)
        with self._database.unit_of_work() as session:
            aidant = tokens.find(session, kept, tokens.CODES, now=now).aidant_id
        chain = self._chain(aidant)
        with self._in_chains(chain) as session:
            if session.get(Conversation, conversation_id) is None:
                raise TokenRefused("unknown")
            tokens.take(session, kept, tokens.CODES, now=now)
            former = session.get(LinkedConversation, conversation_id)
            details = {"conversation": conversation_id, "former": former.aidant_id if former else None}
            session.merge(LinkedConversation(conversation_id=conversation_id, aidant_id=aidant, linked_at=now))
            self._journal.append(session, Action.LINK_CONVERSATION, organisation=chain, aidant=aidant, details=details)
            return aidant_view(account_of(session, aidant))

    def unlink_conversation(self, conversation_id: str) -> bool:
        """From now on the conversation speaks for nobody; false when it did not speak for anyone.

        Journalled as a link to nobody, which is what it is.
        """
        with self._database.unit_of_work() as session:
            linked = session.get(LinkedConversation, conversation_id)
        if linked is None:
            return False
        chain = self._chain(linked.aidant_id)
        with self._in_chains(chain) as session:
            row = session.get(LinkedConversation, conversation_id)
            if row is None or row.aidant_id != linked.aidant_id:
                return False
            session.delete(row)
            self._journal.append(
                session,
                Action.LINK_CONVERSATION,
                organisation=chain,
                aidant=row.aidant_id,
                details={"conversation": conversation_id, "unlinked": True},
            )
            return True

    def _digest(self, code: str) -> str:
        # Keyed: eight digits are few enough for a plain hash to be turned back.
        return self._keys.mac(f"conversation code {code}".encode())
