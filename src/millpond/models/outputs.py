"""What a model says about one picture, and the candidates that come of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from millpond.errors import Invalid
from millpond.models.preprocessing import Preprocessing
from millpond.models.suppression import thinned
from millpond.values import CANDIDATE_FLOOR, CANDIDATE_LIMIT, Box, Prediction

#: The overlap from which on two boxes of a label are as good as one, in a crowd.
_CROWD = 0.8
#: How many places a crowd is chosen from, the best.
_MOST = 5000


@dataclass(frozen=True, slots=True)
class Frame:
    """What an adapter may need to know beside the outputs.

    Args:
        width: of the tensor that the model was fed, in pixels.
        height: of the tensor, in pixels.
        classes: how many the model tells apart.
    """

    width: int
    height: int
    classes: int

    @property
    def sides(self) -> NDArray[np.float32]:
        """``width, height, width, height``: by what shares become pixels."""
        return np.array([self.width, self.height, self.width, self.height], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a model says about one picture.

    Args:
        scores: from 0 to 1, ``[places, classes]``.
        boxes: in pixels of the tensor, ``[places, 4]``; None in classification,
            where the whole picture is the one place.
        dense: many places see the same thing, as the anchors around it do. Before the best
            300 are taken, boxes that are nearly another of their label with a higher score
            are left out, so that one thing does not crowd out the others.
    """

    scores: NDArray[np.float32]
    boxes: NDArray[np.float32] | None = None
    dense: bool = False


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
    best = np.argsort(-scores, kind="stable")
    if answers.boxes is not None and answers.dense and len(best) > CANDIDATE_LIMIT:
        best = best[:_MOST]
        kept = thinned(answers.boxes[places[best]], kinds[best], _CROWD, CANDIDATE_LIMIT)
        best = best[kept]
    best = best[:CANDIDATE_LIMIT]
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
