"""Sounds made on the spot, and recordings as the browsers and telephones make them."""

import io

import numpy as np

from bot.voice.audio import RATE, Samples


def tone(seconds: float, *, pitch: float = 440.0, level: float = 0.3) -> Samples:
    """A steady note."""
    at = np.arange(int(seconds * RATE)) / RATE
    return (level * np.sin(2 * np.pi * pitch * at)).astype(np.float32)


def music(seconds: float) -> Samples:
    """Chords of three notes with their harmonics, one every half second, each dying away."""
    at = np.arange(RATE // 2) / RATE
    fading = np.exp(-3 * at)
    chords = [(262, 330, 392), (349, 440, 523), (392, 494, 587), (220, 262, 330)]
    bars = [
        fading * sum(np.sin(2 * np.pi * note * rank * at) / rank for note in chord for rank in (1, 2, 3))
        for chord in chords
    ]
    tune = np.concatenate(bars * (int(seconds / 2) + 1))[: int(seconds * RATE)]
    return (0.15 * tune).astype(np.float32)


def white_noise(seconds: float, *, level: float = 0.1) -> Samples:
    return (level * np.random.default_rng(7).standard_normal(int(seconds * RATE))).astype(np.float32)


def silence(seconds: float) -> Samples:
    """What a covered microphone gives: not zeros, but next to nothing."""
    return white_noise(seconds, level=0.0003)


KINDS = {
    "Telegram (OGG/Opus)": ("ogg", "libopus", 48_000, "s16"),
    "Chromium (WebM/Opus)": ("webm", "libopus", 48_000, "s16"),
    "Safari (MP4/AAC)": ("mp4", "aac", 44_100, "fltp"),
    "WAV": ("wav", "pcm_s16le", 8_000, "s16"),
    "MP3": ("mp3", "libmp3lame", 44_100, "s16p"),
    "FLAC": ("flac", "flac", 16_000, "s16"),
    "AAC": ("adts", "aac", 44_100, "fltp"),
}


def recording(samples: Samples, kind: str = "Telegram (OGG/Opus)", *, options: dict[str, str] | None = None) -> bytes:
    """*samples* (at ``RATE``) as a file of *kind*."""
    import av

    container, codec, rate, sample_format = KINDS[kind]
    target = io.BytesIO()
    with av.open(target, mode="w", format=container, options=options or {}) as output:
        stream = output.add_stream(codec, rate=rate)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="flt", layout="mono")
        frame.sample_rate = RATE
        resampler = av.AudioResampler(format=sample_format, layout="mono", rate=rate)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            output.mux(stream.encode(piece))
        output.mux(stream.encode(None))
    return target.getvalue()
