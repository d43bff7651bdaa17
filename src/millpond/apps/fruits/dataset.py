"""A set of turning fruits on disk: a folder per kind, a file per view."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
from PIL import Image

from millpond.apps.fruits import LABELS
from millpond.apps.fruits.kinds import draw_fruit
from millpond.apps.fruits.turning import view


def write_dataset(folder: Path, images: int, seed: int) -> None:
    """Write views of turning fruits; see `millpond.apps.fruits.generate`."""
    sequences = list(itertools.product(enumerate(LABELS), ("", "r_")))
    for place, ((kind, label), prefix) in enumerate(sequences):
        (folder / label).mkdir(parents=True, exist_ok=True)
        # The first sequences take what does not divide evenly.
        views = (images - place + len(sequences) - 1) // len(sequences)
        fruit = draw_fruit(label, np.random.default_rng((seed, kind)))
        noise = np.random.default_rng((seed, kind, place))
        for number in range(views):
            drawn = view(fruit, 2 * np.pi * number / views, lying=bool(prefix))
            grain = noise.normal(0, 2.0, drawn.shape) * (drawn < 250)
            pixels = np.clip(drawn + grain, 0, 255).astype(np.uint8)
            file = folder / label / f"{prefix}{number}_100.jpg"
            Image.fromarray(pixels).save(file, quality=92)
