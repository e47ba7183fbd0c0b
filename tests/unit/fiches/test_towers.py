"""The learnt towers: terms, what training brings, and that it is repeatable."""

import numpy as np

from bot.fiches.index.towers import Side, Terms, Vocabulary, train_towers

# Two ways of saying each thing, with no word in common: only training can bring them together.
PAIRS = (
    ("proprio loyer", "bailleur quittance"),
    ("bagnole casse", "vehicule destruction"),
    ("boulot vire", "emploi licencie"),
)


def _terms(text: str) -> Terms:
    return Terms(text, text.split(), (), ())


def _trained() -> tuple[np.ndarray, np.ndarray]:
    questions = [_terms(text) for pair in PAIRS for text in pair for _ in range(2)]
    summaries = [_terms(second) for _, second in PAIRS]
    vocabulary = Vocabulary.of([*questions, *summaries])
    rows = vocabulary.rows(questions)
    owners = np.repeat(np.arange(len(PAIRS)), 4).astype(np.int32)
    nothing = np.zeros((len(questions), 8), dtype=np.float32)
    towers = train_towers(
        Side(rows, nothing), owners, Side(vocabulary.rows(summaries), nothing[: len(PAIRS)]), ["dossier"] * len(PAIRS)
    )
    first = towers.vectors(vocabulary.rows([_terms(first) for first, _ in PAIRS]), nothing[: len(PAIRS)])
    second = towers.vectors(vocabulary.rows([_terms(second) for _, second in PAIRS]), nothing[: len(PAIRS)])
    return first, second


def test_words_asked_of_the_same_fiche_come_near() -> None:
    first, second = _trained()
    assert (first @ second.T).argmax(axis=1).tolist() == [0, 1, 2]


def test_the_same_texts_and_seed_give_the_same_towers() -> None:
    assert all(np.array_equal(one, other) for one, other in zip(_trained(), _trained(), strict=True))


def test_a_text_of_unknown_terms_has_an_empty_row() -> None:
    vocabulary = Vocabulary.of([_terms("loyer loyer"), _terms("loyer")])
    rows = vocabulary.rows([_terms("inconnu"), _terms("loyer")])
    assert rows[0].nnz == 0
    assert rows.shape == (2, 1)
