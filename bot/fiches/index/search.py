"""Hybrid search over the fiches: lexical and semantic features, one learnt weighting, a calibrated confidence."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import bm25s
import numpy as np

from bot.fiches.analysis import words
from bot.fiches.aspects import topic_stems
from bot.fiches.index.encoder import Encoder, Vectors
from bot.fiches.index.files import IndexFiles, terms_of
from bot.fiches.index.owners import Scores, best_of, ranges, soft_sum
from bot.fiches.index.towers import ADDED_WEIGHT, Terms
from bot.fiches.index.weights import FEATURES, Weights
from bot.fiches.lexicon import Lexicon

SIGNALS = 11  # inputs of the confidence, see ``SearchIndex.signals``
_REMEMBERED = 8  # messages
_CALLED = 4.0  # for a fiche called by its very name: about the lead of a sure first fiche over the second


@dataclass(frozen=True, slots=True)
class Hit:
    """A fiche found.

    Attributes:
        score: confidence in [0, 1] that this fiche answers, calibrated on the validation questions for the first
            hit; the next ones are scaled by how far behind they are.
    """

    fiche_id: str
    score: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the ranking saw.

    Attributes:
        features: a row per fiche, a column per feature, z-scored over the corpus.
        signals: raw strength of the best matches, whatever the fiche.
        tokens: the meaningful stems of the message.
    """

    features: Scores
    signals: tuple[float, ...]
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Query:
    """A message read once: its terms, its sentence vector, and how well each passage matches its terms."""

    terms: Terms
    vector: Vectors
    passages: Scores


class SearchIndex:
    """Finds fiches and passages. One instance serves a process; it is not thread-safe."""

    def __init__(self, files: IndexFiles, encoder: Encoder, lexicon: Lexicon, weights: Weights) -> None:
        self._files = files
        self._encoder = encoder
        self._lexicon = lexicon
        self._weights = weights
        self._row = {fiche_id: row for row, fiche_id in enumerate(files.fiche_ids)}
        self._queries: dict[str, _Query] = {}
        self._passages_of = ranges(files.passage_owners, len(files.fiche_ids))

    @property
    def weights(self) -> Weights:
        return self._weights

    @property
    def fiche_ids(self) -> tuple[str, ...]:
        return self._files.fiche_ids

    def search(self, text: str, *, limit: int = 5, among: Collection[str] | None = None) -> tuple[Hit, ...]:
        """The best fiches for *text*, best first; empty when no word of it says anything.

        *among* restricts the search to some fiches; their confidence is then comparative only. Whether the first
        hit is good enough to be shown is the caller's decision (``Weights.abstain_below``).
        """
        if not words(text):
            return ()
        evidence = self.evidence(text)
        combined = evidence.features @ self._weights.vector
        combined[list(self._called_by(text))] += _CALLED
        if among is not None:
            allowed = [self._row[fiche_id] for fiche_id in among if fiche_id in self._row]
            order = np.array(sorted(allowed, key=lambda row: -combined[row])[:limit], dtype=int)
            if not allowed:
                return ()
        else:
            order = np.argsort(-combined, kind="stable")[:limit]
        confidence = self._weights.confidence(self.signals(evidence, combined))
        best = float(combined[order[0]])
        return tuple(
            Hit(self._files.fiche_ids[row], round(confidence * math.exp((float(combined[row]) - best) / 6), 4))
            for row in order
        )

    def passages(self, text: str, fiche_id: str, *, limit: int = 3) -> tuple[tuple[str, float], ...]:
        """The passages of one fiche closest to *text*: (passage id, score), best first; empty if not indexed."""
        row = self._row.get(fiche_id)
        if row is None:
            return ()
        start, stop = self._passages_of[row]
        if start == stop:
            return ()
        query = self._read(text)
        meaning = self._files.whole_passage_vectors[start:stop] @ query.vector
        lexical = query.passages[start:stop]
        top = float(lexical.max())
        scores = meaning + (0.5 * lexical / top if top > 0 else 0.0)
        order = np.argsort(-scores, kind="stable")[:limit]
        return tuple((self._files.passage_ids[start + int(i)], float(scores[i])) for i in order)

    def evidence(self, text: str) -> Evidence:
        """Feature matrix (z-scored per column over the corpus) and raw signals for *text*."""
        files = self._files
        query = self._read(text)
        tokens, extra = query.terms.stems, query.terms.added
        vector, small = query.vector, query.vector @ files.axes
        tower = files.towers.vectors(files.vocabulary.rows([query.terms]), vector[np.newaxis, :])[0]
        count = len(files.fiche_ids)
        question_cosines = np.asarray(files.question_vectors @ small)
        summary_cosines = np.asarray(files.summary_vectors @ vector)
        columns: dict[str, Scores] = {
            "words": self._lexical("words", tokens, extra),
            "grams": self._lexical("grams", query.terms.grams, []),
            "full": self._lexical("full", tokens, extra),
            "question": best_of(self._lexical("questions", tokens, extra), files.question_owners, count, 0.0),
            "question_meaning": best_of(question_cosines, files.question_owners, count, -0.2),
            "questions_meaning": soft_sum(question_cosines, files.question_owners, count),
            "summary_meaning": summary_cosines,
            "tower_questions": soft_sum(np.asarray(files.tower_questions @ tower), files.question_owners, count),
            "tower_summary": np.asarray(files.tower_summaries @ tower),
            "passage": best_of(query.passages, files.passage_owners, count, 0.0),
            "passage_meaning": best_of(files.passage_vectors @ small, files.passage_owners, count, -0.2),
            "often_met": files.often_met,
            "plain_title": files.plain_titles,
        }
        features = np.stack([_z(columns[name]) for name in FEATURES], axis=1)
        signals = (
            float(question_cosines.max()),
            float(summary_cosines.max()),
            float(columns["words"].max()) / max(len(tokens), 1),
            float(columns["question"].max()) / max(len(tokens), 1),
            *_stranger_signals(np.asarray(files.stranger_vectors @ vector), question_cosines),
        )
        return Evidence(features, signals, tuple(tokens))

    def signals(self, evidence: Evidence, combined: Scores) -> tuple[float, ...]:
        """The inputs of the confidence.

        Height of the first fiche, its lead over the second and the fifth, the share of the message's information
        that the first fiche holds (its questions, then its whole text), and the raw signals.
        """
        first, second, *_, fifth = np.sort(combined)[::-1][:5]
        row = int(np.argmax(combined))
        return (
            float(first),
            float(first - second),
            float(first - fifth),
            self._held("words", evidence.tokens, row),
            self._held("full", evidence.tokens, row),
            *evidence.signals,
        )

    def _called_by(self, text: str) -> tuple[int, ...]:
        """The rows of the fiches that *text* calls by their name and nothing more (« aah », « l'acte de naissance »).

        Ten of the 544 validation questions do so, too few to teach it: the others tell situations.
        """
        asked = frozenset(topic_stems(self._read(text).terms.text))
        return self._files.named.get(asked, ())

    def _held(self, name: str, tokens: Sequence[str], row: int) -> float:
        """Share in [0, 1] of the tokens' information (inverse document frequency) present in one fiche.

        A word that no fiche holds carries the most information: « WhatsApp » alone makes a message foreign.
        """
        index = self._files.lexical[name]
        starts, rows = index.scores["indptr"], index.scores["indices"]
        count = int(index.scores["num_docs"])
        held = total = 0.0
        for token in set(tokens):
            number = index.vocab_dict.get(token)
            owners = rows[starts[number] : starts[number + 1]] if number is not None else ()
            information = math.log(1 + (count - len(owners) + 0.5) / (len(owners) + 0.5))
            total += information
            held += information if row in owners else 0.0
        return held / total if total else 0.0

    def _read(self, text: str) -> "_Query":
        """*text* as the indexes read it; the last ones are remembered, as an answer reads its question again."""
        query = self._queries.pop(text, None)
        if query is None:
            terms = terms_of(text, self._lexicon)
            query = _Query(
                terms, self._encoder.encode([terms.text])[0], self._lexical("passages", terms.stems, terms.added)
            )
        self._queries[text] = query
        if len(self._queries) > _REMEMBERED:
            del self._queries[next(iter(self._queries))]
        return query

    def _lexical(self, name: str, tokens: Sequence[str], extra: Sequence[str]) -> Scores:
        index = self._files.lexical[name]
        scores = _bm25(index, tokens)
        return scores + ADDED_WEIGHT * _bm25(index, extra) if extra else scores


def _stranger_signals(strangers: Scores, questions: Scores) -> tuple[float, float]:
    """How near the nearest message that no fiche answers is, and by how much its kind is nearer than the bank's.

    The second compares sums over the nearest ones, as ``soft_sum`` does, so that one chance resemblance counts less.
    """
    if not len(strangers):
        return 0.0, 0.0
    near = [math.log(float(np.exp(np.sort(cosines)[-5:] * 12).sum())) for cosines in (strangers, questions)]
    return float(strangers.max()), near[0] - near[1]


def _bm25(index: bm25s.BM25, tokens: Sequence[str]) -> Scores:
    known = [token for token in tokens if token in index.vocab_dict]
    if not known:
        return np.zeros(int(index.scores["num_docs"]), dtype=np.float32)
    return np.asarray(index.get_scores(known), dtype=np.float32)


def _z(column: Scores) -> Scores:
    scaled: Scores = (column - column.mean()) / (column.std() + 1e-6)
    return scaled
