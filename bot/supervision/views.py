"""What the review and the corrections take and give, and the errors that they raise."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from bot.conversations.messages import Button
from bot.errors import EquipierError


class State(StrEnum):
    """Where the review of a conversation is."""

    A_REVOIR = "a_revoir"
    REVU = "revu"
    MIS_DE_COTE = "mis_de_cote"

    @property
    def label(self) -> str:
        """What it is called on a page."""
        return {"a_revoir": "À revoir", "revu": "Revu", "mis_de_cote": "Mis de côté"}[self.value]


class UnknownConversation(EquipierError):
    """There is no such conversation, or it is out of the reader's reach: they are not told which."""


class UnknownItem(EquipierError):
    """There is no such turn, note, correction or saved filter within the reader's reach."""


class WrongReview(EquipierError):
    """Something typed that cannot be taken.

    Attributes:
        field: ``reason``, ``tag``, ``note``, ``name``, ``assignee``, and for a correction ``intent``, ``fiche``,
            ``passage``, ``reasons``, ``verdict`` or ``use``.
        reason: key of the sentence to show beside it: ``missing``, ``too_long``, ``too_many``, ``unknown``, ``taken``,
            ``no_words``.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Filter:
    """What to list; what is ``None`` or empty does not matter. All conditions hold at once.

    Attributes:
        since, until: of the last message; ``until`` is left out. Aware.
        channel: as in the places (``web``, ``telegram``, ``rest``).
        aidant, organisation, assignee: their ids; assignee ``"-"`` means nobody.
        intent: a turn was understood so (``faq_mandat`` or ``faq_mandat/duree``).
        confidence_below: a turn was understood with less, in [0, 1].
        fallback: a message was not understood at all.
        abstained: a question got no fiche.
        rating: 1 or -1: an answer was rated so.
        flagged: the person said that the answer was wrong, or a supervisor flagged it.
        text: words that were said, by either side, in any order; case and accents do not matter.
    """

    since: datetime | None = None
    until: datetime | None = None
    channel: str | None = None
    aidant: str | None = None
    organisation: str | None = None
    assignee: str | None = None
    intent: str | None = None
    confidence_below: float | None = None
    fallback: bool | None = None
    abstained: bool | None = None
    rating: Literal[1, -1] | None = None
    flagged: bool | None = None
    handover: bool | None = None
    mandat: bool | None = None
    text: str = ""
    state: State | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """One stretch of conversation: the same person, for the same organisation, without an hour of silence.

    Attributes:
        id: its permalink.
        conversation: id of the dialogue that it is a part of.
        organisation: for which the aidant acted then; ``None`` when nobody was recognised (admins only).
        excerpt: what the person said first, pseudonymised.
        lowest_confidence: of its turns, in [0, 1]; ``None`` when no message reached the dialogue.
        flagged: by the person or by a supervisor.
        assignee: id of who is to review it; ``None`` when nobody is.
    """

    id: int
    conversation: str
    organisation: str | None
    organisation_name: str | None
    aidant: str | None
    aidant_name: str | None
    channel: str
    first_at: datetime
    last_at: datetime
    turns: int
    excerpt: str
    lowest_confidence: float | None
    fallbacks: int
    abstentions: int
    ratings_up: int
    ratings_down: int
    handover: bool
    mandat: bool
    flagged: bool
    state: State
    assignee: str | None
    assignee_name: str | None
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Some conversations, newest first.

    Attributes:
        older, newer: keys of the pages beside; ``None`` when there is none.
        total: how many the filter keeps; when ``capped``, at least that many.
    """

    rows: tuple[ConversationRow, ...]
    older: str | None
    newer: str | None
    total: int
    capped: bool


@dataclass(frozen=True, slots=True)
class TurnView:
    """What was made of one message.

    Attributes:
        line: id of the message in the log; ``None`` when it could not be told.
        pressed: it was a button, not words.
        topic: of a question about mandates.
        confidence: in ``intent``, in [0, 1].
        alternatives: the other intents, with their confidence, best first.
        entities: name and value of each.
        fallback: the dialogue did not act on the intent.
        abstained: no fiche was good enough to be shown.
        fiches: ids of those shown, best first; ``passage`` is what was quoted (``fiche``, ``section``, ``text``).
        latency_ms: from the message to the last reply, within the dialogue.
        correction: id of its correction; ``None`` when nobody corrected it.
    """

    id: int
    at: datetime
    line: int | None
    text: str
    pressed: bool
    intent: str
    topic: str | None
    confidence: float
    alternatives: tuple[tuple[str, float], ...]
    entities: tuple[tuple[str, str], ...]
    actions: tuple[str, ...]
    fallback: bool
    abstained: bool
    fiches: tuple[str, ...]
    passage: Mapping[str, str] | None
    responses: tuple[str, ...]
    latency_ms: int | None
    correction: int | None


@dataclass(frozen=True, slots=True)
class Said:
    """The person spoke. ``voice`` has ``seconds`` and ``sure`` for a spoken message; ``refused`` is why at the door."""

    at: datetime
    line: int
    text: str
    channel: str | None
    voice: Mapping[str, Any] | None
    refused: str | None
    turn: TurnView | None
    kind: str = field(default="said", init=False)


@dataclass(frozen=True, slots=True)
class Told:
    """The person was told something.

    Attributes:
        latency_ms: the whole time to answer; ``None`` when nobody had asked.
        rating: 1 or -1; ``None`` when nobody rated it. ``reasons`` are codes of ``bot.conversations.feedback.REASONS``.
    """

    at: datetime
    line: int
    text: str
    buttons: tuple[Button, ...]
    custom: Mapping[str, Any] | None
    latency_ms: int | None
    rating: int | None
    reasons: tuple[str, ...]
    comment: str
    kind: str = field(default="told", init=False)


@dataclass(frozen=True, slots=True)
class Understood:
    """A turn whose message is not in the log any more, or could not be told."""

    at: datetime
    turn: TurnView
    kind: str = field(default="understood", init=False)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry of the journal that names this conversation or a mandate prepared in it.

    ``action`` is a value of ``bot.journal.actions.Action``.
    """

    at: datetime
    action: str
    organisation: str
    seq: int
    aidant: str | None
    mandat: str | None
    kind: str = field(default="recorded", init=False)


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A step of a request for a human (``asked``, ``claimed``, ``closed``…); *aidant* is who took it."""

    at: datetime
    step: str
    aidant: str | None
    text: str = ""
    kind: str = field(default="handed_over", init=False)


Moment = Said | Told | Understood | Recorded | HandedOver


@dataclass(frozen=True, slots=True)
class Note:
    """What a reviewer wrote beside a conversation."""

    id: int
    author: str
    author_name: str | None
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Timeline:
    """A conversation as it happened, oldest first."""

    row: ConversationRow
    moments: tuple[Moment, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """A filter that someone gave a name to."""

    id: int
    name: str
    filter: Filter


class Verdict(StrEnum):
    """What a reviewer thinks of an answer."""

    GOOD = "bonne"
    BAD = "mauvaise"


class Use(StrEnum):
    """What a validated correction serves for; never both, or the measure would know the answer."""

    TRAINING = "apprentissage"
    EVALUATION = "evaluation"


class Progress(StrEnum):
    """Where a correction is."""

    PROPOSED = "proposee"
    VALIDATED = "validee"
    SET_ASIDE = "ecartee"


REASONS: dict[str, str] = {
    "mauvaise_intention": "La demande a été mal comprise",
    "mauvaise_fiche": "Ce n'est pas la bonne fiche",
    "mauvais_passage": "Ce n'est pas le bon passage",
    "incomplet": "Il manque une information",
    "perime": "L'information n'est plus à jour",
    "pas_clair": "Ce n'est pas clair",
    "aurait_du_passer_la_main": "Il fallait passer la main à quelqu'un",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a reviewer says of a turn; what is ``None`` was right as it was.

    Attributes:
        intent: the right one (``faq_mandat/duree`` for a question about mandates).
        fiche: id of the right one; ``""`` when no fiche answers.
        passage: title of the right part of the fiche.
        reasons: codes of :data:`REASONS`.
    """

    verdict: Verdict
    intent: str | None = None
    fiche: str | None = None
    passage: str | None = None
    reasons: tuple[str, ...] = ()
