"""Adapters: what a model's raw outputs mean, as candidates in pixels of the picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from millpond.errors import Invalid
from millpond.models.preprocessing import Preprocessing
from millpond.values import CANDIDATE_FLOOR, CANDIDATE_LIMIT, Box, Prediction

#: Outputs of one picture (no batch axis), labels, preprocessing, and the
#: picture's width and height, to candidates with the best first.
Adapter = Callable[
    [Sequence[NDArray[Any]], Sequence[str], Preprocessing, int, int], list[Prediction]
]


def scores_and_boxes(
    outputs: Sequence[NDArray[Any]],
    labels: Sequence[str],
    preprocessing: Preprocessing,
    width: int,
    height: int,
) -> list[Prediction]:
    """Detection: scores ``[places, labels]`` from 0 to 1 and boxes ``[places, 4]``.

    The boxes are ``x_min, y_min, x_max, y_max`` in pixels of the tensor. Each
    (place, label) with a score of at least 0.05 is a candidate; the best 300 stay.
    """
    _check_shapes(outputs, [(None, len(labels)), (None, 4)])
    scores = outputs[0].astype(np.float32)
    places, kinds = np.nonzero(scores >= np.float32(CANDIDATE_FLOOR))
    found = scores[places, kinds]
    best = np.argsort(-found, kind="stable")[:CANDIDATE_LIMIT]
    boxes = preprocessing.to_picture(outputs[1][places[best]], width, height)
    boxes = np.clip(boxes, 0, np.array([width, height, width, height], np.float32))
    return [
        Prediction(labels[kind], float(score), Box.of(box))
        for kind, score, box in zip(kinds[best], found[best], boxes.tolist(), strict=True)
        if box[2] > box[0] and box[3] > box[1]
    ]


def logits(
    outputs: Sequence[NDArray[Any]],
    labels: Sequence[str],
    preprocessing: Preprocessing,
    width: int,
    height: int,
) -> list[Prediction]:
    """Classification: one number a label, ``[labels]``, of which the softmax is the score.

    Labels with a score of at least 0.05 are candidates, and always the best one.
    """
    _check_shapes(outputs, [(len(labels),)])
    raised = np.exp(outputs[0].astype(np.float64) - np.max(outputs[0]))
    scores = (raised / raised.sum()).astype(np.float32)
    order = np.argsort(-scores, kind="stable")[:CANDIDATE_LIMIT]
    return [
        Prediction(labels[kind], float(scores[kind]))
        for rank, kind in enumerate(order)
        if rank == 0 or scores[kind] >= np.float32(CANDIDATE_FLOOR)
    ]


ADAPTERS: Mapping[str, Adapter] = {"scores_and_boxes": scores_and_boxes, "logits": logits}


def adapter(name: str) -> Adapter:
    """The adapter of that name.

    Raises:
        Invalid: there is none; the message lists those that there are.
    """
    if name not in ADAPTERS:
        raise Invalid(f"output adapter {name!r} is not one of {', '.join(sorted(ADAPTERS))}")
    return ADAPTERS[name]


def _check_shapes(
    outputs: Sequence[NDArray[Any]], expected: Sequence[tuple[int | None, ...]]
) -> None:
    """Refuse outputs that are not of the shapes expected, where None is any size."""
    shapes = [tuple(output.shape) for output in outputs]
    fits = len(shapes) == len(expected) and all(
        len(shape) == len(wanted)
        and all(side in (None, size) for side, size in zip(wanted, shape, strict=True))
        for shape, wanted in zip(shapes, expected, strict=True)
    )
    if not fits:
        wanted_text = ", ".join(str(shape).replace("None", "n") for shape in expected)
        raise Invalid(f"the model's outputs have the shapes {shapes}, not {wanted_text}")
