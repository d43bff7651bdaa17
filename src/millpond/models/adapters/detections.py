"""Detections that a model has made ready: boxes, scores and numbers of classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from millpond.errors import Invalid
from millpond.models.adapters.arrays import check_choice, check_shapes
from millpond.models.outputs import Answers, Frame

Order = Literal["xyxy", "yxyx"]


def detections(
    outputs: Sequence[NDArray[Any]],
    frame: Frame,
    *,
    order: Order = "xyxy",
    relative: bool = False,
) -> Answers:
    """Three outputs: boxes ``[n, 4]``, scores ``[n]`` from 0 to 1, numbers of classes ``[n]``.

    This is what the detectors of torchvision export (with ``batch = false``), RT-DETR as its
    authors export it, and those of the TensorFlow Object Detection API. The numbers count
    from 0; where a model counts from 1, the first of its labels is an empty text.

    Args:
        order: ``xyxy`` is x_min, y_min, x_max, y_max; ``yxyx`` begins with y.
        relative: the boxes are shares of the tensor's sides, and no pixels of it.
    """
    check_choice("order", order, get_args(Order))
    n = len(outputs[0]) if outputs and outputs[0].ndim else 0
    check_shapes(
        outputs,
        ((n, 4), (n,), (n,)),
        "these are boxes, scores and classes: say which is which in outputs.names, and write "
        "batch = false where they have no axis for a batch",
    )
    boxes = outputs[0].astype(np.float32)
    if order == "yxyx":
        boxes = boxes[:, [1, 0, 3, 2]]
    scores = one_hot(outputs[1].astype(np.float32), outputs[2], frame.classes)
    return Answers(scores, boxes * frame.sides if relative else boxes)


def one_hot(
    scores: NDArray[np.float32], numbers: NDArray[Any], classes: int
) -> NDArray[np.float32]:
    """Scores ``[n, classes]`` of which each row has one, at the number of its class.

    Rows without a score are fillings, whatever their class.

    Raises:
        Invalid: a number is of no class.
    """
    spread = np.zeros((len(scores), classes), np.float32)
    real = np.flatnonzero(scores)
    columns = numbers[real].astype(np.int64)
    if len(columns) and not 0 <= columns.min() <= columns.max() < classes:
        raise Invalid(
            f"the model answers classes from {columns.min()} to {columns.max()}, and its labels "
            f"name those from 0 to {classes - 1}; name all classes of the model in labels, "
            'with "" for one that is not to be answered'
        )
    spread[real, columns] = scores[real]
    return spread
