"""Which images look alike, for a split that must not tear them apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from millpond.features.clusters import check_diameter, clusters
from millpond.features.tables import FeatureTable
from millpond.features.vectors import complete_key, read_vectors
from millpond.snapshots.alike import Alike


def find_alike(
    table: FeatureTable, object_ids: Sequence[str], diameter: float, scratch: Path
) -> Alike:
    """The clusters of some objects, by the newest model that has a vector of all of them.

    Args:
        diameter: as of `clusters.clusters`, and so is `scratch`.

    Raises:
        Invalid: the diameter is none, or some have no vector; the message says how many.
    """
    check_diameter(diameter)
    key = complete_key(table, object_ids)

    def vectors() -> Iterator[tuple[Sequence[str], NDArray[np.float32]]]:
        for some in read_vectors(table, key, object_ids):
            yield some.object_ids, some.matrix

    found = clusters(vectors(), diameter, scratch)
    return Alike({"diameter": diameter, "model": key}, found)
