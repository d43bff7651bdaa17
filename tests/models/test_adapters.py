"""Adapters against the same done slowly, in loops."""

from __future__ import annotations

import math

import numpy as np
import pytest

from millpond.errors import Invalid
from millpond.models.adapters.anchors import Anchors
from millpond.models.adapters.arrays import activated
from millpond.models.adapters.registered import check_parameters, find_adapter
from millpond.models.adapters.retinanet import retinanet
from millpond.models.adapters.yolo import yolo
from millpond.models.outputs import Frame, to_candidates
from millpond.models.preprocessing import Preprocessing

CHANCE = np.random.default_rng(0)


def test_anchors_of_a_place_are_those_of_torchvision() -> None:
    """What `AnchorGenerator(((32, 40, 50),))` has as its first cell."""
    anchors = Anchors([8], [[32, 40, 50]], [0.5, 1, 2], "ratios", 0.0, True)
    assert anchors.grid(0, 1, 1).tolist() == [
        [-23, -11, 23, 11],
        [-28, -14, 28, 14],
        [-35, -18, 35, 18],
        [-16, -16, 16, 16],
        [-20, -20, 20, 20],
        [-25, -25, 25, 25],
        [-11, -23, 11, 23],
        [-14, -28, 14, 28],
        [-18, -35, 18, 35],
    ]


def test_anchors_go_along_the_rows_and_sizes_may_change_slower() -> None:
    anchors = Anchors([10], [[4, 8]], [1, 4], "sizes", 0.5, False)
    found = anchors.grid(0, 2, 3)
    assert len(found) == 2 * 3 * anchors.at_one_place(0)
    centres = (found[:, :2] + found[:, 2:]) / 2
    assert centres[::4].tolist() == [[5, 5], [15, 5], [25, 5], [5, 15], [15, 15], [25, 15]]
    sides = found[:4, 2:] - found[:4, :2]
    np.testing.assert_allclose(sides, [[4, 4], [2, 8], [8, 8], [4, 16]])


@pytest.mark.parametrize("flat", [False, True])
def test_deltas_move_their_anchors(flat: bool) -> None:
    """Grids of 4 x 6 and 2 x 3 places with 2 anchors each, and 3 classes."""
    strides, sizes, ratios, frame = [16, 32], [[20], [40]], [0.5, 2.0], Frame(96, 64, 3)
    grids = [(4, 6), (2, 3)]
    logits = [CHANCE.normal(size=(2 * 3, *grid)).astype(np.float32) for grid in grids]
    deltas = [CHANCE.normal(size=(2 * 4, *grid)).astype(np.float32) for grid in grids]
    boxes, scores = [], []
    for level, (height, width) in enumerate(grids):
        for y in range(height):
            for x in range(width):
                for kind, ratio in enumerate(ratios):
                    high = round(sizes[level][0] * math.sqrt(ratio) / 2) * 2
                    wide = round(sizes[level][0] / math.sqrt(ratio) / 2) * 2
                    dx, dy, dw, dh = deltas[level][4 * kind : 4 * kind + 4, y, x]
                    cx, cy = x * strides[level] + dx * wide, y * strides[level] + dy * high
                    w, h = wide * math.exp(dw), high * math.exp(dh)
                    boxes.append([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2])
                    raw = logits[level][3 * kind : 3 * kind + 3, y, x]
                    scores.append([1 / (1 + math.exp(-number)) for number in raw])
    outputs = [*logits, *deltas]
    if flat:
        outputs = [
            np.concatenate(
                [
                    grid.reshape(2, n, *grid.shape[1:]).transpose(2, 3, 0, 1).reshape(-1, n)
                    for grid in kind
                ]
            )
            for kind, n in ((logits, 3), (deltas, 4))
        ]
    found = retinanet(outputs, frame, strides=strides, sizes=sizes, ratios=ratios)
    assert found.boxes is not None
    np.testing.assert_allclose(found.boxes, boxes, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(found.scores, scores, rtol=1e-5)


def test_a_yolo_of_the_fifth_version_multiplies_by_whether_anything_is_there() -> None:
    row = CHANCE.random((9, 5 + 3)).astype(np.float32)
    found = yolo([row], Frame(64, 64, 3), form="v5")
    np.testing.assert_allclose(found.scores, row[:, 4:5] * row[:, 5:])
    same = yolo([row[:, [0, 1, 2, 3, 5, 6, 7]].T], Frame(64, 64, 3))
    assert found.boxes is not None
    np.testing.assert_array_equal(same.boxes, found.boxes)


def test_one_thing_does_not_crowd_out_another() -> None:
    boxes = np.tile(np.array([[30, 30, 20, 20]], np.float32), (600, 1))
    boxes += CHANCE.normal(size=boxes.shape).astype(np.float32) * 0.2
    boxes[599] = [70, 70, 20, 20]
    scores = np.full((600, 1), 0.9, np.float32)
    scores[599] = 0.3
    answers = yolo([np.concatenate([boxes, scores], 1).T], Frame(100, 100, 1))
    found = to_candidates(answers, ["cell"], Preprocessing(100, 100), 100, 100)
    assert len(found) < 50
    assert found[-1].score == pytest.approx(0.3)


def test_scores_of_very_large_logits() -> None:
    large = np.array([[-1e30, 0.0, 1e30]], np.float32)
    assert activated(large, "sigmoid")[0].tolist() == pytest.approx([0, 0.5, 1])
    assert activated(large, "softmax").tolist() == [[0, 0, 1]]
    assert activated(np.zeros((0, 3)), "softmax").shape == (0, 3)
    with pytest.raises(Invalid, match="activation 'tanh' is not one of softmax, sigmoid, none"):
        activated(large, "tanh")


def test_names_and_parameters_are_checked() -> None:
    with pytest.raises(Invalid, match=r"of your own is an entry point of the group millpond.adap"):
        find_adapter("mine")
    check_parameters("yolo", {"form": "v5"})
    with pytest.raises(Invalid, match="it takes grid"):
        check_parameters("scores_and_boxes", {"grids": [1, 2]})
