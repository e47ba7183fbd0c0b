from pathlib import Path

import numpy as np
import pytest

from bot.voice.audio import RATE, Samples, decode
from bot.voice.errors import VoiceRefused
from bot.voice.prompt import PROMPT
from bot.voice.transcription import Transcriber, load_transcriber, loudness
from tests.unit.voice.fakes import FakeRecogniser, FakeSegment
from tests.unit.voice.sounds import music, silence, tone, white_noise

RECORDINGS = Path("/usr/share/asterisk/sounds/fr_CA_f_June")


def transcriber(*segments: FakeSegment) -> Transcriber:
    return Transcriber(FakeRecogniser(segments), repaired=lambda text: text)


def test_the_segments_make_one_sentence_with_the_duration_of_the_recording() -> None:
    heard = transcriber(FakeSegment(" Mon usager a perdu"), FakeSegment(" sa carte d'identité.")).transcribe(tone(4))
    assert heard.text == "Mon usager a perdu sa carte d'identité."
    assert heard.seconds == pytest.approx(4)
    assert heard.sure


def test_what_was_heard_is_repaired() -> None:
    model = FakeRecogniser((FakeSegment(" le R S A"),))
    heard = Transcriber(model, repaired=lambda text: text.replace("R S A", "RSA")).transcribe(tone(2))
    assert heard.text == "le RSA"


def test_the_model_is_told_the_words_of_the_trade_and_listens_to_speech_alone() -> None:
    model = FakeRecogniser((FakeSegment(" oui"),))
    Transcriber(model, repaired=str).transcribe(tone(2))
    (options,) = model.asked
    assert options["language"] == "fr"
    assert options["vad_filter"] is True
    assert options["hotwords"] == PROMPT
    assert options["condition_on_previous_text"] is False


@pytest.mark.parametrize(("seconds", "without"), [(2, True), (40, False)])
def test_times_are_only_asked_for_in_a_long_recording(seconds: int, without: bool) -> None:
    model = FakeRecogniser((FakeSegment(" oui"),))
    Transcriber(model, repaired=str).transcribe(tone(seconds))
    assert [options["without_timestamps"] for options in model.asked] == [without]


def test_a_long_recording_is_heard_in_steps() -> None:
    steps = transcriber(FakeSegment(" un,"), FakeSegment(" deux,"), FakeSegment(" trois")).steps(tone(3))
    assert sum(1 for _ in steps) == 3


@pytest.mark.parametrize(
    "segment",
    [
        FakeSegment(" révoque ce mandat", avg_logprob=-0.6),
        FakeSegment(" révoque ce mandat", compression_ratio=2.5),
    ],
    ids=["peu probable", "se répète"],
)
def test_a_doubtful_sentence_is_given_but_not_as_sure(segment: FakeSegment) -> None:
    heard = transcriber(segment).transcribe(tone(2))
    assert heard.text == "révoque ce mandat"
    assert not heard.sure


def test_too_few_words_for_the_time_that_was_spoken_are_not_sure() -> None:
    model = FakeRecogniser((FakeSegment(" Pour quitter ce menu, appuyez sur 8."),), speech=20.0)
    assert not Transcriber(model, repaired=str).transcribe(tone(22)).sure


def test_a_short_answer_is_sure_however_slowly_it_comes() -> None:
    assert Transcriber(FakeRecogniser((FakeSegment(" Oui."),), speech=1.5), repaired=str).transcribe(tone(2)).sure


INVENTED = [
    " Sous-titres réalisés par la communauté d'Amara.org",
    " Sous-titrage Société Radio-Canada",
    " Sous-titrage ST' 501",
    " Merci d'avoir regardé cette vidéo !",
    " Abonnez-vous à la chaîne",
    " ♪ ♪ ♪",
    " ...",
    " Je suis très très très très très très très très content",
    " C'est une démarche, c'est une démarche, c'est une démarche, c'est une démarche, c'est une démarche",
    " mon usager, mon usagère, ma bénéficiaire",
]


@pytest.mark.parametrize("text", INVENTED)
def test_what_the_model_invents_over_noise_is_not_taken_for_speech(text: str) -> None:
    with pytest.raises(VoiceRefused) as caught:
        transcriber(FakeSegment(text)).transcribe(white_noise(3))
    assert caught.value.reason == "noise"


@pytest.mark.parametrize("text", INVENTED)
def test_it_is_left_out_of_a_real_sentence_which_is_then_doubtful(text: str) -> None:
    heard = transcriber(FakeSegment(" Où renouveler un passeport ?"), FakeSegment(text)).transcribe(tone(4))
    assert heard.text == "Où renouveler un passeport ?"
    assert not heard.sure


@pytest.mark.parametrize(
    "segment",
    [
        FakeSegment(" C'est une chose", no_speech_prob=0.7, avg_logprob=-0.6),
        FakeSegment(" C'est une chose", avg_logprob=-1.2),
    ],
    ids=["pas de parole", "hasard"],
)
def test_what_the_model_itself_does_not_believe_is_not_taken_for_speech(segment: FakeSegment) -> None:
    with pytest.raises(VoiceRefused):
        transcriber(segment).transcribe(white_noise(3))


def test_clear_speech_that_the_model_takes_for_none_is_kept() -> None:
    """Half a minute of a real answer was lost that way: 0.525 and -0.166."""
    heard = transcriber(FakeSegment(" Le dossier est à déposer en mairie.", no_speech_prob=0.53, avg_logprob=-0.17))
    assert heard.transcribe(tone(3)).text == "Le dossier est à déposer en mairie."


@pytest.mark.parametrize(
    "text",
    [
        "Son numéro est le 06 00 00 00 00.",
        "Non, non, non, pas celui-là.",
        "Mon usagère veut ouvrir un mandat Aidants Connect.",
        "Il a très très mal rempli le formulaire.",
    ],
)
def test_people_may_repeat_themselves_and_speak_of_the_trade(text: str) -> None:
    assert transcriber(FakeSegment(f" {text}")).transcribe(tone(3)).text == text


@pytest.mark.parametrize(
    ("sound", "reason"),
    [
        (np.zeros(3 * RATE, dtype=np.float32), "silence"),
        (np.zeros(0, dtype=np.float32), "silence"),
        (silence(3), "silence"),
        (white_noise(3, level=0.003), "silence"),
        (white_noise(3), "noise"),
        (music(4), "noise"),
    ],
    ids=["rien", "vide", "micro couvert", "souffle", "bruit", "musique"],
)
def test_without_speech_silence_and_noise_are_told_apart(sound: Samples, reason: str) -> None:
    with pytest.raises(VoiceRefused) as caught:
        transcriber().transcribe(sound)
    assert caught.value.reason == reason


def test_a_microphone_that_is_off_does_not_cost_a_transcription() -> None:
    model = FakeRecogniser((FakeSegment(" Merci."),))
    with pytest.raises(VoiceRefused):
        Transcriber(model, repaired=str).transcribe(silence(3))
    assert not model.asked


def test_the_level_is_that_of_the_loudest_tenth_of_a_second() -> None:
    sound = np.concatenate([silence(5), tone(0.3, level=0.5), silence(5)])
    assert loudness(sound) == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.5)


def test_without_its_model_there_is_no_transcriber(tmp_path: Path) -> None:
    assert load_transcriber(tmp_path, threads=1) is None


@pytest.fixture(scope="module")
def whisper(voice_models: Path) -> Transcriber:
    loaded = load_transcriber(voice_models, threads=2)
    assert loaded
    return loaded


@pytest.mark.voice
@pytest.mark.parametrize(
    ("sound", "reason"),
    [
        (silence(4), "silence"),
        (white_noise(5, level=0.02), "noise"),
        (white_noise(5, level=0.3), "noise"),
        (tone(5), "noise"),
        (music(8), "noise"),
    ],
    ids=["silence", "souffle", "bruit blanc", "note", "musique"],
)
def test_the_real_model_hears_nobody_where_nobody_speaks(whisper: Transcriber, sound: Samples, reason: str) -> None:
    with pytest.raises(VoiceRefused) as caught:
        whisper.transcribe(sound)
    assert caught.value.reason == reason


@pytest.mark.voice
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("agent-pass", ["mot de passe"]),
        ("vm-msginstruct", ["Pour écouter le message suivant, appuyez sur 6", "boîte vocale"]),
        ("demo-congrats", ["Félicitations", "installé", "fichiers audio", "téléphone standard"]),
    ],
)
def test_the_real_model_hears_a_real_voice(whisper: Transcriber, name: str, words: list[str]) -> None:
    file = RECORDINGS / f"{name}.wav"
    if not file.exists():
        pytest.skip("no asterisk-core-sounds-fr-wav here: install it to hear real recordings")
    heard = whisper.transcribe(decode(file.read_bytes()))
    assert [word for word in words if word not in heard.text] == []
    assert heard.sure


@pytest.mark.voice
@pytest.mark.parametrize("seconds", [20, 90])
def test_speech_between_silences_is_found(whisper: Transcriber, voice_models: Path, seconds: int) -> None:
    from scipy.signal import resample_poly

    from bot.voice.synthesis import load_speaker

    speaker = load_speaker(voice_models)
    assert speaker
    said = speaker.speak("Mon usager a perdu sa carte d'identité.")
    sound = resample_poly(said.data, RATE, said.rate).astype(np.float32)
    heard = whisper.transcribe(np.concatenate([silence(seconds / 2), sound, silence(seconds / 2)]))
    assert "Mon usager a perdu sa carte d'identité" in heard.text
