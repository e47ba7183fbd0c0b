"""What a message is, before the dialogue hears it: words, a button, a command of ours, or something to refuse."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from bot.conversations.buttons import Offered, is_button_id, pick
from bot.conversations.intake import take_in, without_command
from bot.conversations.messages import Button, Incoming, Reply
from bot.conversations.places import PlaceView
from bot.conversations.replies import CORRECT, UNKNOWN_BUTTON, refusal
from bot.conversations.store import ConversationStore
from bot.privacy.pseudonymise import Pseudonymised
from bot.privacy.spans import PiiType

# What our own buttons stand for; Rasa's commands start with « / ».
_SAY = "@dire:"
_CORRECT = "@corriger"
HEARD = "heard"  # type of the reply that only repeats what was heard


class HidesPersonalData(Protocol):
    """What the doorstep needs of a pseudonymiser."""

    def pseudonymise(self, text: str) -> Pseudonymised:
        """*text* with typed placeholders in place of personal data."""
        ...


class KeepsOriginals(Protocol):
    """What the doorstep needs of a vault: it pre-fills the secure page, and is read by nobody else."""

    def put(self, conversation: str, found: Iterable[tuple[PiiType, str]]) -> None:
        """Keeps what was hidden, for a while."""
        ...


class LinksConversations(Protocol):
    """Ties a conversation to the aidant who speaks in it."""

    def answer(self, place: PlaceView, text: str, *, now: datetime) -> str | None:
        """What to say to *text* when it asks to link the conversation; ``None`` when it asks something else."""
        ...

    def holds(self, place: PlaceView) -> bool:
        """Whether the aidant whose own conversation *place* holds may still speak in it."""
        ...


class HearsPreferences(Protocol):
    """Changes how someone is answered."""

    def answer(self, conversation: str, text: str, *, now: datetime) -> str | None:
        """What to say to *text* when it is a wish about answers; ``None`` when it asks something else."""
        ...


@dataclass(frozen=True, slots=True)
class Understood:
    """A message on the doorstep of the engine.

    Attributes:
        said: what the person said, pseudonymised: their words, or the title of the button.
        command: what the button stands for; ``None`` for words.
        refused: the answer to give at once instead of asking the engine; ``None`` when all is well.
        custom: what to note beside it in the log.
        line: its id in the log; ``None`` before it is written there.
    """

    said: str = ""
    command: str | None = None
    refused: str | None = None
    custom: dict[str, Any] | None = None
    line: int | None = None

    @property
    def for_engine(self) -> str:
        # Last barrier, whatever cleaning and pseudonymising did: only a button may speak in commands.
        return without_command(self.said) if self.command is None else self.command

    @property
    def recognisable(self) -> str:
        """What the person will know their message by."""
        return self.said if self.command is None or self.command.startswith("/") else self.command

    @property
    def words(self) -> bool:
        """Whether it is what the person said themselves, and nothing else."""
        return self.command is None and self.refused is None


class Doorstep:
    """Understands a message, and writes it down.

    Args:
        vault: keeps the originals of what is hidden; ``None`` keeps nothing.
        linking: hears « lier 4829 1357 » before anything else does; ``None`` when nobody has an account.
        preferences: hears « réponds à voix haute »; ``None`` when there is no choice.
        max_chars: length beyond which a message is refused.
    """

    def __init__(
        self,
        *,
        store: ConversationStore,
        pseudonymiser: HidesPersonalData,
        max_chars: int,
        vault: KeepsOriginals | None = None,
        linking: LinksConversations | None = None,
        preferences: HearsPreferences | None = None,
    ) -> None:
        self._store = store
        self._pseudonymiser = pseudonymiser
        self._max_chars = max_chars
        self._vault = vault
        self._linking = linking
        self._preferences = preferences

    def may_stay(self, place: PlaceView) -> bool:
        """Whether the place may go on holding its conversation; false once its aidant has lost it."""
        return place.aidant is None or self._linking is None or self._linking.holds(place)

    def understand(self, place: PlaceView, incoming: Incoming, *, now: datetime, to_human: bool = False) -> Understood:
        """What *incoming* is; the log says it too.

        Args:
            to_human: a human reads it: « 3 » or « 👍 » is an answer like any other, and no button unless pressed.
        """
        understood = self._read(place, incoming.text, now, to_human=to_human)
        custom = understood.custom or {}
        if incoming.voice is not None:
            custom |= {"voice": {"seconds": round(incoming.voice.seconds, 1), "sure": incoming.voice.sure}}
        line = self._store.log_incoming(
            place.conversation,
            understood.said,
            custom=custom or None,
            channel=incoming.channel,
            message_id=incoming.message_id,
            place=place.id,
            now=now,
        )
        return replace(understood, line=line)

    def _read(self, place: PlaceView, raw: str, now: datetime, *, to_human: bool) -> Understood:
        conversation = place.conversation
        taken = take_in(raw, max_chars=self._max_chars)
        if taken.reason is None or not taken.reason.final:
            if is_button_id(taken.text):
                button = self._store.button(conversation, taken.text, now=now)
                return _pressed(button) if button else _refused(UNKNOWN_BUTTON, "unknown_button")
            if not to_human and (button := pick(taken.text, self._store.last_buttons(conversation, now=now))):
                return _pressed(button)
        if self._linking and (answer := self._linking.answer(place, taken.text, now=now)) is not None:
            return _refused(answer, "linking")
        if taken.reason is not None and (taken.reason.final or not to_human):
            return _refused(refusal(taken.reason, max_chars=self._max_chars), taken.reason.value)
        if self._preferences and (answer := self._preferences.answer(conversation, taken.text, now=now)) is not None:
            return Understood(said=taken.text, refused=answer, custom={"refused": "preference"})
        hidden = self._pseudonymiser.pseudonymise(taken.text)
        if self._vault is not None and hidden.found:
            self._vault.put(conversation, hidden.found)
        return Understood(said=hidden.text)


def heard(said: str) -> Reply:
    """What was heard, before it is answered; ``custom`` tells channels that it need not be read aloud."""
    return Reply(f"J'ai compris\u202f: «\u202f{_unended(said)}\u202f»", custom={"type": HEARD})


def asked_to_confirm(said: str) -> Reply:
    """What was heard, and nothing done until it is confirmed."""
    return Reply(
        f"J'ai compris\u202f: «\u202f{_unended(said)}\u202f». Est-ce bien cela\u202f?",
        (Button("Oui", _SAY + said), Button("Corriger", _CORRECT)),
    )


def _unended(said: str) -> str:
    """*said* without the full stop that transcribers write, which would stand inside the quotation marks."""
    return said.removesuffix(".")


def _pressed(button: Offered) -> Understood:
    if button.payload == _CORRECT:
        return Understood(said=button.title, refused=CORRECT, custom={"refused": "correction"})
    if button.payload.startswith(_SAY):  # what was heard, confirmed: words again, never a command
        said = without_command(button.payload.removeprefix(_SAY))
        return Understood(said=button.title, command=said, custom={"payload": button.payload})
    return Understood(said=button.title, command=button.payload, custom={"payload": button.payload})


def _refused(sentence: str, reason: str) -> Understood:
    # What was refused is not read, hence not pseudonymised, hence not written down: the reason is enough.
    return Understood(refused=sentence, custom={"refused": reason})
