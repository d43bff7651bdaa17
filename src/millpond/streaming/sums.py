"""Sums: everything that is counted of some events, so that the counts of any two can be added.

Each thing that is measured is counted in bins: a latency in the bin of its sketch, a
refusal in that of its status, an inference in the one bin there is. So all of it is a
single list of numbers of bins and how often each was met, and a window is the sum of
the lists of its panes, in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from millpond.streaming import sketch


class Measure(IntEnum):
    """What is counted; the numbers are stored, so they stay as they are."""

    #: One bin.
    INFERENCES = 0
    #: A bin for each status.
    REFUSALS = 1
    #: One bin.
    PREDICTIONS = 2
    #: Milliseconds, in the bins of a sketch.
    LATENCY = 3
    #: Scores, in the bins of a sketch.
    CONFIDENCE = 4
    #: Scores, in 20 bins of a width.
    SCORES = 5
    #: Predictions of an inference, from 0 to 15 or more.
    BOXES = 6
    #: Mean of grey, in 16 bins of a width from 0 to 1.
    BRIGHTNESS = 7
    #: Standard deviation of grey, in 16 bins of a width from 0 to 0.5.
    CONTRAST = 8
    #: Pixels by powers of the root of 2.
    SIZES = 9


#: How many bins there are of a measure that has a fixed number of them.
BINS: dict[Measure, int] = {
    Measure.SCORES: 20,
    Measure.BOXES: 16,
    Measure.BRIGHTNESS: 16,
    Measure.CONTRAST: 16,
    Measure.SIZES: 64,
}

#: The greatest value of a measure whose bins are of one width, from 0.
_MOST: dict[Measure, float] = {
    Measure.SCORES: 1.0,
    Measure.BRIGHTNESS: 1.0,
    Measure.CONTRAST: 0.5,
}

#: A code is the number of a measure times this, and a bin that is counted from the middle.
SPAN = 1 << 16
_MIDDLE = SPAN >> 1
_CODE, _COUNT = np.dtype("<i4"), np.dtype("<i8")


def equal_bins(measure: Measure, values: NDArray[np.float64]) -> NDArray[np.int64]:
    """The bin of each value of a measure whose bins are of one width, as histograms have it.

    A value on the border of two is in the upper one, but for the very last.
    """
    edges = np.arange(1, BINS[measure]) * _MOST[measure] / BINS[measure]
    return np.searchsorted(edges, values, "right").astype(np.int64)


def codes_of(measure: Measure, bins: NDArray[np.int64]) -> NDArray[np.int64]:
    """The codes of bins of a measure."""
    return bins + (int(measure) * SPAN + _MIDDLE)


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """How often each bin was met.

    Args:
        codes: of the bins, ascending, each once, ``[n]``.
        counts: ``[n]``.
    """

    codes: NDArray[np.int32]
    counts: NDArray[np.int64]

    @classmethod
    def merged(cls, parts: Iterable[Sums]) -> Sums:
        """The sums of several together."""
        found = [part for part in parts if len(part.codes)]
        if not found:
            return NOTHING
        if len(found) == 1:
            return found[0]
        codes = np.concatenate([part.codes for part in found])
        counts = np.concatenate([part.counts for part in found])
        order = np.argsort(codes, kind="stable")
        codes = codes[order]
        starts = np.flatnonzero(np.diff(codes, prepend=-1))
        return cls(codes[starts], np.add.reduceat(counts[order], starts))

    def of(self, measure: Measure) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The bins of a measure that were met, ascending, and how often each was."""
        first = int(measure) * SPAN
        start, end = np.searchsorted(self.codes, (first, first + SPAN))
        bins = self.codes[start:end].astype(np.int64) - (first + _MIDDLE)
        return bins, self.counts[start:end]

    def total(self, measure: Measure) -> int:
        """How often any bin of a measure was met."""
        return int(self.of(measure)[1].sum())

    def histogram(self, measure: Measure) -> NDArray[np.int64]:
        """All bins of a measure that has a fixed number of them."""
        bins, counts = self.of(measure)
        found = np.zeros(BINS[measure], np.int64)
        found[bins] = counts
        return found

    def quantile(self, measure: Measure, share: float) -> float | None:
        """A quantile of a measure that is kept in a sketch; None where nothing was met."""
        return sketch.quantile(*self.of(measure), share)

    def mean(self, measure: Measure) -> float | None:
        """The mean of a measure that is kept in a sketch; None where nothing was met."""
        return sketch.mean(*self.of(measure))

    def to_bytes(self) -> bytes:
        """As it is stored: the codes, then the counts."""
        return self.codes.astype(_CODE).tobytes() + self.counts.astype(_COUNT).tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """What `to_bytes` made."""
        size = len(data) // (_CODE.itemsize + _COUNT.itemsize)
        split = size * _CODE.itemsize
        return cls(np.frombuffer(data[:split], _CODE), np.frombuffer(data[split:], _COUNT))

    def __eq__(self, other: Any) -> bool:
        return (
            isinstance(other, Sums)
            and np.array_equal(self.codes, other.codes)
            and np.array_equal(self.counts, other.counts)
        )


#: The sums of no events.
NOTHING = Sums(np.zeros(0, np.int32), np.zeros(0, np.int64))
