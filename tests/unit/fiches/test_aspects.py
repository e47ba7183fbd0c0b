import pytest

from bot.fiches.aspects import asked_aspects, topic_stems
from bot.fiches.model import Aspect


@pytest.mark.parametrize(
    ("text", "aspects"),
    [
        ("quelles pièces faut-il ?", (Aspect.PIECES,)),
        ("combien ça coûte et c'est long ?", (Aspect.COUT, Aspect.DELAI)),
        ("ça revient à combien ?", (Aspect.COUT,)),
        ("sous quel délai ?", (Aspect.DELAI,)),
        ("où est-ce qu'on dépose ?", (Aspect.OU,)),
        ("faut prendre rdv ?", (Aspect.OU,)),
        ("qui a droit à cette aide ?", (Aspect.CONDITIONS,)),
        ("mon usager a perdu sa carte grise ou son permis", ()),
    ],
)
def test_the_parts_asked_for_are_recognised(text: str, aspects: tuple[Aspect, ...]) -> None:
    assert asked_aspects(text) == aspects


@pytest.mark.parametrize(
    "text", ["combien ça coûte ?", "quelles pièces fournir", "où envoyer le dossier ?", "et le délai ?"]
)
def test_a_bare_follow_up_names_no_procedure(text: str) -> None:
    assert topic_stems(text) == ()


@pytest.mark.parametrize("text", ["combien coûte un passeport pour un enfant", "où déposer une demande de RSA chômeur"])
def test_a_follow_up_that_names_a_procedure_keeps_its_words(text: str) -> None:
    assert len(topic_stems(text)) >= 2
