from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from millpond.errors import Invalid
from millpond.models.predictor import Predictor
from millpond.snapshots.examples import Example, Label
from millpond.training.evaluation import evaluate
from millpond.values import Box, Prediction, Task
from training.shapes import MakeExamples


class Recorded(Predictor):
    """A predictor that gives recorded answers, in the order of the examples."""

    def __init__(self, task: Task, labels: Sequence[str], answers: list[list[Prediction]]) -> None:
        self._task = task
        self._names = labels
        self._answers = iter(answers)

    @property
    def task(self) -> Task:
        return self._task

    @property
    def labels(self) -> Sequence[str]:
        return self._names

    def candidates(self, pixels: np.ndarray) -> list[Prediction]:
        return next(self._answers)


LABELS = ("disc", "square", "star")


def said(example: Example, score: float = 0.9, shift: float = 0.0) -> list[Prediction]:
    boxes = [(label.label, label.box) for label in example.labels if label.box]
    return [
        Prediction(name, score, Box(b.x_min + shift, b.y_min, b.x_max + shift, b.y_max))
        for name, b in boxes
    ]


def test_the_truth_itself_is_perfect(make_examples: MakeExamples) -> None:
    examples = make_examples(6)
    metrics = evaluate(Recorded("detection", LABELS, [said(e) for e in examples]), examples)
    assert metrics["map50"] == metrics["map"] == 1.0
    assert metrics["scores"] == [0.0] * 9 + [1.0]
    assert metrics["labels"]["star"] == {"boxes": 0, "map50": None, "map": None}
    assert metrics["labels"]["disc"]["boxes"] + metrics["labels"]["square"]["boxes"] == 12


def test_boxes_a_little_off_count_at_one_half_only(make_examples: MakeExamples) -> None:
    examples = make_examples(6)
    metrics = evaluate(
        Recorded("detection", LABELS, [said(e, shift=4) for e in examples]), examples
    )
    assert metrics["map50"] == 1.0
    assert 0 < metrics["map"] < 0.7


def test_half_of_the_objects_found_is_half(make_examples: MakeExamples) -> None:
    discs = [
        replace(e, labels=tuple(Label("disc", label.box) for label in e.labels))
        for e in make_examples(10)
    ]
    answers = [said(e)[:1] for e in discs]
    metrics = evaluate(Recorded("detection", ("disc",), answers), discs)
    assert metrics["map50"] == pytest.approx(0.5, abs=0.01)


def test_nothing_found_is_nothing(make_examples: MakeExamples) -> None:
    metrics = evaluate(Recorded("detection", LABELS, [[], []]), make_examples(2))
    assert metrics["map50"] == 0.0


def test_more_than_a_hundred_objects_in_one_image_all_count(make_examples: MakeExamples) -> None:
    (example,) = make_examples(1)
    grid = [Box(x, y, x + 5, y + 5) for x in range(0, 90, 6) for y in range(0, 72, 6)]
    crowd = replace(example, labels=tuple(Label("disc", box) for box in grid))
    assert len(grid) > 100
    metrics = evaluate(Recorded("detection", ("disc",), [said(crowd)]), [crowd])
    assert metrics["map50"] == 1.0


def test_accuracy_and_confusion(one_label_each: MakeExamples) -> None:
    examples = one_label_each(10)
    names = [example.labels[0].label for example in examples]
    always = [[Prediction("disc", 0.9)] for _ in examples]
    metrics = evaluate(Recorded("classification", ("disc", "square"), always), examples)
    discs = names.count("disc")
    assert metrics["accuracy"] == pytest.approx(discs / 10)
    assert metrics["confusion"] == [[discs, 0], [10 - discs, 0]]
    assert metrics["labels"]["square"]["recall"] == 0.0


def test_no_images_are_refused() -> None:
    with pytest.raises(Invalid, match="no image to evaluate"):
        evaluate(Recorded("detection", LABELS, []), [])
