from __future__ import annotations

import numpy as np
import pytest

from millpond.errors import Invalid
from millpond.models.adapters.classification import logits
from millpond.models.adapters.places import scores_and_boxes
from millpond.models.outputs import Answers, Frame, to_candidates
from millpond.models.preprocessing import Preprocessing
from millpond.values import Box, Prediction

STRETCH = Preprocessing(100, 100)
LABELS = ("cat", "dog")
FRAME = Frame(100, 100, 2)


def test_boxes_come_back_in_pixels_of_the_picture_best_first() -> None:
    scores = np.array([[0.25, 0.03], [0.5, 0.75]], np.float32)
    boxes = np.array([[10, 10, 50, 50], [-5, 20, 120, 60]], np.float32)
    answers = scores_and_boxes([scores, boxes], FRAME)
    assert to_candidates(answers, LABELS, STRETCH, 200, 50) == [
        Prediction("dog", 0.75, Box(0, 10, 200, 30)),
        Prediction("cat", 0.5, Box(0, 10, 200, 30)),
        Prediction("cat", 0.25, Box(20, 5, 100, 25)),
    ]


def test_a_box_outside_the_picture_is_no_candidate() -> None:
    answers = Answers(
        np.array([[0.9, 0.0]], np.float32), np.array([[110, 110, 150, 150]], np.float32)
    )
    assert to_candidates(answers, LABELS, STRETCH, 200, 50) == []


def test_at_most_three_hundred_candidates_stay() -> None:
    scores = np.linspace(0.1, 0.9, 800, dtype=np.float32).reshape(400, 2)
    boxes = np.tile(np.array([10, 10, 50, 50], np.float32), (400, 1))
    candidates = to_candidates(Answers(scores, boxes), LABELS, STRETCH, 100, 100)
    assert len(candidates) == 300
    assert candidates[0].score == pytest.approx(0.9)
    assert candidates[-1].score == pytest.approx(np.sort(scores.ravel())[-300])


def test_of_neighbouring_places_the_best_keeps_its_score() -> None:
    scores = np.random.default_rng(0).random((6 * 9, 2), np.float32)
    kept = scores_and_boxes([scores, np.zeros((54, 4))], FRAME, grid=[6, 9]).scores
    before, after = scores.reshape(6, 9, 2), kept.reshape(6, 9, 2)
    for row in range(6):
        for column in range(9):
            around = before[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
            best = before[row, column] == around.max((0, 1))
            np.testing.assert_array_equal(after[row, column], before[row, column] * best)


def test_a_grid_of_another_size_is_refused() -> None:
    with pytest.raises(Invalid, match="grid of 2 x 3 is not 7 places"):
        scores_and_boxes([np.zeros((7, 2)), np.zeros((7, 4))], FRAME, grid=[2, 3])


def test_scores_of_a_classification_are_a_softmax() -> None:
    answers = logits([np.log(np.array([0.3, 0.68, 0.02]))], FRAME)
    candidates = to_candidates(answers, ("a", "b", "c"), STRETCH, 9, 9)
    assert [candidate.label for candidate in candidates] == ["b", "a"]
    assert [candidate.score for candidate in candidates] == pytest.approx([0.68, 0.3])
    assert all(candidate.box is None for candidate in candidates)


def test_the_best_label_stays_however_low_its_score() -> None:
    labels = [f"l{number}" for number in range(40)]
    raw = np.zeros(40)
    raw[7] = 0.1
    found = to_candidates(logits([raw], FRAME), labels, STRETCH, 9, 9)
    assert [candidate.label for candidate in found] == ["l7"]


def test_outputs_of_another_shape_are_refused() -> None:
    with pytest.raises(Invalid, match=r"shapes .*\(4, 3\)"):
        scores_and_boxes([np.zeros((4, 3)), np.zeros((5, 4))], FRAME)
    with pytest.raises(Invalid, match="shapes"):
        logits([np.zeros((3, 3))], FRAME)
    with pytest.raises(Invalid, match="answers for 3 labels, and its package names 2"):
        to_candidates(logits([np.zeros(3)], FRAME), LABELS, STRETCH, 9, 9)
