"""The capture policy of an application: which of its predictions are kept, and which counted."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal

from millpond.settings.capture import CaptureSection
from millpond.values import Prediction

#: Why a request was not kept: by chance, for its scores, for the others of its hour, or
#: because it brought tensors, of which no picture could be kept.
Reason = Literal["rate", "confident", "quota", "tensors"]


def left_out(
    policy: CaptureSection, image: Sequence[str | None], predictions: Sequence[Prediction]
) -> Reason | None:
    """Why a prediction is not to be kept; None where it is.

    Args:
        image: what the kept object would be told by: application, subject and SHA-256.
        predictions: those answered.
    """
    if policy.policy == "rate" and lot(image) >= policy.rate:
        return "rate"
    if policy.policy == "low_confidence" and predictions:
        sure = all(prediction.score >= policy.below for prediction in predictions)
        return "confident" if sure else None
    return None


def lot(image: Sequence[str | None]) -> float:
    """The lot that an image draws: from 0 to below 1, evenly spread, and the same every time.

    So of a share of the images every prediction is kept, whoever sends them and whichever
    model sees them; and a greater share has all that a smaller one has.
    """
    digest = hashlib.sha256(repr(tuple(image)).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48
