"""Batches of varied training images, with their truth as tensors."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from millpond.models.preprocessing import Preprocessing
from millpond.training.assignment import Truth
from millpond.training.augment import vary
from millpond.training.canvases import Canvases, Order


class Batches:
    """An endless stream of batches.

    Args:
        canvases: the images.
        preprocessing: turns a varied canvas to a tensor.
        augment: how an image may be varied.
        seed: of the order and the variations.
    """

    def __init__(
        self, canvases: Canvases, preprocessing: Preprocessing, *, augment: str, seed: int
    ) -> None:
        self._canvases = canvases
        self._preprocessing = preprocessing
        self._augment = augment
        self._rng = np.random.default_rng(seed)
        self._order = Order(len(canvases), self._rng)

    def boxes(self, size: int) -> tuple[Tensor, Truth]:
        """Pictures ``[size, C, H, W]`` and the true boxes on them."""
        pictures, boxes, kinds = [], [], []
        for index in self._order.take(size):
            canvas, true = self._canvases.read(index)
            variation = vary(self._rng, self._augment, canvas)
            height, width = canvas.shape[:2]
            moved, counts = variation.boxes(true, width, height)
            pictures.append(self._preprocessing.normalise(variation.canvas(canvas)))
            boxes.append(moved[counts])
            kinds.append(self._canvases.kinds(index)[counts])
        return _stacked(pictures), _padded(boxes, kinds)

    def classes(self, size: int) -> tuple[Tensor, Tensor]:
        """Pictures ``[size, C, H, W]`` and the places of their labels, ``[size]``."""
        pictures, kinds = [], []
        for index in self._order.take(size):
            canvas, _ = self._canvases.read(index)
            variation = vary(self._rng, self._augment, canvas)
            pictures.append(self._preprocessing.normalise(variation.canvas(canvas)))
            kinds.append(self._canvases.kinds(index)[0])
        return _stacked(pictures), torch.from_numpy(np.array(kinds))


def _stacked(pictures: list[NDArray[np.float32]]) -> Tensor:
    batch = torch.from_numpy(np.stack(pictures))
    return batch.contiguous(memory_format=torch.channels_last)


def _padded(boxes: list[NDArray[np.float32]], kinds: list[NDArray[np.int64]]) -> Truth:
    most = max(1, *(len(found) for found in kinds))
    truth = Truth(
        torch.zeros(len(boxes), most, 4),
        torch.zeros(len(boxes), most, dtype=torch.long),
        torch.zeros(len(boxes), most, dtype=torch.bool),
    )
    for row, (found, places) in enumerate(zip(boxes, kinds, strict=True)):
        truth.boxes[row, : len(found)] = torch.from_numpy(found)
        truth.kinds[row, : len(places)] = torch.from_numpy(places)
        truth.real[row, : len(places)] = True
    return truth
