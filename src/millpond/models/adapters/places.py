"""Places of a grid with a score for each label and one box: what our own detector gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from millpond.errors import Invalid
from millpond.models.adapters.arrays import check_shapes
from millpond.models.outputs import Answers, Frame


def scores_and_boxes(
    outputs: Sequence[NDArray[Any]], frame: Frame, *, grid: Sequence[int] = ()
) -> Answers:
    """Two outputs: scores ``[places, classes]`` from 0 to 1, and boxes ``[places, 4]``.

    The boxes are ``x_min, y_min, x_max, y_max`` in pixels of the tensor.

    Args:
        grid: height and width, where the places are one. The places around the middle of
            an object all see it then, and only one that no neighbour excels keeps its score,
            as in CenterNet (Zhou et al., 2019); else the candidates of a crowd would crowd
            each other out.
    """
    places = len(outputs[0]) if outputs and outputs[0].ndim else 0
    check_shapes(outputs, ((places, None), (places, 4)))
    scores = outputs[0].astype(np.float32)
    if grid:
        scores = _best_of_neighbours(scores, grid)
    return Answers(scores, outputs[1].astype(np.float32))


def _best_of_neighbours(scores: NDArray[np.float32], grid: Sequence[int]) -> NDArray[np.float32]:
    """The scores, with 0 where one of the eight neighbours has a higher one."""
    height, width = grid
    if height * width != len(scores):
        raise Invalid(f"a grid of {height} x {width} is not {len(scores)} places")
    here = scores.reshape(height, width, -1)
    wide = np.pad(here, ((1, 1), (1, 1), (0, 0)))
    rows = np.maximum(np.maximum(wide[:-2], wide[1:-1]), wide[2:])
    most = np.maximum(np.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])
    return np.where(here >= most, here, np.float32(0)).reshape(scores.shape)
