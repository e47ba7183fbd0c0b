"""Actions run on real trackers, with a real search over invented fiches."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import ActionExecutor, CollectingDispatcher

from actions import base, conversation, guidance, mandats
from bot.handover.asking import Handovers
from bot.storage.engine import Database
from tests.unit.actions import office
from tests.unit.fiches.samples import CARTE
from tests.unit.fiches.tiny import tiny_service
from tests.unit.mandats.databases import sqlite_url
from tests.unit.mandats.world import assemble


@pytest.fixture(scope="module", autouse=True)
def small_services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("tiny")
    database = Database.at(sqlite_url(folder))
    world = assemble(database)
    services = base.Services(
        guidance=tiny_service(folder),
        mandats=office.mandat_services(world),
        handover=Handovers(database, world.journal, world.clock),
        public_url=office.URL,
    )
    patch = pytest.MonkeyPatch()
    office.use(patch, services)
    yield
    patch.undo()
    database.close()


def said(
    text: str, *, intent: str = "question_demarche", entities: list[dict[str, Any]] | None = None, **slots: Any
) -> Tracker:
    message = {"text": text, "intent": {"name": intent}, "entities": entities or [], "intent_ranking": []}
    return Tracker("conversation", slots, message, [], False, None, {}, "action_listen")


def run(action: base.EquipierAction, tracker: Tracker) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The messages sent and the slots set."""
    dispatcher = CollectingDispatcher()
    events = action.run(dispatcher, tracker, {})
    return dispatcher.messages, {event["name"]: event["value"] for event in events if event["event"] == "slot"}


def titles(message: dict[str, Any]) -> list[str]:
    return [button["title"] for button in message["buttons"]]


def test_a_question_is_answered_and_remembered() -> None:
    messages, slots = run(guidance.AnswerQuestion(), said("carte de pêche perdue"))
    assert CARTE.title in messages[0]["text"]
    assert slots["fiche"] == "F1"
    assert slots["question"] == "carte de pêche perdue"


def test_short_answers_quote_the_first_lines_and_say_that_there_is_more() -> None:
    usual, brief = said("bail d'un étang, dépôt de garantie"), said("bail d'un étang, dépôt de garantie")
    brief.latest_message["metadata"] = {"channel": "web", "brief": True}
    ((long,), _), ((short,), _) = run(guidance.AnswerQuestion(), usual), run(guidance.AnswerQuestion(), brief)
    assert len(short["text"]) < len(long["text"])
    assert "(Suite dans la fiche.)" in short["text"]
    assert "Mis à jour le" in short["text"]
    assert titles(short) == titles(long)


@pytest.mark.parametrize(("confidence", "answered"), [(0.43, True), (0.9, False)])
def test_what_names_a_procedure_is_answered_unless_it_is_surely_off_topic(confidence: float, answered: bool) -> None:
    tracker = said("carte de pêche perdue", intent="hors_sujet")
    tracker.latest_message["intent"]["confidence"] = confidence
    messages, _ = run(conversation.OffTopic(), tracker)
    assert (CARTE.title in (messages[0].get("text") or "")) is answered


def test_a_greeting_in_the_same_message_is_returned() -> None:
    messages, _ = run(guidance.AnswerQuestion(), said("Bonjour, carte de pêche perdue"))
    assert messages[0]["text"].startswith("Bonjour !")


def test_english_is_answered_in_french_and_it_is_said() -> None:
    messages, _ = run(guidance.AnswerQuestion(), said("Hi, the user lost her carte de pêche, what should she do?"))
    assert "Je réponds en français." in messages[0]["text"]


def test_a_follow_up_is_answered_from_the_current_fiche() -> None:
    tracker = said("et ça coûte combien ?", intent="demander_cout", fiche="F1", cas_choisis=["En France"])
    messages, _ = run(guidance.AnswerFollowUp(), tracker)
    assert "12 €" in messages[0]["text"]


def test_a_follow_up_without_a_current_fiche_asks_which_procedure_and_remembers_the_aspect() -> None:
    messages, slots = run(guidance.AnswerFollowUp(), said("ça revient à combien ?", intent="demander_cout"))
    assert "De quelle démarche" in messages[0]["text"]
    assert slots["aspect_attendu"] == "cout"


def test_the_procedure_named_next_is_answered_on_the_awaited_aspect() -> None:
    tracker = said("carte de pêche perdue", aspect_attendu="cout", proposition="demarche", echecs=0)
    messages, slots = run(guidance.AnswerQuestion(), tracker)
    assert "12 €" in messages[0]["text"]
    assert slots["aspect_attendu"] is None


def test_a_new_question_does_not_inherit_the_part_asked_of_the_previous_fiche() -> None:
    tracker = said("carte de pêche perdue", fiche="F2", aspect_attendu="cout")
    messages, slots = run(guidance.AnswerQuestion(), tracker)
    assert CARTE.introduction[0] in messages[0]["text"]
    assert slots["aspect_attendu"] is None


def test_a_follow_up_that_names_another_procedure_leaves_the_current_fiche() -> None:
    tracker = said("quelles pièces pour louer un étang ?", intent="demander_pieces", fiche="F1")
    _, slots = run(guidance.AnswerFollowUp(), tracker)
    assert slots["fiche"] == "F2"


def test_a_case_is_chosen_by_button() -> None:
    entities = [{"entity": "cas", "value": "Vous êtes mineur"}]
    tracker = said(
        '/choisir_cas{"cas": "Vous êtes mineur"}',
        intent="choisir_cas",
        entities=entities,
        fiche="F1",
        question="perdue",
        aspect_attendu="pieces",
        cas_choisis=["En France"],
    )
    messages, slots = run(guidance.ChooseCase(), tracker)
    assert "Livret de famille" in messages[0]["text"]
    assert slots["cas_choisis"] == ["En France", "Vous êtes mineur"]


def test_a_stale_button_says_what_to_do() -> None:
    messages, slots = run(guidance.ChooseCase(), said("/choisir_cas", intent="choisir_cas"))
    assert "Posez à nouveau votre question" in messages[0]["text"]
    assert slots == {}


def test_a_fiche_is_chosen_by_button() -> None:
    entities = [{"entity": "fiche_id", "value": "F2"}]
    messages, slots = run(guidance.ChooseFiche(), said("/choisir_fiche", entities=entities, question="louer un étang"))
    assert slots["fiche"] == "F2"
    assert "300 €" in messages[0]["text"]


def test_not_this_one_offers_the_next_fiches_without_the_first() -> None:
    tracker = said("c'est pas ça", intent="autres_fiches", question="carte de pêche perdue", fiches_vues=["F1"])
    messages, slots = run(guidance.NextFiches(), tracker)
    assert CARTE.title not in titles(messages[0])
    assert 1 < len(titles(messages[0])) <= 5
    assert slots["fiche"] is None


def test_what_is_not_understood_is_proposed_then_rephrased_then_handed_over() -> None:
    proposed, slots = run(conversation.Fallback(), said("carte de pêche truc bidule", intent="nlu_fallback", echecs=0))
    assert CARTE.title in titles(proposed[0])
    rephrased, slots = run(conversation.Fallback(), said("bzz", intent="nlu_fallback", echecs=slots["echecs"]))
    assert rephrased[0]["response"] == "utter_reformuler"
    human, slots = run(conversation.Fallback(), said("bzz", intent="nlu_fallback", echecs=slots["echecs"]))
    assert "Parler à quelqu'un" in titles(human[0])
    assert slots["proposition"] == "humain"


def test_yes_after_the_offer_of_a_human_says_who_to_call_where_nobody_answers() -> None:
    messages, _ = run(conversation.Affirm(), said("oui", intent="affirmer", proposition="humain"))
    assert messages[0]["response"] == "utter_joindre_humain"


def test_yes_to_nothing_asks_what_it_is_for() -> None:
    messages, _ = run(conversation.Affirm(), said("oui", intent="affirmer"))
    assert messages[0]["response"] == "utter_oui_a_quoi"


def test_cancelling_forgets_the_procedure() -> None:
    _, slots = run(conversation.Cancel(), said("annule", intent="annuler", fiche="F1"))
    assert slots["fiche"] is None


def test_a_mandate_question_is_answered_from_its_guide() -> None:
    tracker = said("ça dure combien un mandat", intent="faq_mandat")
    tracker.latest_message["response_selector"] = {"default": {"response": {"intent_response_key": "faq_mandat/duree"}}}
    messages, slots = run(mandats.AnswerMandatQuestion(), tracker)
    assert "Un mandat dure un jour" in messages[0]["text"]
    assert slots["fiche"] == "G-ETANG"


def test_a_procedure_taken_for_a_mandate_question_is_answered_from_its_fiche() -> None:
    _, slots = run(mandats.AnswerMandatQuestion(), said("carte de pêche perdue", intent="faq_mandat"))
    assert slots["fiche"] == "F1"


def test_every_action_of_the_domain_exists_and_the_reverse() -> None:
    import yaml

    executor = ActionExecutor()
    executor.register_package("actions")
    domain: set[str] = set()
    for path in (Path(__file__).parents[3] / "nlu" / "domain").glob("*.yml"):
        domain |= set(yaml.safe_load(path.read_text(encoding="utf-8")).get("actions", []))
    assert domain
    assert domain == set(executor.actions)


def test_an_unclear_message_whose_fiche_is_clear_is_answered() -> None:
    messages, slots = run(conversation.Fallback(), said("carte de pêche perdue", intent="nlu_fallback", echecs=0))
    assert CARTE.introduction[0] in messages[0]["text"]
    assert slots["echecs"] == 0


def test_a_greeting_that_names_a_procedure_in_two_words_is_answered() -> None:
    _messages, slots = run(conversation.Greet(), said("bjr carte pêche perdue svp", intent="saluer"))
    assert slots["fiche"] == "F1"
