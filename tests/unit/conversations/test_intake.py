import base64
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversations.intake import Reason, clean, folded, number_of, take_in, without_command
from bot.conversations.replies import REFUSED, refusal

SLASHES = "/／∕⁄⧸╱"
# Everything that could be put before a command in the hope that someone trims it.
BEFORE = [
    *SLASHES,
    " ",
    "\t",
    "\n",
    "\u00a0",
    "\u200b",
    "\u200d",
    "\u202e",
    "\ufeff",
    "\x00",
    "\x1c",
    "\u0301",
    "\ufe0f",
    "´",
]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", Reason.EMPTY),
        (" \u200b\n\t", Reason.EMPTY),
        ("///", Reason.EMPTY),
        ("<p></p>", Reason.EMPTY),
        ("a", Reason.TOO_SHORT),
        ("É", Reason.TOO_SHORT),
        ("👍", Reason.EMOJI_ONLY),
        ("👨‍👩‍👧 ❤️ 👍🏽", Reason.EMOJI_ONLY),
        ("???", Reason.NO_LETTERS),
        ("2", Reason.NO_LETTERS),
        ("75 011", Reason.NO_LETTERS),
        ("a " * 2500, Reason.TOO_LONG),
        ("PK\x03\x04\x14\x00\x08\x08\x08\x00document", Reason.BINARY),
        ("\ufffdPNG\ufffd\ufffd\x1a IHDR", Reason.BINARY),
        (base64.b64encode(bytes(range(256)) * 2).decode(), Reason.BINARY),
        ("data:image/png;base64," + "iVBORw0KGgo" * 40, Reason.BINARY),
        ("ok", None),
        ("是", None),
        ("mon usager a perdu sa carte d'identité 😢", None),
        ("هل يمكنك مساعدتي", None),
        ("'; DROP TABLE conversations; --", None),
        ("aide " * 400, None),
    ],
)
def test_a_message_is_taken_or_refused_with_a_reason(raw: str, reason: Reason | None) -> None:
    assert take_in(raw, max_chars=2000).reason is reason


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("  carte \n\n d'identité\u00a0? ", "carte d'identité ?"),
        ("e\u0301tat civil", "état civil"),
        ("car\u200bte \u202egrise", "carte grise"),
        ("<script>alert('bonjour')</script>", "alert('bonjour')"),
        ("<p>Carte <b class='x'>grise</b>&nbsp;&eacute;gar&eacute;e</p>", "Carte grise égarée"),
        ("un enfant de < 3 ans et > 1 an", "un enfant de < 3 ans et > 1 an"),
        ("écrire à <aide@exemple.fr>", "écrire à <aide@exemple.fr>"),
        ("R&D &eacute; sans balise", "R&D &eacute; sans balise"),
        ("<br>&#47;restart", "restart"),
        ("/restart", "restart"),
        (' ／question_demarche{"x":1}', 'question_demarche{"x":1}'),
        ("mal\ud800formé", "malformé"),
        ("et/ou", "et/ou"),
    ],
)
def test_the_words_are_kept_and_nothing_else(raw: str, expected: str) -> None:
    assert clean(raw) == expected


@given(st.lists(st.sampled_from(BEFORE), max_size=6), st.text(max_size=20))
def test_no_text_can_pass_for_a_command(before: list[str], rest: str) -> None:
    text = clean("".join(before) + rest)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        seen = unicodedata.normalize(form, text).strip()
        assert seen[:1] not in set(SLASHES) or not seen


@given(st.text(max_size=50))
def test_a_cleaned_text_stays_as_it_is_behind_the_last_barrier(raw: str) -> None:
    assert without_command(clean(raw)) == clean(raw)


@given(st.text())
def test_a_cleaned_text_can_always_be_sent(raw: str) -> None:
    assert clean(raw).encode().decode().isprintable()


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_its_sentence(reason: Reason) -> None:
    assert refusal(reason, max_chars=2000).endswith((".", "»"))
    assert set(REFUSED) == set(Reason)


def test_a_message_too_long_is_told_the_limit() -> None:
    assert "(2\u202f000 caractères au plus)" in refusal(Reason.TOO_LONG, max_chars=2000)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2", 2),
        ("2.", 2),
        ("n° 3", 3),
        ("2️⃣", 2),
        ("１", 1),
        ("deux", None),
        ("2 pièces", None),
        ("2026", None),
        ("²", 2),
    ],
)
def test_a_number_alone_is_read(text: str, number: int | None) -> None:
    assert number_of(text) == number


def test_titles_are_compared_without_case_accents_or_final_punctuation() -> None:
    assert folded("Où s’adresser ?") == folded("ou s'adresser")
