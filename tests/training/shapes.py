"""Small generated pictures: bright squares and dark discs on a noisy ground."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from millpond.snapshots.examples import Example, Label
from millpond.values import Box

MakeExamples = Callable[..., list[Example]]


def draw(seed: int, width: int, height: int) -> tuple[bytes, tuple[Label, ...]]:
    rng = np.random.default_rng(seed)
    ground = rng.normal(120, 8, (height, width, 3)).clip(0, 255).astype(np.uint8)
    image = Image.fromarray(ground)
    pencil = ImageDraw.Draw(image)
    labels = []
    for column in range(2):
        kind = "disc" if rng.random() < 0.5 else "square"
        side = int(rng.integers(20, 33))
        x = column * width // 2 + int(rng.integers(0, width // 2 - side))
        y = int(rng.integers(0, height - side))
        if kind == "disc":
            pencil.ellipse((x, y, x + side - 1, y + side - 1), fill=(40, 30, 60))
        else:
            pencil.rectangle((x, y, x + side - 1, y + side - 1), fill=(220, 200, 180))
        labels.append(Label(kind, Box(x, y, x + side, y + side)))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue(), tuple(labels)
