"""Whether two sets of places with logits and boxes are the same, in whatever order.

A detector that chooses its queries by their scores may choose two of equal score in another
order after the last digits changed; what it finds is the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: How far the numbers of one place may differ.
_TOLERANCE = 1e-3
#: The share of the places that must be found again: those at the edge of the choice may not.
_FOUND = 0.95


def same_places(
    found: Sequence[NDArray[np.float64]], wanted: Sequence[NDArray[np.float64]]
) -> bool:
    """Whether nearly each place of one answer is one of the other.

    Args:
        found: arrays ``[1, places, n]``, such as logits and boxes.
        wanted: the same of the other.
    """
    if [array.shape for array in found] != [array.shape for array in wanted]:
        return False
    here, there = (np.concatenate([a[0] for a in arrays], axis=1) for arrays in (found, wanted))
    scale = np.maximum(1.0, np.abs(there).max(axis=0))
    apart = np.abs(here[:, None] - there[None]) / scale
    same = (apart < _TOLERANCE).all(axis=2)
    return bool(min(same.any(axis=0).mean(), same.any(axis=1).mean()) >= _FOUND)
