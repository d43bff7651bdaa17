"""Anchors: the boxes around the places of several grids that a detector moves and stretches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Outer = Literal["ratios", "sizes"]


@dataclass(frozen=True, slots=True)
class Anchors:
    """How anchors are laid out.

    Args:
        strides: pixels between two places, of each grid.
        sizes: square root of the area of the anchors at one place, in pixels, of each grid.
        ratios: height by width of the anchors at one place.
        outer: which of both changes slower among the anchors at one place.
        offset: of the first place from the corner of the picture, in strides.
        rounded: the sides of an anchor around its place are whole pixels.
    """

    strides: Sequence[float]
    sizes: Sequence[Sequence[float]]
    ratios: Sequence[float]
    outer: Outer
    offset: float
    rounded: bool

    def at_one_place(self, level: int) -> int:
        """How many anchors a place of a grid has."""
        return len(self.sizes[level]) * len(self.ratios)

    def grid(self, level: int, height: int, width: int) -> NDArray[np.float64]:
        """The anchors ``[height * width * n, 4]`` of a grid, as x_min, y_min, x_max, y_max.

        Those of a place stand together, and the places of a row.
        """
        around = self._around(level)
        stride = self.strides[level]
        y, x = np.mgrid[0:height, 0:width]
        places = (np.stack([x, y, x, y], axis=-1) + self.offset) * stride
        return (places.reshape(-1, 1, 4) + around).reshape(-1, 4)

    def _around(self, level: int) -> NDArray[np.float64]:
        """The anchors ``[n, 4]`` of a place at the origin."""
        sizes = np.asarray(self.sizes[level], np.float64)
        roots = np.sqrt(np.asarray(self.ratios, np.float64))
        if self.outer == "ratios":
            high, wide = np.outer(roots, sizes).ravel(), np.outer(1 / roots, sizes).ravel()
        else:
            high, wide = np.outer(sizes, roots).ravel(), np.outer(sizes, 1 / roots).ravel()
        around = np.stack([-wide, -high, wide, high], axis=1) / 2
        return np.round(around) if self.rounded else around
