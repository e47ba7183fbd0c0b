"""How long a search takes as the base of fiches grows, from a thousand passages to a hundred thousand.

Smaller bases are every n-th fiche of the real one. Larger ones hold each fiche several times: the copies' words are the
same and their vectors are moved a little, so that every list of words and every matrix is as long as it would be.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import bm25s
import numpy as np

from bot.evaluation.files import GuidanceItem, read_items
from bot.fiches.index.build import all_questions, index_folder
from bot.fiches.index.documents import Document, document_of
from bot.fiches.index.encoder import UseEncoder, Vectors, unit_rows
from bot.fiches.index.files import IndexFiles, lexical_indexes, load
from bot.fiches.index.owners import ranges
from bot.fiches.index.search import SearchIndex
from bot.fiches.index.weights import Weights
from bot.fiches.lexicon import Lexicon
from bot.fiches.store import FicheStore
from bot.settings import Settings
from bot.storage.engine import Database
from tests.bench.growth.measure import Point, point

SIZES = (1_000, 3_000, 10_000, 31_000, 100_000)
EVAL = Path(__file__).resolve().parents[2] / "eval"
_MOVED = 0.02  # length of what is added to a copy's vectors, which are of length one


def curve(settings: Settings, *, sizes: Sequence[int] = SIZES, times: int = 150) -> list[Point]:
    """A point for each size of the base; the real size counts as 31,000."""
    database = Database.at(settings.sqlalchemy_url)
    fiches = FicheStore(database)
    snapshot = fiches.current()
    if snapshot is None:
        raise SystemExit("No fiche here: run `make setup` first.")
    questions = all_questions()
    whole = load(index_folder(settings, snapshot, questions))
    documents = {fiche.id: document_of(fiche, questions.get(fiche.id, ())) for fiche in fiches.all()}
    database.close()
    asked = [item.text for item in read_items(EVAL / "guidance.dev.jsonl", GuidanceItem)]
    points = []
    for size in sizes:
        rows = _rows(whole, size)
        index = SearchIndex(_of_rows(whole, rows, documents), UseEncoder(), Lexicon.load(), Weights.load())
        count = len(index.fiche_ids)
        found = point(size, lambda number, index=index: index.search(asked[number % len(asked)]), times=times)
        points.append(replace(found, size=sum(len(documents[whole.fiche_ids[row]].passages) for row in rows)))
        print(f"{points[-1]}, {count} fiches", flush=True)
    return points


def _rows(whole: IndexFiles, passages: int) -> list[int]:
    """Rows of the real index, each once or several times, that hold about so many *passages*."""
    count, real = len(whole.fiche_ids), len(whole.passage_ids)
    wanted = max(20, round(count * passages / real))
    if abs(wanted - count) < count / 50:
        return list(range(count))
    if wanted < count:
        return [int(row) for row in np.linspace(0, count - 1, wanted)]
    return sorted(row % count for row in range(wanted))


def _of_rows(whole: IndexFiles, rows: list[int], documents: dict[str, Document]) -> IndexFiles:
    chance = np.random.default_rng(8)
    chosen = [documents[whole.fiche_ids[row]] for row in rows]
    repeated = np.array([position > 0 and rows[position - 1] == row for position, row in enumerate(rows)])
    pick_questions, question_owners = _owned(whole.question_owners, rows, len(whole.fiche_ids))
    pick_passages, passage_owners = _owned(whole.passage_owners, rows, len(whole.fiche_ids))

    def moved(vectors: Vectors, picked: Sequence[int] | np.ndarray, copies: np.ndarray) -> Vectors:
        taken = np.array(vectors[picked], dtype=np.float32)
        noise = chance.standard_normal(taken.shape, dtype=np.float32)
        taken[copies] += _MOVED * unit_rows(noise)[copies]
        return taken

    lexical: dict[str, bm25s.BM25] = lexical_indexes(chosen)
    return replace(
        whole,
        fiche_ids=tuple(f"{document.fiche_id}-{position}" for position, document in enumerate(chosen)),
        named={},
        lexical=lexical,
        question_vectors=moved(whole.question_vectors, pick_questions, repeated[question_owners]),
        question_owners=question_owners,
        summary_vectors=moved(whole.summary_vectors, rows, repeated),
        tower_questions=moved(whole.tower_questions, pick_questions, repeated[question_owners]),
        tower_summaries=moved(whole.tower_summaries, rows, repeated),
        often_met=whole.often_met[rows],
        plain_titles=whole.plain_titles[rows],
        passage_vectors=moved(whole.passage_vectors, pick_passages, repeated[passage_owners]),
        whole_passage_vectors=moved(whole.whole_passage_vectors, pick_passages, repeated[passage_owners]),
        passage_owners=passage_owners,
        passage_ids=tuple(whole.passage_ids[passage] for passage in pick_passages),
    )


def _owned(owners: np.ndarray, rows: list[int], count: int) -> tuple[np.ndarray, np.ndarray]:
    """What the fiches of *rows* own, as places in the real index, and the place in *rows* of each one's owner."""
    bounds = ranges(owners, count)
    picked = np.concatenate([np.arange(*bounds[row]) for row in rows])
    lengths = [bounds[row][1] - bounds[row][0] for row in rows]
    return picked, np.repeat(np.arange(len(rows), dtype=np.int32), lengths).astype(np.int32)
