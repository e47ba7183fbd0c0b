"""The beginning of the entry of a mandate, and the buttons that come after its end."""

import re
from dataclasses import replace

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.base import entity, services, text_of
from actions.saisie import DialogueAction, allowed_scopes, new_link, start
from bot.demarches import Demarche
from bot.fiches.analysis import fold
from bot.mandats import phrases
from bot.mandats.lecture import read
from bot.mandats.saisie import Saisie, applied

_ADDS_TO = re.compile(  # « ajoute un nouveau mandat » adds nothing to a mandate
    r"\br?ajout\w*\b.*\b(?:(?:a|dans|sur) (?:son|ce|cet|le|leur|notre|mon)|au) mandat\b"
    r"|\b(?:complet\w*|eten[ds]\w*|elargi\w*|modifi\w*) (?:son|ce|le|leur|notre|mon) mandat\b"
)


class OpenMandat(DialogueAction):
    """Starts the entry of a mandate with everything that the message, and the fiche on the table, already give."""

    def name(self) -> str:
        return "action_ouvrir_mandat"

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        text = text_of(tracker)
        given = read(text)
        saisie = replace(applied(Saisie(), given, allowed=allowed_scopes(tracker)), named="[NOM]" in text)
        before = []
        if (wanted := entity(tracker, "demarche_id")) in set(Demarche):
            saisie = replace(saisie, demarches=(Demarche(str(wanted)),))
        if _ADDS_TO.search(fold(text)):
            before.append(phrases.cannot_add(saisie.demarches))
        elif not saisie.demarches and (demarche := _scope_on_the_table(tracker)):
            saisie = replace(saisie, demarches=(demarche,), suggested=True)
            before.append(phrases.suggested(demarche))
        if given.other_duration:
            before.append(phrases.other_duration(given.other_duration))
        return start(dispatcher, tracker, saisie, before=before)


class ContinueMandat(DialogueAction):
    """A button of an entry that is over, or « reprendre » when nothing is open."""

    def name(self) -> str:
        return "action_repondre_saisie"

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:  # noqa: ARG002
        dispatcher.utter_message(
            text="Aucun mandat n'est en cours de préparation.",
            buttons=[{"title": "Ouvrir un mandat", "payload": "/ouvrir_mandat"}],
        )
        return []


class NewLink(DialogueAction):
    """Another link for the draft that waits to be sealed."""

    def name(self) -> str:
        return "action_nouveau_lien"

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        return new_link(dispatcher, tracker)


def _scope_on_the_table(tracker: Tracker) -> Demarche | None:
    """The scope of the fiche being talked about."""
    current = tracker.get_slot("fiche")
    fiche = services().guidance.fiche(current) if current else None
    return fiche.demarche if fiche else None
