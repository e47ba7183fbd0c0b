"""Speaking to someone, and having the assistant back."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import services, text_of, utter
from actions.saisie import DialogueAction
from bot.fiches.render import Message, Suggestion
from bot.handover.asking import Outcome
from bot.handover.phrases import BACK_TITLE
from bot.handover.views import Reason

# While a request is open the gateway hears this button itself; pressed later, it leads to ``BackToAssistant``.
_BACK = Suggestion(BACK_TITLE, "revenir_assistant")


class ReachHuman(DialogueAction):
    """« Je veux parler à quelqu'un »."""

    def name(self) -> str:
        return "action_joindre_humain"

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        if tracker.get_slot("proposition") == "humain":
            return put_through(dispatcher, tracker, Reason.NOT_UNDERSTOOD)
        return put_through(dispatcher, tracker, Reason.ASKED if text_of(tracker) else Reason.BUTTON)


class BackToAssistant(DialogueAction):
    """The button « Revenir à l'assistant » of a request that is over: the assistant is back already."""

    def name(self) -> str:
        return "action_revenir_assistant"

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:  # noqa: ARG002
        dispatcher.utter_message(response="utter_assistant_la")
        return []


def put_through(dispatcher: CollectingDispatcher, tracker: Tracker, reason: Reason) -> list[EventType]:
    """Opens a request and says what comes next; who to call, where nobody answers here."""
    handover = services().handover
    outcome = handover.ask(tracker.sender_id, reason)
    events: list[EventType] = [SlotSet("proposition", None), SlotSet("echecs", 0)]
    if outcome is Outcome.NOBODY:
        dispatcher.utter_message(response="utter_joindre_humain")
        return events
    utter(dispatcher, Message(handover.told(outcome), (_BACK,) if outcome is Outcome.OPEN else ()))
    if outcome is Outcome.OPEN and (entry := tracker.get_slot("saisie")):
        events.append(SlotSet("saisie", entry))  # it waits as it is, without a reminder that nobody could answer
    return events
