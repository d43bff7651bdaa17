"""The JSON forms of images: cards of a list, facets, and one with its chain."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from typing_extensions import TypedDict

from millpond.serving.answers import AnnotationAnswer, InferenceInFull
from millpond.serving.queue_answers import BestAnswer
from millpond.values import iso, to_micros

#: An image as the index has it.
Image = Mapping[str, Any]


class CardBox(TypedDict):
    """A box of the latest inference, or a true one that it missed (`fn`, without a score)."""

    label: str
    score: float | None
    box: list[float] | None
    outcome: str | None


class ImageAbout(TypedDict):
    """An image and what is said of it; `tp`, `fp` and `fn` are null where nothing is compared."""

    object_id: str
    media_type: str
    width: int
    height: int
    bytes: int
    recorded_at: str
    source: str | None
    subject_id: str | None
    inference_id: str | None
    model_version: str | None
    predictions: int
    best: BestAnswer | None
    reviewed: bool
    annotators: list[str]
    labels: list[str]
    tp: int | None
    fp: int | None
    fn: int | None
    uncertainty: float | None
    disagreement: float | None
    requested: bool


class ImageCard(ImageAbout):
    """An image of a list, with its boxes where they were asked for."""

    boxes: list[CardBox]


class ImagesPage(TypedDict):
    """A part of the images of a filter."""

    total: int
    offset: int
    images: list[ImageCard]


class FacetValue(TypedDict):
    """How many images have a value."""

    value: str
    count: int


class DayCount(TypedDict):
    """How many images were recorded on a day (UTC)."""

    day: str
    count: int


class FacetsAnswer(TypedDict):
    """Counts of images by field, each under the filter without that field.

    `scores` are boxes in twenty equal bins from 0 to 1.
    """

    total: int
    facets: dict[str, list[FacetValue]]
    scores: list[int]
    days: list[DayCount]


class ReviewedBy(TypedDict):
    """A review of an image; `is_truth` says whether the truth is taken from it."""

    inference_id: str | None
    completed_at: str | None
    annotators: list[str]
    is_truth: bool


class TrueLabel(TypedDict):
    """What stands as true, and the annotation that says so."""

    label: str
    box: list[float] | None
    annotation_id: str


class InSnapshot(TypedDict):
    """A snapshot that the image is in."""

    name: str
    as_of: str
    part: str


class ChainModel(TypedDict):
    """A model that predicted on the image, or learned from it through a snapshot."""

    version: str
    alias: str | None
    predicted: bool
    trained_on: str | None


class ImageChain(TypedDict):
    """An image with its whole chain; annotations are the oldest first."""

    object: ImageAbout
    inferences: list[InferenceInFull]
    annotations: list[AnnotationAnswer]
    reviews: list[ReviewedBy]
    truth: list[TrueLabel]
    snapshots: list[InSnapshot]
    models: list[ChainModel]


#: The columns of the list as CSV.
COLUMNS = (
    *(name for name in ImageAbout.__annotations__ if name != "best"),
    "best_label",
    "best_score",
)


def image_about(image: Image) -> ImageAbout:
    """What is said of an image of the index."""
    best: BestAnswer | None = None
    if image["best_label"] is not None:
        best = {"label": image["best_label"], "score": image["best_score"]}
    about: ImageAbout = {
        "object_id": image["object_id"],
        "media_type": image["media_type"],
        "width": image["width"],
        "height": image["height"],
        "bytes": image["bytes"],
        "recorded_at": moment(image["recorded_at"]),
        "source": image["source"],
        "subject_id": image["subject_id"],
        "inference_id": image["inference_id"],
        "model_version": image["model_version"],
        "predictions": image["predictions"],
        "best": best,
        "reviewed": image["reviewed"],
        "annotators": image["annotators"],
        "labels": image["labels"],
        "tp": image["tp"],
        "fp": image["fp"],
        "fn": image["fn"],
        "uncertainty": image["uncertainty"],
        "disagreement": image["disagreement"],
        "requested": image["requested"],
    }
    return about


def image_card(image: Image) -> ImageCard:
    """An image of a list."""
    boxes: list[CardBox] = [
        {
            "label": row["label"],
            "score": row["score"],
            "box": box_of(row),
            "outcome": row["outcome"],
        }
        for row in image.get("boxes", ())
    ]
    return {**image_about(image), "boxes": boxes}


def image_row(image: Image) -> dict[str, Any]:
    """An image as a row of CSV."""
    return {**image, "recorded_at": moment(image["recorded_at"])}


def box_of(row: Mapping[str, Any]) -> list[float] | None:
    """The box of a row, or None where it has none."""
    if row["x_min"] is None:
        return None
    return [row["x_min"], row["y_min"], row["x_max"], row["y_max"]]


def moment(naive: datetime) -> str:
    """ISO 8601 of a moment of the index, which is UTC."""
    return iso(to_micros(naive.replace(tzinfo=UTC)))
