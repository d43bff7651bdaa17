"""Clusters of near-duplicates, none of them wider than it may be.

Pictures are near by the cosine of their vectors. Candidates are found by comparing all
with all, block by block, and clustered by complete linkage: any two pictures of a cluster
lie within its diameter, so that the views of a turning fruit, or the frames of a video,
make many clusters and not one long chain.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from millpond.errors import Invalid
from millpond.features.linkage import complete_linkage
from millpond.features.pieces import Indices, pieces

#: The narrowest cluster that can be asked for: below it is the noise of single precision.
NARROWEST = 1e-5
#: By how much a computed cosine may be wrong; clusters stay that much narrower.
_ROUNDING = 1e-6


def check_diameter(diameter: float) -> float:
    """The diameter, if clusters can have it.

    Raises:
        Invalid: it is no distance between near-duplicates.
    """
    if not NARROWEST <= diameter < 1:
        raise Invalid(
            f"diameter {diameter} is not a cosine distance from {NARROWEST} to below 1; "
            "0.05 is a usual one"
        )
    return diameter


def clusters(
    vectors: Iterable[tuple[Sequence[str], NDArray[np.float32]]],
    diameter: float,
    scratch: Path,
) -> dict[str, str]:
    """The cluster of each object: the least id of those in it, whatever order they come in.

    Args:
        vectors: object ids, and their vectors ``[n, d]``, in any number of batches.
        diameter: the most that one minus the cosine of any two in a cluster may be.
        scratch: a folder with room for all vectors; what is written there goes again.

    Raises:
        Invalid: the diameter is none.
    """
    check_diameter(diameter)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        kept = _Kept(Path(folder) / "vectors", vectors)
        found: dict[str, str] = {}
        for piece in pieces(kept.take, np.arange(len(kept.ids)), diameter - _ROUNDING):
            near = kept.take(piece)
            places = complete_linkage(near @ near.T, 1 - diameter + _ROUNDING)
            for place, first in zip(piece.tolist(), piece[places].tolist(), strict=True):
                found[kept.ids[place]] = kept.ids[first]
        return found


class _Kept:
    """Vectors of length one in a file, in the order of their ids."""

    def __init__(
        self, path: Path, vectors: Iterable[tuple[Sequence[str], NDArray[np.float32]]]
    ) -> None:
        came: dict[str, int] = {}
        width = 0
        rows = 0
        with path.open("wb") as file:
            for ids, batch in vectors:
                lengths = np.linalg.norm(batch, axis=1, keepdims=True)
                unit = batch / np.maximum(lengths, np.finfo(np.float32).tiny)
                file.write(unit.astype(np.float32).tobytes())
                came.update(zip(ids, range(rows, rows + len(batch)), strict=True))
                rows, width = rows + len(batch), batch.shape[1]
        self.ids = sorted(came)
        self._places = np.array([came[name] for name in self.ids], np.int64)
        self._vectors = np.zeros((0, width), np.float32)
        if rows:
            self._vectors = np.memmap(path, np.float32, "r", shape=(rows, width))

    def take(self, chosen: Indices) -> NDArray[np.float32]:
        """The vectors of some places, ``[n, d]``."""
        return np.asarray(self._vectors[self._places[chosen]])
