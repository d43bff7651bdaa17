"""How live metrics are answered: windows of sums as JSON values, and their types."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from typing_extensions import TypedDict

from millpond.streaming.drift import Drift, State, worst
from millpond.streaming.panes import Series
from millpond.streaming.sums import NOTHING, Measure, Sums
from millpond.values import iso


class Quantiles(TypedDict):
    """Of milliseconds, interpolated; null where nothing was measured."""

    p50: float | None
    p95: float | None
    p99: float | None


class Confidence(TypedDict):
    """Of the scores of predictions: their mean, and how many are in each of 20 bins."""

    mean: float | None
    histogram: list[int]


class LabelWindow(TypedDict):
    """What answered a label; the label is null of inferences that answered none.

    `share` is that of all predictions.
    """

    label: str | None
    inferences: int
    predictions: int
    share: float | None
    mean_score: float | None
    latency_ms: Quantiles


class ModelWindow(TypedDict):
    """What a model answered; its version is null where there was no champion."""

    model_version: str | None
    inferences: int
    predictions: int
    latency_ms: Quantiles
    confidence: Confidence
    labels: list[LabelWindow]


class AppWindow(ModelWindow):
    """What an application answered and refused, all its models together."""

    window: str
    since: str
    until: str
    final: bool
    refusals: dict[str, int]
    error_rate: float | None
    brightness: list[int]
    contrast: list[int]
    boxes: list[int]
    models: list[ModelWindow]


class DriftMeasure(TypedDict):
    """How far one distribution is from the profile; see `streaming.drift`."""

    measure: str
    state: State
    psi: float | None
    js: float | None
    threshold: float | None


class DriftAnswer(TypedDict):
    """How far the newest images are from the champion's profile, or why that is not known."""

    state: State
    reason: str | None
    model_version: str | None
    images: int
    since: str | None
    measures: list[DriftMeasure]


class AppMetrics(TypedDict):
    """The windows of an application, and its drift."""

    app: str
    windows: list[AppWindow]
    drift: DriftAnswer


class MetricsAnswer(TypedDict):
    """The live metrics. What was recorded up to `watermark` is expected to have come."""

    at: str
    watermark: str | None
    lag_ms: float | None
    dropped: int
    apps: list[AppMetrics]


@dataclass(frozen=True)
class Drifted:
    """What is known of the drift of an application."""

    reason: str | None
    model_version: str | None = None
    images: int = 0
    since: int | None = None
    measures: Sequence[Drift] = ()


def window_answer(
    name: str,
    span: tuple[int, int],
    sums: Mapping[Series, Sums],
    label: str | None,
    watermark: int,
) -> AppWindow:
    """A window of an application.

    Args:
        name: its length, as it was asked for.
        span: its first microsecond since 1970, and the one after its last.
        label: of labels, this one alone.
        watermark: a window that ends before it is final.
    """
    models: dict[str | None, dict[str | None, Sums]] = defaultdict(dict)
    for series, one in sums.items():
        models[series.model_version][series.label] = one
    every = _together(models)
    whole = every.get(None, NOTHING)
    statuses, counts = whole.of(Measure.REFUSALS)
    return {
        "window": name,
        "since": iso(span[0]),
        "until": iso(span[1]),
        "final": span[1] <= watermark,
        "refusals": {
            str(status): int(count) for status, count in zip(statuses, counts, strict=True)
        },
        "error_rate": error_rate(whole),
        "brightness": whole.histogram(Measure.BRIGHTNESS).tolist(),
        "contrast": whole.histogram(Measure.CONTRAST).tolist(),
        "boxes": whole.histogram(Measure.BOXES).tolist(),
        "models": [
            _model(version, parts, label)
            for version, parts in sorted(models.items(), key=lambda item: item[0] or "")
            if parts.get(None, NOTHING).total(Measure.INFERENCES)
        ],
        **_model(None, every, label),
    }


def error_rate(whole: Sums) -> float | None:
    """The share of requests that were refused; None where there was none."""
    refused = whole.total(Measure.REFUSALS)
    asked = refused + whole.total(Measure.INFERENCES)
    return refused / asked if asked else None


def drift_answer(found: Drifted) -> DriftAnswer:
    """What is known of drift, as it is answered."""
    return {
        "state": worst(list(found.measures)),
        "reason": found.reason,
        "model_version": found.model_version,
        "images": found.images,
        "since": None if found.since is None else iso(found.since),
        "measures": [
            {
                "measure": one.measure,
                "state": one.state,
                "psi": one.psi,
                "js": one.js,
                "threshold": one.threshold,
            }
            for one in found.measures
        ],
    }


def _together(models: Mapping[str | None, Mapping[str | None, Sums]]) -> dict[str | None, Sums]:
    """The sums of each label, all models together."""
    labels = {label for parts in models.values() for label in parts}
    return {
        label: Sums.merged(parts[label] for parts in models.values() if label in parts)
        for label in labels
    }


def _scores(parts: Mapping[str | None, Sums]) -> Sums:
    """The sums of all labels together: these have the scores."""
    return Sums.merged(sums for label, sums in parts.items() if label)


def _model(version: str | None, parts: Mapping[str | None, Sums], label: str | None) -> ModelWindow:
    whole, scores = parts.get(None, NOTHING), _scores(parts)
    predictions = scores.total(Measure.PREDICTIONS)
    return {
        "model_version": version,
        "inferences": whole.total(Measure.INFERENCES),
        "predictions": predictions,
        "latency_ms": _quantiles(whole),
        "confidence": {
            "mean": scores.mean(Measure.CONFIDENCE),
            "histogram": scores.histogram(Measure.SCORES).tolist(),
        },
        "labels": [
            _label(name, sums, predictions)
            for name, sums in sorted(
                (name, sums) for name, sums in parts.items() if name is not None
            )
            if label in (None, name)
        ],
    }


def _label(name: str, sums: Sums, predictions: int) -> LabelWindow:
    own = sums.total(Measure.PREDICTIONS)
    return {
        "label": name or None,
        "inferences": sums.total(Measure.INFERENCES),
        "predictions": own,
        "share": own / predictions if predictions else None,
        "mean_score": sums.mean(Measure.CONFIDENCE),
        "latency_ms": _quantiles(sums),
    }


def _quantiles(sums: Sums) -> Quantiles:
    p50, p95, p99 = (sums.quantile(Measure.LATENCY, share) for share in (0.5, 0.95, 0.99))
    return {"p50": p50, "p95": p95, "p99": p99}
