"""Makes sure that an index of the current fiches exists, and opens it."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from bot.errors import IndexMissing
from bot.fiches.importers.guides import GUIDES_DIR, guide_questions
from bot.fiches.index import files
from bot.fiches.index.bank import BANK_DIR, digest_of, often_met, questions_by_fiche, read_bank, read_strangers
from bot.fiches.index.documents import document_of
from bot.fiches.index.encoder import Encoder, UseEncoder
from bot.fiches.index.search import SearchIndex
from bot.fiches.index.weights import Weights
from bot.fiches.lexicon import LEXICON_PATH, Lexicon
from bot.fiches.ports import Fiches, Snapshot
from bot.settings import Settings

_KEPT = 2  # the present index and the one before, for a rollback of the fiches


def all_questions() -> dict[str, tuple[str, ...]]:
    """The bank's questions and those of our guides, under the id of their fiche."""
    return questions_by_fiche(read_bank(BANK_DIR)) | guide_questions(GUIDES_DIR)


def index_folder(settings: Settings, snapshot: Snapshot, questions: dict[str, tuple[str, ...]]) -> Path:
    """The folder of the index of exactly these fiches and questions; it may not exist yet."""
    parts = (
        files.INDEX_VERSION,
        snapshot.digest,
        digest_of(questions),
        hashlib.sha256(LEXICON_PATH.read_bytes()).hexdigest(),
        sorted(often_met(BANK_DIR)),
        read_strangers(),
    )
    return settings.index_dir / hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def ensure_index(
    settings: Settings,
    fiches: Fiches,
    *,
    progress: files.Progress = lambda _label, _done, _total: None,
    encoder: Callable[[], Encoder] = lambda: UseEncoder(threads=2),
) -> Path:
    """Builds the index of the current fiches unless it is already there, and whole; returns its folder.

    Raises:
        IndexMissing: no fiche was imported yet.
    """
    snapshot = fiches.current()
    if snapshot is None:
        raise IndexMissing("aucune fiche importée", hint="Importez-les : equipier fiches import")
    questions = all_questions()
    folder = index_folder(settings, snapshot, questions)
    if files.is_whole(folder):
        return folder
    documents = [document_of(fiche, questions.get(fiche.id, ())) for fiche in fiches.all()]
    cache = settings.index_dir / f"passages-{files.PASSAGES_VERSION}-{snapshot.digest[:16]}.npy"
    files.build(
        folder,
        documents,
        encoder(),
        Lexicon.load(),
        often_met=often_met(BANK_DIR),
        strangers=read_strangers(),
        passage_cache=cache,
        progress=progress,
    )
    _drop_old(settings.index_dir, keep=cache)
    return folder


def open_index(settings: Settings, fiches: Fiches, *, weights: Weights | None = None) -> SearchIndex:
    """Opens the index of the current fiches, with *weights* or, by default, the learnt ones.

    Raises:
        IndexMissing: it was not built, or no fiche was imported.
    """
    snapshot = fiches.current()
    if snapshot is None:
        raise IndexMissing("aucune fiche importée", hint="Importez-les : equipier fiches import")
    folder = index_folder(settings, snapshot, all_questions())
    return SearchIndex(files.load(folder), UseEncoder(), Lexicon.load(), weights or Weights.load())


def _drop_old(index_dir: Path, *, keep: Path) -> None:
    folders = sorted(
        (path for path in index_dir.iterdir() if (path / "meta.json").exists()),
        key=lambda path: path.stat().st_mtime,
        reverse=True,
    )
    for folder in folders[_KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)
    for cache in index_dir.glob("passages-*.npy"):
        if cache != keep:
            cache.unlink()
