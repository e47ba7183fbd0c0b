"""The pseudonymiser, whatever is typed: it never breaks, it is done once, and no number that it should know gets by."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.privacy.detect import Detector, load_detector
from bot.privacy.pseudonymise import Pseudonymiser
from bot.privacy.spans import PiiType
from tests.security.fuzz import any_text, examples

pieces = st.sampled_from(
    "Mme;M.;né le;12/03/1950;rue;12 bis rue des Lilas;75011 Paris;FR76;1 85 12 75 108 123;alloc;06 12 34;@;exemple.fr;"
    "[NOM];[NIR];[;];];[NOM;passeport;19CF04567;Yolande;Kervella;mandat;/;\u202f;\u00a0;\u200b;'".split(";")
)
messages = st.one_of(any_text, st.lists(st.one_of(pieces, st.text(max_size=5)), max_size=14).map(" ".join))


@pytest.fixture(scope="module")
def pseudonymiser() -> Pseudonymiser:
    detector = load_detector()
    assert isinstance(detector, Detector)
    return Pseudonymiser(detector)


@given(messages)
@examples(60)
def test_a_message_that_was_treated_comes_back_as_it_is(pseudonymiser: Pseudonymiser, text: str) -> None:
    once = pseudonymiser.pseudonymise(text)
    twice = pseudonymiser.pseudonymise(once.text)
    assert twice.text == once.text
    assert all(original for _, original in once.found)
    for _, original in once.found:
        assert original in text


def _key(thirteen: int) -> str:
    return f"{thirteen:013}{97 - thirteen % 97:02}"


def _luhn(fifteen: str) -> str:
    doubled = [2 * int(c) - 9 * (int(c) > 4) if place % 2 == 0 else int(c) for place, c in enumerate(reversed(fifteen))]
    return fifteen + str(-sum(doubled) % 10)


def _grouped(digits: str, sizes: list[int], separator: str) -> str:
    groups, at = [], 0
    for size in sizes:
        groups.append(digits[at : at + size])
        at += size
    return separator.join(groups)


separators = st.sampled_from(["", " ", "\u00a0", "\u202f"])
nirs = st.builds(
    lambda sex, year, month, place, rank, apart: _grouped(
        _key(int(f"{sex}{year:02}{month:02}{place:05}{rank:03}")), [1, 2, 2, 2, 3, 3, 2], apart
    ),
    st.sampled_from([1, 2]),
    st.integers(0, 99),
    st.integers(1, 12),
    st.integers(1001, 95999),
    st.integers(1, 990),
    separators,
)
phones = st.builds(
    lambda first, rest, apart: _grouped(f"0{first}{rest:08}", [2] * 5, apart),
    st.sampled_from([1, 2, 3, 4, 5, 6, 7, 9]),
    st.integers(10_000_000, 99_999_999),
    st.sampled_from(["", " ", ".", "-", "\u00a0"]),
)
ibans = st.builds(
    lambda account, apart: _grouped(
        f"FR{98 - int(f'{account:023}152700') % 97:02}{account:023}", [4, 4, 4, 4, 4, 4, 3], apart
    ),
    st.integers(10**21, 10**23 - 1),
    st.sampled_from(["", " "]),
)
cards = st.builds(
    lambda body, apart: _grouped(_luhn(f"4{body:014}"), [4] * 4, apart),
    st.integers(0, 10**14 - 1),
    st.sampled_from(["", " "]),
)
KNOWN = {
    PiiType.NIR: (nirs, ["son numéro de sécu c'est {}", "{} comment avoir une attestation de droits", "nir {} perdu"]),
    PiiType.TELEPHONE: (phones, ["on peut la joindre au {}", "tel {} merci", "{}"]),
    PiiType.IBAN: (ibans, ["voici le rib {} à changer sur ameli", "iban {}"]),
    PiiType.CARTE_BANCAIRE: (cards, ["payé avec la carte bancaire {} mais refusé", "sa carte bleue {}"]),
}


@pytest.mark.parametrize("kind", KNOWN, ids=lambda kind: kind.name)
def test_no_digit_of_a_number_gets_by(pseudonymiser: Pseudonymiser, kind: PiiType) -> None:
    numbers, sentences = KNOWN[kind]

    @given(numbers, st.sampled_from(sentences))
    @examples(40)
    def attempt(number: str, sentence: str) -> None:
        treated = pseudonymiser.pseudonymise(sentence.format(number))
        assert not re.search(r"\d", treated.text), (sentence.format(number), treated.text)

    attempt()


@pytest.mark.parametrize("kind", list(PiiType), ids=lambda kind: kind.name)
def test_a_placeholder_typed_by_hand_stands_for_nobody(pseudonymiser: Pseudonymiser, kind: PiiType) -> None:
    treated = pseudonymiser.pseudonymise(f"mandat pour {kind.placeholder}")
    assert treated.found == ()
