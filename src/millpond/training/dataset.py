"""A snapshot as a PyTorch data set, for training loops of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from millpond.raw.decode import decode
from millpond.snapshots.examples import Example


class SnapshotDataset(Dataset[tuple[torch.Tensor, dict[str, Any]]]):
    """The examples of a snapshot's part, decoded when they are asked for.

    Each item is ``(image, target)``. ``image`` is a uint8 tensor ``[3, H, W]`` in RGB,
    upright. ``target`` has ``object_id``, ``labels`` (int64 ``[N]``, places in the
    application's list) and, in detection, ``boxes`` (float32 ``[N, 4]``:
    x_min, y_min, x_max, y_max in pixels), as torchvision's detectors take them.

    Args:
        examples: of the part.
        labels: the application's, in their order.
    """

    def __init__(self, examples: Sequence[Example], labels: Sequence[str]) -> None:
        self._examples = examples
        self._places = {label: place for place, label in enumerate(labels)}

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, dict[str, Any]]:
        example = self._examples[index]
        pixels = np.ascontiguousarray(decode(example.read()).pixels.transpose(2, 0, 1))
        target: dict[str, Any] = {
            "object_id": example.object_id,
            "labels": torch.tensor(
                [self._places[label.label] for label in example.labels], dtype=torch.int64
            ),
        }
        boxes = [label.box.as_list() for label in example.labels if label.box is not None]
        if len(boxes) == len(example.labels):
            target["boxes"] = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
        return torch.from_numpy(pixels), target
