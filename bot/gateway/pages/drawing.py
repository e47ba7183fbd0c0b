"""The signature drawn on screen: a PNG made by a browser, checked to the last byte before it is kept.

It is sealed in the mandate and drawn again on the attestation: one that does not open would spoil it for ever.
Source of the format: W3C, Portable Network Graphics (Third Edition).
"""

import base64
import binascii
import zlib
from struct import Struct

from bot.errors import EquipierError

PREFIX = "data:image/png;base64,"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_WIDEST, _HIGHEST = 2000, 1000  # pixels
_RGBA = (8, 6)  # depth and colour type of what a canvas gives: eight bits of red, green, blue and opacity
_CHANNELS = 4
_LAST_FILTER = 4
_HEADER = Struct(">IIBBBBB")
_LENGTH = Struct(">I")


class WrongDrawing(EquipierError):
    """What was sent is no signature.

    Attributes:
        reason: ``blank`` or ``unreadable``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"signature refused: {reason}")
        self.reason = reason


def drawing_of(url: str) -> bytes:
    """The PNG of a ``data:`` address, without what is not the image itself.

    Raises:
        WrongDrawing: it is no such PNG, or nothing is drawn on it.
    """
    if not url.strip():
        raise WrongDrawing("blank")
    if not url.startswith(PREFIX):
        raise WrongDrawing("unreadable")
    try:
        png = base64.b64decode(url.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise WrongDrawing("unreadable") from error
    header, data = _chunks(png)
    if not any(_pixels(header, data)):  # every filter leaves zeros, and only them, where nothing is drawn
        raise WrongDrawing("blank")
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def url_of(png: bytes) -> str:
    """The inverse, to show the signature again."""
    return PREFIX + base64.b64encode(png).decode()


def _chunks(png: bytes) -> tuple[bytes, bytes]:
    """The header and the compressed data of *png*."""
    if not png.startswith(_SIGNATURE):
        raise WrongDrawing("unreadable")
    found: list[tuple[bytes, bytes]] = []
    place = len(_SIGNATURE)
    while place < len(png):
        if len(png) < place + 12:
            raise WrongDrawing("unreadable")
        (length,) = _LENGTH.unpack_from(png, place)
        kind, body = png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        end = place + 12 + length
        if png[place:end] != _chunk(kind, body):
            raise WrongDrawing("unreadable")
        found.append((kind, body))
        place = end
    if not found or found[0][0] != b"IHDR" or found[-1] != (b"IEND", b""):
        raise WrongDrawing("unreadable")
    if len(found[0][1]) != _HEADER.size:
        raise WrongDrawing("unreadable")
    return found[0][1], b"".join(body for kind, body in found if kind == b"IDAT")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return _LENGTH.pack(len(body)) + kind + body + _LENGTH.pack(zlib.crc32(kind + body))


def _pixels(header: bytes, data: bytes) -> bytes:
    """The rows, as they are filtered, without the byte that says how; never more than the largest size."""
    width, height, depth, colours, compression, filtering, interlaced = _HEADER.unpack(header)
    if not (0 < width <= _WIDEST and 0 < height <= _HIGHEST) or (depth, colours) != _RGBA:
        raise WrongDrawing("unreadable")
    if compression or filtering or interlaced:
        raise WrongDrawing("unreadable")
    row = 1 + width * _CHANNELS
    inflating = zlib.decompressobj()
    try:
        content = inflating.decompress(data, height * row + 1)
    except zlib.error as error:
        raise WrongDrawing("unreadable") from error
    if len(content) != height * row or not inflating.eof or inflating.unused_data:
        raise WrongDrawing("unreadable")
    starts = range(0, len(content), row)
    if any(content[start] > _LAST_FILTER for start in starts):
        raise WrongDrawing("unreadable")
    return b"".join(content[start + 1 : start + row] for start in starts)
