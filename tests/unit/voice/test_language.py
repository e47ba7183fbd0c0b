"""What is likely to be said: learnt from what people write, never from what judges us."""

import math

import pytest

from bot.evaluation.files import Item, read_items
from bot.fiches.analysis import fold
from bot.settings import ROOT
from bot.voice.language import BEGINNING, LanguageModel, trade_language
from bot.voice.texts import trade_texts
from bot.voice.tokens import END, NAME, NUMBER, START, UNKNOWN, sentences, tokens

TEXTS = (
    "Elle a perdu sa carte de séjour. Où aller ?",
    "Sa carte de séjour expire dans 2 mois",
    "Une carte de séjour, à la CAF de Lyon ?",
    "Son mari a une carte de séjour",
)


@pytest.fixture(scope="module")
def small() -> LanguageModel:
    return LanguageModel(TEXTS)


def test_a_text_is_read_sentence_by_sentence_and_names_are_told_apart() -> None:
    first, *_, last = tokens("L’usager s'appelle Benali, il a 3 enfants. Il touche l'APL.")
    assert (first.shown, first.first, last.word, last.last) == ("L'", True, "apl", True)
    named = [token.shown for token in tokens("Madame voit Benali à la CAF. Elle part") if token.named]
    assert named == ["Benali"]
    assert list(sentences("Elle a 3 enfants. Où aller ?")) == [["Elle", "a", "3", "enfants"], ["Où", "aller"]]


def test_what_was_read_is_likelier(small: LanguageModel) -> None:
    assert small.log(("carte", "de"), "séjour") > small.log(("carte", "de"), "carte")
    assert small.log(("carte", "de"), "carte") > small.log(("carte", "de"), UNKNOWN)


@pytest.mark.parametrize("before", [BEGINNING, ("carte", "de"), (UNKNOWN, "de"), (UNKNOWN, NAME)])
def test_what_can_come_next_has_a_probability_of_one(small: LanguageModel, before: tuple[str, str]) -> None:
    share = {UNKNOWN: 20_000, NUMBER: 50}  # words of a kind have the same probability each
    next_words = (*small.words, START, END, NAME, NUMBER, UNKNOWN)
    whole = math.fsum(math.exp(small.log(before, word)) * share.get(word, 1) for word in next_words)
    assert whole == pytest.approx(1.0)


def test_a_name_is_known_by_its_place_and_a_word_by_its_capitals(small: LanguageModel) -> None:
    assert "lyon" not in small.words
    assert [small.token(token) for token in tokens("la carte de Brest")] == [UNKNOWN, "carte", "de", NAME]
    assert small.shown("séjour") == "séjour"


def test_no_sentence_that_judges_us_is_learnt() -> None:
    learnt = {fold(text) for text in trade_texts()}
    files = sorted((ROOT / "tests" / "eval").glob("*.dev.jsonl"))
    judged = [
        fold(item.text)
        for path in files
        if path.name not in {"dialogues.dev.jsonl", "pii.dev.jsonl"}
        for item in read_items(path, Item)
        if len(item.text.split()) > 3
    ]
    assert len(judged) > 100
    assert [text for text in judged if text in learnt] == []


def test_the_language_of_the_trade_is_large_and_knows_its_words() -> None:
    trade = trade_language()
    assert len(trade.words) > 8_000
    assert trade.shown("franceconnect") == "FranceConnect"
    assert trade.log(("titre", "de"), "séjour") > trade.log(("titre", "de"), "jours") + 3
