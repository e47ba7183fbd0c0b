from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.mandats.reference import find, parse, reference

years, numbers = st.integers(2000, 2199), st.integers(1, 9_999_999)
digits, letters = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@given(years, numbers)
def test_a_reference_reads_back(year, number):
    written = reference(year, number)
    assert parse(written) == written
    assert written.startswith(f"M-{year}-")


@given(years, numbers, years, numbers)
def test_two_mandates_have_two_references(year, number, other_year, other_number):
    assert (reference(year, number) == reference(other_year, other_number)) == (
        (year, number) == (other_year, other_number)
    )


@example(2144, 1)  # a year that begins with 0 was once read as one of three digits
@given(years, numbers)
def test_every_wrong_digit_is_detected(year, number):
    written = reference(year, number)
    places = [place for place, character in enumerate(written) if character.isdigit()]
    assert len(places) >= 9
    for place in places:
        for digit in digits.replace(written[place], ""):
            wrong = written[:place] + digit + written[place + 1 :]
            assert parse(wrong) is None, wrong


@given(years, numbers)
def test_every_wrong_check_letter_is_detected(year, number):
    written = reference(year, number)
    for letter in letters.replace(written[-2], ""):
        assert parse(f"{written[:-2]}{letter}{written[-1]}") is None


@given(years, numbers)
def test_every_swap_of_neighbours_is_detected(year, number):
    written = reference(year, number)
    places = [place for place, character in enumerate(written) if character.isalnum()][1:]
    for one, other in pairwise(places):
        if written[one] == written[other]:
            continue
        swapped = list(written)
        swapped[one], swapped[other] = swapped[other], swapped[one]
        assert parse("".join(swapped)) is None, swapped


@given(
    years,
    numbers,
    st.lists(st.sampled_from(["-", " ", "", " - ", "–", "—", "/", ".", " / "]), min_size=3, max_size=3),
    st.booleans(),
    st.sampled_from(["", " ", "  ", "\n"]),
)
def test_case_and_separators_do_not_matter(year, number, separators, lower, around):
    written = reference(year, number)
    initial, *parts = written.split("-")
    loose = initial + "".join(separator + part for separator, part in zip(separators, parts, strict=True))
    assert parse(around + (loose.lower() if lower else loose) + around) == written


@pytest.mark.parametrize("text", ["", "M", "M-2026", "M-2026-0042", "M-2026-0042-KK", "M-2026-0042-77", "bonjour"])
def test_what_is_no_reference_is_none(text):
    assert parse(text) is None


@pytest.mark.parametrize(
    "sentence", ["montre-moi le mandat {} stp", "{}", "où en est le {} ?", "« {} », c'est bon ?", "mandat : {}."]
)
@given(year=years, number=numbers)
def test_a_reference_is_found_in_a_sentence(sentence, year, number):
    found = find(sentence.format(reference(year, number)))
    assert found
    assert parse(found) == reference(year, number)


def test_a_reference_with_a_wrong_check_is_found_all_the_same():
    assert find("le mandat m-2026-0042-z9") == "m-2026-0042-z9"
    assert find("M-2026-42 ?") == "M-2026-42"
    assert find("le 12 mai 2026") is None
