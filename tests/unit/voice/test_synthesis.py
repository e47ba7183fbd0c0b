"""How a text is said, and the real voice where it is installed."""

from pathlib import Path

import numpy as np
import pytest

from bot.voice.acronyms import spelt_phonemes
from bot.voice.synthesis import (
    EspeakSpeaker,
    KokoroSpeaker,
    NothingToSay,
    Speaker,
    breaths,
    load_speaker,
    phonemes_of,
)


def as_written(text: str) -> str:
    """A phonemizer that changes nothing: what is asked of it can be read in the outcome."""
    return text.strip()


def test_a_text_is_said_sentence_by_sentence_and_a_short_one_with_the_next() -> None:
    long = "Le mandat est valable un an et peut être révoqué à tout moment."
    assert breaths(f"{long}  {long}") == [long, long]
    assert breaths(f"Coût. {long} Oui !") == [f"Coût. {long}", "Oui !"]


def test_a_long_sentence_is_cut_at_its_clauses_and_loses_no_word() -> None:
    clause = "il faut un justificatif de domicile de moins de trois mois"
    pieces = breaths(f"{', '.join([clause] * 12)}.")
    assert len(pieces) > 1
    assert all(len(piece) <= 220 for piece in pieces)
    assert " ".join(pieces).count(clause) == 12


def test_a_sentence_without_any_clause_is_cut_between_words() -> None:
    pieces = breaths("mot " * 300)
    assert all(len(piece) <= 220 for piece in pieces)
    assert " ".join(pieces).split() == ["mot"] * 300


def test_pieces_without_words_are_left_out() -> None:
    assert breaths("... ! Oui.") == ["Oui."]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("le RSA.", "le ɛʁ ɛs ˈa."),
        ("RSA", "ɛʁ ɛs ˈa"),
        ("L'AAH, puis", "la a ˈaʃ, puis"),
        ("qu'APL", "ka pe ˈɛl"),
        ("la Caf et le Pacs", "la Caf et le pakss"),
        ("l'aide", "l'aide"),
    ],
)
def test_acronyms_are_spelt_in_one_breath_and_words_are_left_to_the_phonemizer(text: str, said: str) -> None:
    assert phonemes_of(text, as_written) == said


def test_a_word_taken_for_a_foreign_one_does_not_leave_its_flag() -> None:
    assert phonemes_of("mail", lambda _: "(en)mˈeɪl(fr)") == "mˈeɪl"


def test_only_the_last_letter_of_an_acronym_is_stressed() -> None:
    assert spelt_phonemes("MDPH") == "ɛm de pe ˈaʃ"


@pytest.fixture(scope="module")
def kokoro(voice_models: Path) -> Speaker:
    speaker = load_speaker(voice_models)
    assert isinstance(speaker, KokoroSpeaker)
    return speaker


@pytest.mark.voice
def test_the_voice_says_a_sentence_in_about_the_time_a_person_takes(kokoro: Speaker) -> None:
    said = kokoro.speak("Elle touche le RSA depuis un an.")
    assert 1.5 < said.seconds < 4.5
    assert said.data.dtype == np.float32
    assert 0.1 < float(np.abs(said.data).max()) <= 1.0


@pytest.mark.voice
def test_the_same_text_gives_the_same_sound(kokoro: Speaker) -> None:
    one, other = kokoro.speak("Bonjour."), kokoro.speak("Bonjour.")
    assert np.array_equal(one.data, other.data)


@pytest.mark.voice
def test_a_text_beyond_what_the_model_takes_at_once_is_said_whole(kokoro: Speaker) -> None:
    sentence = "Le mandat est valable un an, et il peut être révoqué à tout moment par la personne. "
    once, eight = kokoro.speak(sentence).seconds, kokoro.speak(sentence * 8).seconds
    assert 7 * once < eight < 9 * once


@pytest.mark.voice
@pytest.mark.parametrize("empty", ["", " ", "...", "!?"])
def test_a_text_without_words_is_an_error(kokoro: Speaker, empty: str) -> None:
    with pytest.raises(NothingToSay):
        kokoro.speak(empty)


@pytest.mark.voice
def test_espeak_speaks_where_kokoro_is_not_installed(voice_packages: None, tmp_path: Path) -> None:
    speaker = load_speaker(tmp_path)
    assert isinstance(speaker, EspeakSpeaker)
    said = speaker.speak("Bonjour, elle touche le RSA.")
    assert said.seconds > 1
    assert float(np.abs(said.data).max()) > 0.05
    with pytest.raises(NothingToSay):
        speaker.speak("...")
