import pytest

from bot.handover.hearing import BACK_BUTTON, wants_assistant


@pytest.mark.parametrize(
    "said",
    [
        "Revenir à l'assistant",
        "revenir à l’assistant",
        "finalement je voudrais revenir à l'assistant",
        "annuler ma demande",
        "retirez ma demande d'aide",
        "je ne veux plus parler à quelqu'un",
        BACK_BUTTON,
    ],
)
@pytest.mark.parametrize("silent", [True, False])
def test_the_assistant_is_asked_for(said: str, silent: bool) -> None:
    assert wants_assistant(said, silent=silent)


@pytest.mark.parametrize("said", ["annuler", "Annule !", "non, laisse tomber", "tant pis merci", "stop"])
def test_a_bare_no_is_about_the_request_only_while_the_assistant_is_silent(said: str) -> None:
    assert wants_assistant(said, silent=True)
    assert not wants_assistant(said, silent=False)


@pytest.mark.parametrize(
    "said",
    [
        "merci",
        "comment annuler un rendez-vous en préfecture ?",
        "l'usager veut annuler sa demande de logement social",
        "tant pis pour le passeport, il a besoin de la carte",
        "j'ai déjà demandé à l'assistant, il ne sait pas",
    ],
)
def test_the_rest_is_for_the_human(said: str) -> None:
    assert not wants_assistant(said, silent=True)
