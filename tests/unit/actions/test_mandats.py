"""Mandates in a conversation, from the first message to the link, over the real services."""

import random
import re
from collections.abc import Iterator
from datetime import date

import pytest

from bot.demarches import Demarche
from bot.fiches.guidance import GuidanceService
from bot.mandats import phrases, register_phrases
from bot.mandats.identity import Identity
from bot.mandats.rules import Duration
from bot.mandats.saisie import Saisie
from bot.storage.engine import Database
from tests.unit.actions import office as offices
from tests.unit.actions.office import URL, Office
from tests.unit.fiches.tiny import tiny_service
from tests.unit.mandats.databases import sqlite_url
from tests.unit.mandats.world import ANATOLE, World, assemble, link_state

D = Demarche
NEVER_SAID = ("Kervella", "Yolande", "Le Bihan", "Anatole")


@pytest.fixture(scope="module")
def fiches(tmp_path_factory: pytest.TempPathFactory) -> GuidanceService:
    return tiny_service(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def world(tmp_path) -> Iterator[World]:
    database = Database.at(sqlite_url(tmp_path))
    yield assemble(database)
    database.close()


@pytest.fixture
def office(world: World, fiches: GuidanceService, monkeypatch: pytest.MonkeyPatch) -> Office:
    office = Office.open(world, fiches)
    offices.use(monkeypatch, office.services)
    return office


def at_presence(office: Office) -> None:
    office.say("ouvre un mandat logement pour un mois", "ouvrir_mandat")


def at_capacity(office: Office) -> None:
    at_presence(office)
    office.say("oui", "affirmer")


def at_recap(office: Office) -> None:
    at_capacity(office)
    office.say("oui", "affirmer")


# The three dialogues of the specification.


def test_a_question_interrupts_an_entry_which_keeps_what_it_knows(office: Office) -> None:
    office.hide("Kervella")
    assert "Pour quelles démarches" in office.say("Nouveau mandat pour [NOM], un an", "ouvrir_mandat")
    said = office.say("attends, avant ça : est-ce que la retraite ça va dans Travail ou dans Social ?", "faq_mandat")
    assert len(office.messages) == 2
    assert "n'est pas terminé" in said
    assert "Reprendre le mandat" in office.titles
    said = office.say("ok alors Travail, et aussi Santé", "question_demarche")
    entry = office.entry
    assert (entry.demarches, entry.duration, entry.named) == ((D.SOCIAL, D.TRAVAIL), Duration.LONG, True)
    assert "avec vous" in said
    assert "n'est pas terminé" in office.say("et au fait c'est quoi les pièces pour l'ASPA ?", "demander_pieces")
    assert "avec vous" in office.say("on reprend", "question_demarche")


def test_the_scope_of_the_fiche_on_the_table_is_proposed(office: Office) -> None:
    office.say("carte de pêche perdue", "question_demarche")
    said = office.say("ok, je veux faire la pré-demande pour elle. Ouvre un mandat d'un jour", "ouvrir_mandat")
    assert "je propose le thème «\u202fLoisirs - Sport - Culture\u202f»" in said
    assert (office.entry.demarches, office.entry.duration) == ((D.LOISIRS,), Duration.SHORT)
    assert "avec vous" in said


def test_from_a_check_to_the_link_of_a_new_mandate(office: Office) -> None:
    office.world.seal([D.PAPIERS])
    office.hide("Yolande Kervella")
    said = office.say("Est-ce que [NOM] a un mandat valable pour faire sa déclaration de revenus ?", "verifier_mandat")
    assert said.startswith("Non")
    assert "«\u202fArgent - Impôts - Consommation\u202f» n'est pas couverte" in said
    said = office.say("Alors rajoute les impôts à son mandat", "ouvrir_mandat")
    assert "On n'ajoute pas une démarche à un mandat déjà signé" in said
    assert "Pour quelle durée" in said
    said = office.say("Oui fais ça, un jour, elle est là, aucune mesure de protection", "affirmer")
    assert "Récapitulatif" in said
    assert "surendettement" in said
    said = office.say("oui", "affirmer")
    link = re.search(rf"{URL}/s/(\S+?)\)", said)
    assert link is not None
    assert office.custom["secure_url"] == link[0][:-1]
    assert office.custom["demarches"] == ["argent"]
    draft, _page = office.services.mandats.drafts.open_link(link[1])
    assert (draft.demarches, draft.duration, draft.conversation) == ((D.ARGENT,), Duration.SHORT, office.conversation)
    assert office.saisie is None


# Starting.


def test_everything_at_once_leads_to_the_recap(office: Office) -> None:
    said = office.say("mandat d'un an, papiers et logement, elle est là, majeure et sans tutelle", "ouvrir_mandat")
    assert "Récapitulatif" in said
    assert "Papiers - Citoyenneté - Élections, Logement" in said
    assert "Identité\u202f: à saisir sur la page sécurisée" in said


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("ouvre un mandat pour un jeune de 16 ans", "est mineur"),
        ("mandat logement, elle est sous curatelle renforcée", "mesure de protection"),
        ("fais-moi un mandat à distance pour la CAF", "consentement à distance"),
    ],
)
def test_what_the_rules_forbid_is_refused_at_once_with_what_to_do_instead(office: Office, said, told) -> None:
    assert told in office.say(said, "ouvrir_mandat")
    assert office.saisie is None


def test_a_duration_that_does_not_exist_is_explained(office: Office) -> None:
    said = office.say("ouvre un mandat logement de deux ans", "ouvrir_mandat")
    assert "La durée «\u202fdeux ans\u202f» n'existe pas" in said
    assert office.titles[:4] == ["Un jour", "Un mois (31 jours)", "Six mois (182 jours)", "Un an (365 jours)"]


def test_adding_a_new_mandate_is_no_addition_to_a_mandate(office: Office) -> None:
    assert "déjà signé" not in office.say("ajoute un nouveau mandat", "ouvrir_mandat")


def test_every_theme_means_those_of_the_organisation(office: Office) -> None:
    office.world.sql('UPDATE organisations SET demarches = \'["papiers", "logement"]\'')
    office.say("mandat avec tous les thèmes", "ouvrir_mandat")
    assert office.entry.demarches == (D.PAPIERS, D.LOGEMENT)


def test_a_theme_that_the_organisation_does_not_open_is_left_out_and_it_is_said(office: Office) -> None:
    office.world.sql("UPDATE organisations SET demarches = '[\"papiers\"]'")
    said = office.say("mandat papiers et justice", "ouvrir_mandat")
    assert "n'ouvre pas de mandat pour\u202f: Justice" in said
    assert office.entry.demarches == (D.PAPIERS,)


def test_a_button_opens_a_mandate_on_its_scope_and_a_forged_one_on_none(office: Office) -> None:
    office.say("/ouvrir_mandat", "ouvrir_mandat", demarche_id="justice")
    assert office.entry.demarches == (D.JUSTICE,)
    office.say("/ouvrir_mandat", "ouvrir_mandat", demarche_id="tout")
    assert office.entry.demarches == ()


def test_a_second_mandate_starts_anew(office: Office) -> None:
    at_capacity(office)
    office.say("nouveau mandat pour [NOM]", "ouvrir_mandat")
    assert (office.entry.demarches, office.entry.present) == ((), None)


def test_giving_the_name_at_last_goes_on_with_the_same_mandate(office: Office) -> None:
    at_presence(office)
    office.say("le mandat est pour [NOM]", "ouvrir_mandat")
    assert (office.entry.demarches, office.entry.named) == ((D.LOGEMENT,), True)


def test_asking_again_to_open_is_no_failure(office: Office) -> None:
    at_presence(office)
    assert "avec vous" in office.say("ouvre le mandat", "ouvrir_mandat")
    assert office.entry.failures == 0


# Answering.


def test_several_scopes_by_buttons(office: Office) -> None:
    office.say("ouvre un mandat", "ouvrir_mandat")
    logement = office.payload("Logement")
    assert "Pour en ajouter" in office.press("Social")
    office.send(logement)
    assert office.entry.demarches == (D.SOCIAL, D.LOGEMENT)
    office.press("Un mois")
    office.press("Oui")
    assert "Récapitulatif" in office.press("Oui, majeur")
    assert "/s/" in office.press("Oui, préparer")


def test_a_button_pressed_twice_answers_one_question_only(office: Office) -> None:
    at_presence(office)
    yes = office.payload("Oui")
    office.send(yes)
    assert "majeur" in office.send(yes)
    assert office.entry.adult is None
    assert "majeur" in office.say("/repondre_saisie", "repondre_saisie", valeur="oui confirmation")


@pytest.mark.parametrize(
    ("said", "demarches", "duration"),
    [
        ("non plutôt six mois", ["logement"], "SEMESTER"),
        ("et aussi les impôts", ["logement", "argent"], "MONTH"),
        ("remplace logement par travail", ["travail"], "MONTH"),
        ("non, papiers", ["papiers"], "MONTH"),
        ("oui mais pour un an", ["logement"], "LONG"),
    ],
)
def test_the_recap_can_be_corrected(office: Office, said: str, demarches: list[str], duration: str) -> None:
    at_recap(office)
    assert "Récapitulatif" in office.say(said, "refuser")
    assert (list(office.entry.demarches), office.entry.duration) == (demarches, duration)


def test_the_last_scope_can_be_taken_away_and_another_is_asked(office: Office) -> None:
    at_recap(office)
    assert "Pour quelles démarches" in office.say("enlève logement", "annuler")
    assert "Récapitulatif" in office.say("justice", "question_demarche")


@pytest.mark.parametrize("intent", ["revoquer_mandat", "consulter_mandats", "annuler", "faq_mandat", "hors_sujet"])
def test_an_answer_is_heard_whatever_intent_it_was_taken_for(office: Office, intent: str) -> None:
    office.say("ouvre un mandat papiers et logement", "ouvrir_mandat")
    office.say("enlève logement", intent)
    assert office.entry.demarches == (D.PAPIERS,)


def test_no_to_the_recap_asks_what_to_change(office: Office) -> None:
    at_recap(office)
    assert "Que faut-il changer" in office.say("non", "refuser")
    assert "Pour quelle durée" in office.press("Changer la durée")


@pytest.mark.parametrize("said", ["oui un mois", "oui c'est bon, logement", "ok pour un mois"])
def test_yes_with_what_is_known_already_confirms(office: Office, said: str) -> None:
    at_recap(office)
    assert "/s/" in office.say(said, "affirmer")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("non elle est chez elle", "consentement à distance"),
        ("non", "consentement à distance"),
        ("elle n'est pas là", "consentement à distance"),
        ("il a 17 ans", "est mineur"),
        ("oui mais elle est sous tutelle", "mesure de protection"),
    ],
)
def test_an_answer_that_forbids_the_mandate_ends_the_entry(office: Office, said: str, told: str) -> None:
    at_presence(office)
    assert told in office.say(said, "refuser")
    assert office.saisie is None


@pytest.mark.parametrize(
    "said",
    [
        "aucune",
        "aucune des trois",
        "non rien de tout ça",
        "aucune mesure de protection",
        "oui",
        "82 ans et pas de tutelle",
    ],
)
def test_ways_to_say_that_the_usager_can_sign(office: Office, said: str) -> None:
    at_capacity(office)
    assert "Récapitulatif" in office.say(said)


def test_no_to_adult_and_unprotected_asks_which_one(office: Office) -> None:
    at_capacity(office)
    assert phrases.WHICH_IS_WRONG in office.say("non", "refuser")
    assert "est mineur" in office.press("Il est mineur")


@pytest.mark.parametrize("said", ["ok alors six mois", "d'accord, justice aussi"])
def test_ok_with_something_else_is_no_yes_to_the_question(office: Office, said: str) -> None:
    at_presence(office)
    office.say(said, "affirmer")
    assert office.entry.present is None


def test_yes_and_something_else_answers_both(office: Office) -> None:
    at_presence(office)
    office.say("oui, et six mois plutôt", "affirmer")
    assert (office.entry.present, office.entry.duration) == (True, Duration.SEMESTER)


def test_no_to_a_proposed_scope_asks_for_another(office: Office) -> None:
    office.say("carte de pêche perdue", "question_demarche")
    office.say("ouvre un mandat", "ouvrir_mandat")
    assert "Pour quelles démarches" in office.say("non", "refuser")


def test_yes_to_a_proposed_scope_keeps_it(office: Office) -> None:
    office.say("carte de pêche perdue", "question_demarche")
    office.say("ouvre un mandat", "ouvrir_mandat")
    assert "Pour quelle durée" in office.say("oui", "affirmer")
    assert (office.entry.demarches, office.entry.failures) == ((D.LOISIRS,), 0)


def test_the_scope_of_a_situation_is_found_in_the_fiches(office: Office) -> None:
    office.say("ouvre un mandat", "ouvrir_mandat")
    said = office.say("refaire une carte perdue tombée dans la rivière", "question_demarche")
    assert "C'est le thème «\u202fLoisirs - Sport - Culture\u202f»" in said


def test_after_two_failures_the_question_is_explained_and_stopping_offered(office: Office) -> None:
    office.say("ouvre un mandat logement", "ouvrir_mandat")
    assert "pas autre chose" not in office.say("bof", "hors_sujet")
    said = office.say("je sais pas")
    assert "pas autre chose" in said
    assert "nous pouvons nous arrêter là" in said
    assert office.titles[-1] == "Abandonner"
    office.say("un an")
    assert office.entry.failures == 0


@pytest.mark.parametrize("said", ["comment ça ?", "je comprends pas", "pourquoi cette question ?", "c'est-à-dire ?"])
def test_who_is_lost_gets_the_explanation_at_once(office: Office, said: str) -> None:
    at_presence(office)
    assert "signe le mandat devant vous" in office.say(said)


@pytest.mark.parametrize("said", ["attends", "une minute", "je lui demande", "deux secondes"])
def test_who_needs_time_has_it(office: Office, said: str) -> None:
    at_presence(office)
    assert phrases.TAKE_YOUR_TIME in office.say(said)
    assert office.entry.failures == 0


@pytest.mark.parametrize(
    "said",
    ["stop", "annule", "non laisse tomber", "finalement on arrête", "annule le mandat logement", "je veux annuler"],
)
def test_an_entry_can_be_given_up_at_any_time(office: Office, said: str) -> None:
    at_capacity(office)
    assert office.say(said) == phrases.ABANDONED
    assert office.saisie is None
    assert office.world.count("mandat_drafts") == 0


@pytest.mark.parametrize("intent", ["saluer", "remercier", "aide"])
def test_small_talk_is_answered_and_the_entry_recalled(office: Office, intent: str) -> None:
    at_presence(office)
    assert "n'est pas terminé" in office.say("merci beaucoup", intent)


@pytest.mark.parametrize(
    "said",
    [
        "et si elle est sous curatelle ?",
        "elle doit être majeure ?",
        "est-ce que ça marche avec un mineur ?",
        "combien coûte un mandat d'un an",
        "c'est quoi une sauvegarde de justice",
    ],
)
def test_a_question_about_an_answer_is_no_answer(office: Office, said: str) -> None:
    at_capacity(office)
    before = office.saisie
    assert "n'est pas terminé" in office.say(said, "faq_mandat")
    assert office.saisie == before
    office.say(said)
    assert office.saisie == before


@pytest.mark.parametrize("said", ["papiers et logement ?", "un an ?"])
def test_an_answer_may_hesitate(office: Office, said: str) -> None:
    office.say("ouvre un mandat", "ouvrir_mandat")
    assert "n'est pas terminé" not in office.say(said)


@pytest.mark.parametrize(
    "said", ["", "[NIR] [ADRESSE]", "zzz " * 400, "\\u0000 {} [] \"';--", "[NOM] [NOM] [DATE_NAISSANCE]", "☃" * 50, "?"]
)
def test_nothing_that_is_said_breaks_an_entry(office: Office, said: str) -> None:
    for reach in (at_presence, at_capacity, at_recap):
        office.slots.clear()
        reach(office)
        before = office.saisie
        office.say(said)
        assert office.saisie is not None
        assert before is not None
        assert {**office.saisie, "failures": 0, "named": False} == {**before, "failures": 0, "named": False}


def test_a_state_of_another_version_is_no_entry(office: Office) -> None:
    office.slots["saisie"] = {"demarches": ["papiers"], "x": 1}
    assert office.say("oui", "affirmer") == "utter_oui_a_quoi"


# Confirming.


def test_the_link_can_be_asked_again_with_words_or_a_button(office: Office) -> None:
    at_recap(office)
    office.say("oui", "affirmer")
    first = office.custom["secure_url"].rpartition("/")[2]
    office.press("Nouveau lien")
    second = office.custom["secure_url"].rpartition("/")[2]
    office.say("le lien a expiré")
    third = office.custom["secure_url"].rpartition("/")[2]
    drafts = office.services.mandats.drafts
    assert [link_state(drafts, link) for link in (first, second, third)] == ["unknown", "unknown", None]


def test_no_new_link_for_a_draft_that_was_given_up(office: Office) -> None:
    at_recap(office)
    office.say("oui", "affirmer")
    draft = office.slots["brouillon"]
    office.press("Abandonner")
    office.slots["brouillon"] = draft
    assert office.say("/nouveau_lien", "nouveau_lien") == phrases.DRAFT_OVER
    assert office.say("/nouveau_lien", "nouveau_lien") == phrases.NO_DRAFT


def test_no_new_link_for_who_left_the_organisation(office: Office) -> None:
    at_recap(office)
    office.say("oui", "affirmer")
    office.world.leave(office.world.actor)
    assert "Vous n'avez pas accès" in office.press("Nouveau lien")
    assert office.world.last_entry().action == "refuse_access"


def test_a_conversation_linked_to_nobody_is_told_how_and_keeps_the_entry(
    world: World, fiches: GuidanceService, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office.open(world, fiches, linked=False)
    offices.use(monkeypatch, office.services)
    assert "n'est pas encore reliée" in office.say("ouvre un mandat logement pour un mois", "ouvrir_mandat")
    office.say("oui", "affirmer")
    office.say("oui", "affirmer")
    assert f"{URL}/compte" in office.say("oui", "affirmer")
    assert world.count("mandat_drafts") == 0
    office.link(world.actor)
    assert "/s/" in office.say("oui", "affirmer")


def test_on_the_web_one_is_told_to_sign_in_and_nothing_is_begun(
    world: World, fiches: GuidanceService, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office.open(world, fiches, linked=False)
    office.channel = "web"
    offices.use(monkeypatch, office.services)
    for said, intent in (
        ("ouvre un mandat logement pour un mois", "ouvrir_mandat"),
        ("mes mandats", "consulter_mandats"),
    ):
        answer = office.say(said, intent)
        assert f"[Connectez-vous]({URL}/connexion?suite=/assistant)" in answer
        assert "lier" not in answer
    assert not office.slots.get("saisie")


def test_someone_of_the_help_desk_is_told_that_mandates_are_not_theirs(office: Office) -> None:
    office.world.sql("UPDATE memberships SET role = 'helpdesk' WHERE aidant_id = :id", id=office.world.actor.aidant)
    for said, intent in {"mes mandats": "consulter_mandats", "ouvre un mandat logement": "ouvrir_mandat"}.items():
        assert "les mandats ne vous sont pas ouverts" in office.say(said, intent)
    assert not office.slots.get("saisie")


def test_who_left_the_organisation_prepares_nothing_and_it_is_journalled(office: Office) -> None:
    at_recap(office)
    office.world.leave(office.world.actor)
    assert "Cette tentative est inscrite au journal" in office.say("oui", "affirmer")
    assert office.world.last_entry().action == "refuse_access"
    assert office.world.count("mandat_drafts") == 0


def test_a_closed_account_speaks_for_nobody(office: Office) -> None:
    office.world.sql("UPDATE aidants SET active = 0")
    assert "n'est pas encore reliée" in office.say("mes mandats", "consulter_mandats")


# Looking.


def test_the_list_names_nobody(office: Office) -> None:
    for place in ("Brest", "Quimper", "Morlaix", "Vannes", "Lorient", "Rennes"):
        office.world.seal(identity=Identity("Kervella", place, date(1950, 1, 2), place))
    said = office.say("quels sont nos mandats ?", "consulter_mandats")
    assert "(6)" in said
    assert said.count("• M-") == 5
    assert not any(name in said for name in NEVER_SAID)


def test_the_mandates_of_a_name(office: Office) -> None:
    office.world.seal(identity=ANATOLE)
    mine = office.world.seal()
    office.hide("Kervella")
    said = office.say("montre-moi le mandat de [NOM]", "consulter_mandats")
    assert mine.reference in said
    assert said.count("M-") == 1
    assert "Kervella" not in said


@pytest.mark.parametrize("intent", ["consulter_mandats", "verifier_mandat", "revoquer_mandat", "renouveler_mandat"])
def test_a_name_that_the_vault_forgot_is_asked_again_rather_than_guessed(office: Office, intent: str) -> None:
    office.world.seal()
    office.hide("Inconnu")
    office.world.fake_clock.advance(minutes=31)
    assert office.say("le mandat de [NOM]", intent) == phrases.NAME_FORGOTTEN
    assert office.slots["revocation"] is None


def test_one_name_at_a_time(office: Office) -> None:
    office.hide("Kervella", "Le Bihan")
    assert office.say("les mandats de [NOM] et [NOM]", "consulter_mandats") == phrases.ONE_NAME


def test_the_detail_of_a_reference_is_journalled(office: Office) -> None:
    mandat = office.world.seal()
    said = office.say(f"ouvre la fiche de {mandat.reference.lower()}", "consulter_mandats")
    assert "en cours" in said
    assert office.custom["reference"] == mandat.reference
    assert office.world.last_entry().action == "read_mandat"
    assert not any(name in said for name in NEVER_SAID)


def test_a_mistyped_reference_gets_its_near_misses(office: Office) -> None:
    mandat = office.world.seal()
    wrong = mandat.reference[:-1] + ("1" if mandat.reference[-1] != "1" else "2")
    assert "pas de mandat avec cette référence" in office.say(f"montre {wrong}", "consulter_mandats")
    assert office.titles == [mandat.reference]
    assert "en cours" in office.press(mandat.reference)


@pytest.mark.parametrize("intent", ["consulter_mandats", "verifier_mandat", "revoquer_mandat", "renouveler_mandat"])
def test_the_reference_of_another_organisation_looks_unknown_and_is_journalled(office: Office, intent: str) -> None:
    other = office.world.seal(actor=office.world.stranger)
    assert "pas de mandat avec cette référence" in office.say(f"{other.reference}", intent)
    assert other.reference not in office.titles
    assert office.world.last_entry().action == "refuse_access"


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("est-ce que j'ai un mandat logement pour [NOM] ?", "Oui"),
        ("[NOM] a-t-elle un mandat pour la CAF ?", "Non\u202f: cette personne a bien un mandat"),
        ("[NOM] a un mandat ?", "Oui"),
    ],
)
def test_a_check_says_whether_the_scope_is_covered(office: Office, asked: str, answer: str) -> None:
    office.world.seal()
    office.hide("Kervella")
    assert office.say(asked, "verifier_mandat").startswith(answer)
    assert office.world.last_entry().action == "check_mandat"


def test_a_check_of_someone_unknown(office: Office) -> None:
    office.hide("Personne")
    said = office.say("est-ce que j'ai un mandat logement pour [NOM] ?", "verifier_mandat")
    assert said.startswith("Non\u202f: je ne trouve aucun mandat")
    office.press("Ouvrir un mandat")
    assert office.entry.demarches == (D.LOGEMENT,)


def test_a_check_of_two_scopes_answers_both(office: Office) -> None:
    office.world.seal()
    office.hide("Kervella")
    office.say("est-ce que [NOM] a un mandat pour le logement et les impôts ?", "verifier_mandat")
    assert [message["text"][:3] for message in office.messages] == ["Oui", "Non"]


def test_a_check_warns_of_homonyms(office: Office) -> None:
    office.world.seal()
    office.world.seal(identity=Identity("Kervella", "Anne", ANATOLE.birth_date, "Brest"))
    office.hide("Kervella")
    assert register_phrases.HOMONYMS in office.say("[NOM] a un mandat logement ?", "verifier_mandat")


def test_a_check_without_a_name_asks_who(office: Office) -> None:
    assert office.say("est-ce que j'ai un mandat logement ?", "verifier_mandat") == phrases.WHO


# Revoking.


def test_a_whole_mandate_is_revoked_once_confirmed(office: Office) -> None:
    mandat = office.world.seal()
    assert "toutes ses démarches" in office.say(f"révoque {mandat.reference}", "revoquer_mandat")
    assert office.found(mandat).open_demarches
    said = office.press("Oui, révoquer")
    assert "C'est fait" in said
    assert f"{URL}/mandats/{mandat.id}/revocation.pdf" in said
    assert office.custom["status"] == "revoked"
    assert office.say("oui", "affirmer") == "utter_oui_a_quoi"


@pytest.mark.parametrize(
    "said",
    [
        "retire le logement du mandat de [NOM]",
        "révoque le mandat logement de [NOM]",
        "révoque tout sauf papiers pour [NOM]",
    ],
)
def test_one_scope_is_revoked(office: Office, said: str) -> None:
    mandat = office.world.seal()
    office.hide("Kervella")
    assert "pour\u202f: Logement." in office.say(said, "revoquer_mandat")
    assert "Il reste en vigueur pour\u202f: Papiers" in office.say("oui", "affirmer")
    assert office.found(mandat).open_demarches == (D.PAPIERS,)


def test_naming_a_scope_that_is_not_there_never_revokes_the_whole(office: Office) -> None:
    mandat = office.world.seal()
    said = office.say(f"retire la santé du mandat {mandat.reference}", "revoquer_mandat")
    assert "n'est pas en vigueur pour\u202f: Social - Santé" in said
    assert office.slots["revocation"] is None
    assert office.say("oui", "affirmer") == "utter_oui_a_quoi"


def test_no_keeps_the_mandate(office: Office) -> None:
    mandat = office.world.seal()
    office.say(f"révoque {mandat.reference}", "revoquer_mandat")
    office.press("Non")
    office.say("oui", "affirmer")
    assert office.found(mandat).open_demarches


def test_of_several_mandates_one_is_chosen_and_the_scope_remembered(office: Office) -> None:
    first, _second = office.world.seal(), office.world.seal(identity=ANATOLE)
    assert "De quel mandat s'agit-il" in office.say("retire le logement de son mandat", "revoquer_mandat")
    assert "pour\u202f: Logement." in office.press(first.reference)


def test_a_yes_after_another_command_does_not_revoke(office: Office) -> None:
    mandat = office.world.seal()
    office.say(f"révoque {mandat.reference}", "revoquer_mandat")
    office.say(f"montre {mandat.reference}", "consulter_mandats")
    assert office.say("oui", "affirmer") == "utter_oui_a_quoi"


def test_a_yes_goes_either_to_the_entry_or_to_the_revocation(office: Office) -> None:
    mandat = office.world.seal()
    office.say(f"révoque {mandat.reference}", "revoquer_mandat")
    at_presence(office)
    assert "majeur" in office.say("oui", "affirmer")
    said = office.say(f"révoque plutôt le mandat {mandat.reference}", "revoquer_mandat")
    assert "Confirmez-vous" in said
    assert "n'est pas terminé" in said
    assert "C'est fait" in office.say("oui", "affirmer")
    assert office.entry.adult is None


def test_what_is_over_cannot_be_revoked(office: Office) -> None:
    mandat = office.world.seal(duration=Duration.SHORT)
    office.world.fake_clock.advance(days=2)
    assert "il n'y a rien à révoquer" in office.say(f"révoque {mandat.reference}", "revoquer_mandat")


def test_a_mandate_of_the_former_organisation_is_out_of_reach(office: Office) -> None:
    mandat = office.world.seal()
    office.say(f"révoque {mandat.reference}", "revoquer_mandat")
    office.world.leave(office.world.actor)
    assert "Vous n'avez pas accès à ce mandat" in office.say("oui", "affirmer")
    assert office.world.last_entry().action == "refuse_access"


# Renewing.


def test_a_renewal_starts_from_the_former_scopes(office: Office) -> None:
    mandat = office.world.seal()
    office.hide("Kervella")
    said = office.say("renouvelle le mandat de [NOM] pour un an", "renouveler_mandat")
    assert f"Renouvellement du mandat {mandat.reference}, pour les mêmes démarches" in said
    assert "celle du mandat renouvelé" in office.say("elle est là, majeure, sans tutelle")
    assert "/s/" in office.say("oui", "affirmer")
    draft = office.services.mandats.drafts.of_link(office.custom["secure_url"].rpartition("/")[2])
    assert (draft.renews, draft.usager) == (mandat.id, mandat.usager_id)


def test_an_expired_mandate_is_renewed_by_name_within_a_year(office: Office) -> None:
    mandat = office.world.seal(duration=Duration.SHORT)
    office.world.fake_clock.advance(days=300)
    office.hide("Kervella")
    assert mandat.reference in office.say("renouvelle le mandat de [NOM]", "renouveler_mandat")
    office.slots.clear()
    office.world.fake_clock.advance(days=67)
    office.hide("Kervella")
    assert "aucun mandat à renouveler" in office.say("renouvelle le mandat de [NOM]", "renouveler_mandat")
    assert "ne peut pas être renouvelé" in office.say(f"renouvelle {mandat.reference}", "renouveler_mandat")
    assert office.saisie is None


def test_what_the_usager_revoked_is_not_renewed(office: Office) -> None:
    mandat = office.world.seal()
    office.world.register.revoke(office.world.actor, mandat.id, (D.LOGEMENT,))
    assert "les démarches non révoquées" in office.say(f"renouvelle {mandat.reference}", "renouveler_mandat")
    assert office.entry.demarches == (D.PAPIERS,)
    office.slots.clear()
    office.world.register.revoke(office.world.actor, mandat.id)
    assert "ne peut pas être renouvelé" in office.say(f"renouvelle {mandat.reference}", "renouveler_mandat")


def test_a_renewal_is_refused_to_who_became_protected(office: Office) -> None:
    mandat = office.world.seal()
    said = office.say(f"renouvelle {mandat.reference}, elle est sous tutelle maintenant", "renouveler_mandat")
    assert "mesure de protection" in said
    assert office.saisie is None


# Anything, in any order.

TYPED = """oui|non|ok|un an|deux ans|papiers et logement|enlève logement|tout sauf justice|elle est là|il n'est pas là
majeure|aucune mesure de protection|aucune|sous tutelle|17 ans|bof|stop|on reprend|attends|comment ça ?|merci|[NOM]
ouvre un mandat|nouveau mandat pour [NOM], un mois|révoque le mandat de [NOM]|renouvelle le mandat de [NOM]|mes mandats
c'est quoi les pièces ?|carte de pêche perdue|rajoute les impôts à son mandat|le lien a expiré|"""
HELPFUL = ("oui", "oui", "un an", "papiers et logement", "elle est là", "aucune mesure de protection")
INTENTS = sorted(
    set(offices.ACTIONS) - {"repondre_saisie", "nouveau_lien", "choisir_fiche", "choisir_cas", "autres_fiches"}
)


@pytest.mark.parametrize("seed", range(12))
def test_no_order_of_messages_breaks_anything_nor_makes_a_draft_without_a_recap(office: Office, seed: int) -> None:
    chance, typed = random.Random(seed), TYPED.replace("\n", "|").split("|")
    office.world.seal()
    office.hide("Kervella")
    drafts, recapped = office.world.count("mandat_drafts"), False
    for _ in range(40):
        buttons = [one for one in map(office.payload, office.titles) if offices.intent_of(one) in offices.ACTIONS]
        kind = chance.random()
        if kind < 0.5:
            said = office.say(chance.choice(HELPFUL), chance.choice(("affirmer", "nlu_fallback", "ouvrir_mandat")))
        elif kind < 0.75 and buttons:
            said = office.send(chance.choice(buttons))
        else:
            said = office.say(chance.choice(typed), chance.choice(INTENTS))
        assert not any(name in said for name in NEVER_SAID)
        made = office.world.count("mandat_drafts") - drafts
        assert made == 0 or (made == 1 and recapped)
        drafts += made
        recapped = "Récapitulatif" in said or (recapped and office.saisie is not None and made == 0)
        entry = Saisie.from_json(office.saisie)
        assert (entry is None) == (office.saisie is None)
        assert entry is None or entry.refusal is None
