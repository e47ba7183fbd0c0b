"""Sound in and out: any usual recording to 16 kHz mono samples, and samples to OGG/Opus or MP3.

Only PyAV is used: no program of the machine. What comes in is hostile until decoded: the container is told to the
decoder after a look at its first bytes (left to guess, it would also follow playlists, which open files and
addresses), few codecs are allowed, and decoding stops at the limit, whatever the header declares.
"""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bot.voice.containers import Container, is_cut, recognise
from bot.voice.errors import VoiceRefused
from bot.voice.messages import MAX_BYTES, MAX_SECONDS, Format

if TYPE_CHECKING:
    import av
    from av.container import InputContainer

Samples = NDArray[np.float32]

RATE = 16_000
"""Samples a second of what is decoded."""

_CODECS = frozenset({"opus", "libopus", "vorbis", "aac", "mp3", "mp3float", "flac"})
_RATES = range(8_000, 192_001)  # a declared rate of 1 Hz would turn each byte into a second of samples
_GRACE = 1.0  # seconds: a recorder that stops « at two minutes » stops a little later
_MISSING = 0.5  # seconds that may be missing from what the header declares, which is often rounded
_BROKEN = 0.05  # share of packets that may be unreadable: what is left is still the sentence
_OPUS_RATE = 48_000
_MP3_RATE = 24_000
_BIT_RATE = {"ogg": 32_000, "mp3": 64_000}


def decode(data: bytes, *, max_seconds: float = MAX_SECONDS, max_bytes: int = MAX_BYTES) -> Samples:
    """The sound of *data*, at ``RATE``, mono, between -1 and 1.

    A recording that was cut is refused rather than read up to the cut: the end of a question may change its meaning,
    and sending it again costs the person a few seconds.

    Raises:
        VoiceRefused: ``too_heavy``, ``wrong_format`` (not a recording, or of a kind that is not read), ``truncated``
            (the end is missing, or too much of it is damaged) or ``too_long``.
    """
    import av  # noqa: PLC0415  an optional extra

    if len(data) > max_bytes:
        raise VoiceRefused("too_heavy")
    container = recognise(data)
    if container is None:
        raise VoiceRefused("wrong_format")
    try:
        with av.open(io.BytesIO(data), mode="r", format=container) as opened:
            samples = _read(opened, max_seconds=max_seconds)
            declared = opened.duration / av.time_base if opened.duration else 0.0
    except (av.FFmpegError, ValueError) as error:
        # It has the first bytes of a recording and cannot be read to its index: that is how a cut MP4 looks.
        raise VoiceRefused("truncated") from error
    if is_cut(data, container) or (_declares(container) and declared - samples.size / RATE > _MISSING):
        raise VoiceRefused("truncated")
    return samples


def _declares(container: Container) -> bool:
    """Whether the duration in the header is that of the recording: elsewhere the decoder deduces it, or guesses."""
    return container in ("mov,mp4,m4a,3gp,3g2,mj2", "matroska", "flac")


def _read(opened: "InputContainer", *, max_seconds: float) -> Samples:
    import av  # noqa: PLC0415

    if not opened.streams.audio:
        raise VoiceRefused("wrong_format")
    stream = opened.streams.audio[0]
    codec = stream.codec_context
    if not (codec.name in _CODECS or codec.name.startswith("pcm_")) or codec.sample_rate not in _RATES:
        raise VoiceRefused("wrong_format")
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    limit = int((max_seconds + _GRACE) * RATE)
    pieces: list[Samples] = []
    count = packets = broken = 0
    for packet in opened.demux(stream):
        packets += 1
        try:
            frames = packet.decode()
        except av.FFmpegError:
            broken += 1
            continue
        for frame in frames:
            for piece in resampler.resample(frame):
                pieces.append(_samples(piece))
                count += pieces[-1].size
        if count > limit:
            raise VoiceRefused("too_long")
    if broken > max(1, packets * _BROKEN) or not pieces:
        raise VoiceRefused("truncated")
    pieces.extend(_samples(piece) for piece in resampler.resample(None))
    return np.nan_to_num(np.clip(np.concatenate(pieces), -1.0, 1.0))


def _samples(frame: "av.AudioFrame") -> Samples:
    return np.asarray(frame.to_ndarray(), dtype=np.float32).reshape(-1)


def encode(samples: Samples, rate: int, *, format: Format) -> bytes:
    """*samples* (mono, between -1 and 1, *rate* a second) as OGG/Opus (48 kHz, 32 kb/s) or MP3 (24 kHz, 64 kb/s)."""
    import av  # noqa: PLC0415

    target = io.BytesIO()
    with av.open(target, mode="w", format=format) as container:
        output_rate = _OPUS_RATE if format == "ogg" else _MP3_RATE
        stream = container.add_stream("libopus" if format == "ogg" else "libmp3lame", rate=output_rate)
        stream.bit_rate = _BIT_RATE[format]
        stream.layout = "mono"
        if format == "ogg":
            stream.codec_context.options = {"application": "voip"}
        resampler = av.AudioResampler(format=stream.format.name, layout="mono", rate=output_rate)
        for frame in _frames(samples, rate):
            for piece in resampler.resample(frame):
                container.mux(stream.encode(piece))
        for piece in resampler.resample(None):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return target.getvalue()


def _frames(samples: Samples, rate: int) -> "Iterator[av.AudioFrame]":
    import av  # noqa: PLC0415

    for start in range(0, samples.size, rate):  # by the second
        piece = np.clip(samples[start : start + rate], -1.0, 1.0).astype(np.float32).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(piece, format="flt", layout="mono")
        frame.sample_rate = rate
        frame.pts = start
        yield frame
