"""The four kinds of fruit: their shapes and skins, a little different in every set."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from millpond.apps.fruits.turning import Floats, Fruit


def draw_fruit(kind: str, rng: np.random.Generator) -> Fruit:
    """A fruit of a kind, one of `millpond.apps.fruits.LABELS`."""
    return _KINDS[kind](rng)


def _apple(rng: np.random.Generator) -> Fruit:
    red, gold = _near(rng, 0.66, 0.07, 0.09), _near(rng, 0.86, 0.66, 0.28)
    blush, streaks, dots = _waves(rng, 1.6), _waves(rng, 16.0, upright=0.15), _waves(rng, 30.0)

    def skin(points: Floats) -> tuple[Floats, Floats]:
        share = _step(blush(points) + 0.35 * streaks(points), 0.45, 1.1)
        colours = _mix(red, gold, share) + 0.12 * _step(dots(points), 1.1, 1.5)[:, None]
        return _with_stem(colours, points, _DARK, 0.14), _dimpled(points)

    return Fruit(_radii(rng, 0.93, 0.84, 0.90), skin, gloss=0.35)


def _lemon(rng: np.random.Generator) -> Fruit:
    yellow, green = _near(rng, 0.97, 0.80, 0.12), _near(rng, 0.75, 0.76, 0.20)
    patch, pores = _waves(rng, 1.5), _waves(rng, 34.0)

    def skin(points: Floats) -> tuple[Floats, Floats]:
        tips = np.clip(np.abs(points[:, 1]) - 0.8, 0, None) * 3
        colours = _mix(yellow, green, np.clip(0.5 * _step(patch(points), 0.5, 1.5) + tips, 0, 1))
        return _with_stem(colours, points, _BROWN, 0.10), 0.93 - 0.10 * _step(pores(points), 0.3, 1)

    return Fruit(_radii(rng, 0.70, 0.94, 0.72), skin, gloss=0.22)


def _mango(rng: np.random.Generator) -> Fruit:
    green, sunny = _near(rng, 0.33, 0.45, 0.20), _near(rng, 0.80, 0.44, 0.16)
    patch, mottle = _waves(rng, 1.4), _waves(rng, 14.0)

    def skin(points: Floats) -> tuple[Floats, Floats]:
        share = _step(patch(points) + 0.6 * points[:, 1], 0.5, 1.6)
        colours = _mix(green, sunny, share) * (1 + 0.05 * mottle(points))[:, None]
        return _with_stem(colours, points, _BROWN, 0.12), np.full(len(points), 0.92)

    return Fruit(_radii(rng, 0.82, 0.95, 0.64), skin, gloss=0.20)


def _raspberry(rng: np.random.Generator) -> Fruit:
    crimson, pale = _near(rng, 0.74, 0.10, 0.26), _near(rng, 0.90, 0.42, 0.52)
    # Drupelets sit on a spiral that covers a sphere evenly.
    number = np.arange(110)
    height = 1 - 2 * (number + 0.5) / len(number)
    turn = number * np.pi * (3 - np.sqrt(5)) + rng.normal(0, 0.06, len(number))
    ring = np.sqrt(1 - height**2)
    seeds = np.stack([ring * np.cos(turn), height, ring * np.sin(turn)], axis=1)
    tones = rng.uniform(0.8, 1.1, len(number))

    def skin(points: Floats) -> tuple[Floats, Floats]:
        near = points @ seeds.T
        which = near.argmax(axis=1)
        away = np.arccos(np.clip(near.max(axis=1), -1, 1)) / 0.21
        relief = np.clip(1.05 - 0.75 * away**2, 0.1, 1)
        colours = _mix(crimson, pale, _step(-away, -0.30, -0.05)) * tones[which][:, None]
        hollow = _step(points[:, 1], 0.86, 0.93)
        return colours * (1 - 0.75 * hollow)[:, None], relief * (1 - 0.5 * hollow)

    return Fruit(_radii(rng, 0.80, 0.88, 0.78), skin, gloss=0.30)


def _waves(
    rng: np.random.Generator, frequency: float, upright: float = 1.0
) -> Callable[[Floats], Floats]:
    """Smooth noise over the sphere, with a deviation near 1; `upright` stretches it along y."""
    ways = rng.normal(0, frequency, (24, 3)) * [1, upright, 1]
    starts = rng.uniform(0, 2 * np.pi, 24)

    def noise(points: Floats) -> Floats:
        whole: Floats = np.sin(points @ ways.T + starts).sum(axis=1)
        return whole * 12**-0.5

    return noise


def _with_stem(colours: Floats, points: Floats, stem: Floats, size: float) -> Floats:
    """The stem's end at one pole, and the flower's, smaller, at the other."""
    ends = np.where(points[:, 1] > 0, size, 0.6 * size)
    off = np.hypot(points[:, 0], points[:, 2])
    return _mix(colours, stem, _step(-off, -ends, -0.6 * ends))


def _dimpled(points: Floats) -> Floats:
    off = np.hypot(points[:, 0], points[:, 2])
    return np.clip(0.45 + 1.6 * off, 0.0, 1.0)


def _mix(one: Floats, other: Floats, share: Floats) -> Floats:
    mixed: Floats = one * (1 - share)[:, None] + other * share[:, None]
    return mixed


def _step(values: Floats, low: Floats | float, high: Floats | float) -> Floats:
    """0 up to `low`, 1 from `high` on, straight between them."""
    return np.clip((values - low) / (np.asarray(high) - low), 0.0, 1.0)


def _near(rng: np.random.Generator, *colour: float) -> Floats:
    return np.clip(np.array(colour) + rng.normal(0, 0.025, 3), 0, 1)


def _radii(rng: np.random.Generator, *radii: float) -> tuple[float, float, float]:
    x, y, z = np.array(radii) * rng.uniform(0.96, 1.03, 3)
    return float(x), float(y), float(z)


_DARK: npt.NDArray[np.float64] = np.array([0.20, 0.14, 0.06])
_BROWN: npt.NDArray[np.float64] = np.array([0.42, 0.30, 0.14])

_KINDS = {"apple": _apple, "lemon": _lemon, "mango": _mango, "raspberry": _raspberry}
