"""DETR and its kin: a fixed number of queries, each of which may find one thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from millpond.models.adapters.arrays import Activation, activated, check_shapes, corners
from millpond.models.outputs import Answers, Frame


def detr(
    outputs: Sequence[NDArray[Any]], frame: Frame, *, activation: Activation = "softmax"
) -> Answers:
    """Two outputs: logits ``[queries, classes]``, and boxes ``[queries, 4]``.

    The boxes are centre x, centre y, width and height, as shares of the tensor's width and
    height (Carion et al., "End-to-End Object Detection with Transformers", 2020).

    Args:
        activation: ``softmax`` as in DETR, YOLOS and Table Transformer, where one class more
            than the model names stands last and means "no object"; it is left out. ``sigmoid``
            as in Deformable DETR (Zhu et al., 2020), Conditional DETR and RT-DETR (Zhao et
            al., 2023), which have no such class.
    """
    queries = len(outputs[0]) if outputs and outputs[0].ndim else 0
    check_shapes(
        outputs,
        ((queries, None), (queries, 4)),
        "DETR gives logits and then boxes: say which is which in outputs.names",
    )
    scores = activated(outputs[0], activation)
    if activation == "softmax" and scores.shape[1] == frame.classes + 1:
        scores = scores[:, :-1]
    return Answers(scores, corners(outputs[1]) * frame.sides)
