"""Small talk, yes and no, stopping, errors, humans, and what to do when nothing was understood."""

from abc import ABC
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import services, text_of, utter
from actions.guidance import NextFiches, answer_question
from actions.handover import put_through
from actions.mandats import revoke
from actions.saisie import DialogueAction, actor_of
from bot.fiches import render
from bot.handover.views import Reason
from bot.mandats import phrases
from bot.mandats.views import AccessRefused, Actor

_HUMAN = render.Suggestion("Parler à quelqu'un", "joindre_humain")
_READINGS = {
    "faq_mandat": "Une question sur les mandats",
    "ouvrir_mandat": "Ouvrir un mandat",
    "consulter_mandats": "Voir mes mandats",
    "joindre_humain": "Parler à quelqu'un",
    "aide": "Ce que je sais faire",
}
_SURELY_OFF_TOPIC = 0.6  # confidence
_LIKELY_ENOUGH = 0.15  # confidence from which a fiche is worth a button in a message that was not understood
_CLEARED = ("fiche", "question", "fiches_vues", "cas_choisis", "aspect_attendu", "proposition", "revocation", "mandat")


class Greet(DialogueAction):
    """Greets; a greeting that carries a question is answered at once."""

    def name(self) -> str:
        return "action_saluer"

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        text = text_of(tracker)
        if services().guidance.names_a_procedure(text):
            return answer_question(dispatcher, tracker, text)
        dispatcher.utter_message(response="utter_saluer")
        return []


class Affirm(DialogueAction):
    """« Oui »: does what was proposed last, or asks what the yes is for."""

    def name(self) -> str:
        return "action_affirmer"

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        proposition = tracker.get_slot("proposition")
        if proposition == "humain":
            return put_through(dispatcher, tracker, Reason.NOT_UNDERSTOOD)
        if proposition == "revocation":
            return list(revoke(dispatcher, tracker))
        dispatcher.utter_message(response="utter_oui_a_quoi")
        return []


class Deny(DialogueAction):
    """« Non »: drops what was proposed last; after an answer it means that the answer is not the right one."""

    def name(self) -> str:
        return "action_refuser"

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        if tracker.get_slot("proposition") is None and tracker.get_slot("question"):
            return NextFiches().handle(dispatcher, tracker)
        dispatcher.utter_message(response="utter_entendu")
        return [SlotSet("proposition", None), SlotSet("revocation", None), SlotSet("echecs", 0)]


class Say(DialogueAction, ABC):
    """Says one fixed response; an action all the same, so that an open entry of a mandate hears the message first."""

    response: str

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:  # noqa: ARG002
        dispatcher.utter_message(response=self.response)
        return []


class Thank(Say):
    """« Merci »."""

    response = "utter_remercier"

    def name(self) -> str:
        return "action_remercier"


class SayGoodbye(Say):
    """« Au revoir »."""

    response = "utter_au_revoir"

    def name(self) -> str:
        return "action_au_revoir"


class Help(Say):
    """« Que sais-tu faire ? »"""

    response = "utter_aide"

    def name(self) -> str:
        return "action_aide"


class OffTopic(Say):
    """Nothing that fiches or mandates are about.

    A few words without a verb (« carte vitale perdue ») are easily taken for it: what names a procedure is answered,
    unless the classifier is sure. Measured: 8 more questions of 603 are answered, and 3 off-topic messages of 165.
    """

    response = "utter_hors_sujet"

    def name(self) -> str:
        return "action_hors_sujet"

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        text = text_of(tracker)
        confidence = (tracker.latest_message.get("intent") or {}).get("confidence") or 0.0
        if text and confidence < _SURELY_OFF_TOPIC and services().guidance.names_a_procedure(text):
            return answer_question(dispatcher, tracker, text)
        return super().handle(dispatcher, tracker)


class Cancel(DialogueAction):
    """« Annuler »: gives up the draft that waits to be sealed, else forgets the current procedure."""

    def name(self) -> str:
        return "action_annuler"

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        draft, actor = tracker.get_slot("brouillon"), actor_of(tracker)
        if draft and actor:
            dispatcher.utter_message(text=_given_up(actor, draft))
            return [SlotSet("brouillon", None), SlotSet("echecs", 0)]
        dispatcher.utter_message(response="utter_annule")
        return [*(SlotSet(name, None) for name in _CLEARED), SlotSet("echecs", 0)]


def _given_up(actor: Actor, draft: str) -> str:
    try:
        given_up = services().mandats.drafts.cancel(actor, draft)
    except AccessRefused:
        return phrases.out_of_reach().text
    if given_up:
        return "D'accord, j'abandonne ce mandat\u202f: son lien ne marche plus."
    return "Ce mandat est déjà scellé\u202f: pour y mettre fin, demandez-moi de le révoquer."


class ReportError(DialogueAction):
    """The person says that the answer is wrong: offers the next fiches and a human."""

    def name(self) -> str:
        return "action_signaler_erreur"

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        dispatcher.utter_message(response="utter_erreur_notee")
        if tracker.get_slot("question"):
            return NextFiches().handle(dispatcher, tracker)
        return []


class Fallback(DialogueAction):
    """Two stages, then a human: proposes readings, asks to rephrase, offers to hand over.

    A message whose intent is unclear but whose fiche is not is simply answered.
    """

    def name(self) -> str:
        return "action_repli"

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        text = text_of(tracker)
        if services().guidance.names_a_procedure(text):
            return answer_question(dispatcher, tracker, text)
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
        if text:
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
