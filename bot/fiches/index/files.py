"""The index on disk: one folder per content hash, built aside and renamed into place when whole."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import bm25s
import numpy as np

from bot.errors import IndexMissing
from bot.fiches.analysis import char_ngrams, stems
from bot.fiches.index.documents import Document
from bot.fiches.index.encoder import Encoder, Vectors, encode_in_batches
from bot.fiches.index.owners import Owners
from bot.fiches.index.projection import Projection, train_projection

# To be raised whenever the way of building changes what is stored.
INDEX_VERSION = 4
Progress = Callable[[str, int, int], None]  # label of the step, done, total

# name of the lexical index → how it is built: see ``_lexical_texts``; b is BM25's length normalisation
_LENGTH_NORM = {"words": 0.75, "grams": 0.6, "full": 0.75, "title": 0.75, "questions": 0.5, "passages": 0.6}


@dataclass(frozen=True, slots=True)
class IndexFiles:
    """The loaded parts of an index; owners map a question or a passage to the row of its fiche."""

    fiche_ids: tuple[str, ...]
    lexical: dict[str, bm25s.BM25]
    question_vectors: Vectors
    question_owners: Owners
    title_vectors: Vectors
    summary_vectors: Vectors
    projection: Projection
    projected_questions: Vectors
    projected_summaries: Vectors
    passage_vectors: Vectors
    passage_owners: Owners
    passage_ids: tuple[str, ...]


def build(
    folder: Path, documents: list[Document], encoder: Encoder, *, passage_cache: Path, progress: Progress
) -> None:
    """Builds the index of *documents* into *folder*, atomically.

    Passage vectors take two minutes and depend on the fiches alone: *passage_cache* keeps them from one build to
    the next when only the questions changed.
    """
    scratch = folder.with_name(folder.name + ".partial")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    for done, (name, texts) in enumerate(_lexical_texts(documents).items()):
        progress("Index des mots", done, len(_LENGTH_NORM))
        retriever = bm25s.BM25(k1=1.2, b=_LENGTH_NORM[name], method="lucene")
        retriever.index(texts, show_progress=False)
        retriever.save(scratch / name)
    progress("Index des mots", len(_LENGTH_NORM), len(_LENGTH_NORM))

    questions = [question for document in documents for question in document.questions]
    passages = [passage for document in documents for passage in document.passages]
    if not passage_cache.exists():
        passage_cache.parent.mkdir(parents=True, exist_ok=True)
        vectors = _encode(encoder, passages, "Sens des passages", progress)
        partial = passage_cache.with_suffix(".partial.npy")
        np.save(partial, vectors)
        partial.replace(passage_cache)
    shutil.copyfile(passage_cache, scratch / "passages.npy")
    question_vectors = _encode(encoder, questions, "Sens des questions", progress)
    summary_vectors = _encode(encoder, [d.summary for d in documents], "Sens des résumés", progress)
    rows = range(len(documents))
    question_owners = np.repeat(rows, [len(d.questions) for d in documents]).astype(np.int32)
    projection = train_projection(question_vectors, question_owners, summary_vectors)
    arrays = {
        "questions": question_vectors,
        "titles": _encode(encoder, [d.title for d in documents], "Sens des titres", progress),
        "summaries": summary_vectors,
        "question_owners": question_owners,
        "passage_owners": np.repeat(rows, [len(d.passages) for d in documents]).astype(np.int32),
        "query_tower": projection.query,
        "document_tower": projection.document,
        "projected_questions": projection.of_document(question_vectors),
        "projected_summaries": projection.of_document(summary_vectors),
    }
    for name, array in arrays.items():
        np.save(scratch / f"{name}.npy", array)
    meta = {
        "version": INDEX_VERSION,
        "fiches": [document.fiche_id for document in documents],
        "passages": [passage_id for document in documents for passage_id in document.passage_ids],
    }
    (scratch / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    scratch.rename(folder)


def load(folder: Path) -> IndexFiles:
    """Loads the index in *folder*; vectors are mapped, not read.

    Raises:
        IndexMissing: the folder does not hold a whole index.
    """
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        lexical = {name: bm25s.BM25.load(folder / name) for name in _LENGTH_NORM}
        return IndexFiles(
            fiche_ids=tuple(meta["fiches"]),
            lexical=lexical,
            question_vectors=np.load(folder / "questions.npy", mmap_mode="r"),
            question_owners=np.load(folder / "question_owners.npy"),
            title_vectors=np.load(folder / "titles.npy", mmap_mode="r"),
            summary_vectors=np.load(folder / "summaries.npy", mmap_mode="r"),
            projection=Projection(np.load(folder / "query_tower.npy"), np.load(folder / "document_tower.npy")),
            projected_questions=np.load(folder / "projected_questions.npy", mmap_mode="r"),
            projected_summaries=np.load(folder / "projected_summaries.npy", mmap_mode="r"),
            passage_vectors=np.load(folder / "passages.npy", mmap_mode="r"),
            passage_owners=np.load(folder / "passage_owners.npy"),
            passage_ids=tuple(meta["passages"]),
        )
    except (OSError, ValueError, KeyError) as error:
        raise IndexMissing(
            f"l'index de recherche est absent ou abîmé ({folder.name})",
            hint="Reconstruisez-le : equipier index build",
        ) from error


def _encode(encoder: Encoder, texts: list[str], label: str, progress: Progress) -> Vectors:
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        progress(label, done, len(texts))

    return encode_in_batches(encoder, texts, progress=advance)


def _lexical_texts(documents: list[Document]) -> dict[str, list[list[str]]]:
    heads = [" ".join((document.head, *document.questions)) for document in documents]
    return {
        "words": [stems(text) for text in heads],
        "grams": [char_ngrams(text) for text in heads],
        "full": [stems(document.body) for document in documents],
        "title": [stems(f"{document.head} {document.summary}") for document in documents],
        "questions": [stems(question) for document in documents for question in document.questions],
        "passages": [stems(passage) for document in documents for passage in document.passages],
    }
