"""The JSON forms of what is kept: inferences, predictions, candidates and annotations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired

from sqlalchemy import Connection
from typing_extensions import TypedDict

from millpond.analytics.lookup import Lookup
from millpond.capture.inferences import NewInference
from millpond.capture.reviews import Row
from millpond.models.candidates import unpack
from millpond.serving.keeping import Kept
from millpond.values import Prediction, iso


class CandidateAnswer(TypedDict):
    """What a model saw before thresholds and suppression."""

    label: str
    score: float
    box: list[float] | None


class PredictionAnswer(CandidateAnswer):
    """What was answered; `box` is `[x_min, y_min, x_max, y_max]` in pixels, or null.

    What is not captured has no id.
    """

    prediction_id: str | None


class AnnotationAnswer(TypedDict):
    """What a person said; `label` and `box` are those that hold after the action."""

    annotation_id: str
    object_id: str
    inference_id: str | None
    action: str
    target: str | None
    label: str | None
    box: list[float] | None
    annotator: str
    recorded_at: str


class InferenceAnswer(TypedDict):
    """The answer to an image.

    Where the policy of the application leaves it out, it is not `captured`, and has no ids.
    """

    inference_id: str | None
    captured: bool
    object_id: str | None
    app: str
    model_version: str | None
    width: int
    height: int
    duration_ms: float | None
    predictions: list[PredictionAnswer]
    candidates: NotRequired[list[CandidateAnswer]]


class InferenceInFull(InferenceAnswer):
    """The answer to an image, with how it was asked and what people said since.

    `occurred_at` is when another model server answered, where it said so.
    """

    media_type: str
    threshold: float
    nms_threshold: float
    requested_by: str
    occurred_at: str | None
    recorded_at: str
    annotations: list[AnnotationAnswer]


def read_inference(
    connection: Connection, lookup: Lookup, inference_id: str, *, candidates: bool
) -> InferenceAnswer:
    """The answer that was given to an image.

    Args:
        candidates: with what was kept before suppression.

    Raises:
        NotFound: there is no inference of that id.
    """
    row = lookup.inference(connection, inference_id)
    return _answer(connection, lookup, row, candidates=candidates)


def new_answer(
    said: NewInference,
    kept: Kept | None,
    size: tuple[int, int],
    candidates: Sequence[Prediction] | None,
) -> InferenceAnswer:
    """The first answer to an image, as it would be read back.

    Args:
        kept: None where the policy of the application leaves it out.
        size: width and height of the picture.
        candidates: where they are asked for.
    """
    ids = kept.prediction_ids if kept else [None] * len(said.predictions)
    answer: InferenceAnswer = {
        "inference_id": kept.inference_id if kept else None,
        "captured": kept is not None,
        "object_id": kept.object_id if kept else None,
        "app": said.app,
        "model_version": said.model_version,
        "width": size[0],
        "height": size[1],
        "duration_ms": said.duration_ms,
        "predictions": [
            {"prediction_id": prediction_id, **_candidate(prediction)}
            for prediction_id, prediction in zip(ids, said.predictions, strict=True)
        ],
    }
    if candidates is not None:
        answer["candidates"] = [_candidate(candidate) for candidate in candidates]
    return answer


def read_inference_in_full(
    connection: Connection, lookup: Lookup, row: Row, *, candidates: bool
) -> InferenceInFull:
    """The answer of an inference that was read already, with its annotations."""
    annotations = lookup.annotations(connection, row)
    return {
        **_answer(connection, lookup, row, candidates=candidates),
        "media_type": row["media_type"],
        "threshold": row["threshold"],
        "nms_threshold": row["nms_threshold"],
        "requested_by": row["requested_by"],
        "occurred_at": occurred_at(row),
        "recorded_at": iso(row["recorded_at"]),
        "annotations": [annotation_answer(annotation) for annotation in annotations],
    }


def occurred_at(row: Row) -> str | None:
    """When another model server answered an inference, where it said so."""
    return None if row["occurred_at"] is None else iso(row["occurred_at"])


def annotation_answer(row: Row) -> AnnotationAnswer:
    """An annotation, from its row joined with its review's."""
    return {
        "annotation_id": row["annotation_id"],
        "object_id": row["object_id"],
        "inference_id": row["inference_id"],
        "action": row["action"],
        "target": row["target_id"],
        "label": row["label"],
        "box": _box(row),
        "annotator": row["annotator"],
        "recorded_at": iso(row["recorded_at"]),
    }


def _answer(
    connection: Connection, lookup: Lookup, row: Row, *, candidates: bool
) -> InferenceAnswer:
    answer: InferenceAnswer = {
        "inference_id": row["inference_id"],
        "captured": True,
        "object_id": row["object_id"],
        "app": row["app"],
        "model_version": row["model_version"],
        "width": row["width"],
        "height": row["height"],
        "duration_ms": row["duration_ms"],
        "predictions": [
            _prediction(prediction) for prediction in lookup.predictions(connection, row)
        ],
    }
    if candidates:
        answer["candidates"] = [_candidate(kept) for kept in unpack(row["candidates"])]
    return answer


def _prediction(row: Row) -> PredictionAnswer:
    return {
        "prediction_id": row["prediction_id"],
        "label": row["label"],
        "score": row["score"],
        "box": _box(row),
    }


def _candidate(kept: Prediction) -> CandidateAnswer:
    box = None if kept.box is None else kept.box.as_list()
    return {"label": kept.label, "score": kept.score, "box": box}


def _box(row: Row) -> list[float] | None:
    if row["x_min"] is None:
        return None
    return [row["x_min"], row["y_min"], row["x_max"], row["y_max"]]
