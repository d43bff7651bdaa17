from __future__ import annotations

import torch

from millpond.training.assignment import TOP, Truth, assign, loss
from millpond.training.detector import STRIDE, places

CENTRES = places(8, 8) * (8 / STRIDE)


def truth(*rows: tuple[list[float], int]) -> Truth:
    """One picture with these boxes, and a row of padding."""
    boxes = torch.tensor([[*(box for box, _ in rows), [0.0] * 4]])
    kinds = torch.tensor([[*(kind for _, kind in rows), 0]])
    real = torch.tensor([[*(True for _ in rows), False]])
    return Truth(boxes, kinds, real)


def guess(side: float = 16.0) -> torch.Tensor:
    return torch.cat([CENTRES - side / 2, CENTRES + side / 2], 1)[None]


def test_each_box_gets_places_inside_it() -> None:
    wanted = truth(([0, 0, 24, 24], 0), ([32, 32, 56, 56], 1))
    targets = assign(torch.full((1, 64, 2), 0.01), guess(), CENTRES, wanted, 0.0)
    chosen = targets.weights[0] > 0
    assert 0 < int(chosen.sum()) <= 2 * TOP
    for place, box in zip(CENTRES[chosen], targets.boxes[0][chosen], strict=True):
        assert bool((place > box[:2]).all())
        assert bool((place < box[2:]).all())
    assert bool((targets.scores[0, :, 0] > 0)[:32].any())
    assert bool((targets.scores[0, :, 1] > 0)[32:].any())


def test_a_box_smaller_than_a_place_still_gets_one() -> None:
    targets = assign(
        torch.full((1, 64, 2), 0.01), guess(), CENTRES, truth(([17, 17, 19, 19], 1)), 0.0
    )
    assert int((targets.weights > 0).sum()) >= 1


def test_late_in_training_the_best_overlap_wins() -> None:
    boxes = guess()
    best = 9 * 3
    boxes[0, best] = torch.tensor([18.0, 18.0, 40.0, 40.0])
    targets = assign(torch.full((1, 64, 2), 0.5), boxes, CENTRES, truth(([18, 18, 40, 40], 0)), 1.0)
    assert int(targets.weights[0].argmax()) == best
    assert abs(float(targets.weights[0, best]) - 1.0) < 1e-4


def test_a_picture_without_boxes_is_all_negative() -> None:
    targets = assign(torch.full((1, 64, 2), 0.5), guess(), CENTRES, truth(), 0.5)
    assert float(targets.scores.sum()) == 0
    assert float(targets.weights.sum()) == 0


def test_better_answers_lose_less() -> None:
    wanted = truth(([16, 16, 40, 40], 0))
    exact = torch.tensor([16.0, 16.0, 40.0, 40.0]).expand(1, 64, 4).clone()
    sure, unsure = torch.full((1, 64, 2), -6.0), torch.full((1, 64, 2), 0.0)
    inside = assign(unsure.sigmoid(), exact, CENTRES, wanted, 1.0).weights[0] > 0
    sure[0, inside, 0] = 6.0
    good = loss(sure, exact, CENTRES, wanted, 1.0)
    assert float(good) < float(loss(unsure, exact, CENTRES, wanted, 1.0))
    assert float(good) < float(loss(sure, exact + 8, CENTRES, wanted, 1.0))


def test_the_loss_of_nothing_is_finite_and_flows_back() -> None:
    logits = torch.zeros(1, 64, 2, requires_grad=True)
    boxes = guess().requires_grad_()
    result = loss(logits, boxes, CENTRES, truth(), 0.5)
    result.backward()
    assert bool(torch.isfinite(result))
    assert logits.grad is not None
    assert bool((logits.grad > 0).all())
