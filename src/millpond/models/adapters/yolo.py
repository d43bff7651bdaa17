"""YOLO in its later forms: one output that has the box and the scores of every place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from millpond.models.adapters.arrays import (
    Activation,
    activated,
    check_choice,
    check_shapes,
    corners,
)
from millpond.models.adapters.detections import one_hot
from millpond.models.outputs import Answers, Frame

Form = Literal["v8", "v5", "end_to_end"]


def yolo(
    outputs: Sequence[NDArray[Any]],
    frame: Frame,
    *,
    form: Form = "v8",
    activation: Activation = "none",
    relative: bool = False,
) -> Answers:
    """One output, as github.com/ultralytics exports it; boxes are in pixels of the tensor.

    Args:
        form: ``v8`` (and 9, 11) is ``[4 + classes, places]``: centre x, centre y, width,
            height, and a score for each class. ``v5`` (and 7) is ``[places, 5 + classes]``,
            where the fifth number says whether there is anything at all, and multiplies the
            scores. ``end_to_end`` (10, and models exported with their suppression inside) is
            ``[places, 6]``: x_min, y_min, x_max, y_max, score, number of the class.
        activation: ``sigmoid`` where the model gives logits.
        relative: the boxes are shares of the tensor's sides.
    """
    check_choice("form", form, get_args(Form))
    numbers = _numbers(outputs, form, frame.classes)
    if form == "end_to_end":
        boxes = numbers[:, :4].astype(np.float32)
        scores = one_hot(activated(numbers[:, 4], activation), numbers[:, 5], frame.classes)
    else:
        boxes = corners(numbers[:, :4])
        scores = activated(numbers[:, -frame.classes :], activation)
    if form == "v5":
        scores = scores * activated(numbers[:, 4:5], activation)
    return Answers(scores, boxes * frame.sides if relative else boxes, dense=form != "end_to_end")


def _numbers(outputs: Sequence[NDArray[Any]], form: Form, classes: int) -> NDArray[Any]:
    """The output as ``[places, numbers]``."""
    expected: dict[Form, tuple[int | None, int | None]] = {
        "v8": (4 + classes, None),
        "v5": (None, 5 + classes),
        "end_to_end": (None, 6),
    }
    check_shapes(
        outputs,
        (expected[form],),
        f"that is form {form!r} of {classes} classes: name all classes of the model in labels, "
        f"or choose another form of {', '.join(get_args(Form))}",
    )
    return outputs[0].T if form == "v8" else outputs[0]
