"""The simulated reviewer."""

from __future__ import annotations

from typing import Any

from millpond.demo.reviewer import review
from millpond.snapshots.examples import Label
from millpond.values import Box


def predicted(name: str, label: str, box: list[float] | None = None) -> dict[str, Any]:
    return {"prediction_id": name, "label": label, "score": 0.9, "box": box}


def test_it_confirms_what_is_right() -> None:
    done = review([predicted("p", "a", [0, 0, 10, 10])], [Label("a", Box(0, 0, 10, 11))])
    assert done == [{"action": "confirm", "prediction_id": "p"}, {"action": "complete"}]


def test_it_corrects_a_wrong_label_and_a_loose_box() -> None:
    found = [predicted("p", "b", [0, 0, 10, 10]), predicted("q", "a", [50, 50, 60, 60])]
    truth = [Label("a", Box(0, 0, 10, 10)), Label("a", Box(50, 50, 60, 67))]
    assert review(found, truth) == [
        {"action": "correct", "prediction_id": "p", "label": "a"},
        {"action": "correct", "prediction_id": "q", "box": [50, 50, 60, 67]},
        {"action": "complete"},
    ]


def test_it_rejects_what_is_not_there_and_adds_what_was_missed() -> None:
    done = review([predicted("p", "a", [0, 0, 10, 10])], [Label("a", Box(30, 30, 40, 40))])
    assert done == [
        {"action": "reject", "prediction_id": "p"},
        {"action": "add", "label": "a", "box": [30, 30, 40, 40]},
        {"action": "complete"},
    ]


def test_a_box_is_matched_once_and_its_own_label_goes_first() -> None:
    found = [predicted("p", "b", [0, 0, 10, 10]), predicted("q", "a", [0, 0, 10, 9])]
    done = review(found, [Label("a", Box(0, 0, 10, 10))])
    assert done == [
        {"action": "reject", "prediction_id": "p"},
        {"action": "confirm", "prediction_id": "q"},
        {"action": "complete"},
    ]


def test_a_negative_is_complete_without_a_box() -> None:
    assert review([], []) == [{"action": "complete"}]


def test_a_classification_keeps_one_label() -> None:
    found = [predicted("p", "a"), predicted("q", "b")]
    assert review(found, [Label("b")]) == [
        {"action": "reject", "prediction_id": "p"},
        {"action": "confirm", "prediction_id": "q"},
        {"action": "complete"},
    ]
    assert review(found, [Label("c")]) == [
        {"action": "correct", "prediction_id": "p", "label": "c"},
        {"action": "reject", "prediction_id": "q"},
        {"action": "complete"},
    ]
    assert review([], [Label("c")]) == [
        {"action": "add", "label": "c"},
        {"action": "complete"},
    ]
