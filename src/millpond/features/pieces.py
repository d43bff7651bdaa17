"""Pieces: vectors that hang together by near pairs, few enough to be clustered at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
#: Gives the vectors of some places, ``[n, d]``, each of length one.
Take = Callable[[Indices], NDArray[np.float32]]

#: The most vectors of a piece; their similarities take 64 MiB.
MOST = 4096
#: Vectors that are compared with as many others at once.
_BLOCK = 1024
#: How often the distance is halved, before a piece is cut wherever it may be.
_HALVINGS = 8


def pieces(take: Take, chosen: Indices, distance: float, halvings: int = 0) -> Iterator[Indices]:
    """The places chosen, those together that are joined by pairs no further apart than a distance.

    Where more than `MOST` hang together, they are taken apart at half the distance, and
    so on, so that the nearest stay together. Memory does not grow with the pairs.

    Args:
        distance: one minus the cosine.
    """
    for piece in _components(take, chosen, 1 - distance):
        if len(piece) <= MOST:
            yield piece
        elif halvings < _HALVINGS:
            yield from pieces(take, piece, distance / 2, halvings + 1)
        else:
            yield from np.split(piece, range(MOST, len(piece), MOST))


def _components(take: Take, chosen: Indices, least: float) -> Iterator[Indices]:
    """The places chosen that are joined by pairs at least so similar."""
    roots = np.arange(len(chosen))
    for top in range(0, len(chosen), _BLOCK):
        rows = take(chosen[top : top + _BLOCK])
        for left in range(top, len(chosen), _BLOCK):
            columns = rows if left == top else take(chosen[left : left + _BLOCK])
            near = rows @ columns.T >= least
            linked = np.flatnonzero(near.any(axis=1))
            _join(roots, top + linked, slice(left, left + len(columns)), near[linked])
    order = np.argsort(roots, kind="stable")
    _, begins = np.unique(roots[order], return_index=True)
    for places in np.split(order, begins[1:]):
        yield chosen[places]


def _join(roots: Indices, rows: Indices, columns: slice, near: NDArray[np.bool_]) -> None:
    """Give the least root to all that are near each other; each row is near to something."""
    while len(rows):
        others = roots[columns]
        lowest = np.where(near, others, len(roots)).min(axis=1)
        highest = np.where(near, others, -1).max(axis=1)
        pairs = np.concatenate([np.stack([roots[rows], lowest]), np.stack([lowest, highest])], 1)
        pairs = np.unique(pairs[:, pairs[0] != pairs[1]], axis=1)
        for one, other in pairs.T.tolist():
            one, other = _root(roots, one), _root(roots, other)
            roots[max(one, other)] = min(one, other)
        if not pairs.size:
            return
        while not np.array_equal(upper := roots[roots], roots):
            roots[:] = upper


def _root(roots: Indices, place: int) -> int:
    while roots[place] != place:
        place = int(roots[place])
    return place
