"""`equipier aidants …` and `equipier keys …`, on a base of their own."""

import re
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
import typer
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from bot.bootstrap import MandatServices, mandats_services
from bot.cli import aidants, keys
from bot.cli.aidants import CommandRefused
from bot.clock import SystemClock
from bot.privacy.envelope import KeyRing
from bot.settings import get_settings
from tests.unit.aidants.house import PASSWORD

application = typer.Typer()
application.add_typer(aidants.app, name="aidants")
application.add_typer(keys.app, name="keys")


@pytest.fixture(autouse=True)
def _own_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("EQUIPIER_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("EQUIPIER_DATABASE_URL", "")
    monkeypatch.setenv("EQUIPIER_PUBLIC_URL", "https://equipier.example/")
    for name in ("MASTER_KEYS", "SEAL_KEYS", "INDEX_KEY", "CHECKPOINT_KEY", "SESSION_KEY"):
        monkeypatch.setenv(f"EQUIPIER_{name}", KeyRing.new("t1"))
    monkeypatch.setenv("EQUIPIER_VAULT_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture
def services() -> Iterator[MandatServices]:
    services = mandats_services(get_settings())
    yield services
    services.close()


def equipier(*arguments: str) -> Result:
    return CliRunner().invoke(application, arguments)


def done(*arguments: str) -> str:
    result = equipier(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def refused(*arguments: str) -> CommandRefused:
    result = equipier(*arguments)
    assert isinstance(result.exception, CommandRefused), result.output
    return result.exception


def secret_in(output: str) -> str:
    found = re.search(r"https://equipier\.example/inscription/(\S{43})\n", output)
    assert found
    return found[1]


@pytest.fixture
def ccas() -> str:
    done("aidants", "organisation", "CCAS de Lens", "--adresse", "3 rue de la Paix, 62300 Lens")
    return "CCAS de Lens"


def test_an_organisation_is_made_and_listed(ccas):
    assert "2 démarche(s)" in done("aidants", "organisation", "Mairie", "--demarches", "logement, papiers")
    listed = done("aidants", "organisations")
    assert "CCAS de Lens — 3 rue de la Paix, 62300 Lens — démarches\u202f: toutes" in listed
    assert "Mairie — sans adresse — démarches\u202f: papiers, logement" in listed
    assert "2 organisation(s)." in listed


def test_an_unknown_scope_is_named_with_the_choice():
    result = equipier("aidants", "organisation", "Mairie", "--demarches", "papiers,impots")
    assert result.exit_code == 2
    assert "impots" in result.output


def test_the_link_of_an_invitation_lets_one_enrol(ccas, services):
    output = done("aidants", "inviter", "Lea@ccas.fr", "--nom", "Léa Martin", "--organisation", "ccas de lens")
    assert "lea@ccas.fr — Léa Martin — CCAS de Lens — inscription en attente" in output
    totp = pyotp.random_base32()
    services.aidants.enrol(secret_in(output), PASSWORD, totp, pyotp.TOTP(totp).at(SystemClock().now()))
    assert "lea@ccas.fr" in done("aidants", "liste", "--organisation", ccas)
    again = done("aidants", "inviter", "lea@ccas.fr", "--nom", "Léa", "--organisation", ccas, "--superviseur")
    assert "déjà inscrite" in again
    assert "inscription/" not in again
    assert "CCAS de Lens (supervision) — actif" in done("aidants", "liste", "--organisation", ccas)


def test_someone_is_invited_only_to_answer(ccas):
    output = done("aidants", "inviter", "rozenn@ccas.fr", "--nom", "Rozenn", "--organisation", ccas, "--assistance")
    assert "CCAS de Lens (assistance) — inscription en attente" in output
    both = equipier(
        "aidants", "inviter", "x@ccas.fr", "--nom", "X", "--organisation", ccas, "--assistance", "--superviseur"
    )
    assert both.exit_code == 2
    assert "Choisissez --superviseur" in both.output


def test_an_admin_needs_no_organisation():
    output = done("aidants", "inviter", "admin@region.fr", "--nom", "Ada Min", "--admin")
    assert "Ada Min — administration — inscription en attente" in output
    assert secret_in(output)
    assert "1 compte(s)." in done("aidants", "liste")


def test_a_link_is_given_again_an_account_is_closed_and_opened_again(ccas):
    first = secret_in(done("aidants", "inviter", "lea@ccas.fr", "--nom", "Léa", "--organisation", ccas))
    assert secret_in(done("aidants", "reinitialiser", "lea@ccas.fr")) != first
    assert "Compte désactivé\u202f: lea@ccas.fr" in done("aidants", "desactiver", "lea@ccas.fr")
    assert "désactivé" in done("aidants", "liste")
    assert "désactivé" in str(refused("aidants", "reinitialiser", "lea@ccas.fr"))
    assert secret_in(done("aidants", "inviter", "lea@ccas.fr", "--nom", "Léa", "--organisation", ccas))


def test_the_current_organisation_is_changed(ccas, services):
    done("aidants", "organisation", "Mairie")
    done("aidants", "inviter", "lea@ccas.fr", "--nom", "Léa", "--organisation", ccas)
    assert "ne travaille pas" in str(refused("aidants", "changer", "lea@ccas.fr", "Mairie"))
    mairie = next(one for one in services.aidants.organisations() if one.name == "Mairie")
    services.aidants.invite("lea@ccas.fr", "Léa", organisation=mairie.id)
    assert "agit maintenant pour Mairie" in done("aidants", "changer", "lea@ccas.fr", "mairie")


def test_the_code_of_a_conversation_is_shown_as_it_is_to_be_typed(ccas):
    done("aidants", "inviter", "lea@ccas.fr", "--nom", "Léa", "--organisation", ccas)
    assert re.search(r"lier \d{4} \d{4}\n", done("aidants", "code", "lea@ccas.fr"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("inviter", "pas une adresse", "--nom", "Léa", "--organisation", "CCAS de Lens"), "n'en est pas une"),
        (("inviter", "lea@ccas.fr", "--nom", " ", "--organisation", "CCAS de Lens"), "le nom manque"),
        (("inviter", "lea@ccas.fr", "--nom", "Léa"), "l'organisation manque"),
        (
            ("inviter", "lea@ccas.fr", "--nom", "Léa", "--organisation", "Ailleurs"),
            "organisation inconnue\u202f: Ailleurs",
        ),
        (("organisation", "CCAS de Lens"), "porte déjà ce nom"),
        (("organisation", "   "), "le nom de l'organisation manque"),
        (("organisation", "1234"), "nom d'organisation n'en est pas un"),
        (("organisation", "Mairie", "--adresse", "<b>"), "cette adresse n'en est pas une"),
        (("liste", "--organisation", "Ailleurs"), "organisation inconnue\u202f: Ailleurs"),
        (("reinitialiser", "personne@ccas.fr"), "aucun compte à cette adresse"),
        (("desactiver", "personne@ccas.fr"), "aucun compte à cette adresse"),
        (("code", "personne@ccas.fr"), "aucun compte à cette adresse"),
    ],
)
def test_what_cannot_be_done_is_said_in_french(ccas, arguments, told):
    assert told in str(refused("aidants", *arguments))


def test_a_new_key_is_what_the_settings_read():
    result = equipier("keys", "new", "m2")
    ring = KeyRing.parse(SecretStr(result.stdout.strip()), setting="EQUIPIER_MASTER_KEYS")
    assert ring.current == "m2"


@pytest.mark.parametrize("name", ["", "m:2", "m,2", "m 2", "clé"])
def test_a_name_that_would_break_the_settings_is_refused(name):
    assert equipier("keys", "new", name).exit_code == 2
