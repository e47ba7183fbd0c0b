"""`equipier journal …`, on a base and keys of their own."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from cryptography.fernet import Fernet
from typer.testing import CliRunner, Result

from bot.aidants.models import Organisation
from bot.cli import journal
from bot.errors import EquipierError
from bot.journal.actions import Action
from bot.journal.chain import Entry, first_break
from bot.journal.checkpoints import ChainBroken, UnreadableCheckpoint
from bot.privacy.envelope import KeyRing
from bot.settings import get_settings
from bot.storage.engine import Database
from tests.unit.journal.tampering import real_journal
from tests.unit.mandats.databases import sqlite_url
from tests.unit.mandats.world import World, assemble

application = typer.Typer()
application.add_typer(journal.app, name="journal")
NARROW, WIDE = "\u202f", "\u00a0"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    url = sqlite_url(tmp_path)
    monkeypatch.setenv("EQUIPIER_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("EQUIPIER_DATABASE_URL", url)
    monkeypatch.setenv("EQUIPIER_VAULT_KEY", Fernet.generate_key().decode())
    for setting in ("MASTER_KEYS", "SEAL_KEYS", "INDEX_KEY", "CHECKPOINT_KEY", "SESSION_KEY"):
        monkeypatch.setenv(f"EQUIPIER_{setting}", KeyRing.new("essai"))
    get_settings.cache_clear()
    database = Database.at(url)
    yield assemble(database)
    database.close()
    get_settings.cache_clear()


def equipier(*arguments: str | Path) -> Result:
    return CliRunner().invoke(application, ["journal", *map(str, arguments)])


def name_of(world: World) -> str:
    with world.database.unit_of_work() as session:
        return session.get_one(Organisation, world.actor.organisation).name


def falsify(world: World, statement: str) -> None:
    for event in ("update", "delete", "replace"):
        world.sql(f"DROP TRIGGER IF EXISTS journal_entries_no_{event}")
    world.sql(statement)


def test_whole_journals_are_told_one_by_one_with_their_number_of_entries(world: World) -> None:
    entries = real_journal(world)
    with world.database.unit_of_work() as session:
        world.journal.append(session, Action.ROTATE_KEYS, organisation=None)
    result = equipier("verify")
    assert result.exit_code == 0, result.output
    assert f"Système (*){NARROW}: 1{WIDE}entrée, chaîne intacte\n" in result.output
    whole = f"{name_of(world)} ({world.actor.organisation}){NARROW}: {len(entries)}{WIDE}entrées, chaîne intacte\n"
    assert whole in result.output
    assert equipier("verify", "--organisation", world.actor.organisation).output == whole


def test_a_terminal_shows_how_far_the_verification_is_and_a_file_does_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = real_journal(world)
    assert equipier("verify").stderr == ""
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich then takes the stream for a terminal
    shown = equipier("verify")
    assert f"{len(entries)}/{len(entries)}" in shown.stderr
    assert "chaîne intacte" in shown.stdout


def test_the_first_broken_entry_is_named_with_its_action_and_its_fault(world: World) -> None:
    entries = real_journal(world)
    organisation = world.actor.organisation
    falsify(world, "UPDATE journal_entries SET action = 'purge' WHERE seq = 9")
    result = equipier("verify")
    assert result.exit_code == 1
    assert (
        f"CHAÎNE ROMPUE à l'entrée n°{WIDE}9 (purge){NARROW}: son contenu ne correspond plus à son sceau"
        in result.output
    )
    falsify(world, "DELETE FROM journal_entries WHERE seq = 5")
    assert f"n°{WIDE}5 (absente){NARROW}: elle manque" in equipier("verify", "--organisation", organisation).output
    falsify(world, "UPDATE journal_entries SET at = 'hier' WHERE seq = 4")
    assert f"n°{WIDE}4 (illisible){NARROW}: son contenu" in equipier("verify").output
    falsify(world, "UPDATE journal_entries SET previous = seal WHERE seq = 2")
    assert (
        f"n°{WIDE}2 ({entries[1].action}){NARROW}: elle ne porte pas le sceau de l'entrée précédente"
        in equipier("verify").output
    )


def test_nothing_written_yet_is_said(world: World) -> None:
    for command in ("verify", "show"):
        result = equipier(command)
        assert (result.exit_code, result.output) == (0, f"Aucun journal{NARROW}: rien n'a encore été inscrit.\n")
    assert equipier("checkpoint").output == ""


@pytest.mark.parametrize("command", ["verify", "checkpoint", "export", "show"])
def test_a_mistyped_organisation_is_not_a_whole_empty_journal(world: World, command: str) -> None:
    real_journal(world)
    result = equipier(command, "--organisation", "inconnue")
    assert isinstance(result.exception, EquipierError)
    assert "inconnue" in str(result.exception)
    assert result.exception.hint
    assert result.output == ""


def test_checkpoints_are_written_and_verified_from_their_file(world: World, tmp_path: Path) -> None:
    world.seal()
    world.seal(actor=world.stranger)
    file = tmp_path / "points.jsonl"
    written = equipier("checkpoint", "--output", file)
    assert f"2{WIDE}points de contrôle{NARROW}: {file}" in written.output
    assert len(file.read_text(encoding="utf-8").splitlines()) == 2
    world.seal()
    result = equipier("verify", "--checkpoint", file)
    assert result.exit_code == 0, result.output
    assert result.output.count("le journal passe par lui") == 4  # those of the file and their copies
    assert f"point de contrôle du 25/11/2026 à 12{WIDE}h" not in result.output  # the clock of the machine signs
    one = equipier("verify", "--checkpoint", file, "--organisation", world.actor.organisation)
    assert one.output.count("le journal passe par lui") == 2


def test_a_journal_whose_end_was_cut_is_found_by_the_checkpoint(world: World, tmp_path: Path) -> None:
    entries = real_journal(world)
    file = tmp_path / "point.json"
    file.write_text(equipier("checkpoint", "--organisation", world.actor.organisation).output, encoding="utf-8")
    falsify(world, "DELETE FROM journal_entries WHERE seq > 10")
    world.sql("UPDATE journal_heads SET seq = 10, seal = :seal", seal=entries[9].seal)
    copy = equipier("verify")
    assert (copy.exit_code, copy.output.count("LA FIN DU JOURNAL A ÉTÉ COUPÉE")) == (1, 1)
    world.sql("DELETE FROM journal_checkpoints")
    assert equipier("verify").exit_code == 0  # nothing in the database tells any more
    result = equipier("verify", "--checkpoint", file)
    assert result.exit_code == 1
    assert f"10{WIDE}entrées, chaîne intacte" in result.output
    assert f"(entrée n°{WIDE}{len(entries)}){NARROW}: LA FIN DU JOURNAL A ÉTÉ COUPÉE" in result.output


def test_a_journal_that_vanished_is_found_by_the_checkpoint(world: World, tmp_path: Path) -> None:
    real_journal(world)
    file = tmp_path / "point.json"
    equipier("checkpoint", "--output", file)
    falsify(world, "DELETE FROM journal_entries")
    world.sql("DELETE FROM journal_heads")
    for arguments in ((), ("--checkpoint", file), ("--organisation", world.actor.organisation)):
        result = equipier("verify", *arguments)
        assert result.exit_code == 1
        assert "LA FIN DU JOURNAL A ÉTÉ COUPÉE" in result.output


def test_a_false_signature_is_told(world: World, tmp_path: Path) -> None:
    real_journal(world)
    file = tmp_path / "point.json"
    file.write_text(equipier("checkpoint").output.replace('"seq":', '"seq":1'), encoding="utf-8")
    result = equipier("verify", "--checkpoint", file)
    assert result.exit_code == 1
    assert "SIGNATURE FAUSSE" in result.output


@pytest.mark.parametrize("content", [b"", b"\n\n", b"bonjour", b"\xff\xfe"])
def test_a_file_that_is_no_checkpoint_is_refused(world: World, tmp_path: Path, content: bytes) -> None:
    real_journal(world)
    file = tmp_path / "point.json"
    file.write_bytes(content)
    assert isinstance(equipier("verify", "--checkpoint", file).exception, UnreadableCheckpoint)


def test_a_file_that_is_missing_or_of_others_is_refused(world: World, tmp_path: Path) -> None:
    world.seal()
    world.seal(actor=world.stranger)
    missing = equipier("verify", "--checkpoint", tmp_path / "absent.json")
    assert isinstance(missing.exception, EquipierError)
    file = tmp_path / "point.json"
    equipier("checkpoint", "--organisation", world.stranger.organisation, "--output", file)
    other = equipier("verify", "--checkpoint", file, "--organisation", world.actor.organisation)
    assert isinstance(other.exception, EquipierError)
    assert "aucun point de contrôle" in str(other.exception)


def test_a_broken_journal_is_not_signed_and_the_others_are(world: World, tmp_path: Path) -> None:
    world.seal()
    world.seal(actor=world.stranger)
    falsify(world, f"UPDATE journal_entries SET action = 'purge' WHERE organisation_id = '{world.actor.organisation}'")
    file = tmp_path / "points.jsonl"
    result = equipier("checkpoint", "--output", file)
    assert isinstance(result.exception, ChainBroken)
    assert world.actor.organisation in str(result.exception)
    (line,) = file.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["organisation"] == world.stranger.organisation


def test_an_export_holds_the_whole_chain_and_can_be_verified_elsewhere(world: World) -> None:
    from datetime import datetime

    entries = real_journal(world)
    lines = [
        json.loads(line) for line in equipier("export", "--organisation", world.actor.organisation).output.splitlines()
    ]
    exported = [Entry(**line | {"at": datetime.fromisoformat(line["at"])}) for line in lines]
    assert exported == entries
    assert first_break(exported, organisation=world.actor.organisation) is None


def test_the_last_entries_of_every_journal_are_shown_newest_first(world: World) -> None:
    mandat = world.seal()
    world.fake_clock.advance(minutes=1)
    world.register.mandat(world.actor, mandat.id)
    world.fake_clock.advance(minutes=1)
    world.seal(actor=world.stranger)
    lines = equipier("show", "--limit", "5").output.splitlines()
    assert len(lines) == 5
    assert "create_autorisation" in lines[0]
    assert world.stranger.organisation in lines[0]
    assert lines[0].endswith("démarche logement")
    read = (
        f"25/11/2026 à 12{WIDE}h{WIDE}03  {name_of(world)} ({world.actor.organisation})  n°{WIDE}5  read_mandat  "
        f"aidant {world.actor.aidant}  mandat {mandat.id}  usager {mandat.usager_id}"
    )
    assert lines[4] == read
    own = equipier("show", "--organisation", world.actor.organisation).output.splitlines()
    assert (len(own), own[0]) == (5, read)
    assert "Kervella" not in "".join(own)
