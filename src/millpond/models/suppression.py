"""From candidates to what is answered, at the thresholds that the caller asks for.

The rule is simple on purpose, for the pages apply the same one in the browser
when a slider moves:

1.  Keep the candidates whose score is at least the threshold.
2.  Sort them by score, highest first; equal scores stay in the order given.
3.  Take them one by one. Keep a box when its overlap (intersection over union)
    with every box of the same label that was kept before is at most `nms`.

In classification there are no boxes: labels at or above the threshold are kept,
and at least the best one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from millpond.values import Prediction


def suppress(candidates: Sequence[Prediction], threshold: float, nms: float) -> list[Prediction]:
    """What of the candidates is answered, best first.

    Args:
        candidates: boxes of a detection, or labels of a classification.
        threshold: the lowest score that is answered, from 0 to 1.
        nms: the highest overlap of two boxes of one label, from 0 to 1.
    """
    ranked = sorted(candidates, key=lambda candidate: -candidate.score)
    answered = [candidate for candidate in ranked if candidate.score >= threshold]
    if ranked and ranked[0].box is None:
        return answered or ranked[:1]
    return _without_overlaps(answered, nms)


def _without_overlaps(ranked: list[Prediction], nms: float) -> list[Prediction]:
    """Class-wise greedy suppression of boxes that are already sorted."""
    boxes = np.array([c.box.as_list() for c in ranked if c.box is not None], np.float64)
    labels = np.array([candidate.label for candidate in ranked])
    return [ranked[index] for index in thinned(boxes, labels, nms, len(ranked))]


def thinned(boxes: NDArray[Any], labels: NDArray[Any], nms: float, most: int) -> list[int]:
    """Which boxes stay, of those that are sorted already, as above.

    Args:
        boxes: ``[n, 4]``, best first.
        labels: of each.
        most: how many stay at most.
    """
    boxes = boxes.astype(np.float64)
    kept: list[int] = []
    open_ = np.ones(len(boxes), np.bool_)
    for index in range(len(boxes)):
        if len(kept) == most:
            break
        if open_[index]:
            kept.append(index)
            covered = (labels == labels[index]) & (_overlaps(boxes[index], boxes) > nms)
            open_ &= ~covered
    return kept


def _overlaps(box: NDArray[np.float64], boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union of one box with each of ``[n, 4]``."""
    width = np.minimum(box[2], boxes[:, 2]) - np.maximum(box[0], boxes[:, 0])
    height = np.minimum(box[3], boxes[:, 3]) - np.maximum(box[1], boxes[:, 1])
    shared = np.clip(width, 0, None) * np.clip(height, 0, None)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    union = (box[2] - box[0]) * (box[3] - box[1]) + areas - shared
    overlaps: NDArray[np.float64] = np.where(union > 0, shared / np.maximum(union, 1e-300), 0.0)
    return overlaps
