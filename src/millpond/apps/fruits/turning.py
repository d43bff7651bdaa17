"""A fruit as a textured ellipsoid, and how it looks from the front as it turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]

#: Pixels of a picture's side.
SIZE = 100

_LIGHT = np.array([-0.45, 0.55, 0.70])
_LIGHT /= np.linalg.norm(_LIGHT)
_HALFWAY = _LIGHT + np.array([0.0, 0.0, 1.0])
_HALFWAY /= np.linalg.norm(_HALFWAY)


@dataclass(frozen=True, slots=True, eq=False)
class Fruit:
    """One fruit, in coordinates of its own: y runs from the flower to the stem.

    Args:
        radii: half lengths along x, y and z, as shares of half the picture.
        skin: colours from 0 to 1 of points on the unit sphere, and how far each
            stands out, from 0 to 1; of (points, 3) it makes (points, 3) and (points,).
        gloss: how strongly the light is mirrored.
    """

    radii: tuple[float, float, float]
    skin: Callable[[Floats], tuple[Floats, Floats]]
    gloss: float


def view(fruit: Fruit, angle: float, *, lying: bool) -> npt.NDArray[np.uint8]:
    """The fruit on white, uint8 of shape (SIZE, SIZE, 3).

    Args:
        angle: of its turn around the upright axis, in radians.
        lying: its stem points to the side, and so comes to the front once a turn.
    """
    turn = _around_upright(angle) @ (_ON_ITS_SIDE if lying else _LEANING)
    x, y, cover, depth = _front(fruit, turn)
    hit = cover > 0
    seen = np.stack([x[hit], y[hit], depth[hit]], axis=-1)
    own = seen @ turn / np.array(fruit.radii)
    normals = (own / np.array(fruit.radii)) @ turn.T
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9
    colours, relief = fruit.skin(own / (np.linalg.norm(own, axis=1, keepdims=True) + 1e-9))
    light = 0.42 + 0.62 * np.clip(normals @ _LIGHT, 0, None)
    mirrored = fruit.gloss * np.clip(normals @ _HALFWAY, 0, None) ** 28
    shaded = colours * (light * (0.55 + 0.45 * relief))[:, None] + (mirrored * relief)[:, None]
    picture = np.ones((SIZE, SIZE, 3))
    picture[hit] -= (1 - np.clip(shaded, 0, 1)) * cover[hit][:, None]
    whole: npt.NDArray[np.uint8] = np.rint(picture * 255).astype(np.uint8)
    return whole


def _front(fruit: Fruit, turn: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Where the line of sight through each pixel meets the fruit first.

    Returns:
        x, y, the share of the pixel that the fruit covers, and z; each (SIZE, SIZE).
    """
    steps = (np.arange(SIZE) + 0.5) / SIZE * 2 - 1
    x, y = np.meshgrid(steps, -steps)
    # p A p = 1 is the turned ellipsoid; along z this is a quadratic equation.
    matrix = turn @ np.diag(1 / np.square(fruit.radii)) @ turn.T
    a = matrix[2, 2]
    b = 2 * (matrix[0, 2] * x + matrix[1, 2] * y)
    c = matrix[0, 0] * x**2 + 2 * matrix[0, 1] * x * y + matrix[1, 1] * y**2 - 1
    rest = b**2 - 4 * a * c
    # How fast `rest` falls at the outline gives the width of half a pixel there.
    slope = np.hypot(*np.gradient(rest)) + 1e-9
    cover = np.clip(rest / slope + 0.5, 0, 1)
    depth = (-b + np.sqrt(np.clip(rest, 0, None))) / (2 * a)
    return x, y, cover, depth


def _around_upright(angle: float) -> Floats:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])


def _around_sight(angle: float) -> Floats:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])


_ON_ITS_SIDE = _around_sight(np.radians(78))
_LEANING = _around_sight(np.radians(9))
