"""Annotations: what each action keeps, what joins which review, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import Engine, RowMapping

from millpond.capture.annotations import (
    Kept,
    NewAnnotation,
    Place,
    annotations_of,
    record_annotations,
)
from millpond.capture.inferences import NewInference, record_inference
from millpond.capture.objects import NewObject, record_object
from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit
from millpond.errors import Conflict, Invalid
from millpond.settings import AppSection
from millpond.values import Box, Prediction, new_id

CELLS = AppSection(task="detection", labels=("RBC", "WBC"))
KINDS = AppSection(task="classification", labels=("apple", "lemon"))


class Bench:
    """One object of 100 x 80 pixels with one inference of one prediction."""

    def __init__(self, commit: GroupCommit, declared: AppSection = CELLS) -> None:
        self.commit = commit
        self.declared = declared
        new = NewObject(new_id(), "cells", new_id(), "image/png", 100, 80, 1, "upload")
        self.object_id = commit.run(lambda t: record_object(t, new))
        box = Box(10, 10, 20, 20) if declared is CELLS else None
        found = [Prediction(declared.labels[0], 0.9, box)]
        self.inference_id = new_id()
        inference = NewInference(
            self.inference_id, self.object_id, "cells", "v1", 0.5, 0.45, 1, "user:ann", found, b""
        )
        (self.prediction_id,) = commit.run(lambda t: record_inference(t, inference))

    def send(self, *sent: NewAnnotation, to_object: bool = False) -> Kept:
        inference_id = None if to_object else self.inference_id
        place = Place(self.object_id, "cells", 100, 80, inference_id)
        return self.commit.run(
            lambda t: record_annotations(t, place, sent, self.declared, "user:rev")
        )

    def one(self, sent: NewAnnotation, to_object: bool = False) -> RowMapping:
        return self.send(sent, to_object=to_object).rows[0]


@pytest.fixture
def bench(commit: GroupCommit) -> Bench:
    return Bench(commit)


def box_of(row: RowMapping) -> Sequence[float]:
    return [row["x_min"], row["y_min"], row["x_max"], row["y_max"]]


def test_confirm_copies_and_correct_overrides_only_what_is_given(bench: Bench) -> None:
    confirmed = bench.one(NewAnnotation("confirm", bench.prediction_id))
    assert (confirmed["label"], box_of(confirmed)) == ("RBC", [10, 10, 20, 20])
    relabelled = bench.one(NewAnnotation("correct", bench.prediction_id, label="WBC"))
    assert (relabelled["label"], box_of(relabelled)) == ("WBC", [10, 10, 20, 20])
    moved = bench.one(NewAnnotation("correct", relabelled["annotation_id"], box=Box(1, 1, 5, 5)))
    assert (moved["label"], box_of(moved)) == ("WBC", [1, 1, 5, 5])
    assert {row["root_id"] for row in (confirmed, relabelled, moved)} == {bench.prediction_id}


def test_what_targets_an_annotation_joins_its_review(bench: Bench, engine: Engine) -> None:
    added = bench.one(NewAnnotation("add", label="WBC", box=Box(0, 0, 9, 9)), to_object=True)
    assert added["inference_id"] is None
    assert added["root_id"] == added["annotation_id"]
    corrected = bench.one(NewAnnotation("correct", added["annotation_id"], label="RBC"))
    assert corrected["inference_id"] is None
    rejected = bench.one(NewAnnotation("reject", bench.prediction_id))
    assert rejected["inference_id"] == bench.inference_id
    with reading(engine) as connection:
        of_inference = annotations_of(connection, inference_id=bench.inference_id)
        of_object = annotations_of(connection, object_id=bench.object_id)
    assert [row["action"] for row in of_inference] == ["reject"]
    assert [row["action"] for row in of_object] == ["add", "correct", "reject"]


def test_sending_again_changes_nothing(bench: Bench) -> None:
    sent = NewAnnotation("add", label="WBC", box=Box(0, 0, 9, 9), annotation_id=new_id())
    first, again = bench.send(sent), bench.send(sent)
    assert first.created
    assert not again.created
    assert first.rows == again.rows
    other = NewAnnotation("add", label="RBC", box=sent.box, annotation_id=sent.annotation_id)
    with pytest.raises(Conflict, match="is taken by another annotation"):
        bench.send(other)


def test_all_or_none(bench: Bench, engine: Engine) -> None:
    good = NewAnnotation("confirm", bench.prediction_id)
    with pytest.raises(Invalid, match="annotation 2 of 2: label 'XBC'"):
        bench.send(good, NewAnnotation("add", label="XBC", box=Box(0, 0, 9, 9)))
    with reading(engine) as connection:
        assert not annotations_of(connection, object_id=bench.object_id)


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (NewAnnotation("add", label="WBD", box=Box(0, 0, 9, 9)), "is not one of RBC, WBC"),
        (NewAnnotation("add", label="WBC", box=Box(0, 0, 101, 9)), "outside the picture of 100 x"),
        (NewAnnotation("add", label="WBC", box=Box(-1, 0, 9, 9)), "outside the picture"),
        (NewAnnotation("add", label="WBC", box=Box(9, 0, 9, 9)), "empty or inside out"),
        (NewAnnotation("add", label="WBC", box=Box(0, 9, 9, 0)), "empty or inside out"),
        (NewAnnotation("add", label="WBC", box=Box(0, 0, float("nan"), 9)), "not finite"),
        (NewAnnotation("add", label="WBC"), "a label needs a box"),
        (NewAnnotation("add", box=Box(0, 0, 9, 9)), "add needs a label"),
        (NewAnnotation("add", target="t", label="WBC"), "add takes no target"),
        (NewAnnotation("confirm"), "needs a prediction_id or a target"),
        (NewAnnotation("confirm", "nothing"), "is no prediction or annotation on this object"),
        (NewAnnotation("confirm", "t", label="WBC"), "use correct to change"),
        (NewAnnotation("correct", "t"), "correct needs a label or a box"),
        (NewAnnotation("complete", label="WBC"), "takes neither label nor box"),
        (NewAnnotation("reopen"), "needs a prediction_id or a target"),
        (NewAnnotation("reopen", "t", label="WBC"), "takes neither label nor box"),
        (NewAnnotation("erase"), "is not one of confirm, correct"),  # type: ignore[arg-type]
        (NewAnnotation("complete", annotation_id="1"), "is not a UUID"),
    ],
)
def test_what_does_not_fit_is_refused(bench: Bench, sent: NewAnnotation, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        bench.send(sent)


def test_a_target_of_another_object_is_refused(bench: Bench, commit: GroupCommit) -> None:
    other = Bench(commit)
    with pytest.raises(Invalid, match="on this object"):
        bench.send(NewAnnotation("confirm", other.prediction_id))


def test_a_rejection_is_no_target(bench: Bench) -> None:
    rejected = bench.one(NewAnnotation("reject", bench.prediction_id))
    with pytest.raises(Invalid, match="is a reject, which has no label or box"):
        bench.send(NewAnnotation("confirm", rejected["annotation_id"]))


def test_reopen_is_of_predictions_and_has_no_label(bench: Bench) -> None:
    confirmed = bench.one(NewAnnotation("confirm", bench.prediction_id))
    reopened = bench.one(NewAnnotation("reopen", confirmed["annotation_id"]))
    assert (reopened["label"], box_of(reopened)) == (None, [None] * 4)
    assert reopened["root_id"] == bench.prediction_id
    with pytest.raises(Invalid, match="is a reopen, which has no label or box"):
        bench.send(NewAnnotation("confirm", reopened["annotation_id"]))
    bench.send(NewAnnotation("confirm", bench.prediction_id))
    added = bench.one(NewAnnotation("add", label="WBC", box=Box(0, 0, 9, 9)))
    with pytest.raises(Invalid, match="was added, so it cannot be open again"):
        bench.send(NewAnnotation("reopen", added["annotation_id"]))
    moved = bench.one(NewAnnotation("correct", added["annotation_id"], box=Box(0, 0, 8, 8)))
    with pytest.raises(Invalid, match="was added, so it cannot be open again"):
        bench.send(NewAnnotation("reopen", moved["annotation_id"]))


def test_a_class_has_no_box(commit: GroupCommit) -> None:
    bench = Bench(commit, KINDS)
    kept = bench.one(NewAnnotation("correct", bench.prediction_id, label="lemon"))
    assert (kept["label"], box_of(kept)) == ("lemon", [None] * 4)
    with pytest.raises(Invalid, match="its labels have no box"):
        bench.send(NewAnnotation("add", label="lemon", box=Box(0, 0, 9, 9)))
