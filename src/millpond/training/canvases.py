"""Training images as canvases of the model's size, kept in memory up to a bound."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from millpond.models.preprocessing import Preprocessing
from millpond.raw.decode import decode
from millpond.snapshots.examples import Example

#: Bytes of canvases that are kept.
BUDGET = 512 * 1024 * 1024


class Canvases:
    """The canvas of each example, and its boxes on the canvas.

    What fits into the budget is kept, and the others are read again each time:
    an epoch visits every image once, so keeping the latest would never be of use.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        labels: Sequence[str],
        preprocessing: Preprocessing,
        *,
        budget: int = BUDGET,
    ) -> None:
        self._examples = examples
        self._places = {label: place for place, label in enumerate(labels)}
        self._preprocessing = preprocessing
        self._room = budget
        self._kept: dict[int, tuple[NDArray[np.uint8], NDArray[np.float32]]] = {}

    def __len__(self) -> int:
        return len(self._examples)

    def kinds(self, index: int) -> NDArray[np.int64]:
        """The place of each label of an example among all labels, ``[n]``."""
        labels = self._examples[index].labels
        return np.array([self._places[label.label] for label in labels], np.int64)

    def read(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """The canvas ``[H, W, C]`` of an example, and its boxes ``[n, 4]`` on it."""
        if index in self._kept:
            return self._kept[index]
        picture = decode(self._examples[index].read())
        canvas = self._preprocessing.canvas(picture.image)
        boxes = self._boxes(self._examples[index])
        boxes = self._preprocessing.to_tensor(boxes, picture.width, picture.height)
        if canvas.nbytes <= self._room:
            self._room -= canvas.nbytes
            self._kept[index] = canvas, boxes
        return canvas, boxes

    @staticmethod
    def _boxes(example: Example) -> NDArray[np.float32]:
        boxes = [label.box.as_list() for label in example.labels if label.box is not None]
        return np.array(boxes, np.float32).reshape(-1, 4)


class Order:
    """An endless order of visits: each epoch is a fresh shuffle, none is cut short."""

    def __init__(self, size: int, rng: np.random.Generator) -> None:
        self._size = size
        self._rng = rng
        self._left: list[int] = []

    def take(self, count: int) -> list[int]:
        """The next `count` indices."""
        while len(self._left) < count:
            self._left += self._rng.permutation(self._size).tolist()
        taken, self._left = self._left[:count], self._left[count:]
        return taken
