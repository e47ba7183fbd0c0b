"""What kind of recording some bytes are, and whether they stop before their end. No decoding here."""

from typing import Literal

Container = Literal["ogg", "matroska", "mov,mp4,m4a,3gp,3g2,mj2", "wav", "mp3", "aac", "flac"]
"""Names of FFmpeg's readers."""

_SIGNATURES: tuple[tuple[bytes, int, Container], ...] = (
    (b"OggS", 0, "ogg"),
    (b"\x1aE\xdf\xa3", 0, "matroska"),
    (b"ftyp", 4, "mov,mp4,m4a,3gp,3g2,mj2"),
    (b"WAVE", 8, "wav"),
    (b"fLaC", 0, "flac"),
    (b"ID3", 0, "mp3"),
)
_EBML_ENTERED = (0x18538067, 0x1F43B675)  # Segment, Cluster
_STREAMED = (0, 0xFFFFFFFF)  # a WAV written to a pipe does not know its size


def recognise(data: bytes) -> Container | None:
    """The container of *data*, from its first bytes; ``None`` when it is none that we read."""
    for signature, at, container in _SIGNATURES:
        if data.startswith(signature, at):
            return container
    # MPEG frames without any header: eleven bits set, then the version and the layer (0 for ADTS).
    if len(data) < 2 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0:
        return None
    if data[1] & 0xF6 == 0xF0:
        return "aac"
    return "mp3" if data[1] & 0x06 else None


def is_cut(data: bytes, container: Container) -> bool:
    """Whether the structure of *data* shows that its end is missing.

    The decoder says nothing of it: it drops the last, incomplete piece. For OGG the mark « end of stream » is not
    asked for, since Telegram's own recorders leave it out: a page that stops before its announced length is the sign.
    """
    if container == "ogg":
        return _ogg_is_cut(data)
    if container == "wav":
        return _wav_is_cut(data)
    if container == "matroska":
        return _webm_is_cut(data)
    if container.startswith("mov"):
        return _mp4_is_cut(data)
    return False


def _ogg_is_cut(data: bytes) -> bool:
    """Pages of RFC 3533: 27 bytes, the last one being the number of segments, then their lengths, then the segments."""
    at = 0
    while at < len(data):
        segments = data[at + 26] if at + 26 < len(data) else 0
        header = 27 + segments
        if data[at : at + 4] != b"OggS" or at + header > len(data):
            return True
        at += header + sum(data[at + 27 : at + header])
    return at > len(data)


def _wav_is_cut(data: bytes) -> bool:
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if data[at : at + 4] == b"data":
            return size not in _STREAMED and at + 8 + size > len(data)
        at += 8 + size + size % 2
    return True


def _webm_is_cut(data: bytes) -> bool:
    """Elements of RFC 8794: an identifier, a length, the content. Chromium leaves the lengths of the segment and of its
    clusters, and the duration, unknown: only the last block tells, so those two are entered rather than passed over."""
    at = 0
    while at < len(data):
        name, at, _ = _ebml_number(data, at, keep_marker=True)
        size, at, unknown = _ebml_number(data, at, keep_marker=False)
        if name not in _EBML_ENTERED and not unknown:
            at += size
    return at > len(data)


def _ebml_number(data: bytes, at: int, *, keep_marker: bool) -> tuple[int, int, bool]:
    """The number at *at*, where it ends, and whether it is the reserved « unknown » one, all ones."""
    first = data[at] if at < len(data) else 0
    length = 9 - first.bit_length()  # the leading zeros announce the bytes that follow; 9 when there is no first bit
    value = int.from_bytes(data[at : at + length], "big")
    bits = 7 * length
    stripped = value & ((1 << bits) - 1)
    return value if keep_marker else stripped, at + length, stripped == (1 << bits) - 1


def _mp4_is_cut(data: bytes) -> bool:
    """Boxes of ISO 14496-12: a length (which counts itself), a name; 1 announces a longer one, 0 goes to the end."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size == 0:
            return False
        at += max(size, 8)
    return at != len(data)
