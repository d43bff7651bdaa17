"""Drawn pictures of one or two coloured shapes, with the boxes that are right."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from millpond.values import Box

LABELS = ("disc", "square")
#: Pixels of a side of a picture.
SIDE = 96


@dataclass(frozen=True)
class Drawn:
    """A picture and what is in it."""

    image: Image.Image
    things: tuple[tuple[str, Box], ...]

    def png(self) -> bytes:
        """The bytes of its file."""
        out = io.BytesIO()
        self.image.save(out, "PNG")
        return out.getvalue()


def draw(seed: int) -> Drawn:
    """One or two shapes that do not overlap, on noise."""
    chance = np.random.default_rng(seed)
    noise = chance.normal(110, 10, (SIDE, SIDE, 3)).clip(0, 255).astype(np.uint8)
    image = Image.fromarray(noise)
    pencil = ImageDraw.Draw(image)
    things = []
    halves = chance.permutation(2)[: chance.integers(1, 3)]
    for half in halves:
        kind = LABELS[int(chance.integers(2))]
        side = int(chance.integers(24, 42))
        x = int(half) * SIDE // 2 + int(chance.integers(0, SIDE // 2 - side + 1))
        y = int(chance.integers(0, SIDE - side + 1))
        corners = (x, y, x + side - 1, y + side - 1)
        if kind == "disc":
            pencil.ellipse(corners, fill=(200, 40, 50))
        else:
            pencil.rectangle(corners, fill=(30, 60, 210))
        things.append((kind, Box(x, y, x + side, y + side)))
    return Drawn(image, tuple(things))
