import numpy as np
import pytest

from bot.voice.audio import MAX_BYTES, RATE, decode, encode
from bot.voice.containers import recognise
from bot.voice.errors import VoiceRefused
from bot.voice.messages import Format
from tests.unit.voice.sounds import KINDS, recording, silence, tone

pytestmark = [pytest.mark.voice, pytest.mark.usefixtures("voice_packages")]

FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "500000"}
ENDLESS = {"live": "1"}  # a WebM without any duration, as MediaRecorder writes it


def reason(data: bytes) -> str:
    with pytest.raises(VoiceRefused) as caught:
        decode(data)
    return caught.value.reason


@pytest.mark.parametrize("kind", KINDS)
def test_every_usual_recording_becomes_the_same_sound(kind: str) -> None:
    samples = decode(recording(tone(3, pitch=440), kind))
    assert samples.dtype == np.float32
    assert samples.size / RATE == pytest.approx(3, abs=0.1)
    spectrum = np.abs(np.fft.rfft(samples))
    assert np.argmax(spectrum) * RATE / samples.size == pytest.approx(440, abs=2)


@pytest.mark.parametrize(
    ("kind", "options"), [("Safari (MP4/AAC)", FRAGMENTED), ("Chromium (WebM/Opus)", ENDLESS)], ids=["MP4", "WebM"]
)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.99])
def test_a_recording_written_as_it_goes_is_read_whole_and_refused_when_cut(
    kind: str, options: dict[str, str], share: float
) -> None:
    data = recording(tone(4), kind, options=options)
    assert decode(data).size / RATE == pytest.approx(4, abs=0.1)
    assert reason(data[: int(len(data) * share)]) == "truncated"


@pytest.mark.parametrize("kind", ["Telegram (OGG/Opus)", "Chromium (WebM/Opus)", "Safari (MP4/AAC)", "WAV"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_file_that_stops_before_its_end_is_refused(kind: str, share: float) -> None:
    data = recording(tone(4), kind)
    assert reason(data[: int(len(data) * share)]) == "truncated"


def test_an_ogg_that_does_not_mark_its_last_page_is_whole_all_the_same() -> None:
    data = recording(tone(2))
    last = data.rindex(b"OggS")
    unmarked = bytearray(data)
    unmarked[last + 5] &= ~4  # Telegram's own recorder leaves that mark out
    assert decode(bytes(unmarked)).size == pytest.approx(decode(data).size, abs=RATE // 10)


def test_a_damaged_recording_is_refused_rather_than_guessed() -> None:
    data = bytearray(recording(tone(4), "Safari (MP4/AAC)"))
    start, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    data[start:end] = bytes(byte ^ 0x5A for byte in data[start:end])  # the index is right, what it points to is not
    assert reason(bytes(data)) == "truncated"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Bonjour, ceci est un texte.",
        b"%PDF-1.7\n" + bytes(500),
        b"\xff\xd8\xff\xe0" + bytes(500),
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
    ],
    ids=["rien", "texte", "PDF", "photo", "liste de lecture", "liste de fichiers"],
)
def test_what_is_not_a_recording_is_refused(data: bytes) -> None:
    assert recognise(data) is None
    assert reason(data) == "wrong_format"


def test_a_video_without_sound_is_refused() -> None:
    import io

    import av

    target = io.BytesIO()
    with av.open(target, mode="w", format="mp4") as output:
        stream = output.add_stream("mpeg4", rate=10)
        stream.width, stream.height = 32, 32
        for _ in range(5):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))))
        output.mux(stream.encode(None))
    assert reason(target.getvalue()) == "wrong_format"


def test_an_absurd_sampling_rate_is_refused_before_it_fills_the_memory() -> None:
    data = bytearray(recording(tone(1), "WAV"))
    at = data.index(b"fmt ") + 12
    data[at : at + 4] = (1).to_bytes(4, "little")  # one sample a second: 8,000 seconds of sound
    assert reason(bytes(data)) == "wrong_format"


def test_three_minutes_are_refused_and_two_are_not() -> None:
    assert decode(recording(silence(120))).size / RATE == pytest.approx(120, abs=0.2)
    assert reason(recording(silence(180))) == "too_long"


def test_decoding_stops_at_the_limit_whatever_the_file_holds() -> None:
    ten_minutes = recording(silence(600), "WAV")
    assert 9_000_000 < len(ten_minutes) < MAX_BYTES
    assert reason(ten_minutes) == "too_long"


def test_eleven_megabytes_are_refused_unread() -> None:
    assert reason(b"OggS" + bytes(11_000_000)) == "too_heavy"


@pytest.mark.parametrize(("kind", "container"), [("ogg", "ogg"), ("mp3", "mp3")])
def test_what_is_encoded_is_small_and_decodes_to_the_same_sound(kind: Format, container: str) -> None:
    data = encode(tone(6), RATE, format=kind)
    assert recognise(data) == container
    assert len(data) / 6 * 8 < 70_000, "bits a second"
    samples = decode(data)
    assert samples.size / RATE == pytest.approx(6, abs=0.1)
    assert np.abs(samples).max() == pytest.approx(0.3, abs=0.05)


def test_a_voice_note_for_telegram_is_opus_at_48_khz() -> None:
    data = encode(tone(1), 24_000, format="ogg")
    head = data.index(b"OpusHead")
    channels, rate = data[head + 9], int.from_bytes(data[head + 12 : head + 16], "little")
    assert channels == 1
    assert rate == 48_000


def test_sound_that_is_too_loud_is_clipped_not_folded() -> None:
    samples = decode(encode(tone(1, level=3.0), RATE, format="ogg"))
    assert np.abs(samples).max() <= 1.0
