"""The quantile sketch, for many values at a time: the bins of a DDSketch as whole numbers.

Every value falls into the bin ``ceil(log(value) / log(gamma))``, of which each value is
within 1 % of the one that stands for it. The bins of many sketches are added, and nothing
is lost by it. (Masson, Rim and Lee, "DDSketch: a fast and fully-mergeable quantile sketch
with relative-error guarantees", VLDB 2019, section 2; the mapping is that of the library
``ddsketch``.)
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: The most that a quantile is off, as a share of it.
ACCURACY = 0.01
#: The bin of what is too small to be told from 0, or is not above it.
ZERO = -2000
#: The smallest and the greatest bin of all others: from 1e-17 to 1e17.
_LEAST, _MOST = -1999, 1999


def bins_of(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """The bin of each value; a value of 0, or below, has one of its own."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.ceil(np.log2(values) / _log2_gamma())
    bins = np.clip(np.nan_to_num(logs, nan=ZERO, neginf=ZERO, posinf=_MOST), ZERO, _MOST)
    bins[(bins < _LEAST) | ~(values > 0)] = ZERO
    found: NDArray[np.int64] = bins.astype(np.int64)
    return found


def value_of(bin: int) -> float:
    """The value that stands for a bin."""
    return 0.0 if bin == ZERO else float(_mapping().value(bin))


def quantile(bins: NDArray[Any], counts: NDArray[Any], share: float) -> float | None:
    """The value below which a share of all values lie; None where there are none.

    It lies between two values in proportion, as ``quantile_cont`` of SQL has it.

    Args:
        bins: ascending; `counts` says how many values each has.
        share: from 0 to 1.
    """
    reached = np.cumsum(counts)
    if not len(reached) or reached[-1] == 0:
        return None
    rank = share * float(reached[-1] - 1)
    low, high = math.floor(rank), math.ceil(rank)
    first, second = (
        value_of(int(bins[np.searchsorted(reached, at, "right")])) for at in (low, high)
    )
    return first + (second - first) * (rank - low)


def mean(bins: NDArray[Any], counts: NDArray[Any]) -> float | None:
    """The mean of all values, as close as a quantile is; None where there are none."""
    total = int(counts.sum())
    if total == 0:
        return None
    values = np.array([value_of(int(bin)) for bin in bins])
    return float(values @ counts) / total


@lru_cache(1)
def _mapping() -> Any:
    from ddsketch.mapping import LogarithmicMapping

    return LogarithmicMapping(ACCURACY)


@lru_cache(1)
def _log2_gamma() -> float:
    return math.log2(_mapping().gamma)
