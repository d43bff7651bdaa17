"""What a new model answers, and what its images look like: the measure of later answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from millpond.models.predictor import Predictor
from millpond.models.suppression import suppress
from millpond.raw.decode import Picture, decode
from millpond.raw.statistics import statistics_of
from millpond.settings import AppSection
from millpond.snapshots.examples import Example
from millpond.streaming.sums import BINS, Measure, equal_bins

#: How many images are looked at.
SAMPLE = 500


def looks_of(examples: Sequence[Example]) -> dict[str, Any]:
    """How bright images are and how much contrast they have; see `streaming.profile`."""
    found = [statistics_of(picture.image) for picture in _pictures(examples)]
    return {
        "images": len(found),
        "brightness": _histogram(Measure.BRIGHTNESS, [one.brightness for one in found]),
        "contrast": _histogram(Measure.CONTRAST, [one.contrast for one in found]),
    }


def answers_of(
    predictor: Predictor, examples: Sequence[Example], declared: AppSection
) -> dict[str, Any]:
    """What a model answers on images that it did not learn from; see `streaming.profile`.

    Args:
        declared: the application, whose thresholds hold.
    """
    labels: Counter[str] = Counter()
    scores: list[float] = []
    boxes = np.zeros(BINS[Measure.BOXES], np.int64)
    images = 0
    for picture in _pictures(examples):
        answers = suppress(predictor.candidates(picture.image), declared.threshold, declared.nms)
        labels.update(answer.label for answer in answers)
        scores += [answer.score for answer in answers]
        boxes[min(len(answers), len(boxes) - 1)] += 1
        images += 1
    return {
        "images": images,
        "labels": dict(sorted(labels.items())),
        "scores": _histogram(Measure.SCORES, scores),
        "boxes": boxes.tolist(),
        # A classification answers its best label, however low that scores.
        "threshold": declared.threshold if declared.task == "detection" else 0.0,
    }


def _pictures(examples: Sequence[Example]) -> Iterator[Picture]:
    """Up to 500 of them, spread evenly."""
    chosen = np.unique(np.linspace(0, len(examples) - 1, min(SAMPLE, len(examples))).astype(int))
    return (decode(examples[index].read()) for index in chosen)


def _histogram(measure: Measure, values: Sequence[float]) -> list[int]:
    bins = equal_bins(measure, np.array(values, np.float64))
    return [int(count) for count in np.bincount(bins, minlength=BINS[measure])]
