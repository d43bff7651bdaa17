"""The chain of an image as it is answered: each fact as its own route would answer it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from millpond.analytics.images.chain import Chain
from millpond.capture.reviews import Row
from millpond.models.registry import CHAMPION, ModelVersion
from millpond.serving.answers import (
    AnnotationAnswer,
    InferenceInFull,
    annotation_answer,
    occurred_at,
)
from millpond.serving.image_answers import (
    ChainModel,
    Image,
    ImageChain,
    InSnapshot,
    ReviewedBy,
    TrueLabel,
    box_of,
    image_about,
    moment,
)
from millpond.values import iso


def chain_answer(
    image: Image,
    about: Row,
    chain: Chain,
    snapshots: list[dict[str, Any]],
    models: list[ModelVersion],
) -> ImageChain:
    """The answer.

    Args:
        image: as the index has it.
        about: the row of its object.
        snapshots: that it is in, oldest first.
        models: of its application.
    """
    annotations = [annotation_answer(row) for row in chain.annotations]
    return {
        "object": image_about(image),
        "inferences": [
            _inference(row, about, chain.predictions.get(row["inference_id"], []), annotations)
            for row in chain.inferences
        ],
        "annotations": annotations,
        "reviews": [_review(row) for row in chain.reviews],
        "truth": [_true_label(row) for row in chain.truth],
        "snapshots": [_snapshot(row) for row in snapshots],
        "models": _models(chain, snapshots, models),
    }


def _inference(
    row: Row, about: Row, predictions: list[Row], annotations: list[AnnotationAnswer]
) -> InferenceInFull:
    return {
        "inference_id": row["inference_id"],
        "captured": True,
        "object_id": about["object_id"],
        "app": about["app"],
        "model_version": row["model_version"],
        "media_type": about["media_type"],
        "width": about["width"],
        "height": about["height"],
        "duration_ms": row["duration_ms"],
        "predictions": [
            {
                "prediction_id": prediction["prediction_id"],
                "label": prediction["label"],
                "score": prediction["score"],
                "box": box_of(prediction),
            }
            for prediction in predictions
        ],
        "threshold": row["threshold"],
        "nms_threshold": row["nms_threshold"],
        "requested_by": row["requested_by"],
        "occurred_at": occurred_at(row),
        "recorded_at": iso(row["recorded_at"]),
        "annotations": [
            annotation
            for annotation in annotations
            if annotation["inference_id"] == row["inference_id"]
        ],
    }


def _review(row: Row) -> ReviewedBy:
    completed_at = row["completed_at"]
    return {
        "inference_id": row["inference_id"],
        "completed_at": None if completed_at is None else iso(completed_at),
        "annotators": row["annotators"],
        "is_truth": row["is_truth"],
    }


def _true_label(row: Row) -> TrueLabel:
    return {"label": row["label"], "box": box_of(row), "annotation_id": row["annotation_id"]}


def _snapshot(row: Mapping[str, Any]) -> InSnapshot:
    return {"name": row["name"], "as_of": moment(row["as_of"]), "part": row["part"]}


def _models(
    chain: Chain, snapshots: list[dict[str, Any]], models: list[ModelVersion]
) -> list[ChainModel]:
    """Those that answered, and those that learned from it: of a snapshot's part ``train``."""
    predicted = {row["model_version"] for row in chain.inferences} - {None}
    learned = {row["snapshot_id"]: row["name"] for row in snapshots if row["part"] == "train"}
    known = {model.version: model for model in models}
    found: list[ChainModel] = []
    for version in [*known, *sorted(predicted - known.keys())]:
        model = known.get(version)
        trained_on = learned.get(model.snapshot_id or "") if model else None
        if version in predicted or trained_on:
            aliases = model.aliases if model else ()
            found.append(
                {
                    "version": version,
                    "alias": CHAMPION if CHAMPION in aliases else next(iter(aliases), None),
                    "predicted": version in predicted,
                    "trained_on": trained_on,
                }
            )
    return found
