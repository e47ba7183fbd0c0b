"""Dates as people write them, names as conversations give them, signatures as browsers draw them."""

import struct
import zlib
from datetime import date

import pytest

from bot.gateway.pages.drawing import WrongDrawing, drawing_of, url_of
from bot.gateway.pages.fields import date_of
from bot.gateway.pages.prefill import prefilled, split_name
from bot.gateway.pages.templates import surrounded
from bot.privacy.spans import PiiType
from tests.unit.gateway.site import chunk, data_url, png


@pytest.mark.parametrize(
    "text",
    [
        "05/02/1950",
        "5/2/1950",
        " 05-02-1950 ",
        "05.02.1950",
        "05 02 1950",
        "05021950",
        "5 février 1950",
        "5 FEVRIER 1950",
    ],
)
def test_a_date_may_be_written_in_several_ways(text: str) -> None:
    assert date_of(text) == date(1950, 2, 5)


def test_the_first_of_the_month_is_a_day() -> None:
    assert date_of("1er août 1950") == date(1950, 8, 1)


@pytest.mark.parametrize("text", ["", "hier", "31/02/1950", "1950-02-05", "5/2/50", "5 fructidor 1950", "00/00/0000"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert date_of(text) is None


@pytest.mark.parametrize(
    ("name", "family", "given"),
    [
        ("Yolande Kervella", "Kervella", "Yolande"),
        ("Mme Yolande KERVELLA", "KERVELLA", "Yolande"),
        ("KERVELLA Yolande Anne", "KERVELLA", "Yolande Anne"),
        ("Kervella Yolande", "Kervella", "Yolande"),
        ("yolande anne kervella", "kervella", "yolande anne"),
        ("Anatole Le Bihan", "Le Bihan", "Anatole"),
        ("Le Bihan Anatole", "Le Bihan", "Anatole"),
        ("Marie-Claude Martin", "Martin", "Marie-Claude"),
        ("Madame Kervella", "Kervella", ""),
        ("Bernard Martin", "Martin", "Bernard"),
        ("Qwert Zuiop Asdfg", "Zuiop Asdfg", "Qwert"),
        ("Monsieur", "", ""),
    ],
)
def test_a_name_is_split_as_it_is_most_often_meant(name: str, family: str, given: str) -> None:
    assert split_name(name) == (family, given)


def test_the_last_full_name_and_the_last_readable_date_fill_the_form() -> None:
    said = {
        PiiType.NOM: ["Yolande Kervela", "Yolande Kervella", "Kervella"],
        PiiType.DATE_NAISSANCE: ["2 janvier 1950", "en 1950"],
    }
    assert prefilled(said) == {"family_name": "Kervella", "given_names": "Yolande", "birth_date": "02/01/1950"}
    assert prefilled({}) == {}


def test_a_signature_is_kept_without_what_is_not_the_picture() -> None:
    assert drawing_of(data_url(png(extra=chunk(b"tEXt", b"Author\0quelqu'un")))) == png()
    assert drawing_of(url_of(png())) == png()


def test_an_empty_frame_is_no_signature() -> None:
    for blank in ("", "  ", data_url(png(ink=0))):
        with pytest.raises(WrongDrawing) as caught:
            drawing_of(blank)
        assert caught.value.reason == "blank"


def picture(*, width: int = 1, height: int = 1, depth: int = 8, colours: int = 6, interlaced: int = 0, content=None):
    header = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, interlaced)
    data = zlib.compress(b"\0\0\0\0\xff" if content is None else content)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b"\x89PNG\r\n\x1a\n",
        png()[:-1],
        png() + b"x",
        png().replace(b"IDAT", b"IDAX"),
        picture(width=0),
        picture(width=50_000),
        picture(height=1001),
        picture(colours=3),
        picture(depth=16),
        picture(interlaced=1),
        picture(content=b"\0\0\0\0"),
        picture(content=b"\0" * 10_000_000),
        picture(content=b"\x05\0\0\0\xff"),
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"court") + chunk(b"IEND", b""),
        b"\x89PNG\r\n\x1a\n" + chunk(b"IDAT", b"") + chunk(b"IEND", b""),
    ],
)
def test_what_is_no_picture_of_a_signature_is_refused(content: bytes) -> None:
    with pytest.raises(WrongDrawing) as caught:
        drawing_of(data_url(content))
    assert caught.value.reason == "unreadable"


@pytest.mark.parametrize("url", ["data:image/svg+xml,<svg/>", "data:image/png;base64,é", "data:image/png;base64,A"])
def test_what_is_no_address_of_a_picture_is_refused(url: str) -> None:
    with pytest.raises(WrongDrawing):
        drawing_of(url)


def test_the_words_around_a_name_are_escaped() -> None:
    assert surrounded("<b> Elle signe", "Elle", "data-usager") == "&lt;b&gt; <span data-usager>Elle</span> signe"
    assert surrounded("<b>", "Elle", "data-usager") == "&lt;b&gt;"
