"""The vectors that a tool wrote, and how far they are from those of another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.features.running import Failed

Vectors = Mapping[str, NDArray[np.float32]]

#: One minus the cosine from which on vectors are not of the same network and images.
_WRONG = 1e-4
#: What a number of vectors of length one varies by at least, in some place.
_ALIKE = 1e-3


def read_vectors(folder: Path) -> Vectors:
    """By the name of the image's file."""
    found = {}
    for path in folder.rglob("*.parquet"):
        rows = pq.read_table(path, columns=["path", "vector"])
        for name, vector in zip(rows["path"].to_pylist(), rows["vector"], strict=True):
            found[Path(name).name] = vector.values.to_numpy(zero_copy_only=False)
    return found


def far_from(first: Vectors, others: Vectors, name: str) -> float:
    """The most that one minus the cosine is of the two vectors of an image.

    Raises:
        Failed: they are not those of the same network and images.
    """
    if first.keys() != others.keys():
        missing = len(first.keys() - others.keys())
        raise Failed(f"{name} wrote {len(others)} vectors; {missing} are missing")
    names = sorted(first)
    one, other = (_directions(vectors, names) for vectors in (first, others))
    off = float(np.max(1 - np.einsum("nd,nd->n", one, other)))
    # What is no number, as of vectors of zeros, is not near either.
    if not off <= _WRONG:
        raise Failed(f"{name} wrote other vectors: one is {off:.2g} off, as 1 - cosine")
    if np.ptp(one, axis=0).max() < _ALIKE:
        raise Failed(f"the vectors of all images are alike: {one[0][:5]} ...")
    return off


def _directions(vectors: Vectors, names: Sequence[str]) -> NDArray[np.float64]:
    """``[n, d]`` numbers, of length one."""
    exact = np.stack([vectors[name] for name in names]).astype(np.float64)
    return exact / np.linalg.norm(exact, axis=1, keepdims=True)
