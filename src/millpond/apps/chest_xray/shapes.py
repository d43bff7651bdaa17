"""Soft shapes on a grid: what the parts of a phantom are drawn from."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Field = npt.NDArray[np.floating[Any]]

#: Pixels of a phantom's side.
SIZE = 320


def grid() -> tuple[Field, Field]:
    """The x and y of every pixel's centre, from 0 to 1, each of shape (SIZE, SIZE)."""
    steps = (np.arange(SIZE, dtype=np.float32) + 0.5) / SIZE
    x, y = np.meshgrid(steps, steps)
    return x, y


def soft(distance: Field, blur: float) -> Field:
    """0 where a signed distance is far below zero, 1 far above, smooth over `blur`."""
    step: Field = distance * np.float32(0.5 / blur)
    step += 0.5
    np.clip(step, 0.0, 1.0, out=step)
    # In place, since most of the time of drawing goes here.
    rise: Field = step * np.float32(-2)
    rise += 3
    rise *= step
    rise *= step
    return rise


def blob(x: Field, y: Field, centre: tuple[float, float], radii: tuple[float, float]) -> Field:
    """How far inside an ellipse each pixel is: 1 at the centre, 0 on the edge, below outside."""
    across: Field = (x - np.float32(centre[0])) * np.float32(1 / radii[0])
    down: Field = (y - np.float32(centre[1])) * np.float32(1 / radii[1])
    away: Field = np.sqrt(across * across + down * down)
    return 1 - away


def clouds(rng: np.random.Generator, cells: int) -> Field:
    """Smooth noise around 0 with a deviation near 1 and about `cells` bumps a side."""
    coarse = Image.fromarray(rng.standard_normal((cells, cells), dtype=np.float32))
    return np.asarray(coarse.resize((SIZE, SIZE), Image.Resampling.BICUBIC))
