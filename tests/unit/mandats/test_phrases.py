"""Sentences of mandates: typography, buttons, and no name anywhere."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.demarches import Demarche
from bot.fiches.render import Message
from bot.mandats import phrases, register_phrases
from bot.mandats.identity import Identity
from bot.mandats.rules import Duration, Refusal
from bot.mandats.saisie import Field, Saisie
from bot.mandats.views import MandatView
from tests.unit.mandats.world import ANATOLE, World

D = Demarche
URL = "https://equipier.test/mandats"
COMPLETE = Saisie(demarches=(D.ARGENT,), duration=Duration.MONTH, present=True, adult=True, protected=False)
STEPS = (
    Saisie(),
    Saisie(demarches=(D.PAPIERS,)),
    Saisie(demarches=(D.PAPIERS,), duration=Duration.LONG),
    Saisie(demarches=(D.PAPIERS,), duration=Duration.LONG, present=True),
    COMPLETE,
)
_WRONG_SPACE = re.compile(r"[^\u202f] [;:!?»]|[^\u202f /s][!?](?!\w)|«[^\u202f]|[^\u202f]»| :|\w:(?!//)")


def everything(mandat: MandatView) -> Iterator[Message]:
    """Every message that this module can make of *mandat*."""
    for saisie in STEPS:
        yield phrases.ask(saisie)
        yield phrases.ask(replace(saisie, failures=2), before=phrases.NOT_UNDERSTOOD)
        yield phrases.unfinished(saisie)
    for saisie in (COMPLETE, replace(COMPLETE, named=True), replace(COMPLETE, renews="x", suggested=True)):
        yield phrases.recap(saisie)
        yield phrases.to_change(saisie)
        yield phrases.ready(saisie, URL)
    for reason in Refusal:
        yield phrases.refused(reason, (D.JUSTICE,))
    for text in (
        phrases.ABANDONED,
        phrases.TAKE_YOUR_TIME,
        phrases.WHICH_IS_WRONG,
        phrases.NO_DRAFT,
        phrases.DRAFT_OVER,
        phrases.WHO,
        phrases.NAME_FORGOTTEN,
        phrases.ONE_NAME,
        phrases.other_duration("deux ans"),
        phrases.cannot_add((D.ARGENT,)),
        phrases.cannot_add(()),
        phrases.suggested(D.PAPIERS),
        phrases.chosen((D.PAPIERS,)),
        phrases.found_scope(D.PAPIERS),
        register_phrases.renewing(mandat, (D.PAPIERS,)),
    ):
        yield Message(text)
    yield phrases.not_linked(URL)
    yield phrases.not_signed_in(URL)
    yield phrases.no_mandates()
    yield phrases.new_link((D.PAPIERS,), Duration.LONG, URL)
    yield register_phrases.listed((mandat,), url=URL)
    yield register_phrases.listed((mandat,), url=URL, of_name=True)
    yield register_phrases.listed((), url=URL)
    yield register_phrases.listed((), url=URL, of_name=True)
    yield register_phrases.detail(mandat, url=URL)
    for demarche in (None, D.PAPIERS):
        yield register_phrases.verified((mandat,), (), demarche)
        yield register_phrases.verified((), (mandat, replace(mandat, usager_id="other")), demarche)
        yield register_phrases.verified((), (), demarche)
    yield register_phrases.which((mandat,), "revoquer_mandat", url=URL)
    yield register_phrases.unknown_reference((mandat.reference,), "revoquer_mandat")
    yield register_phrases.unknown_reference((), "revoquer_mandat")
    yield register_phrases.not_covered(mandat, (D.SOCIAL,))
    yield register_phrases.confirm_revocation(mandat, ())
    yield register_phrases.confirm_revocation(mandat, (D.PAPIERS,))
    yield register_phrases.revoked(mandat, (D.PAPIERS,), url=URL)
    yield register_phrases.not_active(mandat.reference)
    yield register_phrases.not_renewable(mandat.reference)
    yield register_phrases.none_to_renew(url=URL)
    yield phrases.out_of_reach()


@pytest.fixture
def mandat(world: World) -> MandatView:
    return world.seal()


def test_french_typography_everywhere(mandat: MandatView) -> None:
    for message in everything(mandat):
        text = re.sub(r"https?://\S+", "", message.text)
        assert not _WRONG_SPACE.search(text), text


def test_no_reply_names_anybody(mandat: MandatView) -> None:
    for message in everything(mandat):
        assert not re.search("kervella|yolande|1950|brest", f"{message}".lower())


def test_no_button_is_longer_than_channels_show(mandat: MandatView) -> None:
    for message in everything(mandat):
        assert all(len(suggestion.title) <= 40 for suggestion in message.suggestions)
        assert len({suggestion.title for suggestion in message.suggestions}) == len(message.suggestions)


@pytest.mark.parametrize("saisie", STEPS)
def test_every_question_offers_to_stop(saisie: Saisie) -> None:
    assert phrases.ask(saisie).suggestions[-1] == phrases.STOP


@pytest.mark.parametrize("saisie", STEPS[:4])
def test_a_question_is_explained_after_two_failures_only(saisie: Saisie) -> None:
    first, second, third = (phrases.ask(replace(saisie, failures=failures)).text for failures in range(3))
    assert first == second
    assert "nous arrêter là" not in second
    assert "nous arrêter là" in third


def test_the_recap_states_what_was_said_of_the_usager_and_warns_about_surendettement() -> None:
    text = phrases.ask(COMPLETE).text
    assert "présent, majeur, sans mesure de protection" in text
    assert "surendettement" in text
    assert "surendettement" not in phrases.recap(replace(COMPLETE, demarches=(D.PAPIERS,))).text
    assert "proposé d'après la fiche" in phrases.recap(replace(COMPLETE, suggested=True)).text


def test_buttons_of_yes_and_no_say_to_which_question() -> None:
    for saisie in STEPS[2:]:
        values = [one.entities["valeur"] for one in phrases.ask(saisie).suggestions if "valeur" in one.entities]
        assert f"oui {saisie.asked}" in values
    assert Field.CONFIRM == "confirmation"


def test_every_refusal_of_a_person_says_what_to_do_instead() -> None:
    assert "parents" in phrases.refused(Refusal.MINOR).text
    assert "la personne chargée de la mesure" in phrases.refused(Refusal.PROTECTED).text
    assert "rendez-vous" in phrases.refused(Refusal.REMOTE).text
    assert "Justice" in phrases.refused(Refusal.SCOPE_NOT_ALLOWED, (D.JUSTICE,)).text


def test_the_custom_of_a_draft_follows_the_contract() -> None:
    custom = phrases.ready(COMPLETE, URL).custom
    assert custom is not None
    assert {"type", "reference", "status", "demarches", "expires_at", "secure_url"} <= set(custom)
    assert custom == phrases.new_link(COMPLETE.demarches, Duration.MONTH, URL).custom


def test_five_mandates_at_most_are_listed(world: World) -> None:
    mandats = [world.seal(identity=Identity("Kervella", f"Yolande {n}", ANATOLE.birth_date, "Brest")) for n in "abcdef"]
    text = register_phrases.listed(mandats, url=URL).text
    assert "(6)" in text
    assert text.count("• ") == 5
