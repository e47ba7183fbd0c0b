from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import CorpusError
from bot.fiches import render
from bot.fiches.answer import Choice
from bot.fiches.guidance import GuidanceService
from bot.fiches.model import Aspect
from tests.unit.fiches.samples import CARTE, FERMAGE
from tests.unit.fiches.tiny import tiny_service


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> GuidanceService:
    return tiny_service(tmp_path_factory.mktemp("tiny"))


def test_a_question_is_answered_from_the_fiche_with_source_and_date(service: GuidanceService) -> None:
    (outcome,) = service.ask("carte de pêche perdue")
    message = render.answered(outcome, service)
    assert CARTE.title in message.text
    assert CARTE.introduction[0] in message.text
    assert CARTE.url in message.text
    assert "Mis à jour le 1er mars 2026." in message.text
    assert "Loisirs - Sport - Culture" in message.text
    assert message.custom is not None
    assert message.custom["fiches"][0]["id"] == "F1"
    assert message.custom["passage"]["fiche"] == "F1"
    assert message.custom["scope"] == "loisirs"
    assert message.custom["stale"] is False


def test_an_old_fiche_carries_a_visible_warning(service: GuidanceService) -> None:
    message = render.answered(service.about("F2", "quelles règles ?"), service)
    assert "⚠" in message.text
    assert message.custom is not None
    assert message.custom["stale"] is True


def test_an_off_topic_message_gets_no_fiche(service: GuidanceService) -> None:
    (outcome,) = service.ask("regarder un film sur Netflix avec WhatsApp")
    assert outcome.found == ()
    message = render.nothing_found()
    assert message.custom is not None
    assert message.custom["fiches"] == []


def test_two_unrelated_questions_are_both_answered(service: GuidanceService) -> None:
    outcomes = service.ask(
        "Comment refaire une carte de pêche perdue ? Et quelles règles pour louer un étang à un voisin ?"
    )
    assert [outcome.found[0].fiche.id for outcome in outcomes] == ["F1", "F2"]


def test_a_question_about_an_aspect_is_answered_on_that_aspect(service: GuidanceService) -> None:
    (outcome,) = service.ask("carte de pêche perdue en France, combien ça coûte ?")
    assert outcome.answers[0].aspect is Aspect.COUT
    assert outcome.answers[0].extract is not None
    assert "12 €" in outcome.answers[0].extract.lines[0]


def test_a_follow_up_that_names_nothing_stays_on_the_current_fiche(service: GuidanceService) -> None:
    assert not service.names_a_procedure("et ça coûte combien ?")
    assert service.names_a_procedure("quel bail pour louer un étang ?")


def test_an_unknown_fiche_is_refused(service: GuidanceService) -> None:
    with pytest.raises(CorpusError):
        service.about("F999", "?")


def test_a_mandate_question_is_answered_from_the_guide_of_its_topic(service: GuidanceService) -> None:
    guidance = service.about_mandats("ça dure combien ?", topic="duree")
    assert guidance is not None
    message = render.answered(guidance, service, topic="duree")
    assert "Un mandat dure un jour, un mois, six mois ou un an." in message.text
    assert "Vérifié le 10 août 2026." in message.text
    assert message.custom is not None
    assert message.custom["topic"] == "duree"


def test_what_the_fiche_does_not_say_is_told_as_such(service: GuidanceService) -> None:
    guidance = service.about("F2", "quelles pièces ?", aspects=(Aspect.PIECES,))
    assert "Cette fiche ne donne pas de liste de pièces" in render.answered(guidance, service).text


def test_situations_become_buttons_and_never_more_than_four(service: GuidanceService) -> None:
    outcome = service.about("F1", "carte de pêche perdue")
    assert [button.title for button in render.answered(outcome, service).suggestions] == ["En France", "À l'étranger"]
    titles = tuple(f"Situation {number}" for number in range(7))
    many = replace(outcome, answers=(replace(outcome.answers[0], choice=Choice(titles)),))
    message = render.answered(many, service)
    assert len(message.suggestions) == 4
    assert "• Situation 6" in message.text


def test_markup_in_a_fiche_cannot_forge_a_link(tmp_path: Path) -> None:
    forged = FERMAGE.model_copy(
        update={"introduction": ("Voir [ici](https://exemple.invalid) et **gras**",), "title": "Louer"}
    )
    from bot.fiches.answer import answer_from
    from bot.fiches.guidance import Found, Guidance

    guidance = Guidance("?", (Found(forged, 1.0),), (answer_from(forged, aspect=None, text="?"),), sure=True)
    text = render.answered(guidance, tiny_service(tmp_path)).text
    assert "](https://exemple.invalid)" not in text
