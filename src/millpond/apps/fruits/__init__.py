"""Fruits: four kinds to tell apart, each photographed while it turns once around itself."""

from __future__ import annotations

from pathlib import Path

from millpond import AppTemplate

#: The kinds, each the name of a folder.
LABELS = ("apple", "lemon", "mango", "raspberry")


def generate(folder: Path, images: int, seed: int) -> None:
    """Write a set of turning fruits, a folder per kind, in the form of Fruits-360.

    ``<kind>/<n>_100.jpg`` is the n-th view of a fruit that turns around its upright
    axis, ``<kind>/r_<n>_100.jpg`` that of one lying on its side: eight sequences,
    each closed on itself. The same arguments write the same bytes.

    Args:
        folder: made where it is missing.
        images: how many to draw in all.
        seed: of everything random.
    """
    # numpy and Pillow are loaded by the first set that is drawn, not by `--help`.
    from millpond.apps.fruits.dataset import write_dataset

    write_dataset(folder, images, seed)


template = AppTemplate(
    name="fruits",
    section={
        "task": "classification",
        "labels": list(LABELS),
        # Neighbouring views are near twins: a folder and an axis are one sequence.
        "group": r"^(.*/(?:r_)?)\d+_100\.jpg$",
        "order": r"(\d+)_100\.jpg$",
    },
    generate=generate,
)
