"""RetinaNet and its kin: logits and box deltas of the anchors of several grids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from millpond.errors import Invalid
from millpond.models.adapters.anchors import Anchors, Outer
from millpond.models.adapters.arrays import Activation, activated, check_choice
from millpond.models.outputs import Answers, Frame

#: Three sizes at each place, a third of an octave apart.
_OCTAVE = tuple(2 ** (step / 3) for step in range(3))
#: The largest logarithm by which a box is stretched: the one of torchvision and Detectron.
_LARGEST = float(np.log(1000 / 16))


def retinanet(
    outputs: Sequence[NDArray[Any]],
    frame: Frame,
    *,
    strides: Sequence[float] = (8, 16, 32, 64, 128),
    sizes: Sequence[Sequence[float]] = (),
    ratios: Sequence[float] = (0.5, 1.0, 2.0),
    outer: Outer = "ratios",
    offset: float = 0.0,
    rounded: bool = True,
    weights: Sequence[float] = (1, 1, 1, 1),
    activation: Activation = "sigmoid",
) -> Answers:
    """The logits of every grid, then the deltas of every grid, finest first.

    Logits are ``[anchors * classes, height, width]`` of a grid, or ``[anchors, classes]``;
    deltas are ``[anchors * 4, height, width]``, or ``[anchors, 4]``. One output of each, with
    all grids after another, is as good. A delta moves the centre of its anchor by a share of
    its sides and multiplies these by an exponential (Lin et al., "Focal Loss for Dense Object
    Detection", 2017; Girshick et al., 2014). What is not given is as in torchvision; its heads
    are exported with its own anchors' order, ``ratios``, and those of Detectron2 with
    ``outer = "sizes"`` and ``rounded = false``.

    Args:
        strides: pixels of the tensor between two places, of each grid.
        sizes: square root of the area of the anchors at one place, in pixels, of each grid;
            usually four strides, and that a third and two thirds of an octave up.
        ratios: height by width of the anchors at one place.
        outer: ``ratios`` or ``sizes``: which changes slower among the anchors at one place.
        offset: of the first place from the picture's corner, in strides.
        rounded: the sides of an anchor around its place, and the usual sizes, are whole pixels.
        weights: what deltas are divided by, as SSD and Faster R-CNN have them.
        activation: ``softmax`` as in SSD; the background is an empty text in labels.
    """
    check_choice("outer", outer, get_args(Outer))
    if not sizes:
        whole = int if rounded else float
        sizes = [[whole(4 * stride * step) for step in _OCTAVE] for stride in strides]
    if len(sizes) != len(strides):
        raise Invalid(f"{len(strides)} strides take as many lists of sizes, not {len(sizes)}")
    anchors = Anchors(strides, sizes, ratios, outer, offset, rounded)
    half = len(outputs) // 2
    if not outputs or len(outputs) % 2 or half not in (1, len(strides)):
        raise Invalid(
            f"RetinaNet gives logits and deltas, one of each or one of each for {len(strides)} "
            f"grids, and not {len(outputs)} outputs; name them in outputs.names"
        )
    grids = _grids(outputs[:half], frame, strides)
    boxes = np.concatenate([anchors.grid(level, *sides) for level, sides in enumerate(grids)])
    scores = activated(_flat(outputs[:half], frame.classes, len(boxes), "logits"), activation)
    deltas = _flat(outputs[half:], 4, len(boxes), "deltas")
    return Answers(scores, _moved(boxes, deltas, weights), dense=True)


def _grids(
    outputs: Sequence[NDArray[Any]], frame: Frame, strides: Sequence[float]
) -> list[tuple[int, int]]:
    """Height and width of each grid: those of an output, or how many strides the tensor has."""
    if all(output.ndim == 3 for output in outputs) and len(outputs) == len(strides):
        return [(output.shape[1], output.shape[2]) for output in outputs]
    return [
        (int(np.ceil(frame.height / stride)), int(np.ceil(frame.width / stride)))
        for stride in strides
    ]


def _flat(
    outputs: Sequence[NDArray[Any]], numbers: int, anchors: int, what: str
) -> NDArray[np.float32]:
    """The outputs of all grids as ``[anchors, numbers]``."""
    fits = all(
        output.shape[0] % numbers == 0 if output.ndim == 3 else output.shape[1:] == (numbers,)
        for output in outputs
    )
    rows = [_rows(output, numbers) for output in outputs] if fits else []
    found = sum(map(len, rows))
    if found != anchors:
        shapes = [output.shape for output in outputs]
        raise Invalid(
            f"the model's {what} have the shapes {shapes}, and {anchors} anchors take "
            f"({anchors}, {numbers}) in all; strides, sizes, ratios or labels are others"
        )
    return np.concatenate(rows).astype(np.float32)


def _rows(output: NDArray[Any], numbers: int) -> NDArray[Any]:
    """A grid ``[anchors * numbers, height, width]`` as ``[height * width * anchors, numbers]``."""
    if output.ndim == 2:
        return output
    _, height, width = output.shape
    return output.reshape(-1, numbers, height, width).transpose(2, 3, 0, 1).reshape(-1, numbers)


def _moved(
    boxes: NDArray[np.float64], deltas: NDArray[np.float32], weights: Sequence[float]
) -> NDArray[np.float32]:
    sides = boxes[:, 2:] - boxes[:, :2]
    deltas = (deltas / np.asarray(weights, np.float32)).astype(np.float32)
    centres = boxes[:, :2] + sides / 2 + deltas[:, :2] * sides
    half = np.exp(np.minimum(deltas[:, 2:], _LARGEST)) * sides / 2
    return np.concatenate([centres - half, centres + half], axis=1).astype(np.float32)
