"""A simulated reviewer: answers a model's predictions with the labels of the data set.

It acts as a person would at the page, through the same annotations: what the
model found rightly is confirmed, a wrong label or a loose box is corrected, what
it missed is added, what is not there is rejected, and the image is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from millpond.snapshots.examples import Label
from millpond.values import Box

#: Overlap (IoU) from which a predicted box and a labelled one are the same thing.
SAME = 0.5
#: Overlap from which a person would leave the box as it is.
CLOSE = 0.75

Annotation = dict[str, Any]


def review(predictions: Sequence[Mapping[str, Any]], truth: Sequence[Label]) -> list[Annotation]:
    """The annotations that turn predictions into the truth, `complete` last.

    Args:
        predictions: as ``predict`` answers them, with ``prediction_id``, ``label``
            and ``box``, best first.
        truth: the labels of the data set; without boxes in a classification.
    """
    in_boxes = any(label.box is not None for label in truth) or any(
        prediction["box"] is not None for prediction in predictions
    )
    actions = _review_boxes(predictions, truth) if in_boxes else _review_image(predictions, truth)
    return [*actions, {"action": "complete"}]


def _review_boxes(
    predictions: Sequence[Mapping[str, Any]], truth: Sequence[Label]
) -> list[Annotation]:
    matched = _match(predictions, truth)
    actions = [
        _judge(prediction, truth[matched[position]]) if position in matched else _reject(prediction)
        for position, prediction in enumerate(predictions)
    ]
    missed = [label for number, label in enumerate(truth) if number not in matched.values()]
    return actions + [_add(label) for label in missed]


def _match(predictions: Sequence[Mapping[str, Any]], truth: Sequence[Label]) -> dict[int, int]:
    """Which prediction is which label: greedily, those of the same name first, then by overlap."""
    pairs = sorted(
        (
            (prediction["label"] == label.label, overlap, -position, -number)
            for position, prediction in enumerate(predictions)
            for number, label in enumerate(truth)
            if (overlap := _overlap(prediction, label)) >= SAME
        ),
        reverse=True,
    )
    matched: dict[int, int] = {}
    for _, _, position, number in pairs:
        if -position not in matched and -number not in matched.values():
            matched[-position] = -number
    return matched


def _overlap(prediction: Mapping[str, Any], label: Label) -> float:
    if prediction["box"] is None or label.box is None:
        return 0.0
    return Box.of(prediction["box"]).iou(label.box)


def _judge(prediction: Mapping[str, Any], label: Label) -> Annotation:
    """Confirm a prediction, or correct the label, the box or both."""
    changes: Annotation = {}
    if prediction["label"] != label.label:
        changes["label"] = label.label
    if label.box is not None and _overlap(prediction, label) < CLOSE:
        changes["box"] = label.box.as_list()
    action = "correct" if changes else "confirm"
    return {"action": action, "prediction_id": prediction["prediction_id"], **changes}


def _reject(prediction: Mapping[str, Any]) -> Annotation:
    return {"action": "reject", "prediction_id": prediction["prediction_id"]}


def _add(label: Label) -> Annotation:
    if label.box is None:
        return {"action": "add", "label": label.label}
    return {"action": "add", "label": label.label, "box": label.box.as_list()}


def _review_image(
    predictions: Sequence[Mapping[str, Any]], truth: Sequence[Label]
) -> list[Annotation]:
    """One true label an image: keep the prediction that says it, or correct the best one."""
    if not truth:
        return [_reject(prediction) for prediction in predictions]
    if not predictions:
        return [_add(truth[0])]
    right = [p for p in predictions if p["label"] == truth[0].label]
    kept = (right or list(predictions))[0]
    return [
        _judge(prediction, truth[0]) if prediction is kept else _reject(prediction)
        for prediction in predictions
    ]
