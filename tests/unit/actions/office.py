"""A conversation with actions: real services over SQLite and invented fiches, a tracker that keeps its slots."""

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy import insert

from actions import base, conversation, guidance, handover, mandats, opening, saisie
from bot.aidants.models import LinkedConversation
from bot.bootstrap import MandatServices, mandats_services
from bot.conversations.places import Places
from bot.fiches.guidance import GuidanceService
from bot.handover.asking import Handovers
from bot.mandats.saisie import Saisie
from bot.mandats.views import Actor, MandatView
from bot.privacy.spans import PiiType
from bot.settings import Settings
from tests.unit.mandats.world import World, ring

URL = "https://equipier.test"
ACTIONS: dict[str, type[base.EquipierAction]] = {  # by intent, as in the rules
    "question_demarche": guidance.AnswerQuestion,
    "demander_pieces": guidance.AnswerFollowUp,
    "demander_cout": guidance.AnswerFollowUp,
    "demander_delai": guidance.AnswerFollowUp,
    "demander_ou": guidance.AnswerFollowUp,
    "demander_conditions": guidance.AnswerFollowUp,
    "choisir_fiche": guidance.ChooseFiche,
    "choisir_cas": guidance.ChooseCase,
    "autres_fiches": guidance.NextFiches,
    "faq_mandat": mandats.AnswerMandatQuestion,
    "ouvrir_mandat": opening.OpenMandat,
    "revoquer_mandat": mandats.RevokeMandat,
    "renouveler_mandat": mandats.RenewMandat,
    "consulter_mandats": mandats.ListMandats,
    "verifier_mandat": mandats.CheckMandat,
    "repondre_saisie": opening.ContinueMandat,
    "nouveau_lien": opening.NewLink,
    "joindre_humain": handover.ReachHuman,
    "revenir_assistant": handover.BackToAssistant,
    "affirmer": conversation.Affirm,
    "refuser": conversation.Deny,
    "annuler": conversation.Cancel,
    "saluer": conversation.Greet,
    "remercier": conversation.Thank,
    "aide": conversation.Help,
    "hors_sujet": conversation.OffTopic,
    "signaler_erreur": conversation.ReportError,
    "nlu_fallback": conversation.Fallback,
}


def mandat_services(world: World) -> MandatServices:
    """The services of production, over the database, the clock and the keys of *world*."""
    settings = Settings(
        vault_key=SecretStr(Fernet.generate_key().decode()),
        master_keys=_key("master"),
        seal_keys=_key("seal"),
        index_key=_key("index"),
        checkpoint_key=_key("checkpoint"),
        session_key=_key("session"),
        public_url=URL,
    )
    return mandats_services(settings, clock=world.clock, database=world.database)


def _key(name: str) -> SecretStr:
    return SecretStr(f"{name}:{urlsafe_b64encode(ring(name).keys[name]).decode()}")


def use(patch: pytest.MonkeyPatch, services: base.Services) -> None:
    """Every action of the test calls *services*."""
    for module in (base, guidance, conversation, handover, mandats, opening, saisie):
        patch.setattr(module, "services", lambda: services)


def intent_of(payload: str) -> str:
    """The intent of a button."""
    return payload.removeprefix("/").partition("{")[0]


@dataclass
class Office:
    """One conversation, linked to the aidant of *world*.

    Attributes:
        messages: the replies to the last message.
    """

    world: World
    services: base.Services
    conversation: str
    channel: str = "rest"
    slots: dict[str, Any] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def open(cls, world: World, service: GuidanceService, *, linked: bool = True) -> "Office":
        mandats = mandat_services(world)
        services = base.Services(
            guidance=service,
            mandats=mandats,
            handover=Handovers(world.database, mandats.journal, world.clock),
            public_url=URL,
        )
        conversation_id = Places(world.database).open("rest", "poste-1", now=world.clock.now()).conversation
        office = cls(world, services, conversation_id)
        if linked:
            office.link(world.actor)
        return office

    def link(self, actor: Actor) -> None:
        self.world.sql(
            "UPDATE aidants SET current_organisation_id = :organisation WHERE id = :aidant",
            organisation=actor.organisation,
            aidant=actor.aidant,
        )
        row = {"conversation_id": self.conversation, "aidant_id": actor.aidant, "linked_at": self.world.clock.now()}
        with self.world.database.unit_of_work() as session:
            session.execute(insert(LinkedConversation).values(**row))

    def hide(self, *names: str) -> None:
        """The gateway put *names* in the vault, and [NOM] in the message."""
        self.services.mandats.vault.put(self.conversation, [(PiiType.NOM, name) for name in names])

    def say(self, text: str, intent: str = "nlu_fallback", **entities: str) -> str:
        """What is answered, as one text."""
        message = {
            "text": text,
            "intent": {"name": intent},
            "entities": [{"entity": name, "value": value} for name, value in entities.items()],
            "intent_ranking": [],
            "metadata": {"channel": self.channel},
        }
        tracker = Tracker(self.conversation, dict(self.slots), message, [], False, None, {}, "action_listen")
        dispatcher = CollectingDispatcher()
        for event in ACTIONS[intent]().run(dispatcher, tracker, {}):
            if event["event"] == "slot":
                self.slots[event["name"]] = event["value"]
        self.messages = dispatcher.messages
        return self.text

    def press(self, title: str) -> str:
        """What is answered to the button of the last replies whose title starts so."""
        return self.send(self.payload(title))

    def send(self, payload: str) -> str:
        """What is answered to a button, which may be an old one."""
        _, brace, entities = payload.partition("{")
        return self.say(payload, intent_of(payload), **json.loads(brace + entities or "{}"))

    def payload(self, title: str) -> str:
        buttons = [button for message in self.messages for button in message["buttons"] or ()]
        return next(button["payload"] for button in buttons if button["title"].startswith(title))

    @property
    def text(self) -> str:
        return "\n".join(message["text"] or message["response"] or "" for message in self.messages)

    @property
    def titles(self) -> list[str]:
        return [button["title"] for message in self.messages for button in message["buttons"] or ()]

    @property
    def custom(self) -> dict[str, Any]:
        """The ``custom`` of the last reply that has one."""
        return next(message["custom"] for message in reversed(self.messages) if message["custom"])

    @property
    def entry(self) -> Saisie:
        """The mandate being entered."""
        entry = Saisie.from_json(self.saisie)
        assert entry is not None
        return entry

    def found(self, mandat: MandatView) -> MandatView:
        """*mandat* as it is now."""
        return self.world.register.by_reference(self.world.actor, mandat.reference)

    @property
    def saisie(self) -> dict[str, Any] | None:
        return self.slots.get("saisie")
