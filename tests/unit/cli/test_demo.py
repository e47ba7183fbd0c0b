"""`equipier demo` on a base of its own, and the invitation of the first admin."""

import re
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
import typer
from typer.testing import CliRunner, Result

from bot.bootstrap import MandatServices, mandats_services
from bot.cli import demo
from bot.cli.demo import CommandRefused
from bot.clock import SystemClock
from bot.demo.fill import SetBack, fill, new_password
from bot.demo.story import MEMBERS, ORGANISATION, SIGNED
from bot.gateway.desk.mandat import wrong_note
from bot.journal.actions import Action
from bot.mandats.rules import Status
from bot.mandats.views import Actor
from bot.privacy.envelope import KeyRing
from bot.settings import get_settings
from bot.setup import steps
from bot.storage.migrate import upgrade

application = typer.Typer()
application.command()(demo.demo)


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
    upgrade(services.database)
    yield services
    services.close()


def equipier(*arguments: str) -> Result:
    return CliRunner().invoke(application, arguments)


def test_the_demonstration_holds_mandates_in_every_state(services: MandatServices) -> None:
    clock = SetBack(SystemClock())
    filled = fill(mandats_services(get_settings(), clock=clock, database=services.database), clock)
    (organisation,) = services.aidants.organisations()
    assert (organisation.name, filled.organisation) == (ORGANISATION, ORGANISATION)
    assert [one.aidant.enrolled for one in services.aidants.people(organisation.id)] == [True] * 3
    actor = Actor(services.aidants.by_email(MEMBERS[0].email).id, organisation.id)
    mandats = services.register.mandats(actor, everything=True)
    assert filled.mandats == len(mandats) == len(SIGNED) + 2
    assert {one.status for one in mandats} == set(Status)
    active = [one for one in mandats if one.status is Status.ACTIVE]
    assert [one for one in active if 1 < one.days_left <= 30]
    assert [one for one in active if one.days_left > 30]
    assert len([one for one in mandats if one.renews]) == 2
    assert [one for one in active if len(one.open_demarches) < len(one.scopes)]
    assert len({one.usager for one in mandats}) == 12
    assert all(6 <= one.sealed_at.hour < 15 for one in mandats if one.sealed_at.date() < SystemClock().now().date())


def test_its_journal_holds_and_follows_the_calendar(services: MandatServices) -> None:
    clock = SetBack(SystemClock())
    fill(mandats_services(get_settings(), clock=clock, database=services.database), clock)
    (organisation,) = services.aidants.organisations()
    assert services.journal.verify(organisation.id).broken is None
    entries = services.journal.entries(organisation.id)[::-1]
    instants = [one.at for one in entries]
    assert instants == sorted(instants)
    assert instants[-1] <= SystemClock().now()
    assert (instants[-1] - instants[0]).days > 365
    assert {Action.USE_AUTORISATION, Action.CANCEL_MANDAT, Action.INIT_RENEW_MANDAT} <= {one.action for one in entries}


def test_what_is_shown_opens_the_account(services: MandatServices) -> None:
    result = equipier()
    assert result.exit_code == 0, result.output
    shown = dict(re.findall(r"^(\S[^\n]*?)  +(\S.*)$", result.output, flags=re.MULTILINE))
    assert shown["Page de connexion"] == "https://equipier.example/connexion"
    totp = shown["Clé des codes"].replace(" ", "")
    assert re.fullmatch(r"\d{6}", shown["Code du moment"])
    view = services.aidants.sign_in(shown["Adresse"], shown["Mot de passe"], pyotp.TOTP(totp).now())
    assert view.name == "Claire Morvan"


def test_it_is_never_put_in_twice() -> None:
    assert equipier().exit_code == 0
    for again in (equipier(), equipier("--force")):
        assert isinstance(again.exception, CommandRefused)
        assert "déjà" in str(again.exception)


def test_real_structures_keep_it_out_unless_it_is_forced(services: MandatServices) -> None:
    services.aidants.create_organisation("CCAS de Lens")
    refused = equipier()
    assert isinstance(refused.exception, CommandRefused)
    assert "--force" in refused.exception.hint
    assert len(services.aidants.organisations()) == 1
    assert equipier("--force").exit_code == 0
    assert len(services.aidants.organisations()) == 2


def test_passwords_are_never_the_same() -> None:
    made = {new_password() for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(r"(\w{4}-){3}\w{4}", one) for one in made)


def test_its_notes_name_nobody() -> None:
    assert not [note for one in SIGNED for _, _, note in one.uses if wrong_note(note, one.usager)]


def test_the_first_admin_is_invited_once(services: MandatServices) -> None:
    said = steps.admin_step(get_settings())
    link = re.search(r"https://equipier\.example/inscription/([\w-]+)", said)
    assert link is not None
    invited = services.aidants.enrolment(link[1])
    assert (invited.email, invited.admin) == ("admin@equipier.invalid", True)
    again = steps.admin_step(get_settings())
    assert "inscription en attente" in again
    assert "inscription/" not in again


def test_an_admin_who_enrolled_is_left_alone(services: MandatServices) -> None:
    link = re.search(r"inscription/([\w-]+)", steps.admin_step(get_settings()))
    assert link is not None
    totp = pyotp.random_base32()
    services.aidants.enrol(link[1], "trombone lavande pivert", totp, pyotp.TOTP(totp).now())
    assert steps.admin_step(get_settings()) == "en place"


def test_the_address_of_the_first_admin_is_a_setting(services: MandatServices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUIPIER_ADMIN_EMAIL", "Direction@exemple.fr")
    get_settings.cache_clear()
    steps.admin_step(get_settings())
    assert services.aidants.by_email("direction@exemple.fr").admin
