"""A real index over a handful of invented fiches, with an encoder that needs no model."""

import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bot.fiches.analysis import char_ngrams
from bot.fiches.guidance import GuidanceService
from bot.fiches.index import files
from bot.fiches.index.documents import document_of
from bot.fiches.index.encoder import Vectors, unit_rows
from bot.fiches.index.search import SearchIndex
from bot.fiches.index.weights import Weights
from bot.fiches.lexicon import Lexicon
from bot.fiches.model import Fiche
from bot.fiches.ports import InMemoryFiches
from tests.unit.fiches.samples import CARTE, FERMAGE, GUIDE

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)

QUESTIONS = {
    "F1": (
        "mon usager a perdu sa carte de pêche, il faut quoi ?",
        "refaire une carte de pêche tombée dans la rivière",
        "duplicata carte peche",
    ),
    "F2": ("il veut louer son étang à un voisin, quelles règles ?", "bail d'un étang, dépôt de garantie"),
    "G-ETANG": ("combien de temps dure un mandat de pêche", "quelle durée pour le mandat"),
}
FILLERS = tuple(
    FERMAGE.model_copy(update={"id": f"F{number}", "title": title, "description": title, "dossier": "", "passages": ()})
    for number, title in enumerate(
        (
            "Vacciner un chien de berger",
            "Construire une cabane dans un arbre",
            "Apprendre le piano au conservatoire",
            "Traverser la frontière avec un cheval",
            "Vendre du miel au marché",
            "Immatriculer une barque",
            "Adopter un chat errant",
            "Chasser le sanglier en forêt",
        ),
        start=100,
    )
)


class HashedEncoder:
    """Vectors made of hashed character 4-grams: close texts get close vectors, as with the real encoder."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), 512), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for gram in char_ngrams(text):
                row[zlib.crc32(gram.encode()) % 512] += 1
        return unit_rows(rows)


class StoppedClock:
    """Always the same instant."""

    def now(self) -> datetime:
        return NOW


def tiny_fiches() -> InMemoryFiches:
    return InMemoryFiches((CARTE, FERMAGE, GUIDE, *FILLERS))


def tiny_index(folder: Path, *, weights: Weights | None = None, fiches: Sequence[Fiche] | None = None) -> SearchIndex:
    documents = [document_of(fiche, QUESTIONS.get(fiche.id, ())) for fiche in fiches or tiny_fiches().all()]
    encoder = HashedEncoder()
    files.build(
        folder / "index",
        documents,
        encoder,
        Lexicon.load(),
        often_met=frozenset({CARTE.id}),
        strangers=("il pleut", "une recette de crêpes"),
        passage_cache=folder / "cache.npy",
        progress=lambda _label, _done, _total: None,
    )
    return SearchIndex(files.load(folder / "index"), encoder, Lexicon.load(), weights or lenient_weights())


def lenient_weights() -> Weights:
    """Weights whose confidence is the share of the message's words that the first fiche's questions hold."""
    slopes = [0.0, 0.0, 0.0, 8.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    return Weights.load().model_copy(
        update={"calibration": (*slopes, -4.0), "abstain_below": 0.1, "propose_below": 0.3}
    )


def tiny_service(folder: Path) -> GuidanceService:
    return GuidanceService(tiny_fiches(), tiny_index(folder), StoppedClock(), stale_after_days=365)
