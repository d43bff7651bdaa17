"""Which places of a detector answer for which true box, and the loss that follows.

The places that a box's label and extent are already predicted best from become
its positives: task-aligned assignment (Feng et al., 2021, "TOOD"). A network
that knows nothing yet has no best places, so at first those nearest to the
box's centre are taken, and the one rule gives way to the other by degrees.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

#: Positives of a box at most.
TOP = 9
#: Weight of the score and of the overlap in the alignment, as exponents.
SCORE_POWER, OVERLAP_POWER = 0.5, 4.0
#: Share of the training over which nearness gives way to alignment.
NEARNESS_SHARE = 0.3
#: How fast nearness falls with the distance, in sides of the box.
NEARNESS_SLOPE = 4.0
#: Negatives count by their score to this power: the easy ones are many.
FOCUS, NEGATIVE_WEIGHT = 1.5, 0.75
#: Weight of the boxes' loss beside that of the scores.
BOX_WEIGHT = 2.0
#: Weight of the sides' proportions beside the overlap. A box that is far too large
#: overlaps hardly less when it shrinks a little, so overlap alone teaches no small box.
SIDES_WEIGHT = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """The true boxes of a batch, padded to the most of any picture.

    Args:
        boxes: ``[N, G, 4]`` in pixels of the tensor.
        kinds: places of their labels, ``[N, G]``.
        real: which are no padding, ``[N, G]``.
    """

    boxes: Tensor
    kinds: Tensor
    real: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """What each place should answer.

    Args:
        scores: ``[N, places, labels]``, 0 for negatives.
        boxes: ``[N, places, 4]``, of meaning for positives only.
        weights: how much its box counts, ``[N, places]``, 0 for negatives.
    """

    scores: Tensor
    boxes: Tensor
    weights: Tensor


def loss(logits: Tensor, boxes: Tensor, centres: Tensor, truth: Truth, share: float) -> Tensor:
    """The loss of a batch.

    Args:
        logits: ``[N, places, labels]``.
        boxes: ``[N, places, 4]`` in pixels of the tensor.
        centres: of the places, ``[places, 2]``.
        truth: the true boxes.
        share: how much of the training is over, from 0 to 1.
    """
    targets = assign(logits.detach().sigmoid(), boxes.detach(), centres, truth, share)
    total = targets.scores.sum().clamp(min=1)
    focus = NEGATIVE_WEIGHT * logits.detach().sigmoid() ** FOCUS
    focus = torch.where(targets.scores > 0, 1.0, focus)
    scores = functional.binary_cross_entropy_with_logits(
        logits, targets.scores, weight=focus, reduction="sum"
    )
    positive = targets.weights > 0
    found, true = boxes[positive], targets.boxes[positive]
    gaps = 1 - _generalised(found, true) + SIDES_WEIGHT * _disproportion(found, true)
    return (scores + BOX_WEIGHT * (gaps * targets.weights[positive]).sum()) / total


@torch.no_grad()
def assign(scores: Tensor, boxes: Tensor, centres: Tensor, truth: Truth, share: float) -> Targets:
    """Give each true box its places, and each place what it should answer.

    1.  A place may answer for a box that it lies in, or whose centre is nearest to it.
    2.  Of those, each box takes the best by alignment and nearness.
    3.  A place that several boxes took stays with the one that it overlaps most.
    4.  The best place of a box should score as high as it overlaps, the others less.
        Their boxes count in the same relation, but also where nothing overlaps yet.
    """
    nearness = max(0.0, 1 - share / NEARNESS_SHARE)
    row, box, place = _reachable(centres, truth).nonzero(as_tuple=True)
    true, kind = truth.boxes[row, box], truth.kinds[row, box]
    found = _overlap(true, boxes[row, place])
    distance = _distance(true, centres[place])
    aligned = scores[row, place, kind] ** SCORE_POWER * found**OVERLAP_POWER
    fit = aligned ** (1 - nearness) * torch.exp(-NEARNESS_SLOPE * nearness * distance)
    # Few pairs can match at all, so only those are computed; the rest stays 0.
    fitness = torch.zeros(*truth.real.shape, len(centres))
    overlap = torch.zeros_like(fitness)
    fitness[row, box, place] = fit + 1e-9 * torch.exp(-distance)
    overlap[row, box, place] = found

    best = fitness.topk(min(TOP, len(centres)), -1).indices
    taken = torch.zeros_like(fitness, dtype=torch.bool).scatter_(2, best, True) & (fitness > 0)
    _, owner = torch.where(taken, overlap + 1e-6, 0.0).max(1)
    taken &= functional.one_hot(owner, taken.shape[1]).transpose(1, 2).bool()

    fitness, overlap = fitness * taken, overlap * taken
    relative = fitness / fitness.amax(-1, keepdim=True).clamp(min=1e-9)
    height = nearness + (1 - nearness) * overlap.amax(-1, keepdim=True)
    weights = relative.clamp(min=1e-6) ** (1 - nearness) * taken
    heights = (weights * height).amax(1)

    kinds = truth.kinds.gather(1, owner)
    wanted = torch.zeros_like(scores).scatter_(2, kinds[..., None], heights[..., None])
    owned = truth.boxes.gather(1, owner[..., None].expand(-1, -1, 4))
    return Targets(wanted, owned, weights.amax(1))


def _reachable(centres: Tensor, truth: Truth) -> Tensor:
    """Which places may answer for which box, ``[N, G, places]``."""
    x, y = centres.T
    x_min, y_min, x_max, y_max = truth.boxes[..., None].unbind(2)
    inside = (x > x_min) & (x < x_max) & (y > y_min) & (y < y_max)
    length = torch.maximum(((x_min + x_max) / 2 - x).abs(), ((y_min + y_max) / 2 - y).abs())
    nearest = length <= length.amin(-1, keepdim=True) + 1e-3
    reachable: Tensor = (inside | nearest) & truth.real[:, :, None]
    return reachable


def _distance(boxes: Tensor, centres: Tensor) -> Tensor:
    """How far a place is from a box's centre, in sides of the box, ``[pairs]``."""
    low, high = boxes[:, :2], boxes[:, 2:]
    offset = ((low + high) / 2 - centres) / (high - low).clamp(min=1)
    distance: Tensor = torch.linalg.vector_norm(offset, dim=-1)
    return distance


def _overlap(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union of boxes ``[..., 4]``."""
    return _shared(a, b) / _union(a, b).clamp(min=1e-6)


def _generalised(a: Tensor, b: Tensor) -> Tensor:
    """Generalised intersection over union (Rezatofighi et al., 2019), from -1 to 1."""
    union = _union(a, b)
    hull = torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])
    area = hull.prod(-1).clamp(min=1e-6)
    return _overlap(a, b) - (area - union) / area


def _disproportion(a: Tensor, b: Tensor) -> Tensor:
    """How far the sides are from each other on a scale of logarithms, ``[n]``."""
    return (_log_sides(a) - _log_sides(b)).abs().mean(-1)


def _log_sides(boxes: Tensor) -> Tensor:
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=1e-3).log()


def _shared(a: Tensor, b: Tensor) -> Tensor:
    low = torch.maximum(a[..., :2], b[..., :2])
    high = torch.minimum(a[..., 2:], b[..., 2:])
    return (high - low).clamp(min=0).prod(-1)


def _union(a: Tensor, b: Tensor) -> Tensor:
    areas = (a[..., 2:] - a[..., :2]).prod(-1) + (b[..., 2:] - b[..., :2]).prod(-1)
    return areas - _shared(a, b)
