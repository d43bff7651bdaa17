"""How a canvas is varied, so that a model learns what matters and not one photograph.

A variation is a random window (place, size, slight change of proportions), seen
in a mirror or turned where the application allows it, under a slightly different
light. Boxes go with it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from millpond.models.preprocessing import MARGIN

#: Most by which a window is larger or smaller than the canvas, as a logarithm.
ZOOM = 0.15
#: Most by which its proportions change, as a logarithm.
STRETCH = 0.1
#: Most by which brightness and contrast change, as a logarithm.
LIGHT = 0.2
#: The least share of a box that must still be visible for it to count. People often
#: leave out what the picture's border cuts, and the model should learn where they do.
VISIBLE = 0.7
#: The shortest side of a box that counts, in pixels of the canvas.
SIDE = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Variation:
    """One way to see a canvas: ``canvas position = turn @ varied position + shift``.

    Args:
        turn: ``[2, 2]``, of which each row and column has one number that is not 0.
        shift: ``[2]``, in pixels.
        light: what each byte becomes, ``[channels, 256]``.
    """

    turn: NDArray[np.float64]
    shift: NDArray[np.float64]
    light: NDArray[np.uint8]

    def canvas(self, canvas: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A varied canvas of the same shape."""
        height, width, depth = canvas.shape
        image = Image.fromarray(canvas[:, :, 0] if depth == 1 else canvas)
        (a, b), (d, e) = self.turn
        c, f = self.shift
        image = image.transform(
            (width, height),
            Image.Transform.AFFINE,
            (a, b, c, d, e, f),
            Image.Resampling.BILINEAR,
            fillcolor=(MARGIN,) * depth if depth > 1 else MARGIN,
        )
        image = image.point(self.light.ravel().tolist())
        return np.asarray(image, np.uint8).reshape(height, width, depth)

    def boxes(
        self, boxes: NDArray[np.float32], width: int, height: int
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The boxes ``[n, 4]`` on the varied canvas, and which still count, ``[n]``."""
        back = np.linalg.inv(self.turn)
        corners = (boxes.reshape(-1, 2, 2).astype(np.float64) - self.shift) @ back.T
        moved = np.concatenate([corners.min(1), corners.max(1)], 1)
        seen = np.clip(moved, 0, np.array([width, height, width, height]))
        sides = seen[:, 2:] - seen[:, :2]
        whole = (moved[:, 2:] - moved[:, :2]).prod(1)
        counts = (sides.min(1, initial=np.inf) > SIDE) & (sides.prod(1) > VISIBLE * whole)
        return seen.astype(np.float32), counts


def vary(rng: np.random.Generator, augment: str, canvas: NDArray[np.uint8]) -> Variation:
    """A random variation of a canvas.

    Args:
        augment: ``mirror`` allows left for right, ``flips`` up for down as well, and
            ``turns`` quarter turns as well; ``none`` leaves the canvas as it is.
        canvas: ``[H, W, C]``.
    """
    height, width, depth = canvas.shape
    if augment == "none":
        return Variation(
            np.eye(2), np.zeros(2), np.tile(np.arange(256, dtype=np.uint8), (depth, 1))
        )
    size = np.array([width, height], np.float64)
    zoom = math.exp(rng.uniform(-ZOOM, ZOOM))
    stretch = math.exp(rng.uniform(-STRETCH, STRETCH))
    turn = np.diag([zoom * stretch, zoom / stretch])
    mirrored, upturned, turned = rng.random(3) < 0.5
    if mirrored:
        turn[:, 0] *= -1
    if upturned and augment in ("flips", "turns"):
        turn[:, 1] *= -1
    if turned and augment == "turns":
        turn = turn[:, ::-1]
    window = np.abs(turn) @ size
    slack = np.abs(size - window) / 2
    centre = size / 2 + rng.uniform(-1, 1, 2) * slack
    return Variation(turn, centre - turn @ size / 2, _light(rng, canvas))


def _light(rng: np.random.Generator, canvas: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A table of what each byte becomes under another brightness, contrast and tint."""
    depth, middle = canvas.shape[2], float(canvas[::4, ::4].mean())
    ramp = np.arange(256, dtype=np.float64)
    gain = math.exp(rng.uniform(-LIGHT, LIGHT)) * np.exp(rng.uniform(-LIGHT / 3, LIGHT / 3, depth))
    contrast = math.exp(rng.uniform(-LIGHT, LIGHT))
    curves = (ramp * gain[:, np.newaxis] - middle) * contrast + middle
    light: NDArray[np.uint8] = np.clip(np.round(curves), 0, 255).astype(np.uint8)
    return light
