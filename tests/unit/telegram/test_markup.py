import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.markup import MAX_UNITS, is_loopback, is_web, parsed, pieces, units

FICHE = "https://www.service-public.gouv.fr/particuliers/vosdroits/F1341"


def html_of(text: str) -> str:
    return "|".join(piece.html for piece in pieces(text))


def plain_of(text: str) -> str:
    return "|".join(piece.plain for piece in pieces(text))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**Passeport**", "<b>Passeport</b>"),
        (f"[Fiche officielle]({FICHE})", f'<a href="{FICHE}">Fiche officielle</a>'),
        (f"**[Fiche]({FICHE})**", f'<b><a href="{FICHE}">Fiche</a></b>'),
        ("• Coût : 86 €\n• Délai : 3 semaines", "• Coût : 86 €\n• Délai : 3 semaines"),
        ("moins de 3 < 5 & « <b>gras</b> »", "moins de 3 &lt; 5 &amp; « &lt;b&gt;gras&lt;/b&gt; »"),
        (
            '[a "b"](https://exemple.fr/?a=1&b="2")',
            '<a href="https://exemple.fr/?a=1&amp;b=&quot;2&quot;">a "b"</a>',
        ),
        ("cerfa n° 12504*08 et 15692*01", "cerfa n° 12504*08 et 15692*01"),
        ("[NOM] habite à [ADRESSE]", "[NOM] habite à [ADRESSE]"),
        ("[x](javascript:alert(1))", "x"),
        ("[x](/pages/compte)", "x"),
        ("[x](http://[)", "x"),
        ("[Loi (1)](https://exemple.fr/Loi_(1))", '<a href="https://exemple.fr/Loi_(1)">Loi (1)</a>'),
        ("**pas fini", "**pas fini"),
        ("2 ** 3 ** 4", "2 ** 3 ** 4"),
        (
            "[page sécurisée](http://127.0.0.1:8000/m/abc)",
            "page sécurisée\u202f: http://127.0.0.1:8000/m/abc",
        ),
        ("", ""),
        (" \n ", ""),
    ],
)
def test_light_markdown_becomes_escaped_html(text: str, html: str) -> None:
    assert html_of(text) == html


def test_the_plain_form_writes_addresses_out() -> None:
    assert plain_of(f"**Voir** [la fiche]({FICHE}).") == f"Voir la fiche ({FICHE})."
    assert plain_of(f"[{FICHE}]({FICHE})") == FICHE


@pytest.mark.parametrize(("text", "length"), [("é", 1), ("😀", 2), ("a😀b", 4), ("", 0)])
def test_length_is_counted_as_telegram_does(text: str, length: int) -> None:
    assert units(text) == length


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("a" * 3000 + ".\n\n" + "b" * 3000, ["a.", "bb"]),
        ("a" * 3000 + "\n" + "b" * 3000, ["aa", "bb"]),
        ("Phrase une. " * 500, ["une.", "une."]),
        ("mot " * 2000, ["mot", "mot"]),
        ("x" * 5000, ["xx", "xx"]),
        ("😀" * 3000, ["😀", "😀"]),
    ],
    ids=["paragraphs", "lines", "sentences", "words", "nothing", "pairs of units"],
)
def test_a_long_text_is_cut_at_the_best_border(text: str, ends: list[str]) -> None:
    cut = pieces(text)
    assert [piece.plain.endswith(end) for piece, end in zip(cut, ends, strict=True)] == [True] * len(ends)
    assert all(units(piece.plain) <= MAX_UNITS for piece in cut)


def test_a_text_of_exactly_the_limit_is_one_message() -> None:
    assert len(pieces("é" * MAX_UNITS)) == 1
    assert len(pieces("é" * (MAX_UNITS + 1))) == 2


def test_markup_is_not_counted() -> None:
    assert len(pieces("**" + "é" * (MAX_UNITS - 10) + "** " + f"[fiche]({FICHE})")) == 1


def test_a_link_is_never_cut() -> None:
    text = "x" * (MAX_UNITS - 10) + f"[Demande en ligne de passeport]({FICHE})"
    first, second = pieces(text)
    assert "<a" not in first.html
    assert second.html == f'<a href="{FICHE}">Demande en ligne de passeport</a>'


def test_bold_that_is_cut_goes_on_in_the_next_message() -> None:
    first, second = pieces("**" + "mot " * 1500 + "fin**")
    for piece in (first, second):
        assert piece.html[:3] == "<b>"
        assert piece.html[-4:] == "</b>"


def test_a_message_holds_no_more_than_a_hundred_entities() -> None:
    cut = pieces("\n".join(f"[fiche {n}]({FICHE})" for n in range(150)))
    assert [piece.html.count("<a ") for piece in cut] == [100, 50]


@pytest.mark.parametrize(
    ("url", "web", "loopback"),
    [
        ("https://exemple.fr", True, False),
        ("http://127.0.0.1:8000/x", True, True),
        ("http://localhost/x", True, True),
        ("http://[::1]/", True, True),
        ("http://192.168.1.4/", True, False),
        ("ftp://exemple.fr", False, False),
        ("https://", False, False),
    ],
)
def test_addresses_are_told_apart(url: str, web: bool, loopback: bool) -> None:
    assert (is_web(url), is_loopback(url)) == (web, loopback)


WORDS = st.sampled_from(["mot", "**gras**", f"[fiche]({FICHE})", "😀", "a < b & c.", "\n", "\n\n", "long" * 300, "**"])


@given(st.lists(WORDS, max_size=120).map(" ".join))
def test_nothing_is_lost_and_every_message_is_well_formed(text: str) -> None:
    cut = pieces(text)
    shown, _ = parsed(text)
    read = [unescape(re.sub(r"</?(?:b|a)(?: [^>]*)?>", "", piece.html)) for piece in cut]
    assert "".join("".join(read).split()) == "".join(shown.split())
    for piece, seen in zip(cut, read, strict=True):
        assert 0 < units(seen) <= MAX_UNITS
        assert units(piece.plain) <= MAX_UNITS
        assert seen == seen.strip()
        for tag in ("b", "a"):
            assert len(re.findall(rf"<{tag}[ >]", piece.html)) == piece.html.count(f"</{tag}>")
