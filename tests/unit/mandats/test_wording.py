from datetime import UTC, datetime, timedelta

import pytest

from bot.demarches import Demarche
from bot.mandats import wording
from bot.mandats.identity import Identity
from tests.unit.mandats.world import YOLANDE

START = datetime(2026, 11, 26, 9, tzinfo=UTC)


def text_for(identity: Identity | None, *demarches: Demarche) -> str:
    text = wording.current()
    paragraphs = text.paragraphs(
        "CCAS de Brest",
        "Maïwenn Le Goff",
        identity,
        demarches,
        "un an (365 jours)",
        START,
        START + timedelta(days=365),
        text.warnings(demarches),
    )
    return " ".join("\n".join(paragraphs).replace("\u202f", " ").split())


def test_the_text_says_who_authorises_whom_for_what_and_how_long() -> None:
    text = text_for(YOLANDE, Demarche.PAPIERS, Demarche.LOGEMENT)
    for expected in (
        "Yolande Kervella, né(e) le 2 janvier 1950 à Brest",
        "CCAS de Brest",
        "Maïwenn Le Goff",
        "Papiers - Citoyenneté - Élections, Logement",
        "un an (365 jours), du 26 novembre 2026 au 26 novembre 2027",
        "ni tutelle, ni curatelle, ni sauvegarde de justice",
        "mettre fin à ce mandat à tout moment",
        "gratuit",
        "six ans après sa fin",
    ):
        assert expected in text
    assert "{" not in text
    assert "Surendettement" not in text


def test_the_warning_about_debts_belongs_to_its_scope() -> None:
    assert "R. 721-2 et R. 761-1" in text_for(YOLANDE, Demarche.ARGENT)


def test_before_the_identity_is_typed_the_text_points_to_it() -> None:
    assert text_for(None, Demarche.PAPIERS).startswith(wording.UNNAMED)


def test_braces_in_a_name_are_left_alone() -> None:
    assert "{aidant}" in text_for(Identity("{aidant}", "Yolande", YOLANDE.birth_date), Demarche.PAPIERS)


def test_every_version_can_be_found_again() -> None:
    text = wording.current()
    assert wording.named(text.version) == text
    assert len(text.digest) == 64
    for unknown in ("1999-01-01", "../wordings/2026-11-26", ""):
        with pytest.raises(wording.UnknownWording):
            wording.named(unknown)
