"""The vectors that a tool wrote, and how far they are from those of another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

Vectors = Mapping[str, NDArray[np.float32]]

#: One minus the cosine from which on vectors are not of the same network and images.
_WRONG = 1e-4


def read_vectors(folder: Path) -> Vectors:
    """By the name of the image's file."""
    found = {}
    for path in folder.rglob("*.parquet"):
        rows = pq.read_table(path, columns=["path", "vector"])
        for name, vector in zip(rows["path"].to_pylist(), rows["vector"], strict=True):
            found[Path(name).name] = vector.values.to_numpy(zero_copy_only=False)
    return found


def far_from(first: Vectors, others: Vectors, name: str) -> float:
    """The most that one minus the cosine is of the two vectors of an image."""
    if first.keys() != others.keys():
        missing = len(first.keys() - others.keys())
        raise SystemExit(f"{name} wrote {len(others)} vectors; {missing} are missing")
    off = max(_distance(first[key], others[key]) for key in first)
    if off > _WRONG:
        raise SystemExit(f"{name} wrote other vectors: one is {off:.2g} off, as 1 - cosine")
    return off


def _distance(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    a, b = one.astype(np.float64), other.astype(np.float64)
    return float(1 - a @ b / np.sqrt(a @ a * (b @ b)))
