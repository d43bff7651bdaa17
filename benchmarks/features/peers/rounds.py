"""Decoders in turn over the same files: what each takes, and what its pictures do to vectors."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median

import numpy as np
from PIL import Image

#: Makes a picture in RGB, ready to be resized, of the bytes of a file.
Decode = Callable[[bytes], Image.Image]


def in_turn(ways: Mapping[str, Decode], files: Sequence[bytes], rounds: int) -> dict[str, float]:
    """Milliseconds of one thread a file, the median of the rounds, for each way.

    Time of the processor counts, so that other work on the machine does not.
    """
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds):
        for name in list(ways)[:: -1 if number % 2 else 1]:
            started = time.thread_time()
            for data in files:
                ways[name](data)
            taken[name].append((time.thread_time() - started) * 1_000 / len(files))
    return {name: median(each) for name, each in taken.items()}


def cosines(
    ways: Mapping[str, Decode],
    files: Sequence[bytes],
    vector: Callable[[Image.Image], np.ndarray],
) -> dict[str, float]:
    """The least cosine between vectors of each way's pictures and of the first way's."""
    made = {name: np.stack([vector(ways[name](data)) for data in files]) for name in ways}
    first = next(iter(made.values()))
    return {name: float(_cosine(first, each).min()) for name, each in made.items()}


def _cosine(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return (one * other).sum(1) / lengths
