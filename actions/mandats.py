"""Mandates: questions about their rules, and the commands that renew, revoke, list and check them."""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import entity, services, text_of, utter, wanted
from actions.guidance import answer_question
from actions.saisie import DialogueAction, actor_of, allowed_scopes, not_known, scope_of, start
from bot.demarches import Demarche
from bot.fiches import render
from bot.fiches.analysis import fold
from bot.fiches.aspects import speaks_of_mandats
from bot.mandats import phrases, register_phrases
from bot.mandats.lecture import read
from bot.mandats.reference import find, parse
from bot.mandats.rules import Status
from bot.mandats.saisie import Saisie, applied
from bot.mandats.views import AccessRefused, Actor, MandatView, NotActive, UnknownMandat
from bot.privacy.spans import PiiType

_ALL_BUT = re.compile(r"\b(?:sauf|hormis|excepte|a part|garde\w*)\b")


class AnswerMandatQuestion(DialogueAction):
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
        utter(dispatcher, render.answered(wanted(tracker, guidance), service, topic=topic))
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


class MandatCommand(DialogueAction, ABC):
    """A command on mandates that exist: only someone known, for their current organisation."""

    def handle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        # Whatever was to be confirmed, a « oui » after this command is about this command.
        forgotten = [SlotSet("revocation", None), SlotSet("proposition", None)]
        actor = actor_of(tracker)
        if actor is None:
            utter(dispatcher, not_known(tracker))
            return forgotten
        if not _reference(tracker) and (doubt := _doubt_on_name(tracker)):
            dispatcher.utter_message(text=doubt)
            return forgotten
        try:
            return [*forgotten, *self.act(dispatcher, tracker, actor)]
        except AccessRefused:
            utter(dispatcher, phrases.out_of_reach())
        except UnknownMandat as error:
            near = services().mandats.register.near(actor, str(error))
            utter(dispatcher, register_phrases.unknown_reference(near, self.intent))
        return forgotten

    @property
    def intent(self) -> str:
        """The intent that comes back to this command, for its buttons."""
        return self.name().removeprefix("action_")

    @abstractmethod
    def act(self, dispatcher: CollectingDispatcher, tracker: Tracker, actor: Actor) -> list[EventType]:
        """Does the command for *actor*."""

    def target(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, actor: Actor, demarches: Sequence[Demarche] = ()
    ) -> MandatView | None:
        """The mandate meant; ``None`` once the person has been asked which one.

        Args:
            demarches: the scopes named: of several mandates, those that have one of them are meant.

        Raises:
            UnknownMandat: the reference given is none of this organisation's.
        """
        register = services().mandats.register
        if written := _reference(tracker):
            return register.by_reference(actor, parse(written) or written)
        name = _name(tracker)
        candidates = self.candidates(register.mandats(actor, name=name or ""))
        candidates = [one for one in candidates if set(one.open_demarches) & set(demarches)] or candidates
        if len(candidates) == 1:
            return candidates[0]
        url = mandats_url()
        if candidates:
            utter(dispatcher, register_phrases.which(candidates, self.intent, url=url, demarches=demarches))
        else:
            utter(dispatcher, self.none(url=url, of_name=name is not None))
        return None

    def candidates(self, mandats: Sequence[MandatView]) -> list[MandatView]:
        """Those that the command can be about."""
        return [one for one in mandats if one.status is Status.ACTIVE]

    def none(self, *, url: str, of_name: bool) -> render.Message:
        """What to say when there is none."""
        return register_phrases.listed((), url=url, of_name=of_name)


class ListMandats(MandatCommand):
    """The active mandates of the organisation, those of a name, or one in detail."""

    def name(self) -> str:
        return "action_consulter_mandats"

    def act(self, dispatcher: CollectingDispatcher, tracker: Tracker, actor: Actor) -> list[EventType]:
        register = services().mandats.register
        if written := _reference(tracker):
            found = register.by_reference(actor, parse(written) or written)
            one = register.mandat(actor, found.id)
            utter(dispatcher, register_phrases.detail(one, url=mandats_url(one)))
            return [SlotSet("mandat", one.reference)]
        name = _name(tracker)
        mandats = register.mandats(actor, status=Status.ACTIVE, name=name or "")
        utter(dispatcher, register_phrases.listed(mandats, url=mandats_url(), of_name=name is not None))
        return []


class CheckMandat(MandatCommand):
    """« Est-ce que j'ai un mandat logement pour [NOM] ? »"""

    def name(self) -> str:
        return "action_verifier_mandat"

    def act(self, dispatcher: CollectingDispatcher, tracker: Tracker, actor: Actor) -> list[EventType]:
        register = services().mandats.register
        if written := _reference(tracker):
            found = register.by_reference(actor, parse(written) or written)
            one = register.mandat(actor, found.id)
            utter(dispatcher, register_phrases.detail(one, url=mandats_url(one)))
            return [SlotSet("mandat", one.reference)]
        name = _name(tracker)
        if name is None:
            dispatcher.utter_message(text=phrases.WHO)
            return []
        text = text_of(tracker)
        named = read(text).demarches or tuple(filter(None, (scope_of(text),)))
        shown: list[MandatView] = []
        for demarche in named or (None,):
            covering = register.covering(actor, name, demarche)
            others = tuple(
                one for one in register.mandats(actor, status=Status.ACTIVE, name=name) if one not in covering
            )
            utter(dispatcher, register_phrases.verified(covering, others, demarche))
            shown += covering or others
        return [SlotSet("mandat", shown[0].reference if shown else None)]


class RevokeMandat(MandatCommand):
    """Revokes one scope or a whole mandate, after a confirmation."""

    def name(self) -> str:
        return "action_revoquer_mandat"

    def act(self, dispatcher: CollectingDispatcher, tracker: Tracker, actor: Actor) -> list[EventType]:
        named, spared = _to_revoke(tracker)
        found = self.target(dispatcher, tracker, actor, named)
        if found is None:
            return []
        if not found.open_demarches:
            utter(dispatcher, register_phrases.not_active(found.reference))
            return [SlotSet("mandat", found.reference)]
        wanted = [one for one in found.open_demarches if (one in named or not named) and one not in spared]
        if not wanted:  # never the whole mandate when one scope was named
            utter(dispatcher, register_phrases.not_covered(found, named or spared))
            return [SlotSet("mandat", found.reference)]
        if len(wanted) == len(found.open_demarches):
            wanted = []
        utter(dispatcher, register_phrases.confirm_revocation(found, wanted))
        act = {"mandat": found.id, "demarches": [one.value for one in wanted]}
        return [SlotSet("revocation", act), SlotSet("proposition", "revocation"), SlotSet("mandat", found.reference)]


class RenewMandat(MandatCommand):
    """Starts the entry of a mandate that renews another: same usager, same scopes, a new signature."""

    def name(self) -> str:
        return "action_renouveler_mandat"

    def act(self, dispatcher: CollectingDispatcher, tracker: Tracker, actor: Actor) -> list[EventType]:
        found = self.target(dispatcher, tracker, actor)
        if found is None:
            return []
        if not _renewable(found, services().mandats.register.mandats(actor)):
            utter(dispatcher, register_phrases.not_renewable(found.reference))
            return [SlotSet("mandat", found.reference)]
        text = text_of(tracker)
        same = tuple(scope.demarche for scope in found.scopes if scope.ended_by != "revocation")
        saisie = Saisie(demarches=same or tuple(scope.demarche for scope in found.scopes), renews=found.id)
        before = [register_phrases.renewing(found, saisie.demarches)]
        given = read(text)
        if given.other_duration:
            before.append(phrases.other_duration(given.other_duration))
        saisie = applied(saisie, given, allowed=allowed_scopes(tracker))
        return [*start(dispatcher, tracker, saisie, before=before), SlotSet("mandat", found.reference)]

    def candidates(self, mandats: Sequence[MandatView]) -> list[MandatView]:
        """Those that can be renewed and were not yet."""
        renewed = {one.renews for one in mandats}
        return [one for one in mandats if _renewable(one, mandats) and one.id not in renewed]

    def none(self, *, url: str, of_name: bool) -> render.Message:  # noqa: ARG002
        return register_phrases.none_to_renew(url=url)


def revoke(dispatcher: CollectingDispatcher, tracker: Tracker) -> Sequence[EventType]:
    """Does the revocation that was just confirmed."""
    actor, act = actor_of(tracker), tracker.get_slot("revocation")
    cleared = [SlotSet("revocation", None), SlotSet("proposition", None)]
    if actor is None or not act:
        utter(dispatcher, not_known(tracker))
        return cleared
    demarches = tuple(Demarche(value) for value in act["demarches"])
    try:
        done = services().mandats.register.revoke(actor, act["mandat"], demarches)
    except AccessRefused:
        utter(dispatcher, phrases.out_of_reach())
    except NotActive as error:
        utter(dispatcher, register_phrases.not_active(str(error)))
    else:
        utter(dispatcher, register_phrases.revoked(done, demarches, url=f"{mandats_url(done)}/revocation.pdf"))
    return cleared


def _renewable(mandat: MandatView, recent: Sequence[MandatView]) -> bool:
    """What :func:`bot.mandats.rules.renewable` will say, so that nothing is asked in vain.

    Args:
        recent: what the register lists: the mandates that are in force, or ended less than 365 days ago.
    """
    over = mandat.days_left == 0
    left = any(scope.ended_at is None for scope in mandat.scopes)
    return mandat.usager is not None and (over or left) and any(one.id == mandat.id for one in recent)


def _to_revoke(tracker: Tracker) -> tuple[list[Demarche], list[Demarche]]:
    """The scopes named, by the message or the button, and those to spare (« tout sauf logement »)."""
    if (wanted := entity(tracker, "demarche_id")) in set(Demarche):
        return [Demarche(str(wanted))], []
    text = text_of(tracker)
    given = read(text)
    if _ALL_BUT.search(fold(text)):
        return [], [*given.removed, *given.demarches]
    return [*given.demarches, *given.removed], []


def mandats_url(mandat: MandatView | None = None) -> str:
    """The page of the mandates, or of one."""
    url = f"{services().public_url}/mandats"
    return f"{url}/{mandat.id}" if mandat else url


def _reference(tracker: Tracker) -> str | None:
    """The reference meant: of a button, of the message, else of the mandate last shown when nobody else is named."""
    text = text_of(tracker)
    if given := entity(tracker, "reference"):
        return given
    if written := find(text):
        return written
    return tracker.get_slot("mandat") if _SAME.search(fold(text)) and "[NOM]" not in text else None


_SAME = re.compile(r"\b(?:ce|son|le meme|celui-ci|celui-la) mandat\b|^\W*(?:le |la )?(?:revoque|renouvelle)[ -]le\b")


def _name(tracker: Tracker) -> str | None:
    """The name in the message, from the vault; ``None`` when it holds none, or when it is not kept any more."""
    if "[NOM]" not in text_of(tracker):
        return None
    names = services().mandats.vault.get(tracker.sender_id).get(PiiType.NOM)
    return names[-1] if names else None


def _doubt_on_name(tracker: Tracker) -> str | None:
    """Why the name in the message tells nobody: acting on the only mandate left would be a guess."""
    count = text_of(tracker).count("[NOM]")
    if count > 1:
        return phrases.ONE_NAME
    return phrases.NAME_FORGOTTEN if count and _name(tracker) is None else None
