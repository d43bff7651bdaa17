"""What a picture looks like in two numbers, by which many pictures can be compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

#: How much each channel adds to grey (ITU-R BT.601, section 2.5.1).
_LUMA = np.array([0.299, 0.587, 0.114], np.float32) / 255
#: Pixels that are looked at; of a larger picture every so many rows and columns.
_SAMPLE = 16_384


@dataclass(frozen=True, slots=True)
class ImageStatistics:
    """The grey values of a picture.

    Args:
        brightness: their mean, from 0 (black) to 1 (white).
        contrast: their standard deviation, from 0 to 0.5.
    """

    brightness: float
    contrast: float


def statistics_of(image: Image.Image) -> ImageStatistics:
    """The statistics of a picture; the same pixels give the same numbers, to four places.

    Args:
        image: of the mode ``RGB``.
    """
    step = max(1, round((image.width * image.height / _SAMPLE) ** 0.5))
    # From the middle of the first step on; the nearest pixel is the one itself.
    size = [(side - step // 2 + step - 1) // step for side in image.size]
    some = image.transform(
        (size[0], size[1]),
        Image.Transform.AFFINE,
        (step, 0, 0, 0, step, 0),
        Image.Resampling.NEAREST,
    )
    grey = np.asarray(some).reshape(-1, 3).astype(np.float32) @ _LUMA
    return ImageStatistics(
        round(float(grey.mean(dtype=np.float64)), 4), round(float(grey.std(dtype=np.float64)), 4)
    )
