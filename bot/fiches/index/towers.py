"""Two learnt views of a text, side by side in one space: its terms and its sentence vector.

The encoder knows that « bailleur » and « propriétaire » are near, but puts « il a perdu sa carte » near every other
loss; terms tell fiches apart, but a word never seen beside another stays a stranger to it. Here each term (stem, or
4-gram of letters) gets a vector and the sentence vector a projection; their sum is trained on pairs (a question,
another question or the summary of the same fiche) against the rest of the batch (InfoNCE loss, Adam). Batches keep
folders whole, so that the fiches most easily confused are each other's negatives. numpy and scipy alone, one minute.

What was tried and what it gained is in ``bot/fiches/index/RANKING.md``.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from bot.fiches.index.encoder import Vectors, unit_rows
from bot.fiches.index.owners import Owners

_SIZE = 256
_EPOCHS = 60
_BATCH = 512
_TEMPERATURE = 0.07
_RATE = 5e-3  # falls to zero along a straight line
_SUMMARY_SHARE = 0.3  # how often a question is paired with the summary rather than with another question
_TERM_DROPOUT = 0.15  # share of a question's terms left out: an aidant never uses them all
_SENTENCE_WEIGHT = 0.7
ADDED_WEIGHT = 0.5  # a word that the lexicon adds, against one of the aidant's own
_GRAM_WEIGHT = 0.3
_Matrix = NDArray[np.float32]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a text is made of.

    Attributes:
        text: as rewritten by the lexicon.
        stems: of its own words.
        added: stems of the words that the lexicon adds.
        grams: its 4-grams of letters.
    """

    text: str
    stems: Sequence[str]
    added: Sequence[str]
    grams: Sequence[str]


class Vocabulary:
    """The terms that have a vector, each with its information (inverse document frequency)."""

    def __init__(self, terms: Sequence[str], information: _Matrix) -> None:
        self.terms = tuple(terms)
        self.information = information
        self._number = {term: number for number, term in enumerate(self.terms)}

    @classmethod
    def of(cls, texts: Sequence[Terms]) -> "Vocabulary":
        """Stems met twice or more; 4-grams met three times or more, but not in a tenth of the texts."""
        stems = Counter(stem for text in texts for stem in set(text.stems))
        grams = Counter(gram for text in texts for gram in set(text.grams))
        kept = {stem: count for stem, count in stems.items() if count >= 2}
        kept |= {_gram(gram): count for gram, count in grams.items() if 3 <= count < max(len(texts) / 10, 4)}
        terms = sorted(kept)
        return cls(terms, np.array([math.log(len(texts) / kept[term]) for term in terms], dtype=np.float32))

    def rows(self, texts: Iterable[Terms]) -> csr_matrix:
        """A sparse row of length one for each text; unknown terms are left out."""
        starts, numbers, weights = [0], list[int](), list[float]()
        for text in texts:
            row: dict[int, float] = {}
            for terms, weight in (
                (text.stems, 1.0),
                (text.added, ADDED_WEIGHT),
                (map(_gram, text.grams), _GRAM_WEIGHT),
            ):
                for term in terms:
                    number = self._number.get(term)
                    if number is not None:
                        row.setdefault(number, weight * float(self.information[number]))
            length = math.sqrt(sum(weight * weight for weight in row.values())) or 1.0
            numbers += row
            weights += (weight / length for weight in row.values())
            starts.append(len(numbers))
        return csr_matrix(
            (np.array(weights, dtype=np.float32), np.array(numbers, dtype=np.int32), starts),
            shape=(len(starts) - 1, len(self.terms)),
        )


@dataclass(frozen=True, slots=True)
class Towers:
    """The learnt matrices: a row per term, and the projection of the sentence vector."""

    terms: _Matrix
    sentence: _Matrix

    def vectors(self, rows: csr_matrix, sentences: Vectors) -> Vectors:
        """One vector of length one per text, from its terms and its sentence vector."""
        return unit_rows(self.sums(rows, sentences))

    def sums(self, rows: csr_matrix, sentences: Vectors) -> Vectors:
        """The same before division by its length, as training needs it."""
        summed: Vectors = rows @ self.terms + np.float32(_SENTENCE_WEIGHT) * (sentences @ self.sentence)
        return summed


@dataclass(frozen=True, slots=True)
class Side:
    """Texts to learn from: sparse rows of terms, and sentence vectors, in the same order."""

    rows: csr_matrix
    sentences: Vectors


def train_towers(
    questions: Side,
    owners: Owners,
    summaries: Side,
    folders: Sequence[str],
    *,
    seed: int = 20,
    progress: Progress = lambda _done, _total: None,
) -> Towers:
    """Learns the towers; the same texts and seed give the same towers.

    Args:
        owners: row of the fiche of each question.
        summaries: one per fiche.
        folders: folder of each fiche; fiches of one folder are trained against each other.
    """
    random = np.random.default_rng(seed)
    towers = Towers(
        random.normal(0, _SIZE**-0.5, (questions.rows.shape[1], _SIZE)).astype(np.float32),
        random.normal(0, _SIZE**-0.5, (questions.sentences.shape[1], _SIZE)).astype(np.float32),
    )
    steps = _Adam(towers.terms), _Adam(towers.sentence)
    of_fiche = [np.flatnonzero(owners == fiche) for fiche in range(summaries.rows.shape[0])]
    for epoch in range(_EPOCHS):
        rate = _RATE * (1 - epoch / _EPOCHS)
        order = _folder_by_folder(of_fiche, folders, random)
        for start in range(0, len(order), _BATCH):
            left, right = _pairs(order[start : start + _BATCH], of_fiche, questions, summaries, random)
            for step, gradient in zip(steps, _gradients(towers, left, right), strict=True):
                step.apply(gradient, rate)
        progress(epoch + 1, _EPOCHS)
    return towers


class _Adam:
    """Adam (Kingma & Ba, 2014) on one matrix, changed in place."""

    def __init__(self, matrix: _Matrix) -> None:
        self._matrix = matrix
        self._mean = np.zeros_like(matrix)
        self._square = np.zeros_like(matrix)
        self._count = 0

    def apply(self, gradient: _Matrix, rate: float) -> None:
        self._count += 1
        self._mean *= np.float32(0.9)
        self._mean += np.float32(0.1) * gradient
        self._square *= np.float32(0.99)
        self._square += np.float32(0.01) * gradient * gradient
        scale = np.float32(rate / (1 - 0.9**self._count))
        root = np.sqrt(self._square / np.float32(1 - 0.99**self._count)) + np.float32(1e-8)
        self._matrix -= scale * self._mean / root


def _folder_by_folder(
    of_fiche: Sequence[NDArray[np.int64]], folders: Sequence[str], random: np.random.Generator
) -> list[int]:
    """The fiches that have questions, folders in a random order and fiches too inside each."""
    place = {folder: random.random() for folder in sorted(set(folders))}
    within = random.random(len(folders))
    asked = [fiche for fiche, rows in enumerate(of_fiche) if len(rows)]
    return sorted(asked, key=lambda fiche: (place[folders[fiche]], within[fiche]))


def _pairs(
    fiches: Sequence[int],
    of_fiche: Sequence[NDArray[np.int64]],
    questions: Side,
    summaries: Side,
    random: np.random.Generator,
) -> tuple[Side, Side]:
    """A question of each fiche, some of its terms dropped, and what it has to be found near."""
    asked = np.array([random.choice(of_fiche[fiche]) for fiche in fiches])
    rows = questions.rows[asked]
    rows.data *= random.random(len(rows.data)) > _TERM_DROPOUT
    left = Side(rows, questions.sentences[asked])
    answer = np.full(len(fiches), -1)
    for number, (fiche, question) in enumerate(zip(fiches, asked, strict=True)):
        others = of_fiche[fiche][of_fiche[fiche] != question]
        if len(others) and random.random() >= _SUMMARY_SHARE:
            answer[number] = random.choice(others)
    from_summary = answer < 0
    row_of = np.where(from_summary, fiches, answer)
    order = np.argsort(np.concatenate([np.flatnonzero(~from_summary), np.flatnonzero(from_summary)]))
    return left, Side(
        _stacked(questions.rows[row_of[~from_summary]], summaries.rows[row_of[from_summary]])[order],
        np.vstack([questions.sentences[row_of[~from_summary]], summaries.sentences[row_of[from_summary]]])[order],
    )


def _stacked(first: csr_matrix, second: csr_matrix) -> csr_matrix:
    return csr_matrix(
        (
            np.concatenate([first.data, second.data]),
            np.concatenate([first.indices, second.indices]),
            np.concatenate([first.indptr, second.indptr[1:] + first.indptr[-1]]),
        ),
        shape=(first.shape[0] + second.shape[0], first.shape[1]),
    )


def _gradients(towers: Towers, left: Side, right: Side) -> tuple[_Matrix, _Matrix]:
    """Gradients of the symmetric InfoNCE loss (van den Oord et al., 2018) for both matrices."""
    (a, length_a), (b, length_b) = _forward(towers, left), _forward(towers, right)
    logits = a @ b.T / _TEMPERATURE
    wrong: _Matrix = _softmax(logits, axis=1) + _softmax(logits, axis=0) - 2 * np.eye(len(a), dtype=np.float32)
    wrong /= np.float32(2 * len(a) * _TEMPERATURE)
    to_a, to_b = _through_length(wrong @ b, a, length_a), _through_length(wrong.T @ a, b, length_b)
    terms: _Matrix = left.rows.T @ to_a + right.rows.T @ to_b
    sentence: _Matrix = np.float32(_SENTENCE_WEIGHT) * (left.sentences.T @ to_a + right.sentences.T @ to_b)
    return terms, sentence


def _forward(towers: Towers, side: Side) -> tuple[_Matrix, _Matrix]:
    raw = towers.sums(side.rows, side.sentences)
    length = np.linalg.norm(raw, axis=1, keepdims=True) + np.float32(1e-6)
    return raw / length, length


def _through_length(gradient: _Matrix, unit: _Matrix, length: _Matrix) -> _Matrix:
    """The gradient before division by the length."""
    inner: _Matrix = (gradient - unit * (gradient * unit).sum(axis=1, keepdims=True)) / length
    return inner


def _softmax(logits: _Matrix, *, axis: int) -> _Matrix:
    raised = np.exp(logits - logits.max(axis=axis, keepdims=True))
    softened: _Matrix = raised / raised.sum(axis=axis, keepdims=True)
    return softened


def _gram(gram: str) -> str:
    """Grams are kept apart from stems of the same letters."""
    return f"#{gram}"
