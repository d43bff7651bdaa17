"""The healthy part of a chest phantom: body, lungs, bones, heart and vessels.

A phantom is a map of how much of the beam is absorbed, from 0 (air) to about 1
(bone over the abdomen). Lengths are shares of the picture's side, and the
patient's right lung is on the left, as radiologists look at it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from millpond.apps.chest_xray.shapes import SIZE, Field, blob, clouds, grid, soft


@dataclass(frozen=True, slots=True)
class Anatomy:
    """One chest before anything is wrong with it, apart from the size of its heart.

    Args:
        x: across the patient, 0 at the midline.
        y: down the patient.
        lungs: share of lung at each pixel, the right one and the left one.
        heart: how far inside the heart each pixel is.
        absorption: of everything together.
        apex: y of the top of the lungs.
        base: y of the diaphragm's domes, of the right lung and the left one.
        width: from the midline to the ribs.
    """

    x: Field
    y: Field
    lungs: tuple[Field, Field]
    heart: Field
    absorption: Field
    apex: float
    base: tuple[float, float]
    width: float


def draw_anatomy(rng: np.random.Generator, *, enlarged: bool) -> Anatomy:
    """A chest with a build of its own.

    Args:
        enlarged: the heart takes more than half of the chest's width
            (cardiothoracic ratio above 0.55; at most 0.48 otherwise).
    """
    x, y = _placed(rng)
    apex, width = rng.uniform(0.10, 0.16), rng.uniform(0.35, 0.41)
    right = rng.uniform(0.66, 0.73)
    base = (right, right + rng.uniform(0.01, 0.035))
    lungs = (_lung(x, y, -1, apex, base[0], width), _lung(x, y, 1, apex, base[1], width))
    heart = _heart(rng, x, y, width, base[1], enlarged)
    beating = soft(heart, rng.uniform(0.09, 0.16))
    # The heart lies in front of the left lung and takes its place on the picture.
    lungs = (lungs[0] * (1 - beating), lungs[1] * (1 - beating))
    absorption = (
        _soft_tissue(rng, x, y, lungs, base, width)
        + rng.uniform(0.09, 0.14) * beating
        + _mediastinum(rng, x, y)
        + _ribs(rng, x, y, apex, base, width)
        + _clavicles(rng, x, y, apex, width)
        + _vessels(rng, x, y, lungs)
    )
    return Anatomy(x, y, lungs, heart, absorption, apex, base, width)


def _placed(rng: np.random.Generator) -> tuple[Field, Field]:
    """The patient's own coordinates: no one stands quite straight, or quite in the middle."""
    x, y = grid()
    x, y = x - 0.5 - rng.uniform(-0.025, 0.025), y - 0.5 - rng.uniform(-0.03, 0.03)
    angle, scale = np.radians(rng.uniform(-3.5, 3.5)), rng.uniform(0.88, 1.0)
    cos, sin = np.float32(np.cos(angle) * scale), np.float32(np.sin(angle) * scale)
    return cos * x - sin * y, sin * x + cos * y + np.float32(0.5)


def _lung(x: Field, y: Field, side: int, apex: float, base: float, width: float) -> Field:
    across = x * side
    down = np.clip((y - apex) / (base + 0.09 - apex), 0.0, 1.0)
    outer = width * np.sqrt(1 - (1 - down) ** 3) * (0.82 + 0.18 * down)
    inner = 0.055 + 0.02 * np.abs(down - 0.55)
    # The dome: low where the ribs meet the diaphragm, lowest at the outer corner.
    floor = base + 0.11 * ((across - 0.42 * width) / (0.62 * width)) ** 2
    return (
        soft(outer - across, 0.012)
        * soft(across - inner, 0.014)
        * soft(floor - y, 0.010)
        * soft(y - apex, 0.012)
    )


def _heart(
    rng: np.random.Generator, x: Field, y: Field, width: float, base: float, enlarged: bool
) -> Field:
    ratio = rng.uniform(0.58, 0.70) if enlarged else rng.uniform(0.38, 0.47)
    half = ratio * width
    centre = (half * rng.uniform(0.32, 0.42), base - 0.62 * half + rng.uniform(-0.01, 0.02))
    # The tip points down to the left.
    lean = rng.uniform(0.2, 0.4)
    return blob(x, y - lean * (x - centre[0]), centre, (half, half * rng.uniform(0.82, 0.92)))


def _soft_tissue(
    rng: np.random.Generator,
    x: Field,
    y: Field,
    lungs: tuple[Field, Field],
    base: tuple[float, float],
    width: float,
) -> Field:
    across = np.abs(x)
    shoulder = 0.03 + 0.34 * np.clip(across - 0.13, 0, None) ** 1.15
    flank = width + rng.uniform(0.055, 0.09) + 0.3 * np.clip(0.45 - y, 0, None) ** 1.3
    body = soft(y - shoulder, 0.02) * soft(flank - across, 0.015)
    air = lungs[0] + lungs[1]
    belly = soft(y - (base[0] + base[1]) / 2 - 0.04, 0.09)
    muscle = 0.06 * soft(across - width, 0.05) + 0.05 * soft(0.2 - y, 0.1)
    thick = 0.47 + 0.16 * belly * (1 - air) + muscle + 0.015 * clouds(rng, 6)
    # A breast or a chest muscle on either side, stronger in some.
    breast = rng.uniform(0.0, 0.08)
    for side in (-1, 1):
        fold = blob(x, y, (side * 0.55 * width, base[0] - 0.10), (0.16, 0.15))
        thick = thick + breast * soft(fold, 0.15)
    return body * (thick - rng.uniform(0.30, 0.36) * air)


def _mediastinum(rng: np.random.Generator, x: Field, y: Field) -> Field:
    """Spine, great vessels, the arch of the aorta, and the air of the windpipe."""
    across = np.abs(x)
    discs = 0.75 + 0.25 * np.cos(2 * np.pi * y / rng.uniform(0.055, 0.065))
    spine = 0.13 * soft(0.045 - across, 0.02) * discs
    vessels = 0.12 * soft(rng.uniform(0.06, 0.075) - across, 0.03) * soft(y - 0.12, 0.06)
    arch = 0.12 * soft(blob(x, y, (0.055, rng.uniform(0.33, 0.37)), (0.05, 0.05)), 0.3)
    roots = [blob(x, y, (side * 0.085, 0.44), (0.05, 0.075)) for side in (-1, 1)]
    hila = 0.11 * (soft(roots[0], 0.5) + soft(roots[1], 0.5))
    windpipe = 0.15 * soft(0.018 - across, 0.008) * soft(0.36 - y, 0.03)
    fades = soft(y - 0.02, 0.04)
    middle: Field = spine + vessels * soft(0.75 - y, 0.1) + arch + hila - windpipe
    return fades * middle


def _ribs(
    rng: np.random.Generator,
    x: Field,
    y: Field,
    apex: float,
    base: tuple[float, float],
    width: float,
) -> Field:
    """Nine pairs at the back, which slope down to the side, and fainter ones in front."""
    across = np.abs(x) / width
    cage = soft(1.03 - across, 0.04) * soft(across - 0.10, 0.04)
    cage = cage * soft(base[1] + 0.10 - y, 0.03) * soft(y - apex + 0.02, 0.02)
    gap = rng.uniform(0.066, 0.076)
    back = (y - apex - 0.10 * across**2 + 0.05 * np.sin(2.2 * across)) / gap
    front = (y - apex + 0.16 * across - 0.05) / (1.15 * gap)
    strength = rng.uniform(0.055, 0.085)
    return cage * (
        strength * _bands(back, 0.24)
        + 0.45 * strength * _bands(front, 0.22) * soft(across - 0.35, 0.2)
    )


def _bands(phase: Field, half: float) -> Field:
    """Bands at every whole number, brighter at their edges as the hard shell of bone is."""
    away = np.abs(phase - np.rint(phase))
    shell = np.exp(-(((away - 0.75 * half) / (0.35 * half)) ** 2))
    return soft(half - away, 0.06) * (0.75 + 0.5 * shell)


def _clavicles(rng: np.random.Generator, x: Field, y: Field, apex: float, width: float) -> Field:
    across = np.abs(x) / width
    middle = apex + rng.uniform(0.05, 0.08) - 0.085 * across + 0.02 * np.sin(5 * across)
    bone = soft(0.014 - np.abs(y - middle), 0.006)
    return 0.12 * bone * soft(across - 0.09, 0.03) * soft(1.05 - across, 0.05)


def _vessels(rng: np.random.Generator, x: Field, y: Field, lungs: tuple[Field, Field]) -> Field:
    """Blood vessels that fan out from the roots of the lungs, and the mottle between."""
    picture = Image.new("F", (SIZE, SIZE), 0.0)
    pen = ImageDraw.Draw(picture)
    middle = np.unravel_index(np.argmin(np.abs(x) + np.abs(y - 0.44)), x.shape)
    for side in (-1, 1):
        for _ in range(26):
            heading = rng.uniform(-1.25, 1.25)
            place = np.array([middle[1] + side * 0.07 * SIZE, float(middle[0])])
            for thickness in (3, 2, 2, 1, 1):
                heading += rng.normal(0, 0.22)
                step = 0.05 * SIZE * np.array([side * np.cos(heading), np.sin(heading)])
                pen.line([*place, *(place + step)], fill=0.03 + 0.016 * thickness, width=thickness)
                place = place + step
    return (lungs[0] + lungs[1]) * (_smooth(picture) + 0.008 * clouds(rng, 40))


def _smooth(picture: Image.Image) -> Field:
    """A little blur: halving and doubling, since Pillow blurs no floats."""
    half = picture.resize((SIZE // 2, SIZE // 2), Image.Resampling.BOX)
    return np.asarray(half.resize((SIZE, SIZE), Image.Resampling.BICUBIC))
