"""Small talk, yes and no, stopping, errors, humans, and what to do when nothing was understood."""

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import EquipierAction, services, text_of, utter
from actions.guidance import NextFiches, answer_question
from bot.fiches import render
from bot.fiches.aspects import topic_stems

_HUMAN = render.Suggestion("Parler à quelqu'un", "joindre_humain")
_READINGS = {
    "faq_mandat": "Une question sur les mandats",
    "ouvrir_mandat": "Ouvrir un mandat",
    "consulter_mandats": "Voir mes mandats",
    "joindre_humain": "Parler à quelqu'un",
    "aide": "Ce que je sais faire",
}
_LIKELY_ENOUGH = 0.15  # confidence from which a fiche is worth a button in a message that was not understood
_CLEARED = ("fiche", "question", "fiches_vues", "cas_choisis", "aspect_attendu", "proposition")


class Greet(EquipierAction):
    """Greets; a greeting that carries a question is answered at once."""

    def name(self) -> str:
        return "action_saluer"

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        text = text_of(tracker)
        if len(topic_stems(text)) >= 3 and services().guidance.names_a_procedure(text):
            return answer_question(dispatcher, tracker, text)
        dispatcher.utter_message(response="utter_saluer")
        return []


class Affirm(EquipierAction):
    """« Oui »: does what was proposed last, or asks what the yes is for."""

    def name(self) -> str:
        return "action_affirmer"

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        proposition = tracker.get_slot("proposition")
        if proposition == "humain":
            dispatcher.utter_message(response="utter_joindre_humain")
            return [SlotSet("proposition", None), SlotSet("echecs", 0)]
        dispatcher.utter_message(response="utter_oui_a_quoi")
        return []


class Deny(EquipierAction):
    """« Non »: drops what was proposed last; after an answer it means that the answer is not the right one."""

    def name(self) -> str:
        return "action_refuser"

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        if tracker.get_slot("proposition") is None and tracker.get_slot("question"):
            return NextFiches().handle(dispatcher, tracker)
        dispatcher.utter_message(response="utter_entendu")
        return [SlotSet("proposition", None), SlotSet("echecs", 0)]


class Cancel(EquipierAction):
    """« Annuler »: forgets the current procedure."""

    def name(self) -> str:
        return "action_annuler"

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:  # noqa: ARG002
        dispatcher.utter_message(response="utter_annule")
        return [*(SlotSet(name, None) for name in _CLEARED), SlotSet("echecs", 0)]


class ReportError(EquipierAction):
    """The person says that the answer is wrong: offers the next fiches and a human."""

    def name(self) -> str:
        return "action_signaler_erreur"

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        dispatcher.utter_message(response="utter_erreur_notee")
        if tracker.get_slot("question"):
            return NextFiches().handle(dispatcher, tracker)
        return []


class Fallback(EquipierAction):
    """Two stages, then a human: proposes readings, asks to rephrase, offers to hand over."""

    def name(self) -> str:
        return "action_repli"

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        failures = int(tracker.get_slot("echecs") or 0)
        if failures == 0 and (message := self._readings(tracker)):
            utter(dispatcher, message)
        elif failures <= 1:
            dispatcher.utter_message(response="utter_reformuler")
        else:
            utter(
                dispatcher,
                render.Message(
                    "Je ne vous comprends toujours pas, j'en suis désolé. Voulez-vous parler à quelqu'un ?",
                    (_HUMAN, render.Suggestion("Non, je reformule", "refuser")),
                ),
            )
            return [SlotSet("echecs", failures + 1), SlotSet("proposition", "humain")]
        events: list[EventType] = [SlotSet("echecs", failures + 1)]
        if text := text_of(tracker):
            events.append(SlotSet("question", text))
        return events

    def _readings(self, tracker: Tracker) -> render.Message | None:
        """The likeliest readings as buttons: two fiches, then the intents that the classifier hesitated on."""
        text = text_of(tracker)
        guidance = services().guidance
        found = guidance.candidates(text, limit=2)
        likely = bool(found) and found[0].score >= _LIKELY_ENOUGH
        buttons = list(render.propositions(found)[:-1]) if likely else []
        ranking: list[dict[str, Any]] = tracker.latest_message.get("intent_ranking") or []
        for intent in ranking[:4]:
            label = _READINGS.get(intent["name"])
            if label and len(buttons) < 4:
                buttons.append(render.Suggestion(label, intent["name"].split("/")[0]))
        if not buttons:
            return None
        buttons.append(render.Suggestion("Rien de tout cela", "reformuler"))
        return render.Message("Je ne suis pas sûr de comprendre. Est-ce l'une de ces demandes ?", tuple(buttons))
