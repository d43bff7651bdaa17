"""What a model's raw outputs mean: adapters to scores and boxes, and these to candidates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from millpond.errors import Invalid
from millpond.models.preprocessing import Preprocessing
from millpond.values import CANDIDATE_FLOOR, CANDIDATE_LIMIT, Box, Prediction


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a model says about one picture.

    Args:
        scores: from 0 to 1, ``[places, labels]``.
        boxes: in pixels of the tensor, ``[places, 4]``; None in classification,
            where the whole picture is the one place.
    """

    scores: NDArray[np.float32]
    boxes: NDArray[np.float32] | None = None


#: The outputs for one picture (no batch axis), and the parameters that the package gives.
Adapter = Callable[[Sequence[NDArray[Any]], Mapping[str, Any]], Answers]


def scores_and_boxes(outputs: Sequence[NDArray[Any]], parameters: Mapping[str, Any]) -> Answers:
    """Detection: scores ``[places, labels]`` from 0 to 1, and boxes ``[places, 4]``.

    The boxes are ``x_min, y_min, x_max, y_max`` in pixels of the tensor.

    Where the places are a grid, the parameter ``grid`` is its height and width.
    The places around the middle of an object all see it then, and only one that no
    neighbour excels keeps its score, as in CenterNet (Zhou et al., 2019); else the
    candidates of a crowd would crowd each other out.
    """
    places = len(outputs[0]) if outputs and outputs[0].ndim else 0
    _check_shapes(outputs, ((places, None), (places, 4)))
    scores = outputs[0].astype(np.float32)
    if "grid" in parameters:
        scores = _best_of_neighbours(scores, parameters["grid"])
    return Answers(scores, outputs[1].astype(np.float32))


def logits(outputs: Sequence[NDArray[Any]], parameters: Mapping[str, Any]) -> Answers:
    """Classification: one number a label, ``[labels]``, of which the softmax is the score."""
    _check_shapes(outputs, ((None,),))
    raised = np.exp(outputs[0].astype(np.float64) - np.max(outputs[0]))
    return Answers((raised / raised.sum()).astype(np.float32)[np.newaxis])


ADAPTERS: Mapping[str, Adapter] = {"scores_and_boxes": scores_and_boxes, "logits": logits}


def adapter(name: str) -> Adapter:
    """The adapter of that name.

    Raises:
        Invalid: there is none; the message lists those that there are.
    """
    if name not in ADAPTERS:
        raise Invalid(f"output adapter {name!r} is not one of {', '.join(sorted(ADAPTERS))}")
    return ADAPTERS[name]


def to_candidates(
    answers: Answers,
    labels: Sequence[str],
    preprocessing: Preprocessing,
    width: int,
    height: int,
) -> list[Prediction]:
    """The candidates in a picture of `width` x `height` pixels, best first.

    A candidate has a score of at least 0.05, and the best 300 stay. In
    classification the best label is always one of them.

    Raises:
        Invalid: the model does not answer for as many labels as there are.
    """
    if answers.scores.shape[1] != len(labels):
        raise Invalid(
            f"the model answers for {answers.scores.shape[1]} labels, "
            f"and its package names {len(labels)}: {', '.join(labels)}"
        )
    least = np.float32(CANDIDATE_FLOOR)
    if answers.boxes is None:
        least = min(least, answers.scores.max())
    places, kinds = np.nonzero(answers.scores >= least)
    scores = answers.scores[places, kinds]
    best = np.argsort(-scores, kind="stable")[:CANDIDATE_LIMIT]
    names = [labels[kind] for kind in kinds[best]]
    if answers.boxes is None:
        return [Prediction(*pair) for pair in zip(names, scores[best].tolist(), strict=True)]
    boxes = preprocessing.to_picture(answers.boxes[places[best]], width, height)
    boxes = np.clip(boxes, 0, np.array([width, height, width, height], np.float32))
    return [
        Prediction(name, score, Box.of(box))
        for name, score, box in zip(names, scores[best].tolist(), boxes.tolist(), strict=True)
        if box[2] > box[0] and box[3] > box[1]
    ]


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


def _check_shapes(
    outputs: Sequence[NDArray[Any]], expected: Sequence[tuple[int | None, ...]]
) -> None:
    """Refuse outputs that are not of the shapes expected, where None is any size."""
    shapes = [output.shape for output in outputs]
    fits = len(shapes) == len(expected) and all(
        len(shape) == len(wanted)
        and all(side in (None, size) for side, size in zip(wanted, shape, strict=True))
        for shape, wanted in zip(shapes, expected, strict=True)
    )
    if not fits:
        wanted_text = ", ".join(str(shape).replace("None", "n") for shape in expected)
        raise Invalid(f"the model's outputs have the shapes {shapes}, not {wanted_text}")
