from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.voice import app
from bot.errors import EquipierError
from bot.settings import Settings, get_settings
from bot.voice.audio import decode
from bot.voice.errors import VoiceRefused
from tests.unit.voice.sounds import recording, silence, tone

runner = CliRunner()


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any model, whose voice service does not run."""
    settings = Settings(var_dir=tmp_path, voice_url="http://127.0.0.1:9")
    monkeypatch.setattr("bot.settings.get_settings", lambda: settings)
    return tmp_path


def test_the_state_of_a_bare_machine_says_what_to_do(bare: Path) -> None:
    result = runner.invoke(app, ["status"])
    assert result.exit_code == 1
    assert "absent" in result.output
    assert "écoute inactive, lecture inactive" in result.output
    assert "→ equipier voice install" in result.output


def test_without_a_model_a_transcription_says_how_to_get_one(bare: Path) -> None:
    (bare / "note.ogg").write_bytes(b"OggS")
    result = runner.invoke(app, ["transcribe", str(bare / "note.ogg")])
    assert isinstance(result.exception, EquipierError)
    assert result.exception.hint == "equipier voice install"


def test_only_two_kinds_of_files_are_written(bare: Path) -> None:
    result = runner.invoke(app, ["say", "Bonjour", "--to", str(bare / "note.wav")])
    assert isinstance(result.exception, EquipierError)
    assert ".ogg ou .mp3" in result.exception.hint


def test_a_missing_recording_is_refused_by_the_command_line(bare: Path) -> None:
    assert runner.invoke(app, ["transcribe", str(bare / "absent.ogg")]).exit_code == 2


@pytest.mark.voice
def test_a_sentence_said_into_a_file_is_heard_back(voice_models: Path, tmp_path: Path) -> None:
    target = tmp_path / "note.ogg"
    said = runner.invoke(app, ["say", "Votre **passeport** coûte 25 €.", "--to", str(target)])
    assert said.exit_code == 0
    assert "note.ogg" in said.output
    assert decode(target.read_bytes()).size
    heard = runner.invoke(app, ["transcribe", str(target)])
    assert heard.exit_code == 0
    assert "passeport" in heard.output
    assert "25" in heard.output


@pytest.mark.voice
@pytest.mark.parametrize(
    ("content", "sentence"),
    [(recording, "incomplet"), (silence, "Je n’ai rien entendu"), (str, "Je ne sais pas lire ce fichier")],
    ids=["tronqué", "silence", "texte"],
)
def test_a_refusal_is_one_french_sentence(voice_models: Path, tmp_path: Path, content: object, sentence: str) -> None:
    data = {recording: lambda: recording(tone(2))[:-9], silence: lambda: recording(silence(2)), str: lambda: b"bonjour"}
    (tmp_path / "note.ogg").write_bytes(data[content]())
    result = runner.invoke(app, ["transcribe", str(tmp_path / "note.ogg")])
    assert isinstance(result.exception, EquipierError)
    assert sentence in str(result.exception)
    assert isinstance(result.exception.__cause__, VoiceRefused)


@pytest.mark.voice
def test_a_machine_with_its_models_says_so(voice_models: Path) -> None:
    result = runner.invoke(app, ["status"])
    assert result.exit_code == 0
    assert result.output.count("en place") == 3
    assert get_settings().voice_dir == voice_models
