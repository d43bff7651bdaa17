"""Whether what a model says about a picture can be right, before it is registered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from millpond.errors import Invalid
from millpond.models.inputs import feeds
from millpond.models.outputs import Answers, to_candidates
from millpond.models.package import ModelPackage
from millpond.models.predictor import understood
from millpond.models.runtime import NamedTensors
from millpond.values import CANDIDATE_FLOOR, Prediction

#: How far a score may be beside 0 and 1, by rounding.
_ROUNDING = 1e-3
#: The boxes that are looked at where hardly anything is found: those of the best scores.
_BEST = 20
#: The share of the boxes that may lie beside the picture, or be inside out.
_ASTRAY = 0.5
# How an adapter fails that is given outputs or parameters of another kind.
_FAILURES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def check_on(
    package: ModelPackage, model: NamedTensors, pixels: NDArray[np.uint8]
) -> list[Prediction]:
    """The candidates that a model finds in a picture ``[H, W, 3]`` in RGB, best first.

    Args:
        model: that of the package, where it is tried.

    Raises:
        Invalid: what it says cannot be right; the message says what the model gives.
    """
    fed = feeds(package.inputs, model.inputs, package.preprocessing, pixels)
    outputs = model.compute(fed, package.outputs.names)
    names = package.outputs.names or tuple(tensor.name for tensor in model.outputs)
    has = "; ".join(f"{name} {list(o.shape)}" for name, o in zip(names, outputs, strict=True))
    try:
        with np.errstate(all="ignore"):
            answers = understood(package, outputs)
        _check(answers, package)
    except (Invalid, *_FAILURES) as error:
        reason = str(error) if isinstance(error, Invalid) else repr(error)
        raise Invalid(
            f"adapter {package.outputs.adapter} and the model do not fit: {reason}. "
            f"For one picture the model gives {has}"
        ) from error
    height, width = pixels.shape[:2]
    return to_candidates(answers, package.labels, package.preprocessing, width, height)


def _check(answers: Answers, package: ModelPackage) -> None:
    if (answers.boxes is None) != (package.task == "classification"):
        raise Invalid(
            f"it answers {'no ' if answers.boxes is None else ''}boxes, and app "
            f"{package.app} is a {package.task}"
        )
    _check_scores(answers.scores)
    if answers.boxes is not None:
        _check_boxes(answers.boxes, answers.scores, package)


def _check_scores(scores: NDArray[np.float32]) -> None:
    if not np.isfinite(scores).all():
        raise Invalid("some scores are not finite")
    if not len(scores):
        return
    low, high = float(scores.min()), float(scores.max())
    if low < -_ROUNDING or high > 1 + _ROUNDING:
        raise Invalid(
            f"scores go from {low:.3g} to {high:.3g}, not from 0 to 1; "
            'logits take activation = "sigmoid" or "softmax" in [outputs.parameters]'
        )


def _check_boxes(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], package: ModelPackage
) -> None:
    if boxes.shape != (len(scores), 4):
        raise Invalid(f"boxes have the shape {boxes.shape}, not {(len(scores), 4)}")
    if not np.isfinite(boxes).all():
        raise Invalid("some boxes are not finite")
    best = scores.max(axis=1, initial=0)
    certain = best >= CANDIDATE_FLOOR
    found = boxes[certain] if certain.any() else boxes[np.argsort(-best)[:_BEST]]
    if not len(found):
        return
    if (found[:, :2] > found[:, 2:]).any(axis=1).mean() > _ASTRAY:
        raise Invalid(
            f"boxes are inside out, such as {_shown(found[0])}: they have another form than the "
            "adapter's; see its parameters"
        )
    width, height = package.preprocessing.width, package.preprocessing.height
    middle = (found[:, :2] + found[:, 2:]) / 2
    beside = ((middle < 0) | (middle > [width, height])).any(axis=1).mean()
    tensor = f"in a tensor of {width} x {height} pixels"
    if certain.any() and beside > _ASTRAY:
        raise Invalid(
            f"boxes lie beside the picture, such as {_shown(found[0])} {tensor}: where the model "
            "gives pixels, relative is false, and width and height are those it was made for"
        )
    if min(width, height) > 8 and np.abs(found).max() <= 2:
        raise Invalid(
            f"boxes are as small as {_shown(found[0])} {tensor}: where the model gives shares of "
            "its sides, write relative = true in [outputs.parameters]"
        )


def _shown(box: NDArray[np.float32]) -> list[float]:
    return [round(float(number), 2) for number in box]
