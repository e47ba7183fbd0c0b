"""Has the conversations of the demonstration, as the gateway and Rasa would have left them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from bot.aidants.service import Aidants
from bot.clock import Clock
from bot.conversations.feedback import Feedback
from bot.conversations.handing import Answer
from bot.conversations.messages import Button, Reply
from bot.conversations.places import Places
from bot.conversations.store import ConversationStore
from bot.demo.talk import NOT_UNDERSTOOD, Exchange, Extract
from bot.fiches.render import nothing_found
from bot.fiches.store import FicheStore
from bot.handover.asking import Handovers
from bot.handover.hearing import BACK_BUTTON
from bot.handover.phrases import BACK_TITLE
from bot.handover.views import Reason
from bot.privacy.pseudonymise import Pseudonymised
from bot.storage.engine import Database
from bot.supervision.sources import Received

_BACK = Button(BACK_TITLE, BACK_BUTTON)
_REACHED = timedelta(milliseconds=20)  # from the door to the dialogue
_FIRST = 0.94  # score of the fiche that is shown
_ASKED_MS = 310
_LEAST_MS, _MS_PER_LETTER = 340, 6  # longer messages take a little longer
_NOTHING_ASKED = timedelta(milliseconds=45)  # what is said to a human does not reach the dialogue


class Invented:
    """Hides nothing: whoever is in these texts does not exist, and is masked already."""

    def pseudonymise(self, text: str) -> Pseudonymised:
        """*text* as it is."""
        return Pseudonymised(text)


class InventedEvents:
    """What Rasa would have told, in memory."""

    name = "demonstration"

    def __init__(self) -> None:
        self._events: list[bytes] = []

    def add(self, conversation: str, at: datetime, event: str, **data: Any) -> None:
        """One more event, in Rasa's format."""
        told = {"sender_id": conversation, "event": event, "timestamp": at.timestamp(), **data}
        self._events.append(json.dumps(told).encode())

    def read(self, after: int, *, limit: int) -> Sequence[Received]:
        there = enumerate(self._events[after : after + limit], start=after + 1)
        return [Received(raw, position=position) for position, raw in there]

    def done(self, received: Sequence[Received]) -> None:
        """They go with the process."""

    def close(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True, slots=True)
class _Answered:
    """What the dialogue does with a message."""

    reply: Reply
    action: str


class Chat:
    """What an aidant says to the assistant at the instant that *clock* shows, and its answer.

    Args:
        people: ids of the aidants, in the order of ``bot.demo.story.MEMBERS``.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        aidants: Aidants,
        handovers: Handovers,
        people: Sequence[str],
        events: InventedEvents,
    ) -> None:
        self._places = Places(database)
        self._store = ConversationStore(database)
        self._feedback = Feedback(database, pseudonymiser=Invented())
        self._fiches = FicheStore(database)
        self._aidants = aidants
        self._handovers = handovers
        self._clock = clock
        self._people = people
        self._events = events

    def exchange(self, aidant: int, channel: str, said: Exchange) -> None:
        """A message in words, its answer, and what was thought of it a minute later."""
        answered = self._answered(said)
        conversation, answer = self._turn(aidant, channel, said, answered)
        if said.rating is not None and answer[-1].id is not None:
            self._feedback.give(
                conversation,
                answer[-1].id,
                said.rating,
                reasons=said.reasons,
                comment=said.comment,
                now=self._clock.now() + timedelta(minutes=1),
            )

    def ask_for_someone(self, aidant: int, channel: str, text: str, reason: Reason) -> str:
        """The aidant is put through; the id of their conversation."""
        conversation = self._arrive(aidant, channel)
        outcome = self._handovers.ask(conversation, reason)
        silent = self._handovers.silent(conversation)
        answered = _Answered(Reply(self._handovers.told(outcome), (_BACK,) if silent else ()), "action_joindre_humain")
        said = Exchange(text, intent="joindre_humain", confidence=0.98, ms=_ASKED_MS)
        return self._turn(aidant, channel, said, answered)[0]

    def tell_someone(self, aidant: int, channel: str, text: str) -> None:
        """What the aidant writes while a human answers: the dialogue hears nothing of it."""
        conversation, now = self._arrive(aidant, channel), self._clock.now()
        self._store.log_incoming(conversation, text, custom=None, now=now, channel=channel)
        answer = self._handovers.hear(conversation, text) or ()
        self._store.deliver(conversation, answer, message_id=None, received_at=now, now=now + _NOTHING_ASKED)

    def fetch(self, conversation: str) -> None:
        """The aidant reads what was written to them meanwhile."""
        self._store.collect(conversation, now=self._clock.now())

    def _arrive(self, aidant: int, channel: str) -> str:
        who = self._people[aidant]
        place = self._places.open(channel, f"demonstration-{aidant}", now=self._clock.now(), aidant=who)
        self._aidants.own_conversation(place.conversation, who)
        return place.conversation

    def _turn(self, aidant: int, channel: str, said: Exchange, answered: _Answered) -> tuple[str, Answer]:
        conversation, now = self._arrive(aidant, channel), self._clock.now()
        custom = None if said.seconds is None else {"voice": {"seconds": said.seconds, "sure": True}}
        line = self._store.log_incoming(conversation, said.text, custom=custom, now=now, channel=channel)
        answered_at = now + timedelta(milliseconds=said.ms or _LEAST_MS + _MS_PER_LETTER * len(said.text))
        answer = self._store.deliver(conversation, (answered.reply,), message_id=None, received_at=now, now=answered_at)
        self._tell(conversation, channel, line, said=said, answered=answered, ended=answered_at - _REACHED)
        return conversation, answer

    def _tell(
        self,
        conversation: str,
        channel: str,
        line: int,
        *,
        said: Exchange,
        answered: _Answered,
        ended: datetime,
    ) -> None:
        began = self._clock.now() + _REACHED
        key = uuid5(NAMESPACE_OID, f"{conversation} {line}").hex
        guess = {"name": said.intent, "confidence": said.confidence}
        other = {"name": _other_than(said.intent), "confidence": round((1 - said.confidence) * 0.7, 4)}
        chosen = {"name": "nlu_fallback", "confidence": 0.7} if said.fallback else guess
        topic = {"intent_response_key": f"faq_mandat/{said.topic}", "confidence": said.confidence}
        parsed = {
            "intent": chosen,
            "entities": [],
            "text": said.text,
            "message_id": key,
            "intent_ranking": [guess, other],
            "response_selector": {"default": {"response": topic if said.topic else {}}},
        }
        metadata = {"channel": channel, "line": line, "brief": False}
        tell = self._events.add
        tell(conversation, began, "user", text=said.text, parse_data=parsed, metadata=metadata, message_id=key)
        tell(conversation, ended, "action", name=answered.action)
        data = {"custom": answered.reply.custom}
        tell(conversation, ended, "bot", text=answered.reply.text, data=data)
        tell(conversation, ended, "action", name="action_listen")

    def _answered(self, said: Exchange) -> _Answered:
        if said.fallback:
            return _Answered(Reply(NOT_UNDERSTOOD), "action_repli")
        if said.told:
            return _Answered(Reply(said.told), f"action_{said.intent}")
        mandate = said.intent == "faq_mandat"
        action = "action_repondre_mandat" if mandate else "action_repondre_question"
        if said.shown is not None:
            return _Answered(self._shown(said.shown), action)
        nothing = nothing_found()
        return _Answered(Reply(nothing.text, custom=nothing.custom), action)

    def _shown(self, extract: Extract) -> Reply:
        """The answer that shows *extract*, under the title and the address that the mirror has for its fiche."""
        fiche = self._fiches.get(extract.fiche)
        title = fiche.title if fiche else extract.title
        url = fiche.url if fiche else ""
        updated = fiche.updated.isoformat() if fiche and fiche.updated else None
        blocks = [f"**{title}**", f"**{extract.section}**\n{extract.text}"]
        if url:
            blocks.append(f"[Lire la fiche]({url})")
        if extract.scope:
            blocks.append(f"Mandat à prévoir\u202f: thème «\u202f{extract.scope.titre}\u202f».")
        custom = {
            "type": "guidance",
            "fiches": [{"id": extract.fiche, "title": title, "url": url, "updated": updated, "score": _FIRST}],
            "passage": {"fiche": extract.fiche, "section": extract.section, "text": extract.text},
            "scope": extract.scope.value if extract.scope else None,
            "stale": False,
        }
        return Reply("\n\n".join(blocks), custom=custom)


def _other_than(intent: str) -> str:
    return "hors_sujet" if intent == "question_demarche" else "question_demarche"
