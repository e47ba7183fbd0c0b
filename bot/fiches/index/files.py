"""The index on disk: one folder per content hash, built aside and renamed into place when whole."""

import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import bm25s
import numpy as np

from bot.errors import IndexMissing
from bot.fiches.analysis import char_ngrams, stems, without_placeholders
from bot.fiches.aspects import topic_stems
from bot.fiches.index.documents import Document
from bot.fiches.index.encoder import Encoder, Vectors, encode_in_batches, main_axes
from bot.fiches.index.owners import Owners
from bot.fiches.index.towers import Side, Terms, Towers, Vocabulary, train_towers
from bot.fiches.lexicon import Lexicon

# To be raised whenever the way of building changes what is stored.
INDEX_VERSION = 8
PASSAGES_VERSION = 4  # the same, for the cached passage vectors
Progress = Callable[[str, int, int], None]  # label of the step, done, total

# name of the lexical index → how it is built: see ``_lexical_texts``; b is BM25's length normalisation
_LENGTH_NORM = {"words": 0.75, "grams": 0.6, "full": 0.75, "questions": 0.5, "passages": 0.6}


@dataclass(frozen=True, slots=True)
class IndexFiles:
    """The loaded parts of an index; owners map a question or a passage to the row of its fiche.

    ``named`` gives the rows of the fiches whose name (see :func:`name_of`) has exactly these telling stems.
    ``often_met`` and ``plain_titles`` hold 1 or 0 for each fiche: aidants meet it often (see ``bank.often_met``); its
    title is not itself a question (those answer a detail, and their words look like anybody's). ``stranger_vectors``
    are those of messages that no fiche answers. ``axes`` are the directions along which sentence vectors differ most:
    the many vectors are kept along those alone, as their products with a query are what a search waits for.
    """

    fiche_ids: tuple[str, ...]
    named: dict[frozenset[str], tuple[int, ...]]
    lexical: dict[str, bm25s.BM25]
    axes: Vectors
    question_vectors: Vectors
    question_owners: Owners
    summary_vectors: Vectors
    vocabulary: Vocabulary
    towers: Towers
    tower_questions: Vectors
    tower_summaries: Vectors
    often_met: Vectors
    plain_titles: Vectors
    stranger_vectors: Vectors
    passage_vectors: Vectors
    whole_passage_vectors: Vectors
    passage_owners: Owners
    passage_ids: tuple[str, ...]


def build(
    folder: Path,
    documents: list[Document],
    encoder: Encoder,
    lexicon: Lexicon,
    *,
    often_met: frozenset[str],
    strangers: Sequence[str],
    passage_cache: Path,
    progress: Progress,
) -> None:
    """Builds the index of *documents* into *folder*, atomically.

    Passage vectors take two minutes and depend on the fiches alone: *passage_cache* keeps them from one build to
    the next when only the questions changed.
    """
    scratch = folder.with_name(folder.name + ".partial")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    for name, lexical in lexical_indexes(
        documents, progress=lambda done, total: progress("Index des mots", done, total)
    ).items():
        lexical.save(scratch / name)

    questions = [question for document in documents for question in document.questions]
    passages = [passage for document in documents for passage in document.passages]
    if not passage_cache.exists():
        passage_cache.parent.mkdir(parents=True, exist_ok=True)
        vectors = _encode(encoder, passages, "Sens des passages", progress)
        partial = passage_cache.with_suffix(".partial.npy")
        np.save(partial, vectors)
        partial.replace(passage_cache)
    shutil.copyfile(passage_cache, scratch / "passages.npy")
    passage_vectors = np.load(passage_cache)
    question_vectors = _encode(encoder, questions, "Sens des questions", progress)
    summary_vectors = _encode(encoder, [d.summary for d in documents], "Sens des résumés", progress)
    rows = range(len(documents))
    question_owners = np.repeat(rows, [len(d.questions) for d in documents]).astype(np.int32)
    question_terms = [terms_of(text, lexicon) for text in questions]
    summary_terms = [terms_of(document.summary, lexicon) for document in documents]
    vocabulary = Vocabulary.of([*question_terms, *summary_terms])
    asked = Side(vocabulary.rows(question_terms), question_vectors)
    summed = Side(vocabulary.rows(summary_terms), summary_vectors)
    towers = train_towers(
        asked,
        question_owners,
        summed,
        [document.folder for document in documents],
        progress=lambda done, total: progress("Apprentissage", done, total),
    )
    axes = main_axes(np.vstack([question_vectors, passage_vectors]))
    arrays = {
        "axes": axes,
        "questions": question_vectors @ axes,
        "small_passages": passage_vectors @ axes,
        "summaries": summary_vectors,
        "question_owners": question_owners,
        "passage_owners": np.repeat(rows, [len(d.passages) for d in documents]).astype(np.int32),
        "strangers": encoder.encode(strangers),
        "information": vocabulary.information,
        "term_tower": towers.terms,
        "sentence_tower": towers.sentence,
        "tower_questions": towers.vectors(asked.rows, asked.sentences),
        "tower_summaries": towers.vectors(summed.rows, summed.sentences),
        "often_met": np.array([d.fiche_id in often_met for d in documents], dtype=np.float32),
        "plain_titles": np.array(["?" not in d.title for d in documents], dtype=np.float32),
    }
    for name, array in arrays.items():
        np.save(scratch / f"{name}.npy", array)
    meta = {
        "version": INDEX_VERSION,
        "fiches": [document.fiche_id for document in documents],
        "terms": vocabulary.terms,
        "names": [name_of(document.title) for document in documents],
        "passages": [passage_id for document in documents for passage_id in document.passage_ids],
    }
    (scratch / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    scratch.rename(folder)


def lexical_indexes(
    documents: Sequence[Document], *, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> dict[str, bm25s.BM25]:
    """The words of *documents*, read in each of the ways that the search compares; by name."""
    indexes: dict[str, bm25s.BM25] = {}
    for done, (name, texts) in enumerate(_lexical_texts(documents).items()):
        progress(done, len(_LENGTH_NORM))
        indexes[name] = bm25s.BM25(k1=1.2, b=_LENGTH_NORM[name], method="lucene")
        indexes[name].index(texts, show_progress=False)
    progress(len(_LENGTH_NORM), len(_LENGTH_NORM))
    return indexes


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
            named=_named(meta["names"]),
            lexical=lexical,
            axes=np.load(folder / "axes.npy"),
            question_vectors=np.load(folder / "questions.npy"),
            question_owners=np.load(folder / "question_owners.npy"),
            summary_vectors=np.load(folder / "summaries.npy", mmap_mode="r"),
            vocabulary=Vocabulary(meta["terms"], np.load(folder / "information.npy")),
            towers=Towers(np.load(folder / "term_tower.npy"), np.load(folder / "sentence_tower.npy")),
            tower_questions=np.load(folder / "tower_questions.npy"),
            tower_summaries=np.load(folder / "tower_summaries.npy", mmap_mode="r"),
            often_met=np.load(folder / "often_met.npy"),
            plain_titles=np.load(folder / "plain_titles.npy"),
            stranger_vectors=np.load(folder / "strangers.npy"),
            passage_vectors=np.load(folder / "small_passages.npy"),
            whole_passage_vectors=np.load(folder / "passages.npy", mmap_mode="r"),
            passage_owners=np.load(folder / "passage_owners.npy"),
            passage_ids=tuple(meta["passages"]),
        )
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise IndexMissing(
            f"l'index de recherche est absent ou abîmé ({folder.name})",
            hint="Reconstruisez-le : equipier index build",
        ) from error


def is_whole(folder: Path) -> bool:
    """Whether *folder* holds an index that can be loaded (two seconds)."""
    if not (folder / "meta.json").exists():
        return False
    try:
        load(folder)
    except IndexMissing:
        return False
    return True


def name_of(title: str) -> str:
    """What a title calls the procedure, without acronym in brackets nor subtitle: « Passeport d'un majeur »."""
    return re.split(r"\s*(?:\(|:|\?)", title, maxsplit=1)[0].strip()


def _named(names: Sequence[str]) -> dict[frozenset[str], tuple[int, ...]]:
    rows: dict[frozenset[str], tuple[int, ...]] = {}
    for row, name in enumerate(names):
        stemmed = frozenset(topic_stems(name))
        rows[stemmed] = (*rows.get(stemmed, ()), row)
    rows.pop(frozenset(), None)
    return rows


def terms_of(text: str, lexicon: Lexicon) -> Terms:
    """The terms of a text: of its rewriting by the lexicon, and what the lexicon adds.

    The sentence encoder gets the acronyms spelt out, which it does not know; the words keep them, as titles do.
    """
    rewritten = lexicon.rewrite_sms(without_placeholders(text))
    own = stems(rewritten)
    known = set(own)
    added = [stem for phrase in lexicon.expand(rewritten) for stem in stems(phrase) if stem not in known]
    return Terms(lexicon.open_acronyms(rewritten), own, added, char_ngrams(rewritten))


def _encode(encoder: Encoder, texts: list[str], label: str, progress: Progress) -> Vectors:
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        progress(label, done, len(texts))

    return encode_in_batches(encoder, texts, progress=advance)


def _lexical_texts(documents: Sequence[Document]) -> dict[str, list[list[str]]]:
    heads = [" ".join((document.head, *document.questions)) for document in documents]
    return {
        "words": [stems(text) for text in heads],
        "grams": [char_ngrams(text) for text in heads],
        "full": [stems(document.body) for document in documents],
        "questions": [stems(question) for document in documents for question in document.questions],
        "passages": [stems(passage) for document in documents for passage in document.passages],
    }
