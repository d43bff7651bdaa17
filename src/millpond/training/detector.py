"""The detector: a one-stage network without anchors, small enough for a laptop.

A residual backbone, a top-down path that joins its features at a quarter of the
picture's size (Lin et al., 2017, "Feature Pyramid Networks"), and at each place
there a score for each label and the distances to the four sides of a box, as in
FCOS (Tian et al., 2019). It has one level only: one set of places is simple, and
fine enough for objects of eight pixels of the tensor and more.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from millpond.training.layers import Backbone, conv

#: Pixels of the tensor from one place to the next.
STRIDE = 4
#: Both sides of the tensor are a multiple of it.
MULTIPLE = 16

_WIDTHS = (12, 24, 48, 96, 128)
_DEPTHS = (1, 2, 2, 1)
_NECK = 48


class Detector(nn.Module):
    """The network, from a tensor to logits and distances.

    Args:
        channels: of the tensor.
        labels: how many there are.
        reach: the distance to a box's side that is answered before any learning,
            in pixels of the tensor: half of a usual box.
    """

    def __init__(self, channels: int, labels: int, reach: float) -> None:
        super().__init__()
        self.reach = reach
        self.backbone = Backbone(channels, _WIDTHS, _DEPTHS)
        self.lateral = nn.ModuleList(nn.Conv2d(width, _NECK, 1) for width in _WIDTHS[1:])
        self.smooth = nn.ModuleList(conv(_NECK, _NECK) for _ in _WIDTHS[1:])
        # At first almost nothing is seen anywhere (Lin et al., 2017, "Focal Loss").
        self.scores = _head(labels, bias=-4.0)
        self.sides = _head(4, bias=0.0)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits ``[N, places, labels]`` and boxes ``[N, places, 4]`` in the tensor's pixels."""
        features = self.backbone(x)
        joined: Tensor | None = None
        for level in reversed(range(len(features))):
            here = self.lateral[level](features[level])
            if joined is not None:
                here = here + functional.interpolate(joined, here.shape[-2:], mode="nearest")
            joined = self.smooth[level](here)
        scores, sides = self.scores(joined).float(), self.sides(joined).float()
        height, width = sides.shape[-2:]
        centres = places(int(height), int(width))
        # The bound keeps a box finite while the network is still wild.
        distances = torch.exp(sides.flatten(2).transpose(1, 2).clamp(-5, 5)) * self.reach
        boxes = torch.cat([centres - distances[..., :2], centres + distances[..., 2:]], -1)
        return scores.flatten(2).transpose(1, 2), boxes


def _head(outputs: int, bias: float) -> nn.Sequential:
    last = nn.Conv2d(_NECK, outputs, 1)
    nn.init.normal_(last.weight, std=0.01)
    last.bias = nn.Parameter(torch.full((outputs,), bias))
    return nn.Sequential(conv(_NECK, _NECK), last)


def places(height: int, width: int) -> Tensor:
    """The centres of all places, row by row: ``[height * width, 2]`` in the tensor's pixels."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack([columns.flatten(), rows.flatten()], 1) * float(STRIDE) + STRIDE / 2


class Answers(nn.Module):
    """The detector as it is exported: scores from 0 to 1 in place of logits."""

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Scores ``[N, places, labels]`` and boxes ``[N, places, 4]``."""
        logits, boxes = self.detector(x)
        return logits.sigmoid(), boxes
