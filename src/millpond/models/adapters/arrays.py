"""What adapters have in common: scores of logits, corners of boxes, and the shapes of outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from millpond.errors import Invalid

Activation = Literal["softmax", "sigmoid", "none"]

#: The sigmoid of a larger number is 1 in 32 bits, and of a smaller one as good as 0.
_FLAT = 80.0


def activated(numbers: NDArray[Any], activation: str) -> NDArray[np.float32]:
    """Scores from 0 to 1 of the numbers ``[..., classes]`` that a model gives.

    ``softmax`` shares 1 out among the classes, ``sigmoid`` looks at each alone, and
    ``none`` is for a model that gives scores already.

    Raises:
        Invalid: the activation is none of them.
    """
    check_choice("activation", activation, get_args(Activation))
    values = numbers.astype(np.float32)
    if activation == "none":
        return values
    if activation == "sigmoid":
        scores = 1 / (1 + np.exp(-np.clip(values, -_FLAT, _FLAT)))
    else:
        raised = np.exp(values - values.max(axis=-1, keepdims=True, initial=-np.inf))
        scores = raised / raised.sum(axis=-1, keepdims=True)
    found: NDArray[np.float32] = scores.astype(np.float32, copy=False)
    return found


def corners(boxes: NDArray[Any]) -> NDArray[np.float32]:
    """``x_min, y_min, x_max, y_max`` of boxes ``[n, 4]``: centre x, centre y, width, height."""
    centre, half = boxes[:, :2].astype(np.float32), boxes[:, 2:].astype(np.float32) / 2
    return np.concatenate([centre - half, centre + half], axis=1)


def check_shapes(
    outputs: Sequence[NDArray[Any]], expected: Sequence[tuple[int | None, ...]], advice: str = ""
) -> None:
    """Refuse outputs that are not of the shapes expected, where None is any size.

    Args:
        advice: what may be the matter, for the message.
    """
    shapes = [output.shape for output in outputs]
    fits = len(shapes) == len(expected) and all(
        len(shape) == len(wanted)
        and all(side in (None, size) for side, size in zip(wanted, shape, strict=True))
        for shape, wanted in zip(shapes, expected, strict=True)
    )
    if not fits:
        wanted_text = ", ".join(str(shape).replace("None", "n") for shape in expected)
        advice = advice and f"; {advice}"
        raise Invalid(f"the model's outputs have the shapes {shapes}, not {wanted_text}{advice}")


def check_choice(name: str, value: object, choice: Sequence[str]) -> None:
    """Refuse a parameter that is not one of a few words."""
    if value not in choice:
        raise Invalid(f"{name} {value!r} is not one of {', '.join(choice)}")
