"""Questions about the rules of mandates, answered from our guides."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import EquipierAction, services, text_of, utter
from actions.guidance import answer_question
from bot.fiches import render
from bot.fiches.aspects import speaks_of_mandats


class AnswerMandatQuestion(EquipierAction):
    """Answers a question about mandates (retrieval intent ``faq_mandat``) from the guide of its topic."""

    def name(self) -> str:
        return "action_repondre_mandat"

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        text, topic = text_of(tracker), topic_of(tracker)
        if not text:
            dispatcher.utter_message(response="utter_question_mandat")
            return []
        service = services().guidance
        if not speaks_of_mandats(text) and service.names_a_procedure(text):
            # The classifier took a procedure for a rule of mandates: the official fiche knows better.
            return answer_question(dispatcher, tracker, text)
        guidance = service.about_mandats(text, topic=topic)
        if guidance is None:
            utter(dispatcher, render.nothing_found())
            return []
        utter(dispatcher, render.answered(guidance, service, topic=topic))
        shown = guidance.found[0].fiche.id
        return [
            SlotSet("question", text),
            SlotSet("fiche", shown),
            SlotSet("fiches_vues", [shown]),
            SlotSet("cas_choisis", None),
            SlotSet("proposition", None),
            SlotSet("echecs", 0),
        ]


def topic_of(tracker: Tracker) -> str | None:
    """The topic that NLU chose (« duree »), or ``None`` when it chose none."""
    selector = tracker.latest_message.get("response_selector") or {}
    key = selector.get("default", {}).get("response", {}).get("intent_response_key")
    return str(key).partition("/")[2] or None if key else None
