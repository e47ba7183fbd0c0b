"""What the use cases of the help desk take and give, and the errors that they raise."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.errors import EquipierError

HUMAN = "human"  # type of the replies that a human wrote


class Reason(StrEnum):
    """Why someone is put through."""

    ASKED = "asked"
    BUTTON = "button"
    NOT_UNDERSTOOD = "not_understood"

    @property
    def label(self) -> str:
        return _REASONS[self]


class Closing(StrEnum):
    """Who ended a request."""

    AGENT = "agent"
    PERSON = "person"
    SILENCE = "silence"


class EntryKind(StrEnum):
    """What agents did."""

    NOTE = "note"
    CLAIMED = "claimed"
    TRANSFERRED = "transferred"
    CLOSED = "closed"


class State(StrEnum):
    """Where a request is."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    CLOSED = "closed"


_REASONS = {
    Reason.ASKED: "A demandé à parler à quelqu'un",
    Reason.BUTTON: "A pressé « Parler à quelqu'un »",
    Reason.NOT_UNDERSTOOD: "L'assistant n'a pas compris",
}


class UnknownRequest(EquipierError):
    """There is no such request, or the agent may not see it."""


class AlreadyClaimed(EquipierError):
    """Someone else is in charge.

    Attributes:
        by: their name.
    """

    def __init__(self, by: str) -> None:
        super().__init__("already claimed")
        self.by = by


class NotInCharge(EquipierError):
    """Only who is in charge of an open request may do that."""


class WrongText(EquipierError):
    """Something typed that cannot be sent or kept.

    Attributes:
        field: ``text`` or ``title``.
        reason: ``missing``, ``too_long`` or ``sensitive`` (it holds a number that identifies someone).
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class NoSuchAgent(EquipierError):
    """The request cannot be handed to that person: they could not see it."""


@dataclass(frozen=True, slots=True)
class Agent:
    """Someone who answers requests.

    Attributes:
        organisations: those whose requests they answer.
        supervised: those where they may take a request over from someone else.
        helpdesk: whether they answer those of nobody's organisation.
    """

    id: str
    name: str
    admin: bool
    organisations: frozenset[str]
    supervised: frozenset[str]
    helpdesk: bool

    @property
    def first_name(self) -> str:
        return self.name.split()[0] if self.name.split() else self.name

    def sees(self, organisation: str | None) -> bool:
        """Whether the requests of *organisation* (``None``: nobody's) are theirs to answer."""
        return self.admin or (self.helpdesk if organisation is None else organisation in self.organisations)

    def may_take_over(self, organisation: str | None) -> bool:
        return self.admin or (organisation is not None and organisation in self.supervised)


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request, as it is now.

    Attributes:
        organisation: name of the one concerned; ``None`` when nobody knows who speaks.
        aidant: id of who asked, and *person* their name; ``None`` as above.
        claimed_name: of the agent in charge; ``None`` while it waits.
        excerpt: the last words of the person, masked, save those that asked; empty when there are none.
        channel: where they last wrote from; ``None`` when they wrote nothing.
        reachable: whether an answer has a place to go to.
    """

    id: int
    conversation: str
    organisation_id: str | None
    organisation: str | None
    aidant: str | None
    person: str | None
    reason: Reason
    ticket: bool
    opened_at: datetime
    opened_after: int
    claimed_by: str | None
    claimed_name: str | None
    first_reply_at: datetime | None
    heard_at: datetime | None
    closed_at: datetime | None
    closing: Closing | None
    excerpt: str
    channel: str | None
    reachable: bool

    @property
    def state(self) -> State:
        if self.closed_at is not None:
            return State.CLOSED
        return State.CLAIMED if self.claimed_by else State.WAITING

    @property
    def first_reply_after(self) -> timedelta | None:
        """How long the person waited for a human; ``None`` while no one has answered."""
        return self.first_reply_at - self.opened_at if self.first_reply_at else None


@dataclass(frozen=True, slots=True)
class EntryView:
    """Something that agents did or noted; names, not ids."""

    id: int
    kind: EntryKind
    author: str | None
    other: str | None
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Beat:
    """What changes in an open request: two beats that are equal need not be shown again.

    Attributes:
        mark: changes with each message, note, or answer that waits to be fetched.
        heard: changes with each message of the person.
    """

    id: int
    organisation_id: str | None
    claimed_by: str | None
    ticket: bool
    mark: str
    heard: str


@dataclass(frozen=True, slots=True)
class CannedView:
    """An answer written once for all.

    Attributes:
        organisation_id: whose it is; ``None`` for everyone's.
        mine: whether the agent who looks may change it.
    """

    id: int
    organisation_id: str | None
    title: str
    text: str
    mine: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A reply that the person has not fetched yet; *human* when an agent wrote it."""

    text: str
    human: bool
    at: datetime
