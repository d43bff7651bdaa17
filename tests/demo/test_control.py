"""The control: uncorrected answers in place of corrections."""

from __future__ import annotations

from millpond.demo.control import uncorrected
from millpond.snapshots.examples import Example, Label
from millpond.values import Box


def example(name: str, *labels: Label) -> Example:
    return Example(name, "train", labels, name.encode)


def test_only_what_was_labelled_before_keeps_its_labels() -> None:
    box, other = Box(0, 0, 4, 4), Box(1, 1, 5, 5)
    corrected = [example("old", Label("a", box)), example("new", Label("a", box)), example("none")]
    predicted = {"old": [Label("b", other)], "new": [Label("b", other), Label("a", other)]}
    done = list(uncorrected(corrected, predicted, ["old"], "detection"))
    assert [one.object_id for one in done] == ["old", "new", "none"]
    assert done[0] == corrected[0]
    assert done[1].labels == (Label("b", other), Label("a", other))
    assert done[2].labels == ()
    assert done[1].read() == b"new"


def test_a_classification_takes_the_best_answer_only() -> None:
    predicted = {"new": [Label("b"), Label("a")]}
    (done,) = uncorrected([example("new", Label("a"))], predicted, [], "classification")
    assert done.labels == (Label("b"),)
