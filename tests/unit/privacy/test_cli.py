"""`equipier retention`, `equipier usagers …` and `equipier keys rotate`, on a base of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from bot.bootstrap import mandats_services
from bot.cli import keys, retention, usagers
from bot.errors import EquipierError
from bot.mandats.views import MandatView
from bot.privacy.envelope import KeyRing
from bot.settings import get_settings
from tests.unit.mandats.databases import sqlite_url
from tests.unit.mandats.world import World, assemble

application = typer.Typer()
application.command()(retention.retention)
application.add_typer(usagers.app, name="usagers")
application.add_typer(keys.app, name="keys")
FORMER = KeyRing.new("m1")


@pytest.fixture(autouse=True)
def _own_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("EQUIPIER_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("EQUIPIER_DATABASE_URL", sqlite_url(tmp_path))
    for name in ("SEAL_KEYS", "INDEX_KEY", "CHECKPOINT_KEY", "SESSION_KEY"):
        monkeypatch.setenv(f"EQUIPIER_{name}", KeyRing.new("t1"))
    monkeypatch.setenv("EQUIPIER_MASTER_KEYS", FORMER)
    monkeypatch.setenv("EQUIPIER_VAULT_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture
def world() -> Iterator[World]:
    services = mandats_services(get_settings())
    world = assemble(services.database)
    world.usagers, world.sealing, world.drafts = services.usagers, services.sealing, services.drafts
    world.register, world.journal = services.register, services.journal
    yield world
    services.close()


@pytest.fixture
def mandat(world: World) -> MandatView:
    return world.seal()


def equipier(*arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(application, arguments, input=answer)


def done(*arguments: str, answer: str | None = None) -> str:
    result = equipier(*arguments, answer=answer)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_dry_run_counts_and_deletes_nothing(world: World) -> None:
    world.page()
    world.sql("UPDATE mandat_drafts SET expires_at = '2020-01-01 00:00:00.000000'")
    output = done("retention", "--dry-run")
    assert "À effacer" in output
    assert "6 ans après" in output
    assert world.count("mandat_drafts") == 1
    assert "Effacés" in done("retention")
    assert world.count("mandat_drafts") == 0


@pytest.mark.parametrize("written", ["{}", " {} "])
def test_an_usager_is_erased_by_reference_once_confirmed(world: World, mandat: MandatView, written: str) -> None:
    reference = written.format(mandat.reference.lower())
    for answer in ("n\n", "\n", "o\n"):
        refused = equipier("usagers", "effacer", reference, answer=answer)
        assert refused.exit_code == 1
        assert "Rien n'a été effacé" in refused.output
    assert world.register.mandat(world.actor, mandat.id).usager is not None
    output = done("usagers", "effacer", reference, answer="Oui\n")
    assert f"seront révoqués\u202f: {mandat.reference}" in output
    assert world.register.mandat(world.actor, mandat.id).usager is None
    assert "déjà effacé" in done("usagers", "effacer", reference)


def test_an_usager_is_erased_by_id_without_a_question(world: World, mandat: MandatView) -> None:
    assert "Usager effacé" in done("usagers", "effacer", "--id", mandat.usager_id, "--oui")
    assert world.register.mandat(world.actor, mandat.id).usager is None


def test_someone_unknown_is_told_in_french() -> None:
    result = equipier("usagers", "effacer", "M-2020-0001-A1")
    assert isinstance(result.exception, EquipierError)
    assert "aucun usager" in str(result.exception)
    assert "M-2026-0042-K7" in result.exception.hint


@pytest.mark.parametrize("arguments", [(), ("M-2020-0001-A1", "--id", "x")])
def test_one_way_of_naming_the_usager_is_needed(arguments: tuple[str, ...]) -> None:
    assert equipier("usagers", "effacer", *arguments).exit_code == 2


def test_a_rotation_says_what_it_did_and_which_keys_must_stay(
    world: World, mandat: MandatView, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = KeyRing.new("m2")
    monkeypatch.setenv("EQUIPIER_MASTER_KEYS", new)
    get_settings.cache_clear()
    without = equipier("keys", "rotate")
    assert isinstance(without.exception, EquipierError)
    assert "rien n'a été changé" in without.exception.hint
    monkeypatch.setenv("EQUIPIER_MASTER_KEYS", f"{new},{FORMER}")
    get_settings.cache_clear()
    output = done("keys", "rotate")
    assert "1 identité(s)" in output
    assert "Clés en service\u202f: m2." in output
    assert "0 identité(s)" in done("keys", "rotate")
