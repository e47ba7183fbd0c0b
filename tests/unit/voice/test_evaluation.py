"""The measures of the voice: what they count, and what they say when something is missing."""

import gzip
import json
import wave
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest

from bot.errors import EquipierError
from bot.evaluation.files import Item
from bot.evaluation.report.files import write_report
from bot.settings import ROOT
from bot.voice.evaluation.ears import Ears, Stopwatch, rendered_otherwise, with_noise
from bot.voice.evaluation.questions import Meaning, ask_all, meaning, no_intents, spoken_questions
from bot.voice.evaluation.recordings import recordings, transcribed
from bot.voice.evaluation.report import summary, voice_report
from bot.voice.evaluation.wording import Errors, errors, heard_words, total
from bot.voice.messages import Heard
from bot.voice.synthesis import Samples

pytestmark = [pytest.mark.voice, pytest.mark.usefixtures("voice_packages")]  # num2words, and PyAV for voice notes


@dataclass
class FakeVoice:
    """Says anything as one second of a note, and remembers what."""

    said: list[tuple[str, float]] = field(default_factory=list)

    def speak(self, text: str, *, speed: float = 1.0) -> Samples:
        self.said.append((text, speed))
        return Samples(np.sin(np.arange(24_000) / 20).astype(np.float32), 24_000)


@dataclass
class FakeTranscriber:
    """Hears what it was told to hear, one text after the other."""

    texts: list[str]

    def transcribe(self, samples: np.ndarray) -> Heard:
        return Heard(self.texts.pop(0), samples.size / 16_000, sure=True)


def hearing(*texts: str) -> Ears:
    return Ears(FakeTranscriber(list(texts)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("mille deux cents euros", "1 200 €"),
        ("le premier juillet deux mille vingt", "Le 1er juillet 2020."),
        ("C'est l'AAH, non?", "c’est l'AAH non"),
        ("France Connect", "FranceConnect"),
        ("sage-femme", "sage femme"),
        ("appuyez sur 1", "Appuyez sur un."),
        ("La Caf", "la CAF"),
    ],
)
def test_two_ways_of_writing_what_is_heard_the_same_are_no_error(said: str, heard: str) -> None:
    assert errors(said, heard).wrong == 0


def test_each_word_to_replace_add_or_remove_counts_once() -> None:
    assert errors("il a perdu sa carte", "il a vendu carte verte") == Errors(wrong=3, words=5)
    assert errors("bonjour", "") == Errors(1, 1)
    assert Errors(0, 0).rate == 0.0


def test_the_rate_of_a_set_is_that_of_its_words_together() -> None:
    assert total([Errors(1, 2), Errors(0, 8)]).rate == 0.1


def test_the_rate_is_the_one_that_jiwer_gives() -> None:
    said, heard = "mon usager a perdu sa carte vitale hier", "mon usage a perdu la carte vitale d'hier soir"
    reference, hypothesis = " ".join(heard_words(said)), " ".join(heard_words(heard))
    assert errors(said, heard).rate == pytest.approx(jiwer.wer(reference, hypothesis))


def test_noise_has_the_level_asked_for() -> None:
    sound = np.sin(np.arange(16_000) / 10).astype(np.float32) * 0.3
    noise = with_noise(sound, decibels=10, seed=1) - sound
    ratio = 10 * np.log10(np.mean(sound**2) / np.mean(noise**2))
    assert ratio == pytest.approx(10, abs=0.2)
    assert np.array_equal(with_noise(sound, decibels=10, seed=1), with_noise(sound, decibels=10, seed=1))


def test_a_faster_rendering_is_shorter() -> None:
    assert rendered_otherwise(np.zeros(1000, dtype=np.float32), factor=1.25).size == 800


def test_time_is_counted_for_the_sound_it_took() -> None:
    watch = Stopwatch()
    assert watch.factor == 0.0
    assert watch.timed(lambda: "fait", seconds=lambda _: 2.0) == "fait"
    assert watch.sound == 2.0


def test_recordings_are_listened_to_and_compared(tmp_path: Path) -> None:
    for name in ("un", "deux", "trois"):
        with wave.open(str(tmp_path / f"{name}.wav"), "wb") as file:
            file.setparams((1, 2, 8000, 8000, "NONE", "NONE"))
            file.writeframes(b"\x00\x10" * 8000)
    listed = tmp_path / "dits.txt.gz"
    lines = "; entête\n\nun: bonjour à tous ici\nabsent: rien de rien ici\ndeux: [des bips]\ntrois: au revoir à tous\n"
    listed.write_bytes(gzip.compress(lines.encode()))
    several = recordings(tmp_path, listed)
    assert [one.name for one in several] == ["un", "trois"]
    done = transcribed(several, hearing("Bonjour à tous ici.", "Revoir à tous"))
    assert [one.errors for one in done] == [Errors(0, 4), Errors(1, 4)]
    assert len(recordings(tmp_path, listed, limit=1)) == 1


def test_without_recordings_the_package_to_install_is_named(tmp_path: Path) -> None:
    with pytest.raises(EquipierError) as caught:
        recordings(tmp_path)
    assert "asterisk-core-sounds-fr-wav" in caught.value.hint


def test_questions_that_can_be_said_are_enough_and_none_is_a_spelling_exercise() -> None:
    items = spoken_questions(ROOT / "tests" / "eval")
    assert len(items) >= 100
    assert sum(item.id.startswith("V") for item in items) >= 40
    assert not {item.style for item in items} & {"sms", "fautes"}


def test_a_question_heard_otherwise_but_understood_the_same_is_right() -> None:
    def read(text: str) -> tuple[str, None]:
        return ("question_demarche" if "passeport" in text else "hors_sujet"), None

    voice = FakeVoice()
    (asked,) = ask_all(
        [Item(id="V1", text="Combien coûte un passeport ou une cni pr mon fils ?")],
        speaker=voice,  # type: ignore[arg-type]
        ears=hearing("combien coûtent un passeport", "combien coûte un passe-plat"),
        voice=Stopwatch(),
        read=read,
        first_fiche=lambda text: "F1" if "passeport" in text else None,
    )
    assert voice.said == [("Combien coûte un passeport ou une CNI pour mon fils?", 1.0)]
    assert asked.typed == Meaning("question_demarche", None, "F1")
    assert asked.clean.same
    assert not asked.noisy.same


def test_only_a_question_about_a_procedure_is_compared_by_its_fiche() -> None:
    assert meaning("oui", lambda _: ("affirmer", "duree"), lambda _: "F1") == Meaning("affirmer", None, None)
    assert meaning("durée ?", lambda _: ("faq_mandat", "duree"), lambda _: "F1").topic == "duree"
    assert meaning("passeport", no_intents, lambda _: "F1") == Meaning(None, None, "F1")


CONTENT: dict[str, Any] = {
    "recordings": {
        "n": 2,
        "seconds": 4.0,
        "with_prompt": {
            "wer": 0.1,
            "words": 10,
            "real_time_factor": 0.21,
            "worst": [{"name": "a", "said": "dit", "heard": "dis", "wrong": 1}],
        },
        "without_prompt": {"wer": 0.12, "words": 10, "real_time_factor": 0.2, "worst": []},
    },
    "questions": {
        "n": 1,
        "intents": None,
        "noise_db": 10.0,
        "real_time_factor": 0.3,
        "clean": {"same": 1.0, "wer": 0.05},
        "noisy": {"same": 0.0, "wer": 0.2},
        "items": [
            {
                "id": "V1",
                "typed": {"text": "carte ?", "intent": None, "topic": None, "fiche": "F1"},
                "clean": {"text": "carte", "same": True, "intent": None, "topic": None, "fiche": "F1"},
                "noisy": {"text": "tarte", "same": False, "intent": None, "topic": None, "fiche": None},
            }
        ],
    },
    "answers": {
        "n": 1,
        "wer": 0.08,
        "words": 50,
        "longest_chars": 690,
        "real_time_factor_of_the_voice": 0.36,
        "items": [{"question": "q", "said": "dit", "heard": "entendu", "wer": 1.0}],
    },
    "memory": {"voice_mib": 250, "listening_mib": 300},
}


def test_the_report_is_written_for_people_and_for_machines(tmp_path: Path) -> None:
    text, content = write_report(voice_report(CONTENT), tmp_path)
    shown = text.read_text(encoding="utf-8")
    for told in ("10,0 %", "0,21 s", "«\u202ftarte\u202f»", "F1 → rien", "--rasa", "250 Mio"):
        assert told in shown
    assert json.loads(content.read_text(encoding="utf-8")) == CONTENT


def test_a_machine_without_recordings_still_has_a_report() -> None:
    content = CONTENT | {"recordings": None}
    assert "asterisk-core-sounds-fr-wav" in voice_report(content).text
    assert summary(content)["recordings"] is None
    assert summary(CONTENT)["recordings"]["wer_without_prompt"] == 0.12
