"""What counts as truth: reviews, standing annotations, completion, one label per image."""

from __future__ import annotations

from lake import BOX, Lake
from millpond.capture.annotations import NewAnnotation
from millpond.values import Box, Prediction

OTHER = Box(50, 10, 70, 30)
COMPLETE = NewAnnotation("complete")


def truth(lake: Lake, as_of: int | None = None) -> list[tuple[str, float | None]]:
    """Labels and left edges of ground_truth, sorted."""
    return sorted(lake.rows("select label, x_min from ground_truth", as_of))


def test_a_prediction_that_nobody_reviewed_is_no_truth(lake: Lake) -> None:
    lake.inference(lake.object())
    assert truth(lake) == []
    assert lake.rows("select * from reviews") == []


def test_a_review_counts_from_its_first_complete(lake: Lake) -> None:
    object_id = lake.object()
    inference_id, [prediction] = lake.inference(object_id)
    lake.annotate(object_id, NewAnnotation("confirm", prediction), inference_id=inference_id)
    assert truth(lake) == []
    before = lake.now
    lake.annotate(object_id, COMPLETE, inference_id=inference_id)
    assert truth(lake) == [("RBC", BOX.x_min)]
    lake.annotate(
        object_id, NewAnnotation("add", label="WBC", box=OTHER), inference_id=inference_id
    )
    assert truth(lake) == [("RBC", BOX.x_min), ("WBC", OTHER.x_min)], "later edits are included"
    assert truth(lake, before) == []


def test_complete_alone_is_a_negative(lake: Lake) -> None:
    object_id = lake.object()
    inference_id, _ = lake.inference(object_id)
    lake.annotate(object_id, COMPLETE, inference_id=inference_id)
    assert truth(lake) == []
    assert lake.rows("select object_id, annotator, inference_id, is_truth from reviews") == [
        (object_id, "user:bob", inference_id, True)
    ]


def test_correct_overrides_only_what_it_gives(lake: Lake) -> None:
    object_id = lake.object()
    inference_id, [first, second] = lake.inference(
        object_id, [Prediction("RBC", 0.9, BOX), Prediction("RBC", 0.8, OTHER)]
    )
    lake.annotate(
        object_id,
        NewAnnotation("correct", first, label="WBC"),
        NewAnnotation("correct", second, box=Box(51, 11, 71, 31)),
        COMPLETE,
        inference_id=inference_id,
    )
    assert truth(lake) == [("RBC", 51), ("WBC", BOX.x_min)]


def test_the_latest_of_a_chain_stands(lake: Lake) -> None:
    object_id = lake.object()
    inference_id, [prediction] = lake.inference(object_id)

    def say(annotation: NewAnnotation) -> str:
        return lake.annotate(object_id, annotation, inference_id=inference_id)[0]

    say(COMPLETE)
    confirmed = say(NewAnnotation("confirm", prediction))
    corrected = say(NewAnnotation("correct", confirmed, label="WBC"))
    assert truth(lake) == [("WBC", BOX.x_min)]
    again = say(NewAnnotation("correct", corrected, box=OTHER))
    assert truth(lake) == [("WBC", OTHER.x_min)]
    [(standing,)] = lake.rows("select annotation_id from ground_truth")
    assert standing == again
    say(NewAnnotation("reject", again))
    assert truth(lake) == []
    say(NewAnnotation("correct", prediction, label="Platelets"))
    assert truth(lake) == [("Platelets", BOX.x_min)], "what was rejected can be taken up again"


def test_what_is_open_again_is_no_truth(lake: Lake) -> None:
    object_id = lake.object()
    inference_id, [prediction] = lake.inference(object_id)

    def say(*annotations: NewAnnotation) -> str:
        return lake.annotate(object_id, *annotations, inference_id=inference_id)[-1]

    corrected = say(COMPLETE, NewAnnotation("correct", prediction, label="WBC"))
    before = lake.now
    say(NewAnnotation("reopen", corrected))
    assert truth(lake) == []
    assert truth(lake, before) == [("WBC", BOX.x_min)]
    assert [is_truth for (is_truth,) in lake.rows("select is_truth from reviews")] == [True]
    say(NewAnnotation("confirm", prediction))
    assert truth(lake) == [("RBC", BOX.x_min)], "and it can be reviewed anew"


def test_a_rejected_box_is_gone_whichever_of_its_chain_was_named(lake: Lake) -> None:
    object_id = lake.object()
    [added, _] = lake.annotate(
        object_id, NewAnnotation("add", label="RBC", box=BOX), COMPLETE, by="import"
    )
    [corrected] = lake.annotate(object_id, NewAnnotation("correct", added, label="WBC"))
    lake.annotate(object_id, NewAnnotation("reject", added))
    assert truth(lake) == []
    assert corrected


def test_an_import_corrected_by_a_human(lake: Lake) -> None:
    object_id = lake.object(path="a.png")
    [added, _] = lake.annotate(
        object_id, NewAnnotation("add", label="RBC", box=BOX), COMPLETE, by="import"
    )
    assert truth(lake) == [("RBC", BOX.x_min)]
    # Sent to an inference, but it joins the review of what it targets.
    inference_id, _ = lake.inference(object_id)
    lake.annotate(
        object_id, NewAnnotation("correct", added, label="WBC"), inference_id=inference_id
    )
    assert truth(lake) == [("WBC", BOX.x_min)]
    assert lake.rows("select annotator, inference_id from reviews") == [("import", None)]


def test_the_review_completed_last_is_the_truth(lake: Lake) -> None:
    object_id = lake.object()
    lake.annotate(object_id, NewAnnotation("add", label="RBC", box=BOX), COMPLETE, by="import")
    first = lake.now
    inference_id, [prediction] = lake.inference(object_id, [Prediction("WBC", 0.9, OTHER)])
    lake.annotate(
        object_id, NewAnnotation("confirm", prediction), COMPLETE, inference_id=inference_id
    )
    second = lake.now
    assert truth(lake) == [("WBC", OTHER.x_min)]
    # The import is completed again by a human, so it is the truth again.
    lake.annotate(object_id, COMPLETE)
    assert truth(lake) == [("RBC", BOX.x_min)]
    assert truth(lake, first) == [("RBC", BOX.x_min)]
    assert truth(lake, second) == [("WBC", OTHER.x_min)]
    assert lake.rows("select annotator, is_truth from reviews order by completed_at") == [
        ("user:bob", False),
        ("user:bob", True),
    ]


def test_an_edit_without_complete_does_not_change_which_review_is_true(lake: Lake) -> None:
    object_id = lake.object()
    one, [of_one] = lake.inference(object_id)
    two, [of_two] = lake.inference(object_id, [Prediction("WBC", 0.9, OTHER)])
    lake.annotate(object_id, NewAnnotation("confirm", of_one), COMPLETE, inference_id=one)
    lake.annotate(object_id, NewAnnotation("confirm", of_two), COMPLETE, inference_id=two)
    lake.annotate(object_id, NewAnnotation("correct", of_one, label="Platelets"), inference_id=one)
    assert truth(lake) == [("WBC", OTHER.x_min)]


def test_in_classification_an_image_has_one_label(lake: Lake) -> None:
    object_id = lake.object("fruits")
    inference_id, [apple, pear] = lake.inference(
        object_id, [Prediction("apple", 0.6), Prediction("pear", 0.5)], app="fruits"
    )

    def say(*annotations: NewAnnotation) -> list[str]:
        return lake.annotate(object_id, *annotations, inference_id=inference_id, app="fruits")

    say(NewAnnotation("confirm", apple), COMPLETE)
    assert truth(lake) == [("apple", None)]
    say(NewAnnotation("confirm", pear))
    assert truth(lake) == [("pear", None)]
    say(NewAnnotation("reject", pear))
    assert truth(lake) == [("apple", None)], "the latest that stands"
    say(NewAnnotation("correct", apple, label="pear"))
    assert truth(lake) == [("pear", None)]


def test_objects_do_not_mix(lake: Lake) -> None:
    for label in ("RBC", "WBC"):
        lake.annotate(lake.object(), NewAnnotation("add", label=label, box=BOX), COMPLETE)
    lake.annotate(lake.object("fruits"), NewAnnotation("add", label="pear"), COMPLETE, app="fruits")
    assert lake.rows("select app, label from ground_truth order by all") == [
        ("cells", "RBC"),
        ("cells", "WBC"),
        ("fruits", "pear"),
    ]
