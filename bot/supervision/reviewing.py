"""What a reviewer does with a conversation: reads it, unmasks it, sorts it, writes beside it. Every reading is told."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Protocol

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.clock import Clock
from bot.journal.actions import Action
from bot.journal.service import Journal
from bot.mandats.views import AccessRefused
from bot.privacy.pseudonymise import Pseudonymised
from bot.privacy.spans import PiiType
from bot.privacy.vault import KEPT_FOR
from bot.storage.engine import Database
from bot.storage.sql import changed, insert_if_absent
from bot.supervision.listings import Listings
from bot.supervision.models import Episode, EpisodeNote, EpisodeTag
from bot.supervision.queries import Conversations
from bot.supervision.scope import reach_of
from bot.supervision.timeline import moments_of, notes_of
from bot.supervision.views import State, Timeline, UnknownConversation, UnknownItem, WrongReview

UNMASK_REASONS: dict[str, str] = {
    "verifier_une_saisie": "Vérifier ce qui a été saisi pour un mandat",
    "repondre_a_la_personne": "Répondre à la personne concernée",
    "masquage_errone": "Contrôler un masquage qui paraît erroné",
    "demande_d_acces": "Répondre à une demande d'accès ou d'effacement",
}
_LONGEST_TAG = 40
_LONGEST_NOTE = 2000
_MOST_TAGS = 20


class KeepsOriginals(Protocol):
    """What the review needs of the vault."""

    def get(self, conversation: str) -> dict[PiiType, list[str]]:
        """The originals still kept, by type."""
        ...


class HidesPersonalData(Protocol):
    """What keeps names out of notes."""

    def pseudonymise(self, text: str) -> Pseudonymised:
        """*text* with typed placeholders in place of personal data."""
        ...


class Reviewing:
    """Each method is one use case, on behalf of *by* (``None``: the command line).

    All raise ``AccessRefused`` when *by* reviews nothing, and ``UnknownConversation`` when the conversation is out of
    their reach or does not exist. The journal of their own organisation tells what was tried out of reach.

    Attributes:
        listings: what tells of the lists that they look through.
    """

    def __init__(
        self,
        database: Database,
        journal: Journal,
        clock: Clock,
        *,
        vault: KeepsOriginals,
        pseudonymiser: Callable[[], HidesPersonalData],
    ) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._vault = vault
        self._pseudonymiser = pseudonymiser  # opened at the first note: it is slow to load
        self._conversations = Conversations(database)
        self.listings = Listings(database, journal, clock)

    def read(self, by: str | None, episode: int) -> Timeline:
        """The whole conversation, names masked. Journalled."""
        with self._in_reach(by, episode, Action.READ_CONVERSATION) as (session, found):
            moments, notes = moments_of(session, found), notes_of(session, episode)
        return Timeline(self._conversations.row(by, episode), moments, notes)

    def unmask(self, by: str | None, episode: int, *, reason: str, precision: str = "") -> Mapping[PiiType, list[str]]:
        """The originals of what was hidden, by type, while the vault keeps them (30 minutes); empty afterwards.

        Journalled, with the reason, whether anything is left or not.

        Args:
            reason: a code of :data:`UNMASK_REASONS`.
            precision: why, in the reviewer's words; pseudonymised before it is journalled.

        Raises:
            WrongReview: *reason* is unknown, or *precision* too long.
        """
        if reason not in UNMASK_REASONS:
            raise WrongReview("reason", "missing" if not reason else "unknown")
        why = self._hidden(precision, "reason") if precision.strip() else ""
        details = {"reason": reason, "precision": why}
        with self._in_reach(by, episode, Action.UNMASK_CONVERSATION, details) as (session, found):
            conversation, mine = found.conversation_id, self._originals_are_its_own(session, found)
        return self._vault.get(conversation) if mine else {}

    def set_state(self, by: str | None, episode: int, state: State) -> None:
        """Moves the conversation from one pile to another."""
        with self._in_reach(by, episode) as (_, found):
            found.state = state.value

    def flag(self, by: str, episode: int, *, on: bool) -> None:
        """Flags the conversation, or takes the supervisor's flag away; what the person said stays."""
        with self._in_reach(by, episode) as (_, found):
            found.flagged_by = by if on else None

    def assign(self, by: str | None, episode: int, to: str | None) -> None:
        """Gives the conversation to someone to review, or to nobody.

        Raises:
            WrongReview: *to* may not review it (field ``assignee``).
        """
        with self._in_reach(by, episode) as (session, found):
            if to is not None:
                try:
                    may = reach_of(session, to).covers(found.organisation_id)
                except AccessRefused:
                    may = False
                if not may:
                    raise WrongReview("assignee", "unknown")
            found.assignee_id = to

    def tag(self, by: str | None, episode: int, tag: str) -> str:
        """Puts a word on the conversation; as it was kept.

        Raises:
            WrongReview: it is empty or longer than 40 characters, or there are twenty already.
        """
        kept = " ".join(tag.lower().split()).lstrip("#")
        if not kept:
            raise WrongReview("tag", "missing")
        if len(kept) > _LONGEST_TAG:
            raise WrongReview("tag", "too_long")
        kept = self._hidden(kept, "tag")[:_LONGEST_TAG]
        with self._in_reach(by, episode) as (session, _):
            present = session.scalars(select(EpisodeTag.tag).where(EpisodeTag.episode_id == episode)).all()
            if kept not in present and len(present) >= _MOST_TAGS:
                raise WrongReview("tag", "too_many")
            insert_if_absent(session, EpisodeTag, episode_id=episode, tag=kept)
        return kept

    def untag(self, by: str | None, episode: int, tag: str) -> None:
        """Takes a word away; nothing happens when it is not there."""
        with self._in_reach(by, episode) as (session, _):
            session.execute(delete(EpisodeTag).where(EpisodeTag.episode_id == episode, EpisodeTag.tag == tag))

    def note(self, by: str, episode: int, text: str) -> int:
        """Writes a note, pseudonymised; its id.

        Raises:
            WrongReview: it is empty or longer than 2,000 characters.
        """
        kept = self._hidden(text, "note")
        with self._in_reach(by, episode) as (session, _):
            note = EpisodeNote(episode_id=episode, author_id=by, text=kept, at=self._clock.now())
            session.add(note)
            session.flush()
            return note.id

    def remove_note(self, by: str, episode: int, note: int) -> None:
        """Takes one's own note away.

        Raises:
            UnknownItem: there is no such note of theirs there.
        """
        with self._in_reach(by, episode) as (session, _):
            mine = (EpisodeNote.id == note) & (EpisodeNote.episode_id == episode) & (EpisodeNote.author_id == by)
            if not changed(session, delete(EpisodeNote).where(mine)):
                raise UnknownItem(str(note))

    @contextmanager
    def _in_reach(
        self, by: str | None, episode: int, action: Action | None = None, details: Mapping[str, str] | None = None
    ) -> Iterator[tuple[Session, Episode]]:
        """A unit of work on a conversation that *by* may review; *action* is journalled in it."""
        with self._database.unit_of_work() as session:
            reach = reach_of(session, by)
            known = session.get(Episode, episode)
            covered = known is not None and reach.covers(known.organisation_id)
            organisation = known.organisation_id if known is not None else None
        if not covered:
            if known is not None and by is not None:
                self._tell_refusal(by, episode)
            raise UnknownConversation(str(episode))
        with self._database.unit_of_work() as session:
            if action is not None:
                self._journal.lock(session, organisation or "*")
            found = session.get(Episode, episode)
            if found is None:  # forgotten meanwhile
                raise UnknownConversation(str(episode))
            if action is not None:
                told = {"conversation": found.conversation_id, "episode": episode, **(details or {})}
                self._journal.append(session, action, organisation=organisation, aidant=by, details=told)
            yield session, found

    def _tell_refusal(self, by: str, episode: int) -> None:
        with self._database.unit_of_work() as session:
            reach = reach_of(session, by)
            chain = min(reach.organisations) if reach.organisations else None
        with self._database.unit_of_work() as session:
            details = {"tried": "read_conversation", "target": str(episode)}
            self._journal.append(session, Action.REFUSE_ACCESS, organisation=chain, aidant=by, details=details)

    def _originals_are_its_own(self, session: Session, episode: Episode) -> bool:
        """The vault knows conversations only: what was said lately for another organisation must not come with it."""
        lately = self._clock.now() - KEPT_FOR - timedelta(minutes=1)
        others = select(Episode.id).where(
            Episode.conversation_id == episode.conversation_id,
            Episode.last_at >= lately,
            Episode.organisation_id.is_distinct_from(episode.organisation_id),
        )
        return episode.last_at >= lately and session.scalar(others.limit(1)) is None

    def _hidden(self, text: str, field: str) -> str:
        words = text.strip()
        if not words:
            raise WrongReview(field, "missing")
        if len(words) > _LONGEST_NOTE:
            raise WrongReview(field, "too_long")
        return self._pseudonymiser().pseudonymise(words).text
