from __future__ import annotations

import numpy as np
import pytest

from millpond.errors import Invalid
from millpond.models.outputs import logits, scores_and_boxes
from millpond.models.preprocessing import Preprocessing
from millpond.values import Box, Prediction

STRETCH = Preprocessing(100, 100)
LABELS = ("cat", "dog")


def test_boxes_come_back_in_pixels_of_the_picture_best_first() -> None:
    scores = np.array([[0.25, 0.03], [0.5, 0.75]], np.float32)
    boxes = np.array([[10, 10, 50, 50], [-5, 20, 120, 60]], np.float32)
    assert scores_and_boxes([scores, boxes], LABELS, STRETCH, 200, 50) == [
        Prediction("dog", 0.75, Box(0, 10, 200, 30)),
        Prediction("cat", 0.5, Box(0, 10, 200, 30)),
        Prediction("cat", 0.25, Box(20, 5, 100, 25)),
    ]


def test_a_box_outside_the_picture_is_no_candidate() -> None:
    scores = np.array([[0.9, 0.0]], np.float32)
    boxes = np.array([[110, 110, 150, 150]], np.float32)
    assert scores_and_boxes([scores, boxes], LABELS, STRETCH, 200, 50) == []


def test_at_most_three_hundred_candidates_stay() -> None:
    scores = np.linspace(0.1, 0.9, 800, dtype=np.float32).reshape(400, 2)
    boxes = np.tile(np.array([10, 10, 50, 50], np.float32), (400, 1))
    candidates = scores_and_boxes([scores, boxes], LABELS, STRETCH, 100, 100)
    assert len(candidates) == 300
    assert candidates[0].score == pytest.approx(0.9)
    assert candidates[-1].score == pytest.approx(np.sort(scores.ravel())[-300])


def test_scores_of_a_classification_are_a_softmax() -> None:
    labels = ("a", "b", "c")
    candidates = logits([np.log(np.array([0.3, 0.68, 0.02]))], labels, STRETCH, 9, 9)
    assert [candidate.label for candidate in candidates] == ["b", "a"]
    assert [candidate.score for candidate in candidates] == pytest.approx([0.68, 0.3])
    assert all(candidate.box is None for candidate in candidates)


def test_the_best_label_stays_however_low_its_score() -> None:
    labels = [f"l{number}" for number in range(40)]
    raw = np.zeros(40)
    raw[7] = 0.1
    assert [c.label for c in logits([raw], labels, STRETCH, 9, 9)] == ["l7"]


def test_outputs_of_another_shape_are_refused() -> None:
    with pytest.raises(Invalid, match=r"shapes .*\(4, 3\)"):
        scores_and_boxes([np.zeros((4, 3)), np.zeros((4, 4))], LABELS, STRETCH, 9, 9)
    with pytest.raises(Invalid, match="shapes"):
        logits([np.zeros(3)], LABELS, STRETCH, 9, 9)
