"""Hierarchical clustering by complete linkage, cut where a cluster would become too wide.

The distance of two clusters is that of their two members furthest apart (Sørensen, 1948),
so that what a cluster spans is bounded and slow changes do not chain. The order of the
merges is found along chains of nearest neighbours, in time that grows with the square of
the number of vectors (Murtagh, "A Survey of Recent Advances in Hierarchical Clustering
Algorithms", 1983).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def complete_linkage(similarity: NDArray[np.float32], least: float) -> NDArray[np.int64]:
    """The cluster of each of `n` vectors: the place of its first member, ``[n]``.

    Any two members of a cluster are at least as similar as `least`, and no two clusters
    can be merged without breaking that.

    Args:
        similarity: ``[n, n]``; it is used up.
    """
    np.minimum(similarity, similarity.T, out=similarity)
    np.fill_diagonal(similarity, -np.inf)
    clusters = np.arange(len(similarity))
    for first in range(len(similarity)):
        # Whatever begins here is merged until nothing is near enough to it.
        chain = [first] if clusters[first] == first else []
        while chain:
            top = chain[-1]
            nearest = _nearest(similarity[top], chain)
            if similarity[top, nearest] < least:
                # Others only move away from it as they are merged.
                chain.pop()
            elif nearest in chain[-2:-1]:
                del chain[-2:]
                _merge(similarity, clusters, min(top, nearest), max(top, nearest))
                chain = chain or [first]
            else:
                chain.append(nearest)
    return clusters


def _nearest(row: NDArray[np.float32], chain: list[int]) -> int:
    """The nearest of one; of several as near that from which the chain came, so that it ends."""
    nearest = int(row.argmax())
    before = chain[-2:-1]
    return before[0] if before and row[before[0]] >= row[nearest] else nearest


def _merge(
    similarity: NDArray[np.float32], clusters: NDArray[np.int64], kept: int, gone: int
) -> None:
    """Let one cluster take in another, and be as far from all others as the further was."""
    np.minimum(similarity[kept], similarity[gone], out=similarity[kept])
    similarity[:, kept] = similarity[kept]
    similarity[gone] = similarity[:, gone] = -np.inf
    clusters[clusters == gone] = kept
