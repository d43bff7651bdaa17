"""Classification: one number a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from millpond.models.adapters.arrays import Activation, activated, check_shapes
from millpond.models.outputs import Answers, Frame


def logits(
    outputs: Sequence[NDArray[Any]], frame: Frame, *, activation: Activation = "softmax"
) -> Answers:
    """One output ``[classes]``, of which the softmax is the score.

    Args:
        activation: ``sigmoid`` where several labels may be true of one picture (Bishop,
            "Pattern Recognition and Machine Learning", 4.3), ``none`` where the model ends
            in a softmax of its own.
    """
    check_shapes(outputs, ((None,),))
    return Answers(activated(outputs[0], activation)[None])
