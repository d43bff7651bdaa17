"""The profile of a model as far as drift goes: what it answered, and what it looked at, before.

A model that was trained here carries it in its package::

    answers   of the images on which it was measured: how many there were (images), how
              often each label was answered (labels), the scores in 20 bins from 0 to 1
              (scores), predictions an image from 0 to 15 (boxes), and the lowest score
              that was answered (threshold)
    looks     of images that it learned from: how many (images), and the mean and the
              standard deviation of grey in 16 bins (brightness, contrast)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from millpond.streaming.drift import Drift, drift_of
from millpond.streaming.sums import BINS, Measure, Sums

#: What is compared, in the order in which it is shown.
COMPARED = ("labels", "confidence", "boxes", "brightness", "contrast")


def has_profile(profile: Mapping[str, Any]) -> bool:
    """Whether a model carries what drift is compared with; models of older releases do not."""
    return "answers" in profile or "looks" in profile


def drifts(profile: Mapping[str, Any], whole: Sums, labels: Mapping[str, Sums]) -> list[Drift]:
    """How far what a model answers and looks at now is from its profile.

    Args:
        whole: of all its inferences; `labels` are those of each label.
    """
    images = whole.total(Measure.INFERENCES)
    return [
        *_of_answers(profile.get("answers") or {}, images, whole, labels),
        *_of_looks(profile.get("looks") or {}, whole),
    ]


def _of_answers(
    answers: Mapping[str, Any], images: int, whole: Sums, labels: Mapping[str, Sums]
) -> list[Drift]:
    if not answers:
        return [Drift(name, "unknown") for name in COMPARED[:3]]
    before = int(answers["images"])
    # A caller may ask for lower scores than the profile has: those are left out.
    first = int(np.floor(answers["threshold"] * BINS[Measure.SCORES] + 1e-9))
    scores = {label: sums.histogram(Measure.SCORES)[first:] for label, sums in labels.items()}
    names = sorted({*answers["labels"], *(label for label in scores if label)})
    expected = np.array([answers["labels"].get(name, 0) for name in names])
    met = np.array([scores[name].sum() if name in scores else 0 for name in names])
    every = sum(scores.values(), np.zeros(BINS[Measure.SCORES] - first, np.int64))
    return [
        drift_of("labels", expected, before, met, images, ordered=False),
        drift_of("confidence", np.array(answers["scores"])[first:], before, every, images),
        drift_of(
            "boxes", np.array(answers["boxes"]), before, whole.histogram(Measure.BOXES), images
        ),
    ]


def _of_looks(looks: Mapping[str, Any], whole: Sums) -> list[Drift]:
    return [_look(looks, whole, measure) for measure in (Measure.BRIGHTNESS, Measure.CONTRAST)]


def _look(looks: Mapping[str, Any], whole: Sums, measure: Measure) -> Drift:
    name, found = measure.name.lower(), whole.histogram(measure)
    if name not in looks:
        return Drift(name, "unknown")
    counts: NDArray[Any] = np.array(looks[name])
    return drift_of(name, counts, int(looks["images"]), found, int(found.sum()))
