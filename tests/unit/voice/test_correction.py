"""What was misheard becomes what was probably said, and what was well heard stays."""

import pytest

from bot.evaluation.files import Item, read_items
from bot.settings import ROOT
from bot.voice.correction import Corrector, likely, trade_corrector
from bot.voice.evaluation.wording import errors, total
from bot.voice.language import LanguageModel
from bot.voice.sounds import distance, in_one_breath, said

pytestmark = [pytest.mark.usefixtures("voice_packages")]


@pytest.mark.parametrize(
    ("one", "other"),
    [("séjour", "sé jours"), ("accord", "à corps"), ("l' APA", "la pas"), ("RSA", "erre essa"), ("EHPAD", "épade")],
)
def test_words_said_alike_have_the_same_sounds(one: str, other: str) -> None:
    assert in_one_breath(one.split()) == in_one_breath(other.split())


def test_near_sounds_are_nearer_than_others() -> None:
    assert distance(said("bain"), said("pain")) < distance(said("bain"), said("main")) <= 1.0
    assert distance(said("pain"), said("pain")) == 0.0
    assert distance(said("pain"), said("bain")) == distance(said("bain"), said("pain"))
    assert distance("", said("mandat")) > 2


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("Son titre de ces jours expire bientôt.", "Son titre de séjour expire bientôt."),
        ("Ils divorcent d'un commet à corps.", "Ils divorcent d'un commun accord."),
        ("Elle a reçu la visite de luissier hier.", "Elle a reçu la visite de l'huissier hier."),
        ("Elle doit payer la taxe d'abitation.", "Elle doit payer la taxe d'habitation."),
    ],
)
def test_what_was_misheard_becomes_what_was_probably_said(heard: str, meant: str) -> None:
    assert likely(heard).text == meant


@pytest.mark.parametrize(
    "text",
    [
        "Je voudrais ouvrir un mandat pour madame Martin, papiers et logement.",
        "Monsieur Vissole habite à Roubaix avec Ségolène.",
        "Il a deux enfants et 1 250 euros par mois.",
        "Bonjour, comment ça va ?",
        "Pour activer ou désactiver le mode sourdine, veuillez appuyer sur 1.",
        "Oui.",
        "",
        "…",
    ],
)
def test_what_was_well_heard_stays(text: str) -> None:
    assert likely(text).text == text


def test_what_people_type_is_hardly_ever_changed() -> None:
    texts = [item.text for item in read_items(ROOT / "tests" / "eval" / "voice.dev.jsonl", Item)][::2]
    changed = [errors(text, likely(text).text) for text in texts]
    assert total(changed).words > 200
    assert total(changed).rate <= 0.02


def test_what_was_probably_said_is_likelier() -> None:
    corrector = trade_corrector()
    better = corrector.correct("Son titre de séjour expire bientôt.").score
    assert better > corrector.correct("Son titre de ces jours expire bientôt.").score
    assert better > corrector.correct("Sonde tigre des ajours expie bien tout.").score


def test_a_corrector_only_knows_what_it_read() -> None:
    corrector = Corrector(LanguageModel(["Un parapluie rouge", "Le parapluie rouge", "Mon parapluie rouge"]))
    assert corrector.correct("un para pluie rouge").text == "un parapluie rouge"
    assert corrector.correct("une carte grise").text == "une carte grise"
