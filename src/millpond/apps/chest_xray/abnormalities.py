"""The six kinds of abnormality, each drawn into a chest and boxed where it is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from millpond.apps.chest_xray.anatomy import Anatomy
from millpond.apps.chest_xray.shapes import SIZE, Field, blob, clouds, soft

Corners = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and where.

    Args:
        label: the kind.
        box: ``(x_min, y_min, x_max, y_max)`` in pixels, the last two exclusive.
        added: what it adds to the absorption of the chest, less where negative.
    """

    label: str
    box: Corners
    added: Field


def draw_finding(rng: np.random.Generator, label: str, chest: Anatomy, side: int) -> Finding:
    """One abnormality in the right lung (`side` 0) or the left one (1).

    A heart that is too large must have been drawn so; here it only gets its box.
    """
    shape, added = _KINDS[label](rng, chest, side)
    return Finding(label, _box(shape), added)


def _box(shape: Field) -> Corners:
    """The pixels in which a shape from 0 to 1 is at least a third of its strongest."""
    seen = shape >= shape.max() / 3
    columns, rows = np.flatnonzero(seen.any(axis=0)), np.flatnonzero(seen.any(axis=1))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _nodule(rng: np.random.Generator, chest: Anatomy, side: int) -> tuple[Field, Field]:
    radius = rng.uniform(0.018, 0.030)
    centre = _inside(rng, chest, side, margin=radius)
    shape = soft(blob(chest.x, chest.y, centre, (radius, radius * rng.uniform(0.85, 1.15))), 0.3)
    return shape, rng.uniform(0.14, 0.22) * shape


def _mass(rng: np.random.Generator, chest: Anatomy, side: int) -> tuple[Field, Field]:
    radius = rng.uniform(0.05, 0.085)
    centre = _inside(rng, chest, side, margin=radius * 0.8)
    dx, dy = chest.x - centre[0], chest.y - centre[1]
    turn = np.arctan2(dy, dx)
    waves = sum(
        (
            rng.uniform(0.02, 0.09) * np.cos(number * turn + rng.uniform(0, 6.3))
            for number in (2, 3, 5, 9)
        ),
        start=np.ones_like(turn),
    )
    shape = soft(1 - np.sqrt(dx * dx + dy * dy) / (radius * waves), 0.12)
    return shape, rng.uniform(0.15, 0.22) * shape * (1 + 0.1 * clouds(rng, 30))


def _infiltration(rng: np.random.Generator, chest: Anatomy, side: int) -> tuple[Field, Field]:
    radii = (rng.uniform(0.08, 0.12), rng.uniform(0.09, 0.15))
    centre = _inside(rng, chest, side, margin=0.06)
    ragged = blob(chest.x, chest.y, centre, radii) + 0.12 * clouds(rng, 12)
    shape = soft(ragged - 0.1, 0.35) * chest.lungs[side]
    patches = np.clip(0.75 + 0.45 * clouds(rng, 26) + 0.3 * clouds(rng, 60), 0.1, 1.6)
    return shape, rng.uniform(0.13, 0.19) * shape * patches


def _effusion(rng: np.random.Generator, chest: Anatomy, side: int) -> tuple[Field, Field]:
    """Fluid over the diaphragm, its surface rising to the ribs."""
    across = np.abs(chest.x) / chest.width
    level = chest.base[side] - rng.uniform(0.0, 0.13)
    surface = level - 0.12 * np.clip(across - 0.35, 0, None) ** 1.5
    shape = soft(chest.y - surface, 0.014) * chest.lungs[side]
    return shape, rng.uniform(0.26, 0.32) * shape


def _pneumothorax(rng: np.random.Generator, chest: Anatomy, side: int) -> tuple[Field, Field]:
    """Air around a lung that has shrunk: black, without vessels, inside a thin white line."""
    share = rng.uniform(0.60, 0.76)
    sign = 2 * side - 1
    bottom = chest.base[side]
    middle = (sign * 0.30 * chest.width, bottom - 0.12)
    reach = (share * 0.78 * chest.width, share * (bottom - 0.12 - chest.apex))
    shrunk = blob(chest.x, chest.y, middle, reach)
    outside = soft(-shrunk, 0.03)
    low = soft(bottom - rng.uniform(0.10, 0.2) - chest.y, 0.03)
    shape = outside * low * chest.lungs[side] * soft(sign * chest.x - 0.1, 0.02)
    line = np.exp(-((shrunk / 0.02) ** 2)) * low * chest.lungs[side]
    return shape, 0.10 * line - rng.uniform(0.10, 0.14) * shape


def _cardiomegaly(rng: np.random.Generator, chest: Anatomy, side: int) -> tuple[Field, Field]:
    return soft(chest.heart, 0.05), np.zeros_like(chest.heart)


def _inside(
    rng: np.random.Generator, chest: Anatomy, side: int, margin: float
) -> tuple[float, float]:
    """A place in a lung, `margin` away from its edge."""
    lung = chest.lungs[side] > 0.9
    reach = max(1, round(margin * SIZE))
    clear = lung.copy()
    for axis in (0, 1):
        for shift in (-reach, reach):
            clear &= np.roll(lung, shift, axis)
    rows, columns = np.nonzero(clear if clear.any() else lung)
    place = rng.integers(len(rows))
    return (
        float(chest.x[rows[place], columns[place]]),
        float(chest.y[rows[place], columns[place]]),
    )


_KINDS: dict[str, Callable[[np.random.Generator, Anatomy, int], tuple[Field, Field]]] = {
    "nodule": _nodule,
    "mass": _mass,
    "infiltration": _infiltration,
    "effusion": _effusion,
    "pneumothorax": _pneumothorax,
    "cardiomegaly": _cardiomegaly,
}
