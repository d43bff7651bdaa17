"""Grey values of many bits made into the 256 that a screen shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from millpond.raw.picture import Levels, Pixels, Window


def to_eight_bits(values: npt.NDArray[Any], window: Window | None = None) -> tuple[Pixels, Levels]:
    """Grey values of any type as uint8, stretched over what the picture uses.

    The value below which a thousandth of the pixels lie becomes 0, the one above
    which a thousandth lie becomes 255, and those beyond are clipped: 12 bits in a
    16-bit file are not black, and a single hot pixel does not darken the rest.
    Where these two are equal the lowest and the highest value take their place; a
    picture of one value becomes 0. Values that are not finite count as the lowest.

    Args:
        values: integers or floats of shape (height, width).
        window: the values to stretch over, in place of those.
    """
    values = finite(values)
    lowest, highest = float(values.min()), float(values.max())
    if window is not None:
        return stretch(values, *window.ends), Levels(window, lowest, highest)
    low, high = (float(value) for value in _span(values))
    if low == high:
        low, high = lowest, highest
    return stretch(values, low, high), Levels(Window.between(low, high), lowest, highest)


def stretch(values: npt.NDArray[Any], low: float, high: float) -> Pixels:
    """Values as uint8: `low` becomes 0, `high` 255, and those beyond are clipped."""
    if not low < high:
        return np.zeros(values.shape, np.uint8)
    out = np.empty(values.shape, np.uint8)
    # A band of rows at a time keeps the floats of a large picture small.
    for top in range(0, values.shape[0], 256):
        band = values[top : top + 256].astype(np.float64)
        share = np.clip((band - low) / (high - low), 0.0, 1.0)
        out[top : top + 256] = np.rint(share * 255.0)
    return out


def as_rgb(grey: Pixels) -> Pixels:
    """One channel three times: shape (height, width) becomes (height, width, 3)."""
    return np.repeat(grey[:, :, None], 3, axis=2)


def _span(values: npt.NDArray[Any]) -> tuple[Any, Any]:
    rest = values.size // 1000
    ordered = np.partition(values, (rest, values.size - 1 - rest), axis=None)
    return ordered[rest], ordered[values.size - 1 - rest]


def finite(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The values, with the lowest in place of those that are not finite."""
    good = np.isfinite(values) if values.dtype.kind == "f" else np.True_
    if good.all():
        return values
    lowest = values[good].min() if good.any() else 0.0
    return np.where(good, values, lowest)
