"""Questions about procedures, their follow-ups, and the choice among fiches and cases."""

import re
from collections.abc import Sequence

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import entity, services, slot_list, text_of, utter, wanted
from actions.saisie import DialogueAction
from bot.fiches import render
from bot.fiches.aspects import asked_aspects
from bot.fiches.guidance import Guidance
from bot.fiches.model import Aspect

_GREETING = re.compile(r"^\W*(?:bonjour|bonsoir|salut|coucou|hello|hi|bjr|slt|re)\b", re.IGNORECASE)
_ENGLISH = re.compile(
    r"\b(?:the|is|are|my|she|he|what|how|lost|need|user|please|should|with|where|can)\b", re.IGNORECASE
)
_ASPECT_OF_INTENT = {
    "demander_pieces": Aspect.PIECES,
    "demander_cout": Aspect.COUT,
    "demander_delai": Aspect.DELAI,
    "demander_ou": Aspect.OU,
    "demander_conditions": Aspect.CONDITIONS,
}


class AnswerQuestion(DialogueAction):
    """Answers a question about a procedure (intent ``question_demarche``)."""

    def name(self) -> str:
        return "action_repondre_question"

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        return answer_question(dispatcher, tracker, text_of(tracker))


class AnswerFollowUp(DialogueAction):
    """Answers from the current fiche (intents ``demander_…``), or asks which procedure is meant."""

    def name(self) -> str:
        return "action_repondre_suivi"

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        text = text_of(tracker)
        aspect = _ASPECT_OF_INTENT[tracker.latest_message["intent"]["name"]]
        guidance = services().guidance
        current = tracker.get_slot("fiche")
        if text and guidance.names_a_procedure(text):
            return answer_question(dispatcher, tracker, text, aspects=(aspect,))
        if not current:
            utter(dispatcher, _which_procedure(aspect))
            return [SlotSet("aspect_attendu", aspect.value), SlotSet("proposition", "demarche")]
        aspects = tuple(dict.fromkeys((*asked_aspects(text), aspect))) if text else (aspect,)
        return _show(
            dispatcher,
            tracker,
            guidance.about(current, text, aspects=aspects, chosen=slot_list(tracker, "cas_choisis")),
            keep=[SlotSet("aspect_attendu", aspect.value)],
        )


class ChooseFiche(DialogueAction):
    """The person chose a fiche among those proposed."""

    def name(self) -> str:
        return "action_choisir_fiche"

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        fiche_id = entity(tracker, "fiche_id")
        guidance = services().guidance
        if fiche_id is None or guidance.fiche(fiche_id) is None:
            dispatcher.utter_message(text="Cette fiche n'est plus dans la base. Posez à nouveau votre question.")
            return []
        question = tracker.get_slot("question") or ""
        found = guidance.about(fiche_id, question, aspects=_awaited(tracker))
        return _show(dispatcher, tracker, found, keep=[SlotSet("cas_choisis", None), SlotSet("echecs", 0)])


class ChooseCase(DialogueAction):
    """The person chose a situation or a case of the current fiche."""

    def name(self) -> str:
        return "action_choisir_cas"

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        case, current = entity(tracker, "cas"), tracker.get_slot("fiche")
        if not case or not current:
            dispatcher.utter_message(text="Je n'ai plus la démarche en tête. Posez à nouveau votre question.")
            return []
        chosen = [*slot_list(tracker, "cas_choisis"), case]
        question = tracker.get_slot("question") or ""
        found = services().guidance.about(current, question, aspects=_awaited(tracker), chosen=chosen)
        return _show(dispatcher, tracker, found, keep=[SlotSet("cas_choisis", chosen)])


class NextFiches(DialogueAction):
    """« Ce n'est pas ça »: offers the next fiches for the same question."""

    def name(self) -> str:
        return "action_autres_fiches"

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        question = tracker.get_slot("question")
        if not question:
            dispatcher.utter_message(
                text="Dites-moi ce qui ne va pas, ou posez votre question autrement : je cherche à nouveau."
            )
            return []
        shown = slot_list(tracker, "fiches_vues")
        found = services().guidance.candidates(question, exclude=shown, limit=4)
        if not found or len(shown) >= 12:
            utter(dispatcher, render.nothing_found())
            return [SlotSet("fiche", None), SlotSet("fiches_vues", None)]
        text = "D'accord, ce n'était pas la bonne fiche. En voici d'autres ; sinon, reformulez votre question."
        custom = render.custom_of(Guidance(question, found, (), sure=False), services().guidance)
        utter(dispatcher, render.Message(text, render.propositions(found), custom))
        return [SlotSet("fiches_vues", shown + [item.fiche.id for item in found]), SlotSet("fiche", None)]


def answer_question(
    dispatcher: CollectingDispatcher, tracker: Tracker, text: str, *, aspects: Sequence[Aspect] = ()
) -> list[EventType]:
    """Answers *text* as a new question; falls back on the current fiche when nothing else fits."""
    service = services().guidance
    # A part asked for earlier counts only when we asked back which procedure was meant; a new question starts anew.
    awaited = _awaited(tracker) if tracker.get_slot("proposition") == "demarche" else ()
    outcomes = service.ask(text, aspects=(*awaited, *aspects))
    greeting = _greeting(text)
    if len(outcomes) == 1 and not outcomes[0].sure and (current := tracker.get_slot("fiche")) and len(text) < 80:
        # « et si elle est mineure ? » says nothing by itself: it goes on about the fiche on the table.
        return _show(dispatcher, tracker, service.about(current, text, chosen=slot_list(tracker, "cas_choisis")))
    for place, outcome in enumerate(outcomes):
        if outcome.sure:
            more = place < len(outcomes) - 1
            utter(dispatcher, render.answered(wanted(tracker, outcome), service, greeting=greeting, brief=more))
        elif outcome.found:
            utter(dispatcher, render.to_choose(outcome, service, greeting=greeting))
        else:
            utter(dispatcher, render.nothing_found(greeting=greeting))
        greeting = ""
    last = outcomes[-1]
    shown = [item.fiche.id for item in last.found]
    return [
        SlotSet("question", last.question),
        SlotSet("fiche", shown[0] if last.sure else None),
        SlotSet("fiches_vues", shown[:1] if last.sure else shown[:4]),
        SlotSet("cas_choisis", None),
        SlotSet("aspect_attendu", awaited[0].value if awaited and not last.sure else None),
        SlotSet("proposition", None),
        SlotSet("echecs", 0),
    ]


def _show(
    dispatcher: CollectingDispatcher, tracker: Tracker, guidance: Guidance, *, keep: Sequence[EventType] = ()
) -> list[EventType]:
    utter(dispatcher, render.answered(wanted(tracker, guidance), services().guidance))
    return [SlotSet("fiche", guidance.found[0].fiche.id), SlotSet("proposition", None), *keep]


def _awaited(tracker: Tracker) -> tuple[Aspect, ...]:
    value = tracker.get_slot("aspect_attendu")
    return (Aspect(value),) if value else ()


def _greeting(text: str) -> str:
    english = len(_ENGLISH.findall(text)) >= 3
    return " ".join(
        part
        for part in ("Bonjour !" if _GREETING.search(text) else "", "Je réponds en français." if english else "")
        if part
    )


def _which_procedure(aspect: Aspect) -> render.Message:
    label = render.ASPECT_LABELS[aspect].lower()
    return render.Message(
        f"De quelle démarche s'agit-il ? Donnez-moi son nom ou la situation (par exemple « carte d'identité perdue », "
        f"« demande d'APL ») et je cherche : {label}."
    )
