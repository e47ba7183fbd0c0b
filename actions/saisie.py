"""The entry of a mandate, turn by turn. While one is open, every message is first offered to it."""

from abc import ABC
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import hearing
from actions.base import EquipierAction, entity, services, text_of, utter
from bot.aidants.views import ClosedAccount, NoMandates, NoOrganisation, UnknownOrganisation
from bot.demarches import Demarche
from bot.fiches.analysis import fold
from bot.fiches.render import Message
from bot.mandats import phrases, register_phrases
from bot.mandats.lecture import Given, read
from bot.mandats.rules import Duration, MandatRefused, Refusal
from bot.mandats.saisie import EXPLAIN_AFTER, Field, Saisie, answered_yes_or_no, applied
from bot.mandats.views import AccessRefused, Actor, LinkRefused, NotRenewable

_FORGOTTEN = ("proposition", "revocation")  # what a « oui » would otherwise confirm, once the entry goes on


class DialogueAction(EquipierAction, ABC):
    """An action that an open entry may pre-empt: « un an » is an answer, whatever intent it was taken for."""

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        saisie = Saisie.from_json(tracker.get_slot("saisie"))
        if saisie is None:
            if tracker.get_slot("brouillon") and hearing.NEW_LINK.search(fold(text_of(tracker))):
                return new_link(dispatcher, tracker)
            return super().run(dispatcher, tracker, domain)
        events = turn(dispatcher, tracker, saisie)
        if events is not None:
            return events
        events = super().run(dispatcher, tracker, domain)
        if not any(event.get("name") == "saisie" for event in events):
            utter(dispatcher, phrases.unfinished(saisie))
        return events


def turn(dispatcher: CollectingDispatcher, tracker: Tracker, saisie: Saisie) -> list[EventType] | None:
    """One message offered to the open entry; ``None`` when it is an interruption, to be answered as usual."""
    if value := entity(tracker, "valeur"):
        return _pressed(dispatcher, tracker, saisie, value)
    text = text_of(tracker)
    folded, given = fold(text), read(text)
    if hearing.stops(tracker, folded, given):
        return stop(dispatcher)
    if not text or hearing.is_interruption(tracker, folded, given, saisie):
        return None
    saisie = replace(saisie, named=saisie.named or "[NOM]" in text)
    if given.anything:
        return _given(dispatcher, tracker, saisie, given)
    return _about_the_entry(dispatcher, tracker, saisie) or _entered(dispatcher, tracker, saisie)


def _about_the_entry(dispatcher: CollectingDispatcher, tracker: Tracker, saisie: Saisie) -> list[EventType] | None:
    """« On reprend », « comment ça ? », « une minute »: no answers, no failures either; ``None`` for the rest."""
    folded = fold(text_of(tracker))
    if hearing.RESUME.search(folded) or hearing.intent_of(tracker) == "ouvrir_mandat":
        return ask(dispatcher, saisie)
    if hearing.LOST.search(folded):
        return ask(dispatcher, replace(saisie, failures=EXPLAIN_AFTER))
    if hearing.WAIT.search(folded):
        return ask(dispatcher, saisie, before=phrases.TAKE_YOUR_TIME)
    return None


def _entered(dispatcher: CollectingDispatcher, tracker: Tracker, saisie: Saisie) -> list[EventType]:
    """An answer that gives nothing by its words: to the question asked, or not understood."""
    text = text_of(tracker)
    said = True if saisie.asked is Field.CAPACITY and hearing.NONE.search(fold(text)) else hearing.yes_or_no(tracker)
    if said is not None and (saisie.asked is not Field.DEMARCHES or len(text.split()) < hearing.SHORT_ANSWER):
        return _answered(dispatcher, tracker, saisie, yes=said)
    if saisie.asked is Field.DEMARCHES and (demarche := scope_of(text)):
        found = replace(saisie, demarches=(demarche,), failures=0)
        return _next(dispatcher, tracker, found, before=phrases.found_scope(demarche))
    if "[NOM]" in text:
        return ask(dispatcher, replace(saisie, failures=0))
    return ask(dispatcher, _failed(saisie), before=phrases.NOT_UNDERSTOOD)


def start(
    dispatcher: CollectingDispatcher, tracker: Tracker, saisie: Saisie, *, before: Sequence[str] = ()
) -> list[EventType]:
    """Opens an entry with what is known already, and asks the rest."""
    notes = list(before)
    if actor_of(tracker) is None:
        # Signing in on the web opens another conversation: an entry begun here would be lost.
        if is_on_the_web(tracker) or _only_helps(tracker):
            utter(dispatcher, not_known(tracker))
            return []
        notes.insert(0, not_known(tracker).text)
    return _next(dispatcher, tracker, saisie, before="\n\n".join(notes))


def ask(dispatcher: CollectingDispatcher, saisie: Saisie, *, before: str = "") -> list[EventType]:
    """Asks what is missing, or shows the recap."""
    utter(dispatcher, phrases.ask(saisie, before=before))
    return _kept(saisie)


def stop(dispatcher: CollectingDispatcher) -> list[EventType]:
    """Gives the entry up; nothing was recorded."""
    dispatcher.utter_message(text=phrases.ABANDONED)
    return [*_closed(), SlotSet("echecs", 0)]


def new_link(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
    """Another secure link for the draft of this conversation."""
    actor, draft = actor_of(tracker), tracker.get_slot("brouillon")
    if actor is None or not draft:
        dispatcher.utter_message(text=phrases.NO_DRAFT)
        return []
    drafts = services().mandats.drafts
    try:
        secret = drafts.new_link(actor, draft)
        waiting = drafts.of_link(secret)
    except LinkRefused:
        dispatcher.utter_message(text=phrases.DRAFT_OVER)
        return [SlotSet("brouillon", None)]
    except AccessRefused:
        utter(dispatcher, phrases.out_of_reach())
        return []
    utter(dispatcher, phrases.new_link(waiting.demarches, waiting.duration, secure_url(secret)))
    return []


def scope_of(text: str) -> Demarche | None:
    """The scope of the procedure that *text* speaks of: by its words, else by the fiche found for it."""
    if named := read(text).demarches:
        return named[0]
    outcome = services().guidance.ask(text)[0]
    return outcome.found[0].fiche.demarche if outcome.sure and outcome.found else None


def actor_of(tracker: Tracker) -> Actor | None:
    """Who speaks in this conversation; ``None`` when it is linked to nobody who may act for an organisation."""
    try:
        return services().mandats.aidants.actor_of(tracker.sender_id)
    except (ClosedAccount, NoOrganisation):
        return None


def not_known(tracker: Tracker) -> Message:
    """What is said where nobody who may act speaks: how to become known there, or that their role does not allow it."""
    address = services().public_url
    if _only_helps(tracker):
        return phrases.no_mandates()
    if is_on_the_web(tracker):
        return phrases.not_signed_in(f"{address}/connexion?suite=/assistant")
    return phrases.not_linked(f"{address}/compte")


def _only_helps(tracker: Tracker) -> bool:
    """Whether who speaks is known, and has no say in the mandates of their organisation."""
    try:
        services().mandats.aidants.actor_of(tracker.sender_id)
    except NoMandates:
        return True
    except (ClosedAccount, NoOrganisation):
        return False
    return False


def is_on_the_web(tracker: Tracker) -> bool:
    """Whether the message comes from a page, as the gateway says with each one."""
    return (tracker.latest_message.get("metadata") or {}).get("channel") == "web"


def secure_url(secret: str) -> str:
    """The page of a draft."""
    return f"{services().public_url}/s/{secret}"


def allowed_scopes(tracker: Tracker) -> tuple[Demarche, ...]:
    """The scopes that the aidant's organisation opens; all of them while nobody is known."""
    actor = actor_of(tracker)
    if actor is None:
        return tuple(Demarche)
    try:
        return services().mandats.aidants.organisation(actor.organisation).demarches
    except UnknownOrganisation:
        return tuple(Demarche)


def _given(dispatcher: CollectingDispatcher, tracker: Tracker, saisie: Saisie, given: Given) -> list[EventType]:
    """What the words of a message give, whatever was asked."""
    said = fold(text_of(tracker))
    after = applied(saisie, given, allowed=allowed_scopes(tracker))
    if given.other_duration:
        before = phrases.other_duration(given.other_duration)
        return _next(dispatcher, tracker, replace(after, duration=None), before=before)
    # « Oui, et un mois plutôt » answers the question asked too; « ok, alors un mois » does not.
    if (
        saisie.asked in (Field.PRESENT, Field.CAPACITY)
        and after.asked is saisie.asked
        and hearing.PLAIN_YES.search(said)
    ):
        after = answered_yes_or_no(after, yes=True) or after
    if saisie.ready and hearing.YES.search(said) and after == replace(saisie, failures=0, suggested=after.suggested):
        return _confirm(dispatcher, tracker, saisie)
    return _next(dispatcher, tracker, after)


def _answered(dispatcher: CollectingDispatcher, tracker: Tracker, saisie: Saisie, *, yes: bool) -> list[EventType]:
    if saisie.asked is Field.CONFIRM:
        if yes:
            return _confirm(dispatcher, tracker, saisie)
        utter(dispatcher, phrases.to_change(saisie))
        return _kept(saisie)
    after = answered_yes_or_no(saisie, yes=yes)
    if after is None:
        before = phrases.WHICH_IS_WRONG if saisie.asked is Field.CAPACITY else ""
        return ask(dispatcher, _failed(saisie), before=before)
    return _next(dispatcher, tracker, after)


def _pressed(dispatcher: CollectingDispatcher, tracker: Tracker, saisie: Saisie, value: str) -> list[EventType]:
    """A button of the entry: « oui » and « non » say to which question, since an old one may be pressed, or twice."""
    answer, _, field = value.partition(" ")
    if answer in ("oui", "non"):
        if field and field != saisie.asked:
            return ask(dispatcher, saisie)
        return _answered(dispatcher, tracker, saisie, yes=answer == "oui")
    changes: dict[str, dict[str, Any]] = {
        "mineur": {"adult": False},
        "protege": {"protected": True},
        "changer demarches": {"demarches": (), "suggested": False},
        "changer duree": {"duration": None},
    }
    if value in changes:
        return _next(dispatcher, tracker, replace(saisie, **changes[value], failures=0))
    if value in set(Demarche):
        chosen = tuple(one for one in Demarche if one.value == value or one in saisie.demarches)
        after = replace(saisie, demarches=chosen, suggested=False, failures=0)
        before = phrases.chosen(chosen) if after.asked is not Field.CONFIRM else ""
        return _next(dispatcher, tracker, after, before=before)
    if value in set(Duration):
        return _next(dispatcher, tracker, replace(saisie, duration=Duration(value), failures=0))
    return ask(dispatcher, saisie)


def _next(dispatcher: CollectingDispatcher, tracker: Tracker, saisie: Saisie, *, before: str = "") -> list[EventType]:
    """Refuses what the rules forbid already, else asks on."""
    if saisie.refusal is not None:
        utter(dispatcher, phrases.refused(saisie.refusal))
        return _closed()
    allowed = allowed_scopes(tracker)
    if outside := [one for one in saisie.demarches if one not in allowed]:
        refusal = phrases.refused_by(MandatRefused(Refusal.SCOPE_NOT_ALLOWED, outside)).text
        saisie = replace(saisie, demarches=tuple(one for one in saisie.demarches if one in allowed))
        before = "\n\n".join(filter(None, (before, refusal)))
    return ask(dispatcher, saisie, before=before)


def _confirm(dispatcher: CollectingDispatcher, tracker: Tracker, saisie: Saisie) -> list[EventType]:
    """Makes the draft and gives its link."""
    actor = actor_of(tracker)
    if not saisie.ready or saisie.duration is None:
        return _next(dispatcher, tracker, saisie)
    if actor is None:
        utter(dispatcher, not_known(tracker))
        return _kept(saisie)
    try:
        draft, secret = services().mandats.drafts.create(
            actor, saisie.demarches, saisie.duration, saisie.eligibility, renews=saisie.renews
        )
    except MandatRefused as error:
        utter(dispatcher, phrases.refused_by(error))
        return _kept(replace(saisie, demarches=()))
    except (AccessRefused, NotRenewable) as error:
        message = (
            register_phrases.not_renewable(str(error)) if isinstance(error, NotRenewable) else phrases.out_of_reach()
        )
        utter(dispatcher, message)
        return _closed()
    utter(dispatcher, phrases.ready(saisie, secure_url(secret)))
    return [*_closed(), SlotSet("brouillon", draft.id)]


def _failed(saisie: Saisie) -> Saisie:
    return replace(saisie, failures=saisie.failures + 1)


def _kept(saisie: Saisie) -> list[EventType]:
    return [SlotSet("saisie", saisie.as_json()), *(SlotSet(name, None) for name in _FORGOTTEN)]


def _closed() -> list[EventType]:
    return [SlotSet("saisie", None), *(SlotSet(name, None) for name in _FORGOTTEN)]
