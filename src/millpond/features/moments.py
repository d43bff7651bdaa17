"""Mean and covariance of vectors, gathered in one pass on many workers, and put together.

What is kept does not grow with the number of vectors. It is centred and of double
precision throughout, for a sum of squares alone loses what is small beside the mean
(Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing
Sample Variances", 1979).
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

#: Vectors whose products are taken at once; fewer cost more each.
_TOGETHER = 1024


@dataclass(frozen=True)
class Moments:
    """What is known of some vectors.

    Args:
        count: how many they are.
        mean: ``[d]``.
        scatter: ``[d, d]``, the sum of the outer products of what differs from the mean.
    """

    count: int
    mean: Matrix
    scatter: Matrix

    @classmethod
    def none(cls, dimension: int) -> Moments:
        """Those of no vector."""
        return cls(0, np.zeros(dimension), np.zeros((dimension, dimension)))

    @classmethod
    def of(cls, vectors: NDArray[np.floating]) -> Moments:
        """Those of ``[n, d]`` numbers."""
        if len(vectors) == 0:
            return cls.none(vectors.shape[1])
        exact = vectors.astype(np.float64)
        mean = exact.mean(axis=0)
        exact -= mean
        # A matrix times its own transpose costs half: numpy sees that it is one.
        return cls(len(vectors), mean, exact.T @ exact)

    def merged(self, other: Moments) -> Moments:
        """Those of both together."""
        if not self.count or not other.count:
            return other if other.count else self
        count = self.count + other.count
        apart = other.mean - self.mean
        mean = self.mean + apart * (other.count / count)
        between = np.outer(apart, apart * (self.count * other.count / count))
        return Moments(count, mean, self.scatter + other.scatter + between)

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        return len(self.mean)

    @property
    def covariance(self) -> Matrix:
        """``[d, d]``, of all vectors that there are: divided by their number."""
        return self.scatter / max(1, self.count)

    def as_bytes(self) -> bytes:
        """All of it; the half of the scatter that says everything."""
        out = io.BytesIO()
        half = self.scatter[np.triu_indices(self.dimension)]
        np.savez(out, count=self.count, mean=self.mean, half=half)
        return out.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Moments:
        """What `as_bytes` wrote."""
        with np.load(io.BytesIO(data), allow_pickle=False) as found:
            mean = found["mean"]
            scatter = np.zeros((len(mean), len(mean)))
            scatter[np.triu_indices(len(mean))] = found["half"]
            scatter += np.triu(scatter, 1).T
            return cls(int(found["count"]), mean, scatter)


class Gathered:
    """The moments of vectors that come a few at a time: many are worked out together.

    Args:
        dimension: how many numbers a vector has.
    """

    def __init__(self, dimension: int) -> None:
        self._moments = Moments.none(dimension)
        self._waiting: list[NDArray[np.floating]] = []

    def add(self, vectors: NDArray[np.floating]) -> None:
        """Take ``[n, d]`` numbers in."""
        self._waiting.append(vectors)
        if sum(map(len, self._waiting)) >= _TOGETHER:
            self.moments()

    def moments(self) -> Moments:
        """Those of all that came."""
        if self._waiting:
            self._moments = self._moments.merged(Moments.of(np.concatenate(self._waiting)))
            self._waiting = []
        return self._moments


def merged(parts: Iterable[Moments], dimension: int) -> Moments:
    """Those of all parts together."""
    return reduce(Moments.merged, parts, Moments.none(dimension))
